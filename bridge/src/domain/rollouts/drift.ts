import { isReady, shareOf } from './revision.ts';
import type { Backend } from './revision.ts';
import { givesUp } from './recreate.ts';
import type { Action, Observed, Wanted } from './types.ts';
import { podsOf } from './strategy.ts';
import type { Step } from './strategy.ts';

/**
 * What the steps that were taken have brought about: what must be there, whoever changed it since.
 */
export interface Due {
  /** percent of the traffic that the new version has */
  weight: number;
  /** pods of the new version */
  pods: number;
  /** pods of what serves */
  stablePods: number;
}

export interface Disturbance {
  code: string;
  action: Action;
  reason: string;
}

export function dueAt(steps: Step[], index: number, wanted: Wanted): Due {
  const taken = steps.slice(0, index);
  const shrunk = taken.findLast((step) => step.kind === 'shrink');
  const size = wanted.stable?.replicas ?? 0;
  return {
    weight: taken.findLast((step) => step.kind === 'weight')?.percent ?? 0,
    pods: Math.max(
      0,
      ...taken.map((step) => (step.kind === 'scale' ? podsOf(step, wanted.replicas) : 0)),
    ),
    stablePods: shrunk ? Math.min(shrunk.pods, size) : size,
  };
}

/**
 * The share that the new version has now: what the steps gave it, unless one side has no pod to
 * answer with. Then the other side has all of it. A version that no step has let in yet gets
 * nothing even so: it was not asked or judged, and what served is put back.
 */
function shareNow(due: Due, wanted: Wanted, { revision, previous, publicRoute }: Observed): number {
  const [own, stable] = [revision?.readyReplicas ?? 0, previous?.readyReplicas ?? 0];
  if (due.weight === 0) return 0;
  // what was taken back comes back when all of its pods are there
  const less = Math.round(shareOf(publicRoute, wanted.revision) * 100) < due.weight;
  if (less && stable > 0 && !isReady(revision, wanted.image, due.pods)) return 0;
  if (own === 0 && stable > 0) return 0;
  return own > 0 && stable === 0 ? 100 : due.weight;
}

/**
 * The first thing that is not as the steps left it, and what puts it back: the traffic before
 * anything else. Null: all is there. A rollback is one write and passes nothing over, so it goes on
 * instead.
 */
export function disturbanceOf(
  wanted: Wanted,
  observed: Observed,
  steps: Step[],
  index: number,
): Disturbance | null {
  const due = dueAt(steps, index, wanted);
  if (wanted.rollback || givesUp(steps)) return lostRoute(wanted, observed, steps, index);
  return (
    traffic(wanted, observed, due, steps[index]) ??
    stableSide(wanted, observed, due) ??
    ownSide(wanted, observed, due, steps[index])
  );
}

/**
 * Where what serves is given up first there is one switch, after the preview was passed: until then
 * the route leads to what served, though it does not answer. A rollback needs no more than a route
 * to begin with.
 */
function lostRoute(
  wanted: Wanted,
  { publicRoute }: Observed,
  steps: Step[],
  index: number,
): Disturbance | null {
  const { stable, progress } = wanted;
  const switches = !wanted.rollback && (progress?.step ?? 0) >= steps.length - 1;
  if (stable === null || switches || (wanted.rollback && steps[index]?.kind !== 'shrink'))
    return null;
  if (publicRoute === null)
    return {
      code: 'RouteMissing',
      action: toStable(stable.revision),
      reason: 'The route had been deleted: it is put back.',
    };
  if (wanted.rollback || (shareOf(publicRoute, stable.revision) === 1 && !publicRoute.edited))
    return null;
  return {
    code: 'RouteChanged',
    action: toStable(stable.revision),
    reason: 'The route led elsewhere before the new version was asked: it is put back.',
  };
}

function traffic(
  wanted: Wanted,
  observed: Observed,
  due: Due,
  step: Step | undefined,
): Disturbance | null {
  const { publicRoute, revision } = observed;
  const { stable } = wanted;
  const target = shareNow(due, wanted, observed);
  const share = Math.round(shareOf(publicRoute, wanted.revision) * 100);
  if (stable === null && target === 0) return uninvited(wanted, observed, share);
  // taken a moment ago, and to be recorded next
  const taken =
    step?.kind === 'weight' && share === step.percent && (revision?.readyReplicas ?? 0) > 0;
  const strangers = publicRoute?.backends.some(
    ({ revision: name, weight }) =>
      weight > 0 && name !== wanted.revision && name !== stable?.revision,
  );
  const [code, what] =
    publicRoute === null
      ? ['RouteMissing', 'had been deleted']
      : publicRoute.edited
        ? ['RouteChanged', `had been changed (${publicRoute.edited})`]
        : strangers
          ? ['RouteChanged', 'led to a revision that is not part of the rollout']
          : share !== target && !taken
            ? ['WeightsChanged', `gave the new version ${share} %`]
            : [null, ''];
  if (code === null) return null;
  const percent = taken && !strangers ? step.percent : target;
  const action: Action = { kind: 'route', backends: backendsOf(wanted, percent), before: [] };
  if (code === 'WeightsChanged' && target !== due.weight)
    return { ...oneSided(observed, due, target), action };
  return {
    code,
    action,
    reason: `The route ${what}: it is put back, with ${percent} % for the new version.`,
  };
}

