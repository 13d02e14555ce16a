import { Agent, request } from 'undici';
import type { Unavailable } from '../../errors.ts';
import { fromOdoo, odooAway, type OdooFault } from './errors.ts';

export interface WireOptions {
  url: string;
  database: string;
  /** how many calls of the bridge's own account run at once */
  serviceConnections: number;
  /** of one call; 30 s where nothing is said */
  deadlineMs?: number;
}
export interface Answer {
  result: unknown;
  cookie: string | undefined;
}
interface Reply {
  status: number;
  text: string;
  cookie: string | undefined;
}
/** A method of a model in Odoo, with its named arguments. */
export interface MethodCall {
  readonly model: string;
  readonly method: string;
  readonly kwargs: object;
}
interface WireRequest {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body?: string;
}
export interface CallOptions {
  cookie?: string;
  forwardedFor?: string;
  requestId?: string;
}

const CALL_DEADLINE_MS = 30_000;
const KEEP_ALIVE_MS = 30_000;
const PEOPLE_CONNECTIONS = 24;

/**
 * Odoo's two JSON protocols over connections that stay open. The bridge's own calls have few: Odoo
 * answers those that run at once in turns, so that a hundred rollouts on their way would make each
 * click of a person wait for all of them.
 */
export class OdooWire {
  readonly #options: WireOptions;
  readonly #people: Agent;
  readonly #service: Agent;

  constructor(options: WireOptions) {
    this.#options = options;
    const { serviceConnections, deadlineMs = CALL_DEADLINE_MS } = options;
    this.#people = agentOf(PEOPLE_CONNECTIONS, deadlineMs);
    this.#service = agentOf(serviceConnections, deadlineMs);
  }

  get database(): string {
    return this.#options.database;
  }

  /** JSON-RPC 2.0 as the web client speaks it: with a session, answering 200 even for errors. */
  async rpc(path: string, params: object, options: CallOptions): Promise<Answer> {
    const { status, text, cookie } = await this.#send(
      path,
      { jsonrpc: '2.0', method: 'call', id: 1, params },
      this.#headers(options),
    );
    const body = parse(text, status) as RpcAnswer | null;
    // `result` is left out where a method returns nothing
    if (body?.jsonrpc !== '2.0') throw notOdoo(text, status);
    if (body.error) throw fromOdoo(faultOf(body.error), status);
    return { result: body.result ?? null, cookie };
  }

  /** `/json/2` with an API key: named arguments alone, real statuses. */
  async json2(
    { model, method, kwargs }: MethodCall,
    key: string,
    { ofService, ...options }: Pick<CallOptions, 'requestId'> & { ofService: boolean },
  ): Promise<unknown> {
    const headers = {
      ...this.#headers(options),
      authorization: `bearer ${key}`,
      'x-odoo-database': this.#options.database,
    };
    const { status, text } = await this.#send(
      `/json/2/${model}/${method}`,
      kwargs,
      headers,
      ofService ? this.#service : this.#people,
    );
    const body = parse(text, status);
    if (status >= 400) throw isFault(body) ? fromOdoo(body, status) : notOdoo(text, status);
    if (status !== 200) throw notOdoo(text, status);
    return body;
  }

  /** A plain page or form of Odoo: the second factor has no JSON of its own. */
  async page(
    method: 'GET' | 'POST',
    path: string,
    cookie: string,
    form?: Record<string, string>,
  ): Promise<Reply> {
    if (!form) return this.#request({ method, path, headers: { cookie } });
    return this.#request({
      method,
      path,
      headers: { cookie, 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams(form).toString(),
    });
  }

  async close(): Promise<void> {
    await Promise.all([this.#people.close(), this.#service.close()]);
  }

  #headers({ cookie, forwardedFor, requestId }: CallOptions): Record<string, string> {
    return {
      'content-type': 'application/json',
      ...(cookie ? { cookie } : {}),
      // Odoo counts failed logins by address: it must be the person's, not ours. It believes the
      // one only with the other.
      ...(forwardedFor ? { 'x-forwarded-for': forwardedFor, 'x-forwarded-host': 'bridge' } : {}),
      ...(requestId ? { 'x-request-id': requestId } : {}),
    };
  }

  #send(
    path: string,
    body: object,
    headers: Record<string, string>,
    agent = this.#people,
  ): Promise<Reply> {
    return this.#request({ method: 'POST', path, headers, body: JSON.stringify(body) }, agent);
  }

  async #request(
    { method, path, headers, body }: WireRequest,
    dispatcher = this.#people,
  ): Promise<Reply> {
    try {
      const answer = await request(new URL(path, this.#options.url), {
        method,
        headers,
        body: body ?? null,
        dispatcher,
      });
      return {
        status: answer.statusCode,
        text: await answer.body.text(),
        cookie: sessionCookie(answer.headers['set-cookie']),
      };
    } catch (error) {
      throw odooAway(error);
    }
  }
}

function agentOf(connections: number, deadlineMs: number): Agent {
  const limits = { headersTimeout: deadlineMs, bodyTimeout: deadlineMs };
  return new Agent({
    connections,
    keepAliveTimeout: KEEP_ALIVE_MS,
    connect: { timeout: 5_000 },
    ...limits,
  });
}

/** `session_id=…` out of Set-Cookie: Odoo rotates it, so that every answer may bring a new one. */
function sessionCookie(header: string | string[] | undefined): string | undefined {
  for (const line of [header ?? []].flat()) {
    const value = /^session_id=([^;]+)/.exec(line)?.[1];
    if (value) return `session_id=${value}`;
  }
  return undefined;
}

interface RpcError {
  code?: number;
  data?: OdooFault;
}
interface RpcAnswer {
  jsonrpc?: string;
  result?: unknown;
  error?: RpcError;
}

function faultOf({ code, data }: RpcError): OdooFault {
  if (code === 100) return { name: 'odoo.http.SessionExpiredException', message: '' };
  return isFault(data) ? data : { name: '', message: '' };
}

function isFault(body: unknown): body is OdooFault {
  const { name, message } = (body ?? {}) as Partial<OdooFault>;
  return typeof name === 'string' && typeof message === 'string';
}

function parse(text: string, status: number): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw notOdoo(text, status);
  }
}

/**
 * Not one of the JSON answers of Odoo's, whatever its status: a proxy's page, or Odoo's own while
 * its database is away, when it knows no address but its server-wide ones and answers 404 to the
 * rest. It says nothing about what was asked.
 */
function notOdoo(text: string, status: number): Unavailable {
  return odooAway(new Error(`answered ${status}, not in JSON of its own: ${text.slice(0, 200)}`));
}
