import { createHash, randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { parse, serialize } from 'cookie';
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import type { Whoami } from '../contract/requests.ts';
import { BridgeError, Forbidden, Unauthenticated } from '../errors.ts';
import type { Caller, OdooPort } from '../services/ports/odoo.ts';
import type { Clock, Logger } from '../services/ports/runtime.ts';
import type { SessionStore } from '../services/ports/sessions.ts';
import type { RightsFeed } from '../services/ports/outbox.ts';
import { IdentityCache, type Known } from './identity-cache.ts';

/**
 * The browser takes it from this host alone, over HTTPS alone: no page of a neighbouring name can
 * set another.
 */
export const SESSION_COOKIE = '__Host-cf_session';
/** How it was called once. It is not believed; whoever still has it is told to forget it. */
const OLD_SESSION_COOKIE = 'cf_session';
const FORGET_OLD = serialize(OLD_SESSION_COOKIE, '', {
  httpOnly: true,
  secure: true,
  sameSite: 'strict',
  path: '/',
  maxAge: 0,
});
const CSRF_HEADER = 'x-requested-with';
const CSRF_VALUE = 'creativeflow';
const WHOAMI_KEPT_MS = 60_000;
/**
 * A check of a socket's session may believe this old an answer: the tabs of one browser ask Odoo
 * once.
 */
const CHECK_KEPT_MS = 20_000;
const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);

interface Identity {
  caller: Caller;
  whoami: Whoami;
}

export interface RequestContext {
  middleware: RequestHandler;
  /** as whom this request is made; throws Unauthenticated */
  callerOf(request: Request): Caller;
  requestIdOf(request: Request): string;
  sessionIdOf(request: Request): string | undefined;
  identityOf(request: Request): Promise<Identity>;
  authenticateUpgrade(
    request: IncomingMessage,
  ): Promise<{ whoami: Whoami; stillGood(): Promise<boolean> }>;
}

export interface ContextDeps {
  odoo: OdooPort;
  sessions: SessionStore;
  clock: Clock;
  log?: Logger;
  /** origins of the app: a page of any other changes nothing */
  origins: readonly string[];
  /** tells whose rights have changed; without it kept answers live out their time */
  rights?: RightsFeed;
}

/** Who asks and under which id: found once for each request, before any router. */
export function createRequestContext(deps: ContextDeps): RequestContext {
  const known = new WeakMap<IncomingMessage, Known | BridgeError>();
  const ids = new WeakMap<IncomingMessage, string>();
  const identify = identifier(deps);
  const people = new IdentityCache((caller) => deps.odoo.whoami(caller), deps.clock, deps.rights);

  function knownOf(request: Request): Known {
    const found = known.get(request);
    if (!found || found instanceof BridgeError)
      throw found ?? new Unauthenticated('Nobody is logged in.', { code: 'login-needed' });
    return found;
  }

  return {
    middleware: (request: Request, response: Response, next: NextFunction) => {
      const given = request.headers['x-request-id'];
      const id =
        typeof given === 'string' && /^[A-Za-z0-9._-]{8,64}$/.test(given) ? given : randomUUID();
      ids.set(request, id);
      response.setHeader('x-request-id', id);
      if (cookiesOf(request)[OLD_SESSION_COOKIE] !== undefined)
        response.append('set-cookie', FORGET_OLD);
      // also of a login: nobody is to be logged in as somebody else by a page of theirs
      if (!isSafe(request) && !bearerOf(request) && isOfForeignPage(request, deps.origins))
        return next(foreignPage(request));
      identify(request)
        .then(
          (found) => known.set(request, found),
          (error: unknown) => {
            if (!(error instanceof BridgeError)) throw error;
            known.set(request, error); // told by the first router that wants to know who asks
          },
        )
        .then(() => next(), next);
    },
    callerOf: (request) => knownOf(request).caller,
    requestIdOf: (request) => ids.get(request) ?? 'none',
    sessionIdOf: sessionId,
    identityOf: async (request) => {
      const found = knownOf(request);
      return { caller: found.caller, whoami: await people.whoami(found, WHOAMI_KEPT_MS) };
    },
    authenticateUpgrade: async (request) => {
      const found = await identify(request);
      const whoami = await people.whoami(found, WHOAMI_KEPT_MS);
      const stillGood = async (): Promise<boolean> => {
        try {
          const again = await identify(request);
          // other rights: connect again and see by those
          return rightsOf(await people.whoami(again, CHECK_KEPT_MS)) === rightsOf(whoami);
        } catch (error) {
          if (error instanceof Unauthenticated) return false;
          throw error;
        }
      };
      return { whoami, stillGood };
    },
  };
}