/** Nothing served before, and no step has let the new version in. */
function uninvited(wanted: Wanted, { publicRoute }: Observed, share: number): Disturbance | null {
  if (!wanted.alone || wanted.shared || publicRoute === null || share === 0) return null;
  const reason = 'A route led to the new version before it was asked: it is taken away.';
  return { code: 'RouteChanged', action: { kind: 'back-out', restore: [] }, reason };
}

function stableSide(wanted: Wanted, { previous, drift }: Observed, due: Due): Disturbance | null {
  const { stable } = wanted;
  if (stable === null || due.stablePods === 0 || previous?.deleting) return null;
  const again: Action = { kind: 'restore-stable', replicas: due.stablePods };
  if (previous === null)
    return {
      code: 'StableMissing',
      action: again,
      reason: 'The version that serves had been deleted in the cluster: it is made again.',
    };
  if (previous.image !== stable.image)
    return {
      code: 'StableChanged',
      action: again,
      reason: 'The image of the version that serves had been changed: it is put back.',
    };
  if (previous.wantedReplicas < due.stablePods) {
    const action: Action = {
      kind: 'scale-previous',
      revision: stable.revision,
      replicas: due.stablePods,
    };
    return {
      code: 'StableScaled',
      action,
      reason: `The version that serves had been scaled to ${previous.wantedReplicas} pods: it is scaled back to ${due.stablePods}.`,
    };
  }
  if (!drift?.stable.length) return null;
  return {
    code: 'StableChanged',
    action: { kind: 'mend', side: 'stable' },
    reason: `${drift.stable.join(' and ')} of the version that serves had been changed or deleted: it is put back.`,
  };
}

function ownSide(
  wanted: Wanted,
  { revision, drift }: Observed,
  due: Due,
  step: Step | undefined,
): Disturbance | null {
  if (revision?.deleting)
    return {
      code: 'RevisionDeleting',
      action: { kind: 'none' },
      reason: deletingReason(revision.deleting),
    };
  if (revision !== null && revision.image === wanted.image && drift?.own.length) {
    return {
      code: 'RevisionChanged',
      action: { kind: 'mend', side: 'own' },
      reason: `${drift.own.join(' and ')} of the new version had been changed or deleted: it is put back.`,
    };
  }
  // the step starts them itself, after it has asked whether there is room
  if (step?.kind === 'scale' || due.pods === 0) return null;
  const action: Action = { kind: 'apply', replicas: due.pods };
  if (revision === null)
    return {
      code: 'RevisionMissing',
      action,
      reason: 'The new version had been deleted in the cluster: it is made again.',
    };
  if (revision.image !== wanted.image)
    return {
      code: 'RevisionChanged',
      action,
      reason: 'The image of the new version had been changed: it is put back.',
    };
  if (revision.wantedReplicas < due.pods)
    return {
      code: 'RevisionScaled',
      action,
      reason: `The new version had been scaled to ${revision.wantedReplicas} pods: it is scaled back to ${due.pods}.`,
    };
  return null;
}

/**
 * One side has nothing to answer with, so that the other has all traffic; null: both have, or
 * neither.
 */
export function standIn(
  wanted: Wanted,
  observed: Observed,
  steps: Step[],
  index: number,
): Omit<Disturbance, 'action'> | null {
  if (wanted.rollback || givesUp(steps)) return null;
  const due = dueAt(steps, index, wanted);
  const target = shareNow(due, wanted, observed);
  if (target !== due.weight) return wanted.stable === null ? null : oneSided(observed, due, target);
  const pods =
    steps[index]?.kind === 'scale' ||
    isReady(observed.revision, wanted.image, Math.min(1, due.pods));
  if (pods || due.weight === 0) return null;
  return {
    code: 'NoPodReady',
    reason: wanted.stable === null ? 'No pod is ready.' : 'No pod of either version is ready.',
  };
}

function oneSided(
  { previous, revision }: Observed,
  due: Due,
  target: number,
): Omit<Disturbance, 'action'> {
  const own = revision?.readyReplicas ?? 0;
  if (target === 0 && own === 0)
    return {
      code: 'RevisionNotReady',
      reason: 'No pod of the new version is ready: traffic goes back until one is.',
    };
  if (target === 0)
    return {
      code: 'RevisionNotReady',
      reason: `${own} of ${due.pods} pods of the new version are ready: it gets its traffic back when all are.`,
    };
  const what =
    previous === null ? 'The version before is not there' : 'No pod of the version before is ready';
  return {
    code: 'StableNotReady',
    reason: `${what}: all traffic goes to the new version until one is.`,
  };
}

export function deletingReason(finalizers: string[]): string {
  const held =
    finalizers.length > 0
      ? ` ${finalizers.join(' and ')} ${finalizers.length === 1 ? 'holds' : 'hold'} it.`
      : '';
  return `The Deployment is being deleted and is not gone yet.${held}`;
}

/** The route that gives the new version so much. */
export function backendsOf(wanted: Wanted, percent: number): Backend[] {
  const own = { revision: wanted.revision, weight: percent };
  if (percent >= 100 || wanted.stable === null) return [{ ...own, weight: 100 }];
  const rest = { revision: wanted.stable.revision, weight: 100 - percent };
  return percent <= 0 ? [rest] : [own, rest];
}

const toStable = (revision: string): Action => ({
  kind: 'route',
  backends: [{ revision, weight: 100 }],
  before: [],
});
