import type { Whoami } from '../api/types.ts';
import { ApiProblem, Offline } from '../api/problem.ts';
import { forget, tidy } from '../api/memory.ts';
import { whenUnauthenticated } from '../api/client.ts';
import * as api from '../api/mlops.ts';
import { connection } from '../live/connection.ts';

export type SessionState = 'asking' | 'out' | 'in' | 'unreachable';

/** Who is here. Dispatches `change`. */
class Session extends EventTarget {
  state: SessionState = 'asking';
  user: Whoami | null = null;
  /** the server ended it while the app was open */
  ended = false;

  constructor() {
    super();
    whenUnauthenticated(() => {
      if (this.state !== 'in') return;
      this.ended = true;
      this.#leave();
    });
    connection.addEventListener('reset', () => {
      if (this.state === 'unreachable') void this.restore();
    });
  }

  /** Asks the server who this is; without a line, what was last known is shown. */
  async restore(): Promise<void> {
    try {
      const { value } = await api.whoami();
      this.#enter(value);
    } catch (error) {
      if (error instanceof ApiProblem && error.status === 401) this.#leave();
      else if (error instanceof Offline) this.#set('unreachable');
      else throw error;
    }
  }

  async login(login: string, password: string, totp?: string): Promise<void> {
    const body = { login, password, ...(totp ? { totp } : {}) };
    const answer = await api.login(body);
    if ('totpRequired' in answer) throw new ApiProblem({ status: 401, code: 'totp-required', detail: '' });
    const user = 'uid' in answer ? answer : (await api.whoami()).value;
    const last = localStorage.getItem('creativeflow.login');
    if (last !== null && last !== login) await forget();
    localStorage.setItem('creativeflow.login', login);
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
