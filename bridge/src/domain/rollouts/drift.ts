import type { Situation } from './situation.ts';
import { isReady, shareOf } from './revision.ts';
import type { Backend } from './revision.ts';
import type { Action, DesiredState } from './types.ts';

export interface Drift {
  code: string;
  action: Action;
  reason: string;
}

/**
 * The share that the new version has now: what the steps gave it, unless one side has no pod to
 * answer with. Then the other side has all of it. A version that no step has let in yet gets
 * nothing even so: it was not asked or judged, and what served is put back.
 */
function shareNow({ due, wanted, observed, percent }: Situation): number {
  const { revision, previous } = observed;
  const own = readyPods(revision);
  if (due.weight === 0) return 0;
  if (readyPods(previous) === 0) return own > 0 ? 100 : due.weight;
  // what was taken back comes back when all of its pods are there
  const takenBack = percent < due.weight && !isReady(revision, wanted.image, due.pods);
  return own === 0 || takenBack ? 0 : due.weight;
}

const readyPods = (revision: { readyReplicas: number } | null): number =>
  revision?.readyReplicas ?? 0;

/**
 * The first thing that is not as the steps left it, and what puts it back: the traffic before
 * anything else. Null: all is there. A rollback is one write and passes nothing over, so it goes on
 * instead.
 */
export function driftOf(situation: Situation): Drift | null {
  if (situation.wanted.rollback || situation.stopsStableFirst) return lostRoute(situation);
  return traffic(situation) ?? stableSide(situation) ?? ownSide(situation);
}

/**
 * Where what serves is given up first there is one switch, after the preview was passed: until then
 * the route leads to what served, though it does not answer. A rollback needs no more than a route
 * to begin with.
 */
function lostRoute(situation: Situation): Drift | null {
  const { wanted, observed } = situation;
  const { publicRoute } = observed;
  const { stable } = wanted;
  if (stable === null || mayHaveMoved(situation)) return null;
  if (publicRoute === null)
    return {
      code: 'RouteMissing',
      action: toStable(stable.revision),
      reason: 'The route was deleted: restoring it.',
    };
  if (wanted.rollback || (shareOf(publicRoute, stable.revision) === 1 && !publicRoute.edited))
    return null;
  return {
    code: 'RouteChanged',
    action: toStable(stable.revision),
    reason: 'The route led elsewhere before the smoke test: restoring it.',
  };
}

/** The steps are at the one that moves the traffic, or past it. */
const mayHaveMoved = ({ wanted, steps, step }: Situation): boolean =>
  wanted.rollback ? step?.kind !== 'shrink' : (wanted.progress?.step ?? 0) >= steps.length - 1;

function traffic(situation: Situation): Drift | null {
  const { wanted, observed, due, step, percent: share } = situation;
  const target = shareNow(situation);
  if (wanted.stable === null && target === 0) return uninvited(situation);
  // taken a moment ago, and to be recorded next
  const taken =
    step?.kind === 'weight' && share === step.percent && readyPods(observed.revision) > 0;
  const fault = routeFault(situation, taken ? share : target);
  if (fault === null) return null;
  const percent = taken && !fault.strangers ? step.percent : target;
  const action: Action = { kind: 'route', backends: backendsOf(wanted, percent), before: [] };
  if (fault.code === 'WeightsChanged' && target !== due.weight)
    return { ...oneSided(situation, target), action };
  return {
    code: fault.code,
    action,
    reason: `The route ${fault.what}: restoring it, with ${percent} % for the new version.`,
  };
}

/** `strangers`: it leads to what is no part of the rollout. */
interface RouteFault {
  readonly code: string;
  readonly what: string;
  readonly strangers: boolean;
}

function routeFault(
  { wanted, observed: { publicRoute }, percent: share }: Situation,
  expected: number,
): RouteFault | null {
  if (publicRoute === null) return { code: 'RouteMissing', what: 'was deleted', strangers: false };
  const strangers = publicRoute.backends.some(
    ({ revision, weight }) =>
      weight > 0 && revision !== wanted.revision && revision !== wanted.stable?.revision,
  );
  if (publicRoute.edited) {
    const what = `was changed (${publicRoute.edited})`;
    return { code: 'RouteChanged', what, strangers };
  }
  if (strangers)
    return {
      code: 'RouteChanged',
      what: 'led to a revision that is not part of the rollout',
      strangers,
    };
  if (share === expected) return null;
  return { code: 'WeightsChanged', what: `gave the new version ${share} %`, strangers };
}

