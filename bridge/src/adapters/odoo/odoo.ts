import type { Whoami } from '../../contract/requests.ts';
import { Conflict, Unauthenticated } from '../../errors.ts';
import type { Caller, OdooPort } from '../../services/ports/odoo.ts';
import type { Clock } from '../../services/ports/runtime.ts';
import { OdooClient } from './client.ts';
import { odooAway } from './errors.ts';
import { Precedence } from './precedence.ts';
import { OdooWire } from './wire.ts';

export interface OdooSettings {
  url: string;
  database: string;
  serviceKey: string;
  serviceConnections: number;
  deadlineMs?: number;
}

/**
 * Somebody else's transition is short: three tries over half a second before the caller hears of
 * it.
 */
const BUSY_RETRIES_MS = [60, 150, 300];

/** Odoo, called as the person who asks. */
export class Odoo implements OdooPort {
  readonly #wire: OdooWire;
  readonly #settings: OdooSettings;
  readonly #clock: Clock;
  readonly #precedence = new Precedence();

  constructor(settings: OdooSettings, clock: Clock) {
    this.#settings = settings;
    this.#clock = clock;
    this.#wire = new OdooWire(settings);
  }

  // eslint-disable-next-line max-params -- a call as Odoo names it, and the request it belongs to
  async call<T>(
    caller: Caller,
    model: string,
    method: string,
    kwargs: Record<string, unknown>,
    requestId?: string,
  ): Promise<T> {
    const { url, database, serviceKey } = this.#settings;
    const client = new OdooClient(this.#wire, caller, {
      baseUrl: url,
      db: database,
      serviceKey,
      ...(requestId ? { requestId } : {}),
    });
    const once = (): Promise<unknown> => client.callMethod(model, method, [], kwargs);
    for (let attempt = 0; ; attempt++) {
      try {
        return (await (caller.kind === 'service'
          ? this.#precedence.service(once)
          : this.#precedence.person(method, once))) as T;
      } catch (error) {
        const waitMs = BUSY_RETRIES_MS[attempt];
        if (!(error instanceof Conflict && error.code === 'busy') || waitMs === undefined)
          throw error;
        await this.#clock.sleep(waitMs);
      }
    }
  }

  async login(
    login: string,
    password: string,
    totp: string | undefined,
    forwardedFor: string | undefined,
  ): Promise<{ cookie: string } | { totpRequired: true }> {
    const { result, cookie } = await this.#wire.rpc(
      '/web/session/authenticate',
      { db: this.#wire.database, login, password },
      forwardedFor ? { forwardedFor } : {},
    );
    if (!cookie)
      throw new Unauthenticated('Odoo opened no session.', {
        code: 'login-refused',
        remedy: 'Try again.',
      });
    const uid = (result as { uid?: number | null } | null)?.uid;
    if (uid) return { cookie };
    if (totp === undefined) return { totpRequired: true };
    return { cookie: await this.#secondFactor(cookie, totp) };
  }

  async logout(caller: Caller): Promise<void> {
    if (caller.kind === 'session')
      await this.#wire.rpc('/web/session/destroy', {}, { cookie: caller.cookie });
  }

  async whoami(caller: Caller): Promise<Whoami> {
    const whoami = await this.call<Whoami | null>(caller, 'mlops.model', 'whoami', {});
    if (typeof whoami?.uid !== 'number') throw odooAway(new Error('whoami named no user'));
    return whoami;
  }

  async check(): Promise<void> {
    await this.#wire.rpc('/web/webclient/version_info', {}, {});
  }

  close(): Promise<void> {
    return this.#wire.close();
  }

  /**
   * The page of the second factor wants its form's token back; a good code answers with a redirect
   * and a new session.
   */
  async #secondFactor(preSession: string, code: string): Promise<string> {
    const form = await this.#wire.page('GET', '/web/login/totp', preSession);
    const token = /name="csrf_token"\s+value="([^"]+)"/.exec(form.text)?.[1] ?? '';
    const cookie = form.cookie ?? preSession;
    const answer = await this.#wire.page('POST', '/web/login/totp', cookie, {
      csrf_token: token,
      totp_token: code,
    });
    if (answer.status !== 303 && answer.status !== 200)
      throw odooAway(new Error(`the second factor's page answered ${answer.status}`));
    if (answer.status !== 303)
      throw new Unauthenticated('The code of the second factor is not right.', {
        code: 'totp-wrong',
        remedy: 'Enter the newest code of your authenticator.',
      });
    return answer.cookie ?? cookie;
  }
}
