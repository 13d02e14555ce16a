import { Router, type Request, type Response } from 'express';
import { serialize } from 'cookie';
import { LoginRequest } from '../contract/requests.ts';
import { TooMany, Unauthenticated } from '../errors.ts';
import type { Caller, OdooPort } from '../services/ports/odoo.ts';
import type { SessionStore, Throttle } from '../services/ports/sessions.ts';
import { loginCounters } from './login-counters.ts';
import { SESSION_COOKIE, forwardedAddress, type RequestContext } from './request-context.ts';

export interface SessionDeps {
  odoo: OdooPort;
  sessions: SessionStore;
  throttle: Throttle;
  context: RequestContext;
}

const COOKIE_SECONDS = 7 * 24 * 3600;
const COOKIE = { httpOnly: true, secure: true, sameSite: 'strict', path: '/' } as const;

/**
 * Login with the Odoo account. The browser gets a random id; Odoo's own cookie stays with the
 * bridge.
 */
export function sessionRouter({ odoo, sessions, throttle, context }: SessionDeps): Router {
  const router = Router();

  router.post('/mlops/session', async (request: Request, response: Response) => {
    const { login, password, totp } = LoginRequest.parse(request.body);
    const address = forwardedAddress(request) ?? request.socket.remoteAddress ?? '';
    const counters = loginCounters(login, address);
    for (const counter of counters) {
      const { allowed, retryAfterSeconds } = await throttle.hit(counter);
      if (!allowed) {
        throw new TooMany('Too many requests to log in.', {
          code: 'login-throttled',
          remedy: `Wait ${retryAfterSeconds} seconds.`,
          retryAfterSeconds,
        });
      }
    }
    const answer = await odoo.login(login, password, totp ?? undefined, address || undefined);
    if ('totpRequired' in answer) {
      throw new Unauthenticated('A second factor is needed.', {
        code: 'totp-required',
        remedy: 'Send the code of your authenticator as `totp`.',
      });
    }
    const whoami = await odoo.whoami({ kind: 'session', cookie: answer.cookie });
    const old = context.sessionIdOf(request);
    if (old) await sessions.remove(old);
    const id = await sessions.create({
      odooCookie: answer.cookie,
      uid: whoami.uid,
      login: whoami.login,
      lang: whoami.lang,
    });
    await throttle.clear(counters[0]); // the address's guesses at other logins stay counted
    await throttle.forgive?.(counters[1]);
    response.append(
      'set-cookie',
      serialize(SESSION_COOKIE, id, { ...COOKIE, maxAge: COOKIE_SECONDS }),
    );
    response.json(whoami);
  });

  router.get('/mlops/session', async (request, response) => {
    response.json(await odoo.whoami(context.callerOf(request)));
  });

  router.delete('/mlops/session', async (request, response) => {
    const caller = callerOrNobody(context, request);
    const id = context.sessionIdOf(request);
    // first: whatever Odoo answers, this session is over
    if (id && caller) await sessions.remove(id);
    if (caller) await odoo.logout(caller).catch(() => undefined);
    response.append('set-cookie', serialize(SESSION_COOKIE, '', { ...COOKIE, maxAge: 0 }));
    response.status(204).end();
  });
  return router;
}

/** Logging out twice is no error; a request that is not the app's own is. */
function callerOrNobody(context: RequestContext, request: Request): Caller | null {
  try {
    return context.callerOf(request);
  } catch (error) {
    if (error instanceof Unauthenticated) return null;
    throw error;
  }
}
