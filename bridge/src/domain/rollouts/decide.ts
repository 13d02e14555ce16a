import type { Action, Decision, Observed, Standing, Wanted } from './types.ts';
import { mayPass } from '../capacity/capacity.ts';
import { explainRevision } from './pod-failure.ts';
import { isReady, shareOf } from './revision.ts';
import { conditionsOf } from './conditions.ts';
import { remembered } from './recreate.ts';
import { backOut, progressOf, restorable } from './restore-stable.ts';
import { deletingReason } from './drift.ts';
import { nextMove } from './steps.ts';

const STEP_MS = 150;
/** how often to look when the cluster itself does not tell that something changed */
const WAIT_MS = 500;
/** how often to look whether something is gone that somebody else keeps */
const GONE_MS = 2_000;

/**
 * The next step of one deployment, from what is wanted and what is. Pure; takes one step a call.
 */
export function decide(wanted: Wanted, observed: Observed, now: Date): Decision {
  const say: Say = (action, phase, reason, againInMs, standing = null, code = null) => ({
    action,
    phase,
    reason,
    againInMs,
    standing,
    code,
    conditions: conditionsOf(wanted, observed, { phase, reason, code }, now),
  });

  if (wanted.desired === 'removed') return remove(wanted, observed, say);
  if (wanted.failed) return cleanUp(wanted, observed, say);
  if (wanted.desired === 'kept') return say({ kind: 'none' }, null, 'Kept for a rollback.', null);
  if (wanted.established) return holdSteady(wanted, observed, say);
  return rollOut(wanted, observed, now, say);
}

type Say = (
  action: Action,
  phase: Decision['phase'],
  reason: string,
  againInMs: number | null,
  standing?: Standing | null,
  code?: string | null,
) => Decision;

function rollOut(wanted: Wanted, observed: Observed, now: Date, say: Say): Decision {
  const { revision, smoke } = observed;
  const move = nextMove(wanted, observed, now);
  const { standing } = move;
  const fail = (reason: string): Decision =>
    say(backOut(wanted, observed), 'Failed', reason, STEP_MS, standing);

  const failure =
    revision && revision.image === wanted.image ? explainRevision(revision, now) : null;
  if (failure?.fatal && revision && !isReady(revision, wanted.image, revision.wantedReplicas))
    return fail(`${failure.reason}: ${failure.message}`);
  if (now >= wanted.deadline)
    return fail(
      `DeadlineExceeded: ${failure ? `${failure.reason}: ${failure.message}` : progressOf(observed, wanted.replicas)}`,
    );
  if (mustWaitForOthers(wanted, observed, move.kind === 'fail')) {
    const reason = `Waiting until ${wanted.withdrawing.join(' and ')} is gone, whose place it takes.`;
    return say({ kind: 'none' }, 'Progressing', reason, WAIT_MS, {
      ...standing,
      waitingFor: 'predecessor',
    });
  }
  if (move.kind === 'fail') return fail(move.reason);
  if (move.kind === 'act')
    return say(
      withBefore(move.action, wanted, observed),
      'Progressing',
      move.reason,
      move.againInMs,
      standing,
      move.code ?? null,
    );
  if (smoke.public === null)
    return say(
      { kind: 'smoke', through: 'public' },
      'Progressing',
      'Asking through the public path.',
      0,
      standing,
    );
  if (!smoke.public.ok) return fail(`SmokeTestFailed: ${smoke.public.message}`);
  return say(
    { kind: 'finish' },
    'Ready',
    `${wanted.replicas} of ${wanted.replicas} pods serve.`,
    null,
    standing,
  );
}

/**
 * Two rollouts of one model never interleave. What is brought back waits for nobody: the traffic
 * matters, and one write moves all of it; unless it lacks the room that the others are about to
 * give back.
 */
function mustWaitForOthers(
  wanted: Wanted,
  { publicRoute, obstacle }: Observed,
  fails: boolean,
): boolean {
  if (wanted.withdrawing.length === 0 || shareOf(publicRoute, wanted.revision) > 0) return false;
  return !wanted.rollback || (fails && obstacle !== null && mayPass(obstacle));
}

