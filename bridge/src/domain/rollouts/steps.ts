import { driftOf, backendsOf, oneSidedTraffic } from './drift.ts';
import { backOut } from './restore-stable.ts';
import { isReady } from './revision.ts';
import { preview, scale, startingReason } from './scale-step.ts';
import { act, begin, type Situation } from './situation.ts';
import { scaleDown } from './scale-down-step.ts';
import { describe } from './strategy.ts';
import { timed } from './timed-steps.ts';
import { ONE_SIDED_MS, STEP_MS, WAIT_MS, WATCH_MS } from './timing.ts';
import type { Move } from './types.ts';

/**
 * The first step of the list that is not done, and what it takes. What was passed is what Odoo
 * recorded as passed: the cluster tells only how far the current step is. Where the cluster is not
 * as the steps before left it, that is reverted first and the step stays.
 */
export function nextMove(situation: Situation): Move {
  return (
    revertDrift(situation) ??
    returnTraffic(situation) ??
    waitForOtherSide(situation) ??
    finish(situation) ??
    recordWeight(situation) ??
    pause(situation) ??
    takeStep(situation)
  );
}

/** Did somebody change what the steps before brought about? */
function revertDrift(situation: Situation): Move | null {
  const { wanted, step, index } = situation;
  const drift = driftOf(situation);
  const seen = drift ?? oneSidedTraffic(situation);
  // what such a step saw or waited for does not count when somebody changed it meanwhile
  const isWatched = step?.kind === 'wait' || step?.kind === 'judge';
  if (seen && isWatched && wanted.progress?.step === index && !wanted.progress.interrupted)
    return act(situation, {
      action: {
        kind: 'progress',
        step: index,
        baseline: false,
        judgement: null,
        interrupted: true,
      },
      reason: seen.reason,
      againInMs: 0,
      waiting: { waitingFor: 'pods' },
      code: seen.code,
    });
  if (drift === null) return null;
  return act(situation, {
    action: drift.action,
    reason: drift.reason,
    againInMs: drift.action.kind === 'none' ? WATCH_MS : STEP_MS,
    waiting: { waitingFor: 'pods' },
    code: drift.code,
  });
}

/** Does a rollback have traffic and no ready pod? */
function returnTraffic(situation: Situation): Move | null {
  const { wanted, observed, share } = situation;
  const hasNoPod = observed.revision?.readyReplicas === 0 && wanted.stable !== null;
  if (!wanted.rollback || !hasNoPod || share === 0 || situation.stopsStableFirst) return null;
  return act(situation, {
    action: backOut(wanted, observed),
    reason:
      'No pod of the new version is ready: traffic returns to the stable version until one is.',
    againInMs: WAIT_MS,
    waiting: { waitingFor: 'pods' },
    code: 'RevisionNotReady',
  });
}

/** Has one side no ready pod? A step that starts pods is what helps. */
function waitForOtherSide(situation: Situation): Move | null {
  const seen = oneSidedTraffic(situation);
  if (seen === null || situation.step?.kind === 'scale') return null;
  return act(situation, {
    reason: seen.reason,
    againInMs: ONE_SIDED_MS,
    waiting: { waitingFor: 'pods' },
    code: seen.code,
  });
}

/** Are all steps taken? */
function finish(situation: Situation): Move | null {
  if (situation.step !== undefined) return null;
  return hasItsPods(situation)
    ? { kind: 'done', status: situation.status }
    : waitForPods(situation);
}

/** Is the weight of this step there already? Recorded also while it is paused: it is done. */
function recordWeight(situation: Situation): Move | null {
  const { step, index, percent, wanted } = situation;
  if (step?.kind !== 'weight' || percent !== step.percent) return null;
  return begin(situation, index + 1, describe(step, wanted.replicas));
}

/** Did somebody pause it? Nothing is paused while nobody answers. */
function pause(situation: Situation): Move | null {
  const { wanted, observed, step } = situation;
  const pausable = situation.stopsStableFirst
    ? step?.kind === 'shrink' && observed.previous?.wantedReplicas !== 0
    : step?.kind !== 'scale' || observed.revision !== null;
  if (!wanted.controls.paused || !pausable) return null;
  return act(situation, {
    reason: 'Paused.',
    againInMs: WATCH_MS,
    waiting: { waitingFor: 'pause' },
  });
}

function takeStep(situation: Situation): Move {
  const step = situation.step!;
  switch (step.kind) {
    case 'scale':
      return scale(situation, step);
    case 'preview':
      return preview(situation);
    case 'weight':
      return hasItsPods(situation) ? setWeight(situation, step.percent) : waitForPods(situation);
    case 'shrink':
      return scaleDown(situation, step);
    default:
      return timed(situation, step);
  }
}

function setWeight(situation: Situation, percent: number): Move {
  return act(situation, {
    action: { kind: 'route', backends: backendsOf(situation.wanted, percent), before: [] },
    reason: describe(situation.step!, situation.wanted.replicas),
    againInMs: percent >= 100 ? 0 : STEP_MS,
  });
}

const hasItsPods = ({ observed, wanted, due }: Situation): boolean =>
  isReady(observed.revision, wanted.image, due.pods);

const waitForPods = (situation: Situation): Move =>
  act(situation, {
    reason: startingReason(situation, situation.due.pods),
    againInMs: WAIT_MS,
    waiting: { waitingFor: 'pods' },
  });
