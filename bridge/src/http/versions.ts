import { Router, type Request } from 'express';
import { z } from 'zod';
import { ListQuery } from '../contract/requests.ts';
import { ID_MAX } from '../contract/text.ts';
import type { VersionDetail } from '../contract/version.ts';
import { NotFound } from '../errors.ts';
import type { Caller, OdooPort } from '../services/ports/odoo.ts';
import type { RequestContext } from './request-context.ts';

const Id = z.coerce.number().int().positive().max(ID_MAX);

interface VersionRouterDeps {
  odoo: OdooPort;
  context: RequestContext;
}

/** Models and versions, read as the person who asks. */
export function versionRouter(deps: VersionRouterDeps): Router {
  const router = Router();
  addModelRoutes(router, deps);
  addVersionRoutes(router, deps);
  return router;
}

function addModelRoutes(router: Router, { odoo, context }: VersionRouterDeps): void {
  router.get('/mlops/models', async (request, response) => {
    const { search, status, offset, limit, order } = ListQuery.parse(request.query);
    response.json(
      await odoo.call(
        context.callerOf(request),
        'mlops.model',
        'list_page',
        { search, status: status ?? null, offset, limit, order },
        context.requestIdOf(request),
      ),
    );
  });

  router.get('/mlops/models/:modelId', async (request, response) => {
    response.json(
      await odoo.call(
        context.callerOf(request),
        'mlops.model',
        'detail',
        { model_id: Id.parse(request.params.modelId) },
        context.requestIdOf(request),
      ),
    );
  });
}

function addVersionRoutes(router: Router, { odoo, context }: VersionRouterDeps): void {
  router.get('/mlops/models/:modelId/versions/:versionId', async (request, response) => {
    response.json(
      await readVersion(
        odoo,
        context.callerOf(request),
        idsOf(request),
        context.requestIdOf(request),
      ),
    );
  });

  router.get('/mlops/models/:modelId/versions/:versionId/findings', async (request, response) => {
    const { findings } = await readVersion(
      odoo,
      context.callerOf(request),
      idsOf(request),
      context.requestIdOf(request),
    );
    response.json({ items: findings });
  });

  router.get('/mlops/models/:modelId/versions/:versionId/events', async (request, response) => {
    const ids = idsOf(request);
    const caller = context.callerOf(request);
    await readVersion(odoo, caller, ids, context.requestIdOf(request));
    response.json(
      await odoo.call(
        caller,
        'mlops.event',
        'list_page',
        { after: 0, limit: 1000, version_id: ids.versionId },
        context.requestIdOf(request),
      ),
    );
  });
}

export interface VersionIds {
  modelId: number;
  versionId: number;
}

export function idsOf(request: Request): VersionIds {
  return {
    modelId: Id.parse(request.params['modelId']),
    versionId: Id.parse(request.params['versionId']),
  };
}

/** The version as its page shows it; one of another model is not there. */
async function readVersion(
  odoo: OdooPort,
  caller: Caller,
  { modelId, versionId }: VersionIds,
  requestId: string,
): Promise<VersionDetail> {
  const detail = await odoo.call<VersionDetail>(
    caller,
    'mlops.model.version',
    'detail',
    { version_id: versionId },
    requestId,
  );
  if (detail.model.id !== modelId)
    throw new NotFound(`Model ${modelId} has no version ${versionId}.`, { code: 'not-found' });
  return detail;
}
