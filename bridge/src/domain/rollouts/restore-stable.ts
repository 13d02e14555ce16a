import { shareOf } from './revision.ts';
import type { Backend } from './revision.ts';
import type { Action, Observed, DesiredState } from './types.ts';

type Before = (Backend & { replicas: number })[];

/**
 * What is given back: the traffic to what serves, at its size, both as Odoo recorded them; null: it
 * has them.
 */
export function restoreTarget(
  wanted: DesiredState,
  observed: Pick<Observed, 'publicRoute' | 'previous'>,
): Before | null {
  const { publicRoute: route, previous } = observed;
  const { stable } = wanted;
  const share = shareOf(route, wanted.revision);
  if (stable === null)
    return share > 0 && route?.changedBy === wanted.deploymentId && !wanted.shared ? [] : null;
  // another one that is on its way sees to the route itself
  const lost =
    route === null ||
    shareOf(route, stable.revision) < 1 ||
    previous === null ||
    tookDown(wanted, observed);
  if (share === 0 && (wanted.rival || !lost)) return null;
  return [{ revision: stable.revision, weight: 100, replicas: stable.replicas }];
}

/** What serves is smaller than it was approved. */
export function tookDown(
  { stable }: DesiredState,
  { previous }: Pick<Observed, 'previous'>,
): boolean {
  return (
    stable !== null &&
    previous?.name === stable.revision &&
    previous.wantedReplicas < stable.replicas
  );
}

/**
 * Back to what served before. Where there was no room for both, the new version's pods make place
 * at once.
 */
export function backOut(wanted: DesiredState, observed: Observed): Action {
  const restore = restoreTarget(wanted, observed);
  const release =
    restore !== null &&
    restore.length > 0 &&
    (wanted.strategy === 'recreate' || observed.previous?.wantedReplicas === 0);
  return { kind: 'back-out', restore, ...(release ? { release } : {}) };
}

export function progressOf(observed: Observed, target: number): string {
  const pods = observed.revision?.pods.filter((pod) => !pod.terminating && !pod.ready) ?? [];
  const waiting = pods
    .flatMap((pod) => pod.containers.map((container) => container.waiting?.reason))
    .find((reason) => reason !== undefined);
  return `${observed.revision?.readyReplicas ?? 0} of ${target} pods ready${waiting ? ` (${waiting})` : ''}.`;
}
