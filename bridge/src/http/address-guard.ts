import type { Express, RequestHandler } from 'express';
import { Invalid } from '../errors.ts';
import { pathOf, queryOf } from './listener.ts';
import { textFault } from '../domain/strict-json.ts';

const QUERY_MAX_BYTES = 8 * 1024;
const QUERY_NAMES_MAX = 32;

/**
 * What is no path of ours (`//[`, absolute form) is asked as an unknown path: the parser of
 * addresses throws at some of these, also long after the answer.
 */
export function tameAddresses(app: Express): void {
  const routed = app as unknown as { handle(request: { url: string }, ...rest: unknown[]): void };
  const handle = routed.handle.bind(app);
  routed.handle = (request, ...rest) => {
    if (pathOf(request.url) === null) request.url = '/no-path';
    handle(request, ...rest);
  };
}

/** Queries and path steps are text as JSON is: bounded, without what no part behind us can hold. */
export const checkAddress: RequestHandler = (request, _response, next) => {
  const query = queryOf(request.url);
  if (request.url.length - (pathOf(request.url)?.length ?? 0) > QUERY_MAX_BYTES)
    throw fault('(query)', `is longer than ${QUERY_MAX_BYTES} bytes`);
  if (query.size > QUERY_NAMES_MAX)
    throw fault('(query)', `has more than ${QUERY_NAMES_MAX} values`);
  for (const [name, value] of query) {
    const reason = textFault(name) ?? textFault(value);
    if (reason !== null) throw fault(textFault(name) === null ? name : '(query)', reason);
  }
  if (/%0[0-9a-f]|%1[0-9a-f]|%7f/i.test(pathOf(request.url) ?? ''))
    throw fault('(path)', 'contains a control character');
  next();
};

function fault(field: string, reason: string): Invalid {
  return new Invalid(`The address is not right: ${field} ${reason}.`, {
    code: 'invalid-request',
    errors: [{ field, reason, remedy: 'Send what /mlops/openapi.json describes.' }],
  });
}
