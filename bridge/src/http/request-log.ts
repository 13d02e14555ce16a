import type { Request, RequestHandler } from 'express';
import { pathOf } from './listener.ts';
import type { Logger } from '../services/ports/runtime.ts';

/** One line a request, when it has ended. Health checks are told only when they fail. */
export function requestLog(deps: {
  log: Logger;
  requestIdOf(request: Request): string;
  observe(method: string, route: string, status: number, seconds: number): void;
}): RequestHandler {
  return (request, response, next) => {
    const from = process.hrtime.bigint();
    response.on('close', () => {
      const durationMs = Math.round(Number(process.hrtime.bigint() - from) / 1e5) / 10;
      const status = response.writableFinished ? response.statusCode : 499;
      const route = routeOf(request);
      deps.observe(request.method, route, status, durationMs / 1000);
      if ((pathOf(request.originalUrl) ?? '').startsWith('/health') && status < 400) return;
      deps.log.info(
        {
          requestId: deps.requestIdOf(request),
          method: request.method,
          route,
          path: (pathOf(request.originalUrl) ?? '(none)').slice(0, 500),
          status,
          durationMs,
        },
        'http.request',
      );
    });
    next();
  };
}

/** The pattern, not the address: ids would make a time series of each. */
function routeOf(request: Request): string {
  const pattern = (request.route as { path?: unknown } | undefined)?.path;
  return typeof pattern === 'string' ? request.baseUrl + pattern : 'none';
}
