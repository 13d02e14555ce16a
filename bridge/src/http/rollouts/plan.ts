import { Router } from 'express';
import type { Request } from 'express';
import { PlanQuery } from '../../contract/rollout.ts';
import type { PlanOf } from '../../services/rollouts/promotion-plan.ts';
import type { Caller } from '../../services/ports/odoo.ts';
import { idsOf } from '../versions.ts';

export interface PlanRouterDeps {
  planOf: PlanOf;
  callerOf(request: Request): Caller | Promise<Caller>;
  requestIdOf(request: Request): string;
}

/**
 * `GET …/versions/:versionId/plan?target=production&strategy=…`: what a promotion would do now;
 * nothing is changed.
 */
export function planRouter({ planOf, callerOf, requestIdOf }: PlanRouterDeps): Router {
  const router = Router();
  router.get('/mlops/models/:modelId/versions/:versionId/plan', async (request, response) => {
    response.json(
      await planOf(
        await callerOf(request),
        idsOf(request),
        PlanQuery.parse(request.query),
        requestIdOf(request),
      ),
    );
  });
  return router;
}