/** Finds out who asks, by an API key or by a session of the app. */
function identifier(
  deps: Pick<ContextDeps, 'sessions' | 'log'>,
): (request: IncomingMessage) => Promise<Known> {
  async function identify(request: IncomingMessage): Promise<Known> {
    const key = bearerOf(request);
    if (key)
      return {
        caller: { kind: 'key', key },
        name: `key:${createHash('sha256').update(key).digest('base64url')}`,
      };
    const id = sessionId(request);
    const record = id ? await deps.sessions.read(id) : null;
    if (!id || !record)
      throw new Unauthenticated('Nobody is logged in.', {
        code: 'login-needed',
        remedy: 'Log in, or send an Odoo API key as a bearer token.',
      });
    // A page of somebody else's cannot set this header without being asked first by the browser,
    // and the bridge allows no such page.
    if (!isSafe(request) && request.headers[CSRF_HEADER] !== CSRF_VALUE) {
      throw new Forbidden('This request does not come from the app.', {
        code: 'csrf',
        remedy: `Send the header X-Requested-With: ${CSRF_VALUE}.`,
      });
    }
    const forwardedFor = forwardedAddress(request);
    const caller: Caller & { kind: 'session' } = {
      kind: 'session',
      cookie: record.odooCookie,
      ...(forwardedFor ? { forwardedFor } : {}),
      ...(record.lang ? { lang: record.lang } : {}),
      onCookie: (cookie) => {
        caller.cookie = cookie; // the next call of this same request already uses the new one
        void keepCookie(id, cookie);
      },
    };
    return { caller, name: `session:${id}` };
  }

  /**
   * Odoo rotates its cookie. The old one is good for a while: a lost update costs nothing. A
   * session logged out meanwhile stays ended.
   */
  async function keepCookie(id: string, odooCookie: string): Promise<void> {
    try {
      const record = await deps.sessions.read(id);
      if (record) await deps.sessions.update(id, { ...record, odooCookie });
    } catch (error) {
      deps.log?.warn(
        { reason: error instanceof Error ? error.message : String(error) },
        'session.cookie-not-kept',
      );
    }
  }

  return identify;
}

function sessionId(request: IncomingMessage): string | undefined {
  return cookiesOf(request)[SESSION_COOKIE];
}

function cookiesOf(request: IncomingMessage): Record<string, string | undefined> {
  return parse(request.headers.cookie ?? '');
}

function bearerOf(request: IncomingMessage): string | undefined {
  return /^bearer\s+(\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
}

/**
 * Browsers say which page a request comes from, and no page can make them say something else.
 * Programs say nothing.
 */
function isOfForeignPage(request: IncomingMessage, origins: readonly string[]): boolean {
  const { origin, 'sec-fetch-site': site } = request.headers;
  if (origin !== undefined) return !origins.includes(origin);
  return site !== undefined && site !== 'same-origin' && site !== 'none';
}

function foreignPage({ headers: { origin } }: IncomingMessage): Forbidden {
  return new Forbidden(`This request comes from a page of ${origin ?? 'another origin'}.`, {
    code: 'foreign-origin',
    remedy: 'Use the app at its own address, or send an API key.',
  });
}

/** The person's address as nginx, the only one who reaches the bridge, has appended it. */
export function forwardedAddress(request: IncomingMessage): string | undefined {
  return (
    String(request.headers['x-forwarded-for'] ?? '')
      .split(',')
      .at(-1)
      ?.trim() || undefined
  );
}

/** A safe method that is overridden (tus knows that) is not safe. */
function isSafe(request: IncomingMessage): boolean {
  return (
    SAFE.has(request.method ?? 'GET') && request.headers['x-http-method-override'] === undefined
  );
}

function rightsOf({ uid, roles, companyIds, teamIds }: Whoami): string {
  return JSON.stringify([uid, [...roles].sort(), [...companyIds].sort(), [...teamIds].sort()]);
}
