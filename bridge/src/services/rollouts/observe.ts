import { routeName } from '../../domain/rollouts/revision.ts';
import type { Observed, DesiredState } from '../../domain/rollouts/types.ts';
import type { ClusterPort, RevisionSpec } from '../ports/cluster.ts';
import type { DeploymentWork } from '../ports/odoo.ts';
import { revisionSpecOf } from './revision-spec.ts';

const MOVING = new Set(['Pending', 'Building', 'Progressing']);

/**
 * What serves, by Odoo's record, as it was approved; null: nothing does, or it is this very
 * version.
 */
export function stableSpecOf(work: DeploymentWork, registryName: string): RevisionSpec | null {
  const { stable } = work;
  if (stable === null || stable.versionId === work.versionId || stable.imageDigest === null)
    return null;
  return revisionSpecOf({ ...work, ...stable }, registryName);
}

/** What Odoo wants of a deployment, as the domain decides on it. */
export function desiredStateOf(
  work: DeploymentWork,
  { revision, image, replicas }: RevisionSpec,
  deadline: Date,
  stable: RevisionSpec | null,
): DesiredState {
  const { progress, previous } = work;
  return {
    deploymentId: work.deploymentId,
    generation: work.generation,
    revision,
    image,
    replicas,
    strategy: work.strategy,
    steps: work.steps ?? null,
    controls: work.controls ?? { paused: false, approvedStep: -1, skipTo: 0 },
    rollback: work.isRollback ?? false,
    progress: progress && { ...progress, since: new Date(progress.since) },
    stable: stable && { revision: stable.revision, image: stable.image, replicas: stable.replicas },
    alone: stable === null && (previous === null || previous.versionId === work.versionId),
    desired: work.desired,
    established: work.phase === 'Ready' || work.isLive,
    failed: work.phase === 'Failed',
    shared: work.siblings.some(
      (sibling) =>
        sibling.versionId === work.versionId &&
        sibling.deploymentId !== work.deploymentId &&
        sibling.desired !== 'removed',
    ),
    rival: work.siblings.some(
      (one) => one.desired === 'serving' && !one.isLive && MOVING.has(one.phase),
    ),
    withdrawing: work.withdrawing,
    queueUntil: work.queueUntil === null ? null : new Date(work.queueUntil),
    deadline,
  };
}

/**
 * The revision, the routes and what serves, as the cluster has them now; nothing was asked or
 * judged yet.
 */
export async function observeCluster(
  cluster: Pick<ClusterPort, 'revision' | 'route'>,
  { namespace, revision, slug }: Pick<RevisionSpec, 'namespace' | 'revision' | 'slug'>,
  stable: string | null,
): Promise<Observed> {
  const [own, publicRoute, previewRoute] = await Promise.all([
    cluster.revision(namespace, revision),
    cluster.route(namespace, routeName('public', slug)),
    cluster.route(namespace, routeName('preview', slug)),
  ]);
  const heaviest = publicRoute?.backends
    .filter((backend) => backend.revision !== revision && backend.weight > 0)
    .sort((a, b) => b.weight - a.weight)[0];
  const name = stable ?? heaviest?.revision;
  const previous = name ? await cluster.revision(namespace, name) : null;
  return {
    revision: own,
    previous,
    publicRoute,
    previewRoute,
    blocker: null,
    smoke: { preview: null, public: null },
    judgement: null,
  };
}