/**
 * After Ready only drift is mended, and traffic that another deployment took over is never taken
 * back.
 */
function holdSteady(wanted: Wanted, observed: Observed, say: Say): Decision {
  const { revision, publicRoute } = observed;
  const serves = shareOf(publicRoute, wanted.revision);
  if (revision?.deleting)
    return say(
      { kind: 'none' },
      revision.readyReplicas > 0 ? 'Ready' : 'Progressing',
      deletingReason(revision.deleting),
      10 * WAIT_MS,
      null,
      'RevisionDeleting',
    );
  if (publicRoute !== null && serves === 0)
    return say({ kind: 'none' }, null, 'Another revision has the traffic.', null);
  if (revision === null || revision.image !== wanted.image) {
    return say(
      { kind: 'apply', replicas: wanted.replicas },
      'Ready',
      'The revision had been changed or deleted in the cluster; it is put back.',
      WAIT_MS,
    );
  }
  if (revision.readyReplicas < wanted.replicas) {
    // one ready pod still answers; none at all makes the endpoint unavailable until the cluster has
    // mended it
    return say(
      { kind: 'none' },
      revision.readyReplicas > 0 ? 'Ready' : 'Progressing',
      progressOf(observed, wanted.replicas),
      10 * WAIT_MS,
    );
  }
  if (publicRoute === null) {
    return say(
      { kind: 'route', backends: [{ revision: wanted.revision, weight: 100 }], before: [] },
      'Ready',
      'The route had been deleted; it is put back.',
      WAIT_MS,
    );
  }
  return say(
    { kind: 'finish' },
    'Ready',
    `${revision.readyReplicas} of ${wanted.replicas} pods serve.`,
    null,
  );
}

function remove(wanted: Wanted, observed: Observed, say: Say): Decision {
  if (wanted.failed && restorable(wanted, observed))
    return say(
      backOut(wanted, observed),
      null,
      'Giving traffic back to what served before.',
      STEP_MS,
    );
  if (wanted.shared)
    return say(
      { kind: 'none' },
      'Removed',
      'Another deployment of this version uses the revision.',
      null,
    );
  const share = shareOf(observed.publicRoute, wanted.revision);
  const previewed = shareOf(observed.previewRoute, wanted.revision) > 0;
  if (observed.revision === null && share === 0 && !previewed) {
    const { leftovers = [] } = observed;
    if (leftovers.length === 0)
      return say({ kind: 'none' }, 'Removed', 'Nothing of it is left.', null);
    return say(
      { kind: 'remove', remaining: null },
      null,
      `Still there: ${leftovers.join(', ')}.`,
      GONE_MS,
    );
  }
  const others = (observed.publicRoute?.backends ?? []).filter(
    (backend) => backend.revision !== wanted.revision,
  );
  const deleting = observed.revision?.deleting;
  return say(
    { kind: 'remove', remaining: share > 0 ? others : null },
    null,
    deleting ? deletingReason(deleting) : 'Removing the revision.',
    deleting?.length ? GONE_MS : WAIT_MS,
  );
}

function cleanUp(wanted: Wanted, observed: Observed, say: Say): Decision {
  // Odoo's deadline may have failed it while it had part of the traffic
  if (restorable(wanted, observed))
    return say(
      backOut(wanted, observed),
      null,
      'Giving traffic back to what served before.',
      STEP_MS,
    );
  const previewed = shareOf(observed.previewRoute, wanted.revision) > 0;
  const serves = shareOf(observed.publicRoute, wanted.revision) > 0;
  const left = observed.revision !== null && !serves && !wanted.shared;
  if (!previewed && !left) return say({ kind: 'none' }, null, 'Cleaned up.', null);
  return say({ kind: 'clean' }, null, 'Removing what the failed rollout left.', WAIT_MS);
}

/**
 * The first change of traffic remembers what served; later ones of the same deployment keep that.
 */
function withBefore(action: Action, wanted: Wanted, observed: Observed): Action {
  if (action.kind !== 'route' || action.before.length > 0) return action;
  const route = observed.publicRoute;
  if (route?.changedBy === wanted.deploymentId && route.before)
    return { ...action, before: route.before };
  return { ...action, before: remembered(observed) };
}
