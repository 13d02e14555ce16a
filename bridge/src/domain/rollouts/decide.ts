import { mayPass } from '../capacity/capacity.ts';
import { conditionsOf } from './conditions.ts';
import { deletingReason } from './drift.ts';
import { explainRevision } from './pod-failure.ts';
import { remembered } from './recreate.ts';
import { backOut, progressOf, restoreTarget } from './restore-stable.ts';
import { isReady, shareOf } from './revision.ts';
import { situationOf, type Facts, type Situation } from './situation.ts';
import { nextMove } from './steps.ts';
import { GONE_MS, STEP_MS, WAIT_MS } from './timing.ts';
import type { Action, Decision, DesiredState, Failure, Observed, RolloutStatus } from './types.ts';

/**
 * The next action of one deployment, from desired and observed state. Pure; takes one step a call.
 */
export function decide(wanted: DesiredState, observed: Observed, now: Date): Decision {
  const facts = { wanted, observed, now };
  return withConditions(choose(facts), facts);
}

/** A decision before its conditions; what is left out: no action, nothing reported, no code. */
interface Choice {
  action?: Action;
  phase?: Decision['phase'];
  reason: string;
  /** null: nothing more to do */
  againInMs: number | null;
  status?: RolloutStatus;
  /** what somebody changed in the cluster */
  code?: string | null;
  /** with the phase Failed */
  failure?: Failure;
}

function choose(facts: Facts): Choice {
  const { wanted } = facts;
  if (wanted.desired === 'removed') return remove(facts);
  if (wanted.failed) return cleanUp(facts);
  if (wanted.desired === 'kept') return { reason: 'Kept for a rollback.', againInMs: null };
  if (wanted.established) return holdSteady(facts);
  return rollOut(situationOf(facts));
}

function withConditions(choice: Choice, { wanted, observed, now }: Facts): Decision {
  const { action = { kind: 'none' }, phase = null, status = null, code = null } = choice;
  const { reason, againInMs, failure } = choice;
  const conditions = conditionsOf(wanted, observed, { phase, reason, code, failure }, now);
  return { action, phase, reason, againInMs, status, code, conditions };
}

function rollOut(situation: Situation): Choice {
  const { wanted, observed } = situation;
  const move = nextMove(situation);
  const { status } = move;
  const failure = fatalFailure(situation);
  if (failure) return giveBack(situation, failure, status);
  if (mustWaitForOthers(wanted, observed, move.kind === 'fail'))
    return {
      phase: 'Progressing',
      reason: `Waiting until ${wanted.withdrawing.join(' and ')} is removed: it takes its place.`,
      againInMs: WAIT_MS,
      status: { ...status, waitingFor: 'predecessor' },
    };
  if (move.kind === 'fail') return giveBack(situation, move.failure, status);
  if (move.kind === 'act')
    return {
      action: withBefore(move.action, wanted, observed),
      phase: 'Progressing',
      reason: move.reason,
      againInMs: move.againInMs,
      code: move.code ?? null,
      status,
    };
  return goLive(situation, status);
}

/** Why it has failed, whatever its steps say; null: it has not. */
function fatalFailure({ wanted, observed, now }: Situation): Failure | null {
  const { revision } = observed;
  const seen = revision && revision.image === wanted.image ? explainRevision(revision, now) : null;
  if (seen?.fatal && revision && !isReady(revision, wanted.image, revision.wantedReplicas))
    return { code: seen.reason, message: seen.message };
  if (now < wanted.deadline) return null;
  const message = seen ? `${seen.reason}: ${seen.message}` : progressOf(observed, wanted.replicas);
  return { code: 'DeadlineExceeded', message };
}

const giveBack = (
  { wanted, observed }: Situation,
  failure: Failure,
  status: RolloutStatus,
): Choice => ({
  action: backOut(wanted, observed),
  phase: 'Failed',
  reason: `${failure.code}: ${failure.message}`,
  againInMs: STEP_MS,
  status,
  failure,
});

/** All steps are taken: it is live once it has answered through its public route. */
function goLive(situation: Situation, status: RolloutStatus): Choice {
  const { replicas } = situation.wanted;
  const { smoke } = situation.observed;
  if (smoke.public === null)
    return {
      action: { kind: 'smoke', through: 'public' },
      phase: 'Progressing',
      reason: 'Smoke-testing the public route.',
      againInMs: 0,
      status,
    };
  if (!smoke.public.ok)
    return giveBack(situation, { code: 'SmokeTestFailed', message: smoke.public.message }, status);
  return {
    action: { kind: 'finish' },
    phase: 'Ready',
    reason: `${replicas} of ${replicas} pods serve.`,
    againInMs: null,
    status,
  };
}

/**
 * Two rollouts of one model never interleave. What is brought back waits for nobody: the traffic
 * matters, and one write moves all of it; unless it lacks the room that the others are about to
 * give back.
 */
