import type { PlanQuery, PromotionPlan } from '../../contract/rollout.ts';
import { mayPass } from '../../domain/capacity/capacity.ts';
import { situationOf } from '../../domain/rollouts/situation.ts';
import { describe } from '../../domain/rollouts/strategy.ts';
import { NotFound } from '../../errors.ts';
import type { ClusterPort, RegistryPort } from '../ports/cluster.ts';
import type { Caller, DeploymentWork, OdooPort } from '../ports/odoo.ts';
import type { Clock } from '../ports/runtime.ts';
import { revisionSpecOf } from './revision-spec.ts';
import { findFitting, findBlocker } from './preflight.ts';
import { observeCluster, stableSpecOf, desiredStateOf } from './observe.ts';

export interface PlanDeps {
  odoo: OdooPort;
  cluster: Pick<ClusterPort, 'revision' | 'route' | 'capacity'>;
  registry: RegistryPort;
  clock: Clock;
  /** the registry in image names */
  registryName: string;
}
export type PlanOf = (
  caller: Caller,
  ids: { modelId: number; versionId: number },
  query: PlanQuery,
  requestId: string,
) => Promise<PromotionPlan>;

/** What Odoo knows of a promotion that nobody decided yet. */
type PlanWork = Pick<
  DeploymentWork,
  | 'versionId'
  | 'modelId'
  | 'slug'
  | 'version'
  | 'image'
  | 'imageDigest'
  | 'environment'
  | 'strategy'
  | 'steps'
  | 'serving'
  | 'queueUntil'
  | 'queue'
  | 'stable'
>;

/**
 * A promotion as a dry run, in the cluster as it is now: what it would do, what stands against it,
 * and which of the strategies allowed would fit. Odoo is asked as the person, so that it says who
 * may see this. Nothing is changed.
 */
export function planner({ odoo, cluster, registry, clock, registryName }: PlanDeps): PlanOf {
  return async (caller, { modelId, versionId }, { target, strategy }, requestId) => {
    const known = await odoo.call<PlanWork>(
      caller,
      'mlops.model.version',
      'promotion_plan',
      { version_id: versionId, target, strategy },
      requestId,
    );
    if (known.modelId !== modelId)
      throw new NotFound(`Model ${modelId} has no version ${versionId}.`, { code: 'not-found' });
    const work: DeploymentWork = {
      ...known,
      deploymentId: 0,
      generation: 0,
      controls: { paused: false, approvedStep: -1, skipTo: 0 },
      isRollback: false,
      desired: 'serving',
      phase: 'Pending',
      isLive: false,
      withdrawing: [],
      deadlineAt: null,
      protocol: 'http',
      previous: known.stable,
      progress: null,
      siblings: [],
    };
    const spec = revisionSpecOf(work, registryName);
    const now = clock.now();
    const stable = stableSpecOf(work, registryName);
    const wanted = desiredStateOf(work, spec, now, stable);
    const observed = await observeCluster(cluster, spec, stable?.revision ?? null);
    const capacity = cluster.capacity(spec.namespace); // one look for all that is asked of it
    const asked = { work, wanted, spec, observed, now };
    const deps = { registry, cluster: { capacity: () => capacity } };
    const [blocker, fitting] = await Promise.all([
      findBlocker(deps, asked),
      findFitting(deps, asked),
    ]);
    return {
      target,
      strategy,
      fits: blocker === null,
      steps: situationOf({ wanted, observed, now }).steps.map((step) =>
        describe(step, wanted.replicas),
      ),
      obstacle: blocker && {
        reason: blocker.reason,
        message: `${blocker.message}${blocker.behind ? ` It would wait behind ${blocker.behind}.` : ''}`,
        waits: mayPass(blocker) && wanted.queueUntil !== null,
      },
      strategies: known.environment.strategiesAllowed.map((name) => ({
        name,
        fits: blocker === null && name === strategy ? true : fitting.includes(name),
      })),
    };
  };
}
