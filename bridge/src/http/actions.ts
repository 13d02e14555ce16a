import { Router, type Request, type Response } from 'express';
import type { z } from 'zod';
import type { ActionAccepted } from '../contract/requests.ts';
import { AcceptWaiverRequest, DeployRequest, PromoteRequest, RejectRequest, RequestWaiverRequest, RollbackRequest, SeenRequest } from '../contract/requests.ts';
import type { OdooPort } from '../services/ports.ts';
import type { RequestContext } from './request-context.ts';
import { idsOf, readVersion } from './versions.ts';

interface Action { method: string; schema: z.ZodType }

/** What a person may decide; each is the one method of Odoo that does it, whoever asks. */
const ACTIONS: Record<string, Action> = {
  deploy: { method: 'approve_deployment', schema: DeployRequest },
  promote: { method: 'approve_promotion', schema: PromoteRequest },
  rollback: { method: 'rollback', schema: RollbackRequest },
  reject: { method: 'reject', schema: RejectRequest },
  rescan: { method: 'rescan', schema: SeenRequest },
  'request-waiver': { method: 'request_waiver', schema: RequestWaiverRequest },
  'accept-waiver': { method: 'accept_waiver', schema: AcceptWaiverRequest },
  'refuse-waiver': { method: 'refuse_waiver', schema: RejectRequest },
  archive: { method: 'archive_version', schema: SeenRequest },
};

/** `POST …/versions/:versionId/{deploy|promote|…}` → 202: decided; the work follows, the socket tells. */
export function actionRouter({ odoo, context }: { odoo: OdooPort; context: RequestContext }): Router {
  const router = Router();
  for (const [name, action] of Object.entries(ACTIONS)) {
    router.post(`/mlops/models/:modelId/versions/:versionId/${name}`, async (request: Request, response: Response) => {
      const caller = context.callerOf(request);
      const ids = idsOf(request);
      const given = action.schema.parse(request.body ?? {}) as Record<string, unknown>;
      const requestId = context.requestIdOf(request);
      await readVersion(odoo, caller, ids, requestId);
      const accepted = await odoo.call<ActionAccepted>(caller, 'mlops.model.version', action.method, { version_id: ids.versionId, ...given }, requestId);
      response.status(202).json(accepted);
    });
  }
  return router;
}
