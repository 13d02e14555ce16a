import { expect } from 'chai';
import { fromOdoo } from '../../../../src/adapters/odoo/errors.ts';

describe("Odoo's errors", () => {
  const table: [
    name: string,
    message: string,
    httpStatus: number,
    type: string,
    status: number,
    code: string,
  ][] = [
    ['odoo.exceptions.UserError', 'Reject it first.', 422, 'Invalid', 422, 'refused'],
    ['odoo.exceptions.UserError', 'Reject it first.', 200, 'Invalid', 422, 'refused'],
    ['odoo.exceptions.ValidationError', 'Other person needed.', 422, 'Invalid', 422, 'refused'],
    ['odoo.exceptions.UserError', 'Stale: somebody changed it.', 422, 'Invalid', 422, 'refused'],
    [
      'odoo.exceptions.AccessError',
      'This needs the role Approver.',
      403,
      'Forbidden',
      403,
      'forbidden',
    ],
    ['odoo.exceptions.MissingError', 'There is no version 9.', 404, 'NotFound', 404, 'not-found'],
    ['odoo.exceptions.LockError', 'could not lock', 409, 'Conflict', 409, 'busy'],
    [
      'odoo.http.SessionExpiredException',
      'Session expired',
      200,
      'Unauthenticated',
      401,
      'session-ended',
    ],
    ['odoo.exceptions.AccessDenied', 'Access Denied', 200, 'Unauthenticated', 401, 'login-refused'],
    [
      'werkzeug.exceptions.Unauthorized',
      'Invalid apikey',
      401,
      'Unauthenticated',
      401,
      'login-needed',
    ],
    [
      'werkzeug.exceptions.NotFound',
      "the model 'mlops.model' does not exist",
      404,
      'Unavailable',
      503,
      'odoo-unavailable',
    ],
    [
      'psycopg2.OperationalError',
      'connection refused',
      200,
      'Unavailable',
      503,
      'odoo-unavailable',
    ],
    [
      'psycopg2.errors.AdminShutdown',
      'terminating connection',
      500,
      'Unavailable',
      503,
      'odoo-unavailable',
    ],
    [
      'psycopg2.pool.PoolError',
      'The Connection Pool Is Full',
      500,
      'Unavailable',
      503,
      'odoo-unavailable',
    ],
    ['psycopg2.errors.SerializationFailure', 'could not serialize', 500, 'Conflict', 409, 'busy'],
    ['psycopg2.errors.LockNotAvailable', 'could not obtain lock', 200, 'Conflict', 409, 'busy'],
    [
      'werkzeug.exceptions.TooManyRequests',
      'slow down',
      429,
      'Unavailable',
      503,
      'odoo-unavailable',
    ],
    ['not JSON', '<html>Bad Gateway</html>', 502, 'Unavailable', 503, 'odoo-unavailable'],
    ['builtins.ZeroDivisionError', 'division by zero', 500, 'Failed', 500, 'odoo-failed'],
  ];
  for (const [name, message, httpStatus, type, status, code] of table) {
    it(`${name} "${message}" with ${httpStatus} is ${type} ${code}`, () => {
      expect(fromOdoo({ name, message }, httpStatus)).to.include({ name: type, status, code });
    });
  }

  it("hands on the sentence that Odoo wrote for people, and none of a program's own fault", () => {
    expect(
      fromOdoo(
        { name: 'odoo.exceptions.AccessError', message: 'This needs the role Approver.' },
        403,
      ).message,
    ).to.equal('This needs the role Approver.');
    expect(
      fromOdoo({ name: 'builtins.KeyError', message: '/usr/lib/odoo/secret.py' }, 500).message,
    ).not.to.contain('secret.py');
  });
});
