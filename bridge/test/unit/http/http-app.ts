import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import type { Whoami } from '../../../src/contract/requests.ts';
import { NotFound, Unauthenticated } from '../../../src/errors.ts';
import { Metrics } from '../../../src/http/health.ts';
import { createHttpApp, type HttpDeps } from '../../../src/http/index.ts';
import { createRequestContext } from '../../../src/http/request-context.ts';
import type { Caller, OdooPort } from '../../../src/services/ports/odoo.ts';
import type { Clock, Logger } from '../../../src/services/ports/runtime.ts';
import type { SessionRecord, SessionStore } from '../../../src/services/ports/sessions.ts';
import type { StreamEvent } from '../../../src/services/ports/outbox.ts';

type Method = (kwargs: Record<string, any>, caller: Caller) => unknown;

/** Odoo as far as the routers need it: people, their cookies, and answers by `model.method`. */
export class PeopleOdoo implements OdooPort {
  readonly people: Record<string, Whoami> = {};
  readonly methods: Record<string, Method> = {};
  readonly calls: { name: string; kwargs: Record<string, unknown> }[] = [];
  readonly ended = new Set<string>();
  /** when set, the next answer rotates the cookie to this */
  rotateTo: string | undefined;

  async call<T>(
    caller: Caller,
    model: string,
    method: string,
    kwargs: Record<string, unknown>,
  ): Promise<T> {
    this.#person(caller);
    this.calls.push({ name: `${model}.${method}`, kwargs });
    const answer = this.methods[`${model}.${method}`];
    if (!answer) throw new NotFound('Not found in Odoo.', { code: 'not-found' });
    return answer(kwargs, caller) as T;
  }

  async login(
    login: string,
    password: string,
    totp: string | undefined,
  ): Promise<{ cookie: string } | { totpRequired: true }> {
    if (!this.people[login] || password !== 'right')
      throw new Unauthenticated('Wrong login or password.', {
        code: 'login-refused',
      });
    return login === 'mia' && totp === undefined
      ? { totpRequired: true }
      : { cookie: `session_id=${login}` };
  }

  async logout(caller: Caller): Promise<void> {
    if (caller.kind === 'session') this.ended.add(caller.cookie);
  }

  async whoami(caller: Caller): Promise<Whoami> {
    return this.#person(caller);
  }

  #person(caller: Caller): Whoami {
    const name =
      caller.kind === 'session'
        ? caller.cookie.replace('session_id=', '')
        : caller.kind === 'key'
          ? caller.key
          : '';
    const person = this.people[name.split('.')[0]!];
    if (!person || (caller.kind === 'session' && this.ended.has(caller.cookie)))
      throw new Unauthenticated('The session has ended.', { code: 'session-ended' });
    if (caller.kind === 'session' && this.rotateTo) {
      caller.onCookie?.(this.rotateTo);
      this.rotateTo = undefined;
    }
    return person;
  }
}

export class MemorySessions implements SessionStore {
  readonly records = new Map<string, SessionRecord>();
  #next = 1;
  async create(record: SessionRecord): Promise<string> {
    const id = `session-${this.#next++}`;
    this.records.set(id, record);
    return id;
  }
  async read(id: string): Promise<SessionRecord | null> {
    return this.records.get(id) ?? null;
  }
  async update(id: string, record: SessionRecord): Promise<void> {
    this.records.set(id, record);
  }
  async remove(id: string): Promise<void> {
    this.records.delete(id);
  }
}

export function person(login: string, more: Partial<Whoami> = {}): Whoami {
  return { uid: 7, name: login, login, roles: ['viewer'], companyIds: [1], teamIds: [], ...more };
}

export const APP_ORIGIN = 'https://mlops.example';
export const PWA_ORIGIN = 'https://pwa.example';

export interface App {
  url: string;
  server: Server;
  odoo: PeopleOdoo;
  sessions: MemorySessions;
  logged: { fields: any; event: string }[];
  journal: StreamEvent[];
  close(): Promise<void>;
}

/**
 * The whole public listener on a free port, with fakes behind it. `ada` may log in and has the key
 * `ada`.
 */
export async function startHttpApp(more: Partial<HttpDeps> = {}): Promise<App> {
  const odoo = new PeopleOdoo();
  const sessions = new MemorySessions();
  const journal: StreamEvent[] = [];
  const logged: App['logged'] = [];
  const note = (fields: object, event: string): void => void logged.push({ fields, event });
  const log: Logger = { debug: note, info: note, warn: note, error: note, child: () => log };
  const clock: Clock = { now: () => new Date(), sleep: async () => undefined };
  const tries = new Map<string, number>();
  const app = createHttpApp({
    context: createRequestContext({
      odoo,
      sessions,
      clock,
      log,
      origins: [APP_ORIGIN, PWA_ORIGIN],
    }),
    odoo,
    sessions,
    log,
    metrics: new Metrics(),
    gatewayUrl: 'http://127.0.0.1:9',
    traffic: null,
    parts: [],
    throttle: {
      hit: async (key) => {
        tries.set(key, (tries.get(key) ?? 0) + 1);
        return { allowed: tries.get(key)! <= 3, retryAfterSeconds: 60 };
      },
      clear: async (key) => void tries.delete(key),
    },
    journal: {
      after: async (position, limit) =>
        journal.filter((event) => event.position > position).slice(0, limit),
      head: async () => journal.at(-1)?.position ?? 0,
      onAppend: () => () => undefined,
    },
    uploads: express.Router(),
    buildLog: express.Router(),
    plan: express.Router(),
    ...more,
  });
  odoo.people['ada'] = person('ada');
  odoo.people['mia'] = person('mia');
  const server: Server = createServer(app);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    server,
    odoo,
    sessions,
    logged,
    journal,
    close,
  };
}
