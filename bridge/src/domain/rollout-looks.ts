import { shareOf } from './revision.ts';
import type { Backend } from './revision.ts';
import type { Action, Observed, Wanted } from './rollout.ts';

type Before = (Backend & { replicas: number })[];

/** Only what this very deployment changed is given back: traffic that it has, pods that it took; null: it changed nothing. */
export function restorable(wanted: Wanted, observed: Pick<Observed, 'publicRoute' | 'previous'>): Before | null {
  const route = observed.publicRoute;
  if (route?.changedBy !== wanted.deploymentId || route.before === null) return null;
  if (shareOf(route, wanted.revision) === 0 && !tookDown(wanted, observed)) return null;
  return route.before.some((backend) => backend.revision === wanted.revision) ? null : route.before;
}

/** What has the traffic is smaller than this deployment found it. */
export function tookDown(wanted: Wanted, { publicRoute, previous }: Pick<Observed, 'publicRoute' | 'previous'>): boolean {
  if (publicRoute?.changedBy !== wanted.deploymentId || previous === null) return false;
  return publicRoute.before?.some(({ revision, replicas }) => revision === previous.name && replicas > previous.wantedReplicas) ?? false;
}

/** Back to what served before. Where there was no room for both, the new version's pods make place at once. */
export function backOut(wanted: Wanted, observed: Observed): Action {
  const restore = restorable(wanted, observed);
  const release = restore !== null && restore.length > 0 && (wanted.strategy === 'recreate' || observed.previous?.wantedReplicas === 0);
  return { kind: 'back-out', restore, ...(release ? { release } : {}) };
}

export function progressOf(observed: Observed, target: number): string {
  const pods = observed.revision?.pods.filter((pod) => !pod.terminating && !pod.ready) ?? [];
  const waiting = pods.flatMap((pod) => pod.containers.map((container) => container.waiting?.reason)).find((reason) => reason !== undefined);
  return `${observed.revision?.readyReplicas ?? 0} of ${target} pods ready${waiting ? ` (${waiting})` : ''}.`;
}
