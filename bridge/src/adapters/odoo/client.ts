import OdooAwait from 'odoo-await';
import type { Caller } from '../../services/ports/odoo.ts';
import type { OdooWire } from './wire.ts';

export interface ClientOptions {
  baseUrl: string;
  db: string;
  serviceKey: string;
  requestId?: string;
}

/** Positional arguments of the calls that odoo-await's own helpers make, by name for `/json/2`. */
const NAMES: Record<string, string[]> = {
  create: ['vals_list'],
  search: ['domain'],
  search_read: ['domain'],
  search_count: ['domain'],
  read: ['ids'],
  write: ['ids', 'vals'],
  unlink: ['ids'],
  fields_get: ['attributes'],
};

/**
 * odoo-await on Odoo's JSON protocols: its helpers for models stay, its XML-RPC transport
 * (deprecated, without keep-alive, without None) is replaced. One client stands for one caller: a
 * session, a key, or the bridge's own account.
 */
export class OdooClient extends OdooAwait {
  readonly #wire: OdooWire;
  readonly #caller: Caller;
  readonly #options: ClientOptions;

  constructor(wire: OdooWire, caller: Caller, options: ClientOptions) {
    super({ baseUrl: options.baseUrl, db: options.db, username: 'unused', password: 'unused' });
    this.#wire = wire;
    this.#caller = caller;
    this.#options = options;
  }

  /** Nothing to do: a session or key already says who it is. */
  override async connect(): Promise<number> {
    return 0;
  }

  /** @param params `[args, kwargs?]` as odoo-await's helpers build it */
  override async execute_kw(model: string, method: string, params: unknown[]): Promise<unknown> {
    const args = (params[0] ?? []) as unknown[];
    const kwargs = (params[1] ?? {}) as Record<string, unknown>;
    return this.callMethod(model, method, args, kwargs);
  }

  async callMethod(
    model: string,
    method: string,
    args: unknown[],
    kwargs: Record<string, unknown>,
  ): Promise<unknown> {
    const caller = this.#caller;
    if (caller.kind === 'session') {
      const { cookie, forwardedFor, lang } = caller;
      const spoken = lang ? { ...kwargs, context: { lang } } : kwargs;
      const answer = await this.#wire.rpc(
        `/web/dataset/call_kw/${model}/${method}`,
        { model, method, args, kwargs: spoken },
        {
          cookie,
          ...(forwardedFor ? { forwardedFor } : {}),
          ...(this.#options.requestId ? { requestId: this.#options.requestId } : {}),
        },
      );
      if (answer.cookie && answer.cookie !== cookie) caller.onCookie?.(answer.cookie);
      return answer.result;
    }
    const key = caller.kind === 'key' ? caller.key : this.#options.serviceKey;
    const call = { model, method, kwargs: { ...named(method, args), ...kwargs } };
    return this.#wire.json2(call, key, {
      ...(this.#options.requestId ? { requestId: this.#options.requestId } : {}),
      ofService: caller.kind === 'service',
    });
  }
}

function named(method: string, args: unknown[]): Record<string, unknown> {
  if (args.length === 0) return {};
  const names = NAMES[method];
  if (!names || args.length > names.length)
    throw new TypeError(
      `${method} with positional arguments cannot be called with a key: name them`,
    );
  return Object.fromEntries(args.map((value, index) => [names[index], value]));
}