/** Nothing served before, and no step has let the new version in. */
function uninvited({ wanted, observed, percent }: Situation): Drift | null {
  if (!wanted.alone || wanted.shared || observed.publicRoute === null || percent === 0) return null;
  const reason = 'A route led to the new version before its smoke test: removing it.';
  return { code: 'RouteChanged', action: { kind: 'back-out', restore: [] }, reason };
}

function stableSide({ wanted, observed, due }: Situation): Drift | null {
  const { previous, drift } = observed;
  const { stable } = wanted;
  if (stable === null || due.stablePods === 0 || previous?.deleting) return null;
  const again: Action = { kind: 'restore-stable', replicas: due.stablePods };
  if (previous === null)
    return {
      code: 'StableMissing',
      action: again,
      reason: 'The stable version was deleted in the cluster: recreating it.',
    };
  if (previous.image !== stable.image)
    return {
      code: 'StableChanged',
      action: again,
      reason: 'The image of the stable version was changed: restoring it.',
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
      reason: `The stable version was scaled to ${previous.wantedReplicas} pods: scaling it back to ${due.stablePods}.`,
    };
  }
  if (!drift?.stable.length) return null;
  return {
    code: 'StableChanged',
    action: { kind: 'mend', side: 'stable' },
    reason: `${drift.stable.join(' and ')} of the stable version was changed or deleted: restoring it.`,
  };
}

function ownSide(situation: Situation): Drift | null {
  const { wanted, observed } = situation;
  const { revision, drift } = observed;
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
      reason: `${drift.own.join(' and ')} of the new version was changed or deleted: restoring it.`,
    };
  }
  return ownPods(situation);
}

/** The step starts them itself, after it has asked whether there is room. */
function ownPods({ wanted, observed: { revision }, due, step }: Situation): Drift | null {
  if (step?.kind === 'scale' || due.pods === 0) return null;
  const action: Action = { kind: 'apply', replicas: due.pods };
  if (revision === null)
    return {
      code: 'RevisionMissing',
      action,
      reason: 'The new version was deleted in the cluster: recreating it.',
    };
  if (revision.image !== wanted.image)
    return {
      code: 'RevisionChanged',
      action,
      reason: 'The image of the new version was changed: restoring it.',
    };
  if (revision.wantedReplicas < due.pods)
    return {
      code: 'RevisionScaled',
      action,
      reason: `The new version was scaled to ${revision.wantedReplicas} pods: scaling it back to ${due.pods}.`,
    };
  return null;
}

/**
 * One side has nothing to answer with, so that the other has all traffic; null: both have, or
 * neither.
 */
export function oneSidedTraffic(situation: Situation): Omit<Drift, 'action'> | null {
  const { wanted, observed, step, due } = situation;
  if (wanted.rollback || situation.stopsStableFirst) return null;
  const target = shareNow(situation);
  if (target !== due.weight) return wanted.stable === null ? null : oneSided(situation, target);
  const pods =
    step?.kind === 'scale' || isReady(observed.revision, wanted.image, Math.min(1, due.pods));
  if (pods || due.weight === 0) return null;
  return {
    code: 'NoPodReady',
    reason: wanted.stable === null ? 'No pod is ready.' : 'No pod of either version is ready.',
  };
}

function oneSided({ observed, due }: Situation, target: number): Omit<Drift, 'action'> {
  const { previous, revision } = observed;
  const own = readyPods(revision);
  if (target === 0 && own === 0)
    return {
      code: 'RevisionNotReady',
      reason:
        'No pod of the new version is ready: traffic returns to the stable version until one is.',
    };
  if (target === 0)
    return {
      code: 'RevisionNotReady',
      reason: `${own} of ${due.pods} pods of the new version are ready: its traffic returns when all are.`,
    };
  const what =
    previous === null
      ? 'The stable version does not exist'
      : 'No pod of the stable version is ready';
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
export function backendsOf(wanted: DesiredState, percent: number): Backend[] {
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
