import { shareOf } from './revision.ts';
import type { Backend, RouteObserved } from './revision.ts';
import type { Observed, Wanted } from './rollout.ts';

/** Only what this very deployment changed is given back; null: it changed nothing. */
export function restorable(wanted: Wanted, route: RouteObserved | null): (Backend & { replicas: number })[] | null {
  if (route?.changedBy !== wanted.deploymentId || route.before === null) return null;
  if (shareOf(route, wanted.revision) === 0) return null;
  return route.before.some((backend) => backend.revision === wanted.revision) ? null : route.before;
}

export function progressOf(observed: Observed, target: number): string {
  const pods = observed.revision?.pods.filter((pod) => !pod.terminating && !pod.ready) ?? [];
  const waiting = pods.flatMap((pod) => pod.containers.map((container) => container.waiting?.reason)).find((reason) => reason !== undefined);
  return `${observed.revision?.readyReplicas ?? 0} of ${target} pods ready${waiting ? ` (${waiting})` : ''}.`;
}
