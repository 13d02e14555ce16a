import { Reconciler } from '../services/rollouts/reconcile.ts';
import type { RolloutDeps } from '../services/rollouts/deps.ts';
import type { JobHandler } from '../services/ports/jobs.ts';

/**
 * `reconcile`, subject: a deployment. Each run is one look at the cluster; `againInMs` asks for the
 * next.
 */
export function reconcileJob(deps: RolloutDeps): JobHandler {
  const deliver = new Reconciler(deps);
  return (payload, context) => deliver.tick(payload.subjectId, payload.generation, context);
}
