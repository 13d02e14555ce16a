import type { Whoami } from '../api/types.ts';
import { ApiProblem } from '../api/problem.ts';
import { forget, remember, tidy } from '../api/memory.ts';
import { whenUnauthenticated } from '../api/client.ts';
import * as api from '../api/mlops.ts';
import { connection } from '../live/connection.ts';
import { AGAIN_MS } from '../live/resource.ts';

type SessionState = 'asking' | 'out' | 'in' | 'unreachable';

/** Whether this person may upload; of one who is not known yet the server says it. */
export const mayUpload = (user: Whoami | null): boolean =>
  user === null || user.roles.includes('data_scientist');

/** Who is here. Dispatches `change`. */
class Session extends EventTarget {
  state: SessionState = 'asking';
  user: Whoami | null = null;
  /** the server ended it while the app was open */
  ended = false;
  #again: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    super();
    whenUnauthenticated(() => {
      if (this.state !== 'in' && this.state !== 'unreachable') return;
      this.ended = true;
      this.#leave();
    });
    connection.addEventListener('state', () => {
      if (this.state === 'unreachable' && connection.state === 'live') void this.restore();
    });
  }

  /** Asks the server who this is; without a line, what was last known is shown. */
  async restore(): Promise<void> {
    try {
      const { value } = await api.whoami();
      this.#enter(value);
    } catch (error) {
      if (error instanceof ApiProblem && error.status === 401) this.#leave();
      else this.#unreachable();
    }
  }

  /** Who it is cannot be said now, whatever the reason: it is asked again until it can. */
  #unreachable(): void {
    this.#set('unreachable');
    connection.start();
    clearTimeout(this.#again);
    this.#again = setTimeout(() => {
      if (this.state === 'unreachable') void this.restore();
    }, AGAIN_MS);
  }

  async login(login: string, password: string, totp?: string): Promise<void> {
    const body = { login, password, ...(totp ? { totp } : {}) };
    const answer = await api.login(body);
    if ('totpRequired' in answer)
      throw new ApiProblem({ status: 401, code: 'totp-required', detail: '' });
    const user = 'uid' in answer ? answer : (await api.whoami()).value;
    const last = localStorage.getItem('creativeflow.login');
    if (last !== null && last !== login) await forget();
    localStorage.setItem('creativeflow.login', login);
    // a reload without a line still knows who is here
    void remember('/mlops/session', user);
    this.#enter(user);
  }

  async logout(): Promise<void> {
    await api.logout();
    await forget();
    this.#leave();
  }

  #enter(user: Whoami): void {
    this.user = user;
    this.ended = false;
    this.#set('in');
    connection.start();
    void tidy();
  }

  #leave(): void {
    this.user = null;
    connection.stop();
    this.#set('out');
  }

  #set(state: SessionState): void {
    this.state = state;
    this.dispatchEvent(new Event('change'));
  }
}

export const session = new Session();
