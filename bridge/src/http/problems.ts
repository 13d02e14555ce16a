import type { ErrorRequestHandler, Request, RequestHandler } from 'express';
import { ZodError } from 'zod';
import type { Problem } from '../contract/problem.ts';
import {
  BadRequest,
  BridgeError,
  Failed,
  Invalid,
  NotFound,
  TooLarge,
  UnsupportedType,
} from '../errors.ts';
import type { Logger } from '../services/ports/runtime.ts';

const TITLES: Record<number, string> = {
  400: 'Bad request',
  401: 'Log in first',
  403: 'Not allowed',
  404: 'Not found',
  405: 'Method not allowed',
  409: 'Conflict',
  410: 'Gone',
  412: 'Precondition failed',
  413: 'Too large',
  415: 'Unsupported type',
  422: 'Invalid',
  423: 'Locked',
  429: 'Too many requests',
  460: 'Checksum mismatch',
  500: 'Failed',
  503: 'Unavailable',
  507: 'Storage full',
};

/** Any error → an RFC 9457 problem. `type` leads to the page that says cause and remedy. */
function toProblem(error: unknown, request: { originalUrl: string }, requestId: string): Problem {
  const known = translate(error);
  return {
    type: `/mlops/problems/${known.code}`,
    title: TITLES[known.status] ?? 'Failed',
    status: known.status,
    detail: known.message,
    instance: request.originalUrl.split('?')[0] ?? '/',
    code: known.code,
    requestId,
    ...(known.remedy ? { remedy: known.remedy } : {}),
    ...(known.errors ? { errors: known.errors } : {}),
  };
}

export function problemHandler(deps: {
  log: Logger;
  requestIdOf(request: Request): string;
}): ErrorRequestHandler {
  return (error: unknown, request, response, _next) => {
    const requestId = deps.requestIdOf(request);
    const problem = toProblem(error, request, requestId);
    if (problem.status >= 500) {
      const cause =
        error instanceof Error ? (error.cause instanceof Error ? error.cause : error) : undefined;
      deps.log.error(
        {
          requestId,
          code: problem.code,
          reason: cause?.message,
          ...(error instanceof BridgeError ? {} : { stack: cause?.stack }),
        },
        'http.failed',
      );
    }
    // half an answer must not look whole
    if (response.headersSent || response.destroyed) return void response.destroy();
    if (error instanceof BridgeError && error.retryAfterSeconds !== undefined)
      response.setHeader('retry-after', String(error.retryAfterSeconds));
    response.status(problem.status).type('application/problem+json').send(JSON.stringify(problem));
  };
}

export const unknownPath: RequestHandler = (request, _response, next) => {
  next(
    new NotFound(`There is nothing at ${request.method} ${request.path}.`, {
      code: 'no-such-path',
      remedy: 'GET /mlops/openapi.json lists what there is.',
    }),
  );
};

function translate(error: unknown): BridgeError {
  if (error instanceof BridgeError) return error;
  if (error instanceof ZodError) {
    const errors = error.issues.map((issue) => ({
      field: issue.path.join('.') || '(body)',
      reason: issue.message,
      remedy: 'Send what /mlops/openapi.json describes.',
    }));
    const names = errors.map((one) => `${one.field}: ${one.reason}`).join('; ');
    return new Invalid(`The request is invalid: ${names}.`, { code: 'invalid-request', errors });
  }
  const type = (error as { type?: string } | null)?.type;
  if (type === 'entity.parse.failed')
    return new BadRequest('The body is not valid JSON.', {
      code: 'invalid-json',
      remedy: 'Send a JSON object.',
    });
  if (type === 'entity.too.large')
    return new TooLarge('The body is too large.', {
      code: 'body-too-large',
      remedy: 'Files belong to POST /mlops/models/upload.',
    });
  if (type === 'charset.unsupported' || type === 'encoding.unsupported')
    return new UnsupportedType('The body is in an encoding that is not read here.', {
      code: 'body-encoding',
      remedy: 'Send JSON in UTF-8.',
    });
  const status = (error as { status?: unknown } | null)?.status;
  if (status === 400)
    return new BadRequest('The request cannot be read.', {
      code: 'request-unreadable',
      remedy: 'Check the address and the body, then send it again.',
      cause: error,
    });
  return new Failed('Internal error; its log has the details under the request id.', {
    code: 'failed',
    cause: error,
  });
}
