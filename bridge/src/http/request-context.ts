import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { parse } from 'cookie';
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import type { Whoami } from '../contract/requests.ts';
import { BridgeError, Forbidden, Unauthenticated } from '../errors.ts';
import type { Caller, Clock, OdooPort } from '../services/ports.ts';
import type { SessionStore } from '../services/session-ports.ts';

export const SESSION_COOKIE = 'cf_session';
export const CSRF_HEADER = 'x-requested-with';
export const CSRF_VALUE = 'creativeflow';
const WHOAMI_KEPT_MS = 60_000;
const WHOAMI_KEPT_MAX = 5_000;
const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);

export interface Identity { caller: Caller; whoami: Whoami }
interface Known { caller: Caller; name: string }

export interface RequestContext {
  middleware: RequestHandler;
  /** as whom this request is made; throws Unauthenticated */
  callerOf(request: Request): Caller;
  requestIdOf(request: Request): string;
  sessionIdOf(request: Request): string | undefined;
  identityOf(request: Request): Promise<Identity>;
  authenticateUpgrade(request: IncomingMessage): Promise<{ whoami: Whoami; stillGood(): Promise<boolean> }>;
}

/** Who asks and under which id: found once for each request, before any router. */
export function createRequestContext(deps: { odoo: OdooPort; sessions: SessionStore; clock: Clock }): RequestContext {
  const known = new WeakMap<IncomingMessage, Known | BridgeError>();
  const ids = new WeakMap<IncomingMessage, string>();
  const people = new Map<string, { whoami: Whoami; until: number }>();

  async function identify(request: IncomingMessage): Promise<Known> {
    const key = /^bearer\s+(\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
    if (key) return { caller: { kind: 'key', key }, name: `key:${key}` };
    const id = sessionId(request);
    const record = id ? await deps.sessions.read(id) : null;
    if (!id || !record) throw new Unauthenticated('Nobody is logged in.', { code: 'login-needed', remedy: 'Log in, or send an Odoo API key as a bearer token.' });
    const method = request.method ?? 'GET';
    const upgrade = request.headers.upgrade !== undefined;
    if (!SAFE.has(method) && !upgrade && request.headers[CSRF_HEADER] !== CSRF_VALUE) {
      throw new Forbidden('This request does not come from the app.', { code: 'csrf', remedy: `Send the header X-Requested-With: ${CSRF_VALUE}.` });
    }
    const forwarded = request.headers['x-forwarded-for'];
    const forwardedFor = (Array.isArray(forwarded) ? forwarded[0] : forwarded)?.split(',')[0]?.trim();
    const onCookie = (cookie: string): void => void deps.sessions.update(id, { ...record, odooCookie: cookie }).catch(() => undefined);
    return { caller: { kind: 'session', cookie: record.odooCookie, onCookie, ...(forwardedFor ? { forwardedFor } : {}) }, name: `session:${id}` };
  }

  async function whoamiOf({ caller, name }: Known): Promise<Whoami> {
    const now = deps.clock.now().getTime();
    const kept = people.get(name);
    if (kept && kept.until > now) return kept.whoami;
    const whoami = await deps.odoo.whoami(caller);
    if (people.size >= WHOAMI_KEPT_MAX) people.clear();
    people.set(name, { whoami, until: now + WHOAMI_KEPT_MS });
    return whoami;
  }

  function knownOf(request: Request): Known {
    const found = known.get(request);
    if (!found || found instanceof BridgeError) throw found ?? new Unauthenticated('Nobody is logged in.', { code: 'login-needed' });
    return found;
  }

  return {
    middleware: (request: Request, response: Response, next: NextFunction) => {
      const given = request.headers['x-request-id'];
      const id = typeof given === 'string' && /^[A-Za-z0-9._-]{8,64}$/.test(given) ? given : randomUUID();
      ids.set(request, id);
      response.setHeader('x-request-id', id);
      identify(request).then(
        (found) => known.set(request, found),
        (error: unknown) => {
          if (!(error instanceof BridgeError)) throw error;
          known.set(request, error); // told by the first router that wants to know who asks
        },
      ).then(() => next(), next);
    },
    callerOf: (request) => knownOf(request).caller,
    requestIdOf: (request) => ids.get(request) ?? 'none',
    sessionIdOf: sessionId,
    identityOf: async (request) => {
      const found = knownOf(request);
      return { caller: found.caller, whoami: await whoamiOf(found) };
    },
    authenticateUpgrade: async (request) => {
      const found = await identify(request);
      const whoami = await whoamiOf(found);
      const stillGood = async (): Promise<boolean> => {
        try {
          const again = await identify(request);
          await deps.odoo.whoami(again.caller);
          return true;
        } catch (error) {
          if (error instanceof Unauthenticated) return false;
          throw error;
        }
      };
      return { whoami, stillGood };
    },
  };
}

function sessionId(request: IncomingMessage): string | undefined {
  return parse(request.headers.cookie ?? '')[SESSION_COOKIE];
}
