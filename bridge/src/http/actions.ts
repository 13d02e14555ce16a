import { Router, type Request, type Response } from 'express';
import { ACTION_BODIES, ACTIONS, type ActionAccepted } from '../contract/actions.ts';
import type { OdooPort } from '../services/ports/odoo.ts';
import type { RequestContext } from './request-context.ts';
import { idsOf } from './versions.ts';

const MODELS = { version: 'mlops.model.version', deployment: 'mlops.deployment' } as const;
type Given = Record<string, unknown>;

/**
 * `POST …/versions/:versionId/{deploy|promote|…}` → 202: decided; the work follows, the socket
 * tells. Each is one call of Odoo, which itself looks whether the record is this model's (`of`):
 * half a second counts when somebody rolls back.
 */
export function actionRouter({
  odoo,
  context,
}: {
  odoo: OdooPort;
  context: RequestContext;
}): Router {
  const router = Router();
  for (const [name, { body, of, method }] of Object.entries(ACTIONS))
    router.post(
      `/mlops/models/:modelId/versions/:versionId/${name}`,
      async (request: Request, response: Response) => {
        const caller = context.callerOf(request);
        const { modelId, versionId } = idsOf(request);
        const { deploymentId, ...given } = ACTION_BODIES[body].parse(request.body ?? {}) as Given;
        const about =
          of === 'version'
            ? { version_id: versionId, of: modelId }
            : { deployment_id: deploymentId, of: [modelId, versionId] };
        const accepted = await odoo.call<ActionAccepted>(
          caller,
          MODELS[of],
          method,
          { ...given, ...about },
          context.requestIdOf(request),
        );
        response.status(202).json(accepted);
      },
    );
  return router;
}
