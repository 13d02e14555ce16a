import type { Request, RequestHandler } from 'express';
import type { Logger } from '../services/ports.ts';

/** One line a request, when it has ended. Health checks are told only when they fail. */
export function requestLog(deps: { log: Logger; requestIdOf(request: Request): string; observe(method: string, status: number, seconds: number): void }): RequestHandler {
  return (request, response, next) => {
    const from = process.hrtime.bigint();
    response.on('close', () => {
      const durationMs = Math.round(Number(process.hrtime.bigint() - from) / 1e5) / 10;
      const status = response.writableFinished ? response.statusCode : 499;
      deps.observe(request.method, status, durationMs / 1000);
      if (request.path.startsWith('/health') && status < 400) return;
      deps.log.info({ requestId: deps.requestIdOf(request), method: request.method, path: request.path, status, durationMs }, 'http.request');
    });
    next();
  };
}
