import { readFileSync } from 'node:fs';
import { Agent, fetch as undiciFetch } from 'undici';
import { readStackFacts, type StackFacts } from '../stack/facts.ts';

interface RpcAnswer<T> {
  result?: T;
  error?: { message: string; data?: { name?: string; message?: string } };
}

/**
 * What Odoo itself refuses; `kind` is the exception's name, such as `odoo.exceptions.AccessError`.
 */
export class OdooRefusal extends Error {
  readonly kind: string;

  constructor(kind: string, message: string) {
    super(message);
    this.kind = kind;
  }
}

/**
 * Odoo's own entrances, through nginx and past the bridge: its screens' session and the RPC that
 * workflow tools use.
 */
export class OdooEntrance {
  readonly facts: StackFacts;
  readonly #login: string;
  readonly #agent: Agent;
  #cookie = '';
  #uid: number | undefined;

  constructor(login: string, facts: StackFacts = readStackFacts()) {
    this.facts = facts;
    this.#login = login;
    this.#agent = new Agent({ connect: { ca: readFileSync(facts.caFile, 'utf8') } });
  }

  /** As a button on Odoo's screens: a session of the web client, then `call_kw`. */
  async press<T>(
    model: string,
    method: string,
    args: unknown[],
    kwargs: Record<string, unknown> = {},
  ): Promise<T> {
    if (!this.#cookie)
      await this.#post('/web/session/authenticate', {
        db: this.facts.odooDatabase,
        login: this.#login,
        password: this.#password,
      });
    return this.#post(`/web/dataset/call_kw/${model}/${method}`, { model, method, args, kwargs });
  }

  /** As a workflow's Odoo node: the account's password with each call. */
  async rpc<T>(model: string, method: string, args: unknown[]): Promise<T> {
    const { odooDatabase } = this.facts;
    this.#uid ??= await this.#post<number>('/jsonrpc', {
      service: 'common',
      method: 'login',
      args: [odooDatabase, this.#login, this.#password],
    });
    return this.#post('/jsonrpc', {
      service: 'object',
      method: 'execute',
      args: [odooDatabase, this.#uid, this.#password, model, method, ...args],
    });
  }

  close(): Promise<void> {
    return this.#agent.close();
  }

  get #password(): string {
    return this.facts.passwords[this.#login] ?? '';
  }

  async #post<T>(path: string, params: unknown): Promise<T> {
    const response = await undiciFetch(new URL(path, this.facts.publicUrl), {
      method: 'POST',
      dispatcher: this.#agent,
      headers: { 'content-type': 'application/json', cookie: this.#cookie },
      body: JSON.stringify({ jsonrpc: '2.0', method: 'call', id: 1, params }),
    });
    for (const line of response.headers.getSetCookie())
      if (line.startsWith('session_id=')) this.#cookie = line.split(';')[0]!;
    const text = await response.text();
    if (response.status !== 200)
      throw new Error(`Odoo answered ${response.status} at ${path}: ${text.slice(0, 300)}`);
    const { result, error } = JSON.parse(text) as RpcAnswer<T>;
    if (error) throw new OdooRefusal(error.data?.name ?? '', error.data?.message ?? error.message);
    return result as T;
  }
}
