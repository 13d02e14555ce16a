import { Router, type Request, type Response } from 'express';
import type { z } from 'zod';
import type { ActionAccepted } from '../contract/requests.ts';
import {
  AbortRequest,
  ApproveStepRequest,
  PauseRequest,
  SkipStepRequest,
} from '../contract/rollout.ts';
import {
  AcceptWaiverRequest,
  DeployRequest,
  PromoteRequest,
  RejectRequest,
  RequestWaiverRequest,
  RollbackRequest,
  SeenRequest,
} from '../contract/requests.ts';
import type { OdooPort } from '../services/ports/odoo.ts';
import type { RequestContext } from './request-context.ts';
import { idsOf, readVersion } from './versions.ts';

interface Action {
  method: string;
  schema: z.ZodType;
  /**
   * Odoo itself looks whether the version is this model's (`of`): one call less where half a second
   * counts
   */
  looksItself?: true;
}

/** What a person may decide; each is the one method of Odoo that does it, whoever asks. */
const ACTIONS: Record<string, Action> = {
  deploy: { method: 'approve_deployment', schema: DeployRequest },
  promote: { method: 'approve_promotion', schema: PromoteRequest },
  rollback: { method: 'rollback', schema: RollbackRequest, looksItself: true },
  reject: { method: 'reject', schema: RejectRequest },
  rescan: { method: 'rescan', schema: SeenRequest },
  'request-waiver': { method: 'request_waiver', schema: RequestWaiverRequest },
  'accept-waiver': { method: 'accept_waiver', schema: AcceptWaiverRequest },
  'refuse-waiver': { method: 'refuse_waiver', schema: RejectRequest },
  archive: { method: 'archive_version', schema: SeenRequest },
};

/**
 * What a person may say to a rollout that is under way: of the deployment, which Odoo finds to be
 * of this version, in one call.
 */
const STEERING: Record<string, Action> = {
  'pause-rollout': { method: 'pause', schema: PauseRequest },
  'resume-rollout': { method: 'resume', schema: PauseRequest },
  'approve-step': { method: 'approve_step', schema: ApproveStepRequest },
  'skip-step': { method: 'skip_step', schema: SkipStepRequest },
  'abort-rollout': { method: 'abort', schema: AbortRequest },
};

/**
 * `POST …/versions/:versionId/{deploy|promote|…}` → 202: decided; the work follows, the socket
 * tells.
 */
export function actionRouter({
  odoo,
  context,
}: {
  odoo: OdooPort;
  context: RequestContext;
}): Router {
  const router = Router();
  for (const [name, action] of Object.entries(ACTIONS)) {
    router.post(
      `/mlops/models/:modelId/versions/:versionId/${name}`,
      async (request: Request, response: Response) => {
        const caller = context.callerOf(request);
        const ids = idsOf(request);
        const given = action.schema.parse(request.body ?? {}) as Record<string, unknown>;
        const requestId = context.requestIdOf(request);
        if (!action.looksItself) await readVersion(odoo, caller, ids, requestId);
        const args = {
          version_id: ids.versionId,
          ...given,
          ...(action.looksItself ? { of: ids.modelId } : {}),
        };
        const accepted = await odoo.call<ActionAccepted>(
          caller,
          'mlops.model.version',
          action.method,
          args,
          requestId,
        );
        response.status(202).json(accepted);
      },
    );
  }
  for (const [name, action] of Object.entries(STEERING)) {
    router.post(
      `/mlops/models/:modelId/versions/:versionId/${name}`,
      async (request: Request, response: Response) => {
        const { modelId, versionId } = idsOf(request);
        const { deploymentId, ...given } = action.schema.parse(request.body ?? {}) as {
          deploymentId: number;
        };
        const args = { deployment_id: deploymentId, ...given, of: [modelId, versionId] };
        response
          .status(202)
          .json(
            await odoo.call<ActionAccepted>(
              context.callerOf(request),
              'mlops.deployment',
              action.method,
              args,
              context.requestIdOf(request),
            ),
          );
      },
    );
  }
  return router;
}
