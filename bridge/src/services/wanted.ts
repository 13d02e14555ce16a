import { routeName } from '../domain/revision.ts';
import type { Observed, Wanted } from '../domain/rollout.ts';
import type { ClusterPort, RevisionSpec } from './cluster-ports.ts';
import type { DeploymentWork } from './ports.ts';

/** What Odoo wants of a deployment, as the domain decides on it. */
export function wantedOf(work: DeploymentWork, { revision, image, replicas }: RevisionSpec, deadline: Date): Wanted {
  return {
    deploymentId: work.deploymentId, generation: work.generation, revision, image, replicas,
    strategy: work.strategy, steps: work.steps ?? null, controls: work.controls ?? { paused: false, approvedStep: -1, skipTo: 0 }, rollback: work.isRollback ?? false,
    desired: work.desired, established: work.phase === 'Ready' || work.isLive, failed: work.phase === 'Failed',
    shared: work.siblings.some((sibling) => sibling.versionId === work.versionId && sibling.deploymentId !== work.deploymentId && sibling.desired !== 'removed'),
    withdrawing: work.withdrawing, queueUntil: work.queueUntil === null ? null : new Date(work.queueUntil), deadline,
  };
}

/** The revision, the routes and what has the traffic besides, as the cluster has them now; nothing was asked or judged yet. */
export async function lookAtCluster(cluster: Pick<ClusterPort, 'revision' | 'route'>, { namespace, revision, slug }: Pick<RevisionSpec, 'namespace' | 'revision' | 'slug'>): Promise<Observed> {
  const [own, publicRoute, previewRoute] = await Promise.all([
    cluster.revision(namespace, revision), cluster.route(namespace, routeName('public', slug)), cluster.route(namespace, routeName('preview', slug)),
  ]);
  const heaviest = publicRoute?.backends.filter((backend) => backend.revision !== revision && backend.weight > 0).sort((a, b) => b.weight - a.weight)[0];
  const previous = heaviest ? await cluster.revision(namespace, heaviest.revision) : null;
  return { revision: own, previous, publicRoute, previewRoute, obstacle: null, smoke: { preview: null, public: null }, judgement: null };
}