function mustWaitForOthers(
  wanted: DesiredState,
  { publicRoute, blocker }: Observed,
  fails: boolean,
): boolean {
  if (wanted.withdrawing.length === 0 || shareOf(publicRoute, wanted.revision) > 0) return false;
  return !wanted.rollback || (fails && blocker !== null && mayPass(blocker));
}

/**
 * After Ready only drift is mended, and traffic that another deployment took over is never taken
 * back.
 */
function holdSteady({ wanted, observed }: Facts): Choice {
  const { revision, publicRoute } = observed;
  const serves = shareOf(publicRoute, wanted.revision);
  if (revision?.deleting)
    return {
      phase: revision.readyReplicas > 0 ? 'Ready' : 'Progressing',
      reason: deletingReason(revision.deleting),
      againInMs: 10 * WAIT_MS,
      code: 'RevisionDeleting',
    };
  if (publicRoute !== null && serves === 0)
    return { reason: 'Another revision has the traffic.', againInMs: null };
  if (revision === null || revision.image !== wanted.image) {
    return {
      action: { kind: 'apply', replicas: wanted.replicas },
      phase: 'Ready',
      reason: 'The revision was changed or deleted in the cluster: restoring it.',
      againInMs: WAIT_MS,
    };
  }
  if (revision.readyReplicas < wanted.replicas) {
    // one ready pod still answers; none at all makes the endpoint unavailable until the cluster has
    // mended it
    return {
      phase: revision.readyReplicas > 0 ? 'Ready' : 'Progressing',
      reason: progressOf(observed, wanted.replicas),
      againInMs: 10 * WAIT_MS,
    };
  }
  if (publicRoute === null) {
    return {
      action: { kind: 'route', backends: [{ revision: wanted.revision, weight: 100 }], before: [] },
      phase: 'Ready',
      reason: 'The route was deleted: restoring it.',
      againInMs: WAIT_MS,
    };
  }
  return {
    action: { kind: 'finish' },
    phase: 'Ready',
    reason: `${revision.readyReplicas} of ${wanted.replicas} pods serve.`,
    againInMs: null,
  };
}

function remove({ wanted, observed }: Facts): Choice {
  if (wanted.failed && restoreTarget(wanted, observed))
    return {
      action: backOut(wanted, observed),
      reason: 'Returning traffic to the stable version.',
      againInMs: STEP_MS,
    };
  if (wanted.shared)
    return {
      phase: 'Removed',
      reason: 'Another deployment of this version uses the revision.',
      againInMs: null,
    };
  const share = shareOf(observed.publicRoute, wanted.revision);
  const previewed = shareOf(observed.previewRoute, wanted.revision) > 0;
  if (observed.revision === null && share === 0 && !previewed) return removed(observed);
  const others = (observed.publicRoute?.backends ?? []).filter(
    (backend) => backend.revision !== wanted.revision,
  );
  const remaining = share > 0 ? others : null;
  return { action: { kind: 'remove', remaining }, ...removing(observed.revision?.deleting) };
}

function removing(finalizers: string[] | null | undefined): Choice {
  return {
    reason: finalizers ? deletingReason(finalizers) : 'Removing the revision.',
    againInMs: finalizers?.length ? GONE_MS : WAIT_MS,
  };
}

/** Its Deployment and its traffic are gone; other objects of it may go later. */
function removed({ leftovers = [] }: Observed): Choice {
  if (leftovers.length === 0)
    return { phase: 'Removed', reason: 'Everything is removed.', againInMs: null };
  return {
    action: { kind: 'remove', remaining: null },
    reason: `Still there: ${leftovers.join(', ')}.`,
    againInMs: GONE_MS,
  };
}

function cleanUp({ wanted, observed }: Facts): Choice {
  // Odoo's deadline may have failed it while it had part of the traffic
  if (restoreTarget(wanted, observed))
    return {
      action: backOut(wanted, observed),
      reason: 'Returning traffic to the stable version.',
      againInMs: STEP_MS,
    };
  const previewed = shareOf(observed.previewRoute, wanted.revision) > 0;
  const serves = shareOf(observed.publicRoute, wanted.revision) > 0;
  const left = observed.revision !== null && !serves && !wanted.shared;
  if (!previewed && !left) return { reason: 'Cleaned up.', againInMs: null };
  return {
    action: { kind: 'clean' },
    reason: 'Removing what the failed rollout left behind.',
    againInMs: WAIT_MS,
  };
}

/**
 * The first change of traffic remembers what served; later ones of the same deployment keep that.
 */
function withBefore(action: Action, wanted: DesiredState, observed: Observed): Action {
  if (action.kind !== 'route' || action.before.length > 0) return action;
  const route = observed.publicRoute;
  if (route?.changedBy === wanted.deploymentId && route.before)
    return { ...action, before: route.before };
  return { ...action, before: remembered(observed) };
}
