import type { Condition } from '../../contract/version.ts';
import { mayPass } from '../capacity/capacity.ts';
import type { Obstacle } from '../capacity/capacity.ts';
import { explainRevision } from './pod-failure.ts';
import { isReady, shareOf } from './revision.ts';
import type { Backend, Judgement, Progress, RevisionObserved, RouteObserved } from './revision.ts';
import { conditionsOf } from './conditions.ts';
import { remembered } from './recreate.ts';
import { backOut, progressOf, restorable } from './restore-stable.ts';
import { deletingReason } from './drift.ts';
import { nextMove } from './steps.ts';
import type { Standing } from './steps.ts';
import type { Step, StrategyName } from './strategy.ts';

export interface Wanted {
  deploymentId: number;
  generation: number;
  revision: string;
  /** reference with digest */
  image: string;
  replicas: number;
  strategy: StrategyName;
  /** the list frozen at the promotion; null: the strategy's own */
  steps: Step[] | null;
  controls: Controls;
  /** the step that it has come to, as Odoo recorded it; null: none was recorded */
  progress: Progress | null;
  /** what serves, as Odoo recorded it; null: nothing does */
  stable: Stable | null;
  /**
   * nothing served when it was promoted, so there is nobody to share traffic with or to compare
   * with
   */
  alone: boolean;
  /** brings back what served before */
  rollback: boolean;
  desired: 'serving' | 'kept' | 'removed';
  /** it was reported Ready before: from now on only drift is mended */
  established: boolean;
  /** it was reported Failed before: only cleaning up is left */
  failed: boolean;
  /** another deployment of the same version in this environment still wants the revision */
  shared: boolean;
  /** another version of the model is on its way here */
  rival: boolean;
  /**
   * versions that ended before they were ready here and are not gone yet: what takes their place
   * begins after them
   */
  withdrawing: string[];
  /** until then it waits for GPUs or quota that are missing; null: missing ones fail it at once */
  queueUntil: Date | null;
  deadline: Date;
}

export interface Stable {
  revision: string;
  /** reference with digest */ image: string;
  replicas: number;
}

/** What people said since it began. */
export interface Controls {
  paused: boolean;
  /** a person let the rollout go on at every approve step up to this one; -1: at none */
  approvedStep: number;
  /** timed steps before this one are skipped */
  skipTo: number;
}

export interface SmokeResult {
  ok: boolean;
  message: string;
}

export interface Observed {
  revision: RevisionObserved | null;
  /**
   * what serves by Odoo's record; where that names nothing, of the other revisions that have
   * traffic the one with the most
   */
  previous: RevisionObserved | null;
  publicRoute: RouteObserved | null;
  previewRoute: RouteObserved | null;
  /**
   * what was found before anything was touched: image gone, no GPU free, quota; null: nothing
   * stands against it
   */
  obstacle: Obstacle | null;
  /** requests made in this tick; null: not made */
  smoke: { preview: SmokeResult | null; public: SmokeResult | null };
  /** made in this tick; null: not made */
  judgement: Judgement | null;
  /**
   * objects of either side (Deployment, Service, NetworkPolicy) that are missing or not as they
   * were applied
   */
  drift?: { own: string[]; stable: string[] };
  /** what is still there of a revision whose Deployment is gone */
  leftovers?: string[];
}

export type Action =
  | { kind: 'none' }
  /** the Deployment with so many replicas, its Service, the NetworkPolicies */
  | { kind: 'apply'; replicas: number }
  | { kind: 'apply-preview' }
  | { kind: 'smoke'; through: 'preview' | 'public' }
  /** one write of the public route; `before` is what to go back to */
  | { kind: 'route'; backends: Backend[]; before: (Backend & { replicas: number })[] }
  | { kind: 'scale-previous'; revision: string; replicas: number }
  /** what serves is made again as it was approved, with so many pods */
  | { kind: 'restore-stable'; replicas: number }
  /** the objects of one side are put back, whatever was changed; sizes stay */
  | { kind: 'mend'; side: 'own' | 'stable' }
  /**
   * gives traffic and pods back to what served before; null: leave the route as it is, empty:
   * nothing served before; `release`: then its own pods go at once
   */
  | { kind: 'back-out'; restore: (Backend & { replicas: number })[] | null; release?: boolean }
  /**
   * records in Odoo that this step begins now, with the counters of both revisions where it is a
   * judgement's, and what the one before came to
   */
  | {
      kind: 'progress';
      step: number;
      baseline: boolean;
      judgement: Judgement | null;
      interrupted?: boolean;
    }
  /** compares both revisions since the step began */
  | { kind: 'judge'; step: number }
  | { kind: 'finish' }
  /** the preview, then the revision; never a revision that has public traffic */
  | { kind: 'clean' }
  /**
   * takes the revision out of the public route (the route itself when nothing is left in it), then
   * deletes it
   */
  | { kind: 'remove'; remaining: Backend[] | null };

export interface Decision {
  action: Action;
  /** null: nothing to report */
  phase: 'Progressing' | 'Ready' | 'Failed' | 'Removed' | null;
  conditions: Omit<Condition, 'lastTransitionTime'>[];
  /** `Word: sentence` for failures, a sentence otherwise */
  reason: string;
  /** null: nothing more to do */
  againInMs: number | null;
  /** null: not rolling out */
  standing: Standing | null;
  /** what somebody changed in the cluster, as a word; null: nothing */
  code: string | null;
}

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
