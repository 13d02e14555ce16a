import express from 'express';
import type { Express, NextFunction, Request, Response } from 'express';
import { writeContext } from '../../services/builds/context.ts';
import type { OdooPort, VersionWork } from '../../services/ports/odoo.ts';
import type { Clock, Logger } from '../../services/ports/runtime.ts';
import type { ObjectStore } from '../../services/ports/object-store.ts';
import { grantOfHeader, type BuildGrant } from '../../services/builds/build-token.ts';
import { BridgeError } from '../../errors.ts';
import { pathOf, queryOf } from '../listener.ts';
import { passToRegistry, refuse } from './registry-gate.ts';
import type { GateUpstream } from './registry-gate.ts';
import { SERVICE } from '../../services/ports/odoo.ts';

export interface PodListenerDeps {
  odoo: OdooPort;
  store: ObjectStore;
  clock: Clock;
  log: Logger;
  registry: GateUpstream;
  tokenSecret: string | Buffer;
}

/**
 * What build pods can reach of us, and nothing else: the registry as far as their token allows it,
 * and their own build context. Every request carries the token of one build.
 */
export function podListener(deps: PodListenerDeps): Express {
  const app = express();
  app.disable('x-powered-by');
  app.use((request: Request, response: Response) => {
    const grant = grantOfHeader(request.headers.authorization, deps.tokenSecret, deps.clock.now());
    if (grant === null) {
      response.setHeader('www-authenticate', 'Basic realm="build"');
      response.setHeader('docker-distribution-api-version', 'registry/2.0');
      refuse(response, 401, 'UNAUTHORIZED', 'A valid build token is required.');
      return;
    }
    const path = pathOf(request.originalUrl) ?? '';
    const context = /^\/builds\/(\d+)-(\d+)\/context\.tar$/.exec(path);
    if (path === '/v2' || path.startsWith('/v2/'))
      passToRegistry(request, response, grant, deps.registry);
    else if (
      context &&
      request.method === 'GET' &&
      Number(context[1]) === grant.versionId &&
      Number(context[2]) === grant.generation
    ) {
      const without = queryOf(request.originalUrl).getAll('without');
      void sendContext(deps, grant, new Set(without), response);
    } else refuse(response, 404, 'NAME_UNKNOWN', 'Nothing is here for this token.');
  });
  app.use((error: unknown, _request: Request, response: Response, _next: NextFunction) => {
    deps.log.warn(
      { reason: error instanceof Error ? error.message : String(error) },
      'pods.refused',
    );
    if (response.headersSent) response.destroy();
    else refuse(response, 400, 'UNSUPPORTED', 'The request cannot be read.');
  });
  return app;
}

/** A context that breaks off ends the connection: a pod takes no half of it for the whole. */
async function sendContext(
  deps: PodListenerDeps,
  { versionId, generation }: BuildGrant,
  without: ReadonlySet<string>,
  response: Response,
): Promise<void> {
  try {
    const work = await deps.odoo.call<VersionWork>(SERVICE, 'mlops.model.version', 'work', {
      version_id: versionId,
    });
    if (work.generation !== generation)
      return refuse(response, 404, 'NAME_UNKNOWN', 'This build is no longer wanted.');
    response.setHeader('content-type', 'application/x-tar');
    await writeContext(deps.store, work.artifacts, response, without);
  } catch (error) {
    deps.log.warn(
      { versionId, generation, error: error instanceof Error ? error.message : String(error) },
      'build.context.failed',
    );
    if (response.headersSent) response.destroy();
    else
      refuse(
        response,
        error instanceof BridgeError ? error.status : 500,
        'UNKNOWN',
        'The context cannot be read now.',
      );
  }
}
