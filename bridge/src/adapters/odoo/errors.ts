import type { BridgeError } from '../../errors.ts';
import {
  Conflict,
  Failed,
  Forbidden,
  Invalid,
  NotFound,
  Unauthenticated,
  Unavailable,
} from '../../errors.ts';

/**
 * What Odoo says of an error, on both of its JSON protocols. `debug` holds a traceback with paths:
 * it goes no further.
 */
export interface OdooFault {
  name: string;
  message: string;
  /** of refusals of the addon: the code that decides, since the sentence may be translated */
  context?: { code?: string };
}

/** Odoo's exception → ours. The sentence is Odoo's own; it was written for people. */
const BY_NAME = new Map<string, (message: string, fault: OdooFault) => BridgeError>([
  ['odoo.exceptions.UserError', refused],
  ['odoo.exceptions.ValidationError', refused],
  ['odoo.exceptions.AccessError', (message) => new Forbidden(message, { code: 'forbidden' })],
  ['odoo.exceptions.MissingError', (message) => new NotFound(message, { code: 'not-found' })],
  ['odoo.exceptions.LockError', busy],
  [
    'odoo.http.SessionExpiredException',
    () =>
      new Unauthenticated('The session has ended.', {
        code: 'session-ended',
        remedy: 'Log in again.',
      }),
  ],
  [
    'odoo.exceptions.AccessDenied',
    (message) =>
      new Unauthenticated(message === 'Access Denied' ? 'Wrong login or password.' : message, {
        code: 'login-refused',
        remedy: 'Check both and try again.',
      }),
  ],
  ['werkzeug.exceptions.Unauthorized', keyRefused],
  // a model or a method of the addon that is not there (yet): no fact about a record
  ['werkzeug.exceptions.NotFound', (message) => odooAway(new Error(message.slice(0, 200)))],
]);

/** Odoo, or the proxy before it, is too busy or not there. */
const AWAY_STATUSES = [429, 502, 503, 504];

export function fromOdoo(fault: OdooFault, httpStatus: number): BridgeError {
  const message = fault.message || 'Odoo refused without a reason.';
  const known = BY_NAME.get(fault.name);
  if (known) return known(message, fault);
  if (DATABASE_COLLISION.test(fault.name)) return busy();
  // PostgreSQL is away, starting or stopping, or takes no more connections
  if (fault.name.startsWith('psycopg2.'))
    return odooAway(new Error(`${fault.name}: ${message.slice(0, 200)}`));
  if (AWAY_STATUSES.includes(httpStatus)) return odooAway();
  return new Failed('Odoo could not process the request.', {
    code: 'odoo-failed',
    remedy: 'See the log of Odoo.',
    cause: new Error(`${fault.name}: ${message.slice(0, 500)}`),
  });
}

function refused(message: string, { context }: OdooFault): BridgeError {
  if (context?.code === 'stale')
    return new Conflict(message, {
      code: 'stale',
      remedy: 'Reload the version, then decide again.',
    });
  return new Invalid(message, { code: 'refused' });
}

/** Two transactions of ours met; Odoo gives up on them after tries of its own. */
const DATABASE_COLLISION =
  /^psycopg2\.errors\.(SerializationFailure|DeadlockDetected|LockNotAvailable)$/;

function busy(): Conflict {
  return new Conflict('This is being changed by another user.', {
    code: 'busy',
    remedy: 'Try again in a moment.',
    retryAfterSeconds: 1,
  });
}

function keyRefused(): Unauthenticated {
  return new Unauthenticated('The API key is invalid or expired.', {
    code: 'login-needed',
    remedy: 'Make a new key in Odoo under Preferences → Account security.',
  });
}

export function odooAway(cause?: unknown): Unavailable {
  return new Unavailable('Odoo is not responding.', {
    code: 'odoo-unavailable',
    remedy: 'Try again in a moment.',
    retryAfterSeconds: 5,
    cause,
  });
}
