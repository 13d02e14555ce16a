import express, { type Express, type Router } from 'express';
import { openApiDocument } from '../contract/openapi.ts';
import type { OdooPort } from '../services/ports/odoo.ts';
import type { Logger } from '../services/ports/runtime.ts';
import type { TrafficHistory } from '../services/rollouts/traffic-history.ts';
import type { SessionStore, Throttle } from '../services/ports/sessions.ts';
import type { JournalReader } from '../services/ports/outbox.ts';
import { checkAddress, tameAddresses } from './address-guard.ts';
import { actionRouter } from './actions.ts';
import { endpointRouter } from './endpoints.ts';
import { eventRouter } from './events.ts';
import { healthRouter, type Metrics, type Part } from './health.ts';
import { jsonBody } from './json-body.ts';
import { problemPages } from './problem-pages.ts';
import { problemHandler, unknownPath } from './problems.ts';
import type { RequestContext } from './request-context.ts';
import { requestLog } from './request-log.ts';
import { sessionRouter } from './session.ts';
import { versionRouter } from './versions.ts';

export interface HttpDeps {
  context: RequestContext;
  odoo: OdooPort;
  sessions: SessionStore;
  throttle: Throttle;
  journal: JournalReader;
  log: Logger;
  metrics: Metrics;
  gatewayUrl: string;
  traffic: Pick<TrafficHistory, 'samples'> | null;
  parts: Part[];
  /** routers that read their bodies themselves */
  uploads: Router;
  buildLog: Router;
  plan: Router;
}

/** The public listener. Uploads come before any parser of bodies. */
export function createHttpApp(deps: HttpDeps): Express {
  const { context } = deps;
  const app = express();
  app.disable('x-powered-by');
  app.set('etag', false);
  tameAddresses(app);
  app.use(healthRouter(deps.parts), deps.metrics.router());
  app.use(context.middleware);
  app.use(
    requestLog({
      log: deps.log,
      requestIdOf: context.requestIdOf,
      observe: (method, route, status, seconds) =>
        deps.metrics.observe(method, route, status, seconds),
    }),
  );
  app.use((_request, response, next) => {
    response.setHeader('cache-control', 'no-store');
    next();
  });
  app.use(checkAddress, deps.uploads, jsonBody());
  app.use(
    sessionRouter(deps),
    versionRouter(deps),
    actionRouter(deps),
    endpointRouter(deps),
    eventRouter(deps),
    deps.buildLog,
    deps.plan,
  );
  app.use(problemPages());
  const document = openApiDocument();
  app.get('/mlops/openapi.json', (_request, response) => void response.json(document));
  app.use(unknownPath);
  app.use(problemHandler({ log: deps.log, requestIdOf: context.requestIdOf }));
  return app;
}
