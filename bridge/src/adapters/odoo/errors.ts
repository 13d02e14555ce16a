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

/** One table: Odoo's exception → ours. The sentence is Odoo's own; it was written for people. */
export function fromOdoo(fault: OdooFault, httpStatus: number): BridgeError {
  const message = fault.message || 'Odoo refused without a reason.';
  switch (fault.name) {
    case 'odoo.exceptions.UserError':
    case 'odoo.exceptions.ValidationError':
      if (fault.context?.code === 'stale')
        return new Conflict(message, {
          code: 'stale',
          remedy: 'Reload the version, then decide again.',
        });
      return new Invalid(message, { code: 'refused' });
    case 'odoo.exceptions.AccessError':
      return new Forbidden(message, { code: 'forbidden' });
    case 'odoo.exceptions.MissingError':
      return new NotFound(message, { code: 'not-found' });
    case 'odoo.exceptions.LockError':
      return busy();
    case 'odoo.http.SessionExpiredException':
      return new Unauthenticated('The session has ended.', {
        code: 'session-ended',
        remedy: 'Log in again.',
      });
    case 'odoo.exceptions.AccessDenied':
      return new Unauthenticated(
        message === 'Access Denied' ? 'Wrong login or password.' : message,
        { code: 'login-refused', remedy: 'Check both and try again.' },
      );
    default:
  }
  if (DATABASE_COLLISION.test(fault.name)) return busy();
  // PostgreSQL is away, starting or stopping, or takes no more connections
  if (fault.name.startsWith('psycopg2.'))
    return odooAway(new Error(`${fault.name}: ${message.slice(0, 200)}`));
  if (fault.name === 'werkzeug.exceptions.Unauthorized') return keyRefused();
  // a model or a method of the addon that is not there (yet): no fact about a record
  if (fault.name === 'werkzeug.exceptions.NotFound')
    return odooAway(new Error(message.slice(0, 200)));
  if (httpStatus === 429 || httpStatus === 502 || httpStatus === 503 || httpStatus === 504)
    return odooAway();
  return new Failed('Odoo could not process the request.', {
    code: 'odoo-failed',
    remedy: 'See the log of Odoo.',
    cause: new Error(`${fault.name}: ${message.slice(0, 500)}`),
  });
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
