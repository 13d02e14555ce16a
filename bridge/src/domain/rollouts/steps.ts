import type { Act, Move, Observed, Standing, Wanted } from './types.ts';
import { explainRevision } from './pod-failure.ts';
import { isReady, shareOf } from './revision.ts';
import { mayPass } from '../capacity/capacity.ts';
import { givesUp, giveUp, isGivenUp, rollbackKind } from './recreate.ts';
import { backOut, progressOf } from './restore-stable.ts';
import { backendsOf, disturbanceOf, dueAt, standIn } from './drift.ts';
import { describe, podsOf, stepsOf } from './strategy.ts';
import type { Step } from './strategy.ts';

const STEP_MS = 150;
/** how often to look when the cluster itself does not tell that something changed */
const WAIT_MS = 500;
/**
 * while somebody or time is waited for, both sides are looked at so often: what is changed
 * meanwhile is put back within 5 s
 */
const WATCH_MS = 2_000;
/** while one side has no pod: the other gives the traffic back as soon as it has one */
const DISTURBED_MS = 1_000;
/** how often room is looked for */
const ROOM_MS = 5_000;
/** The cluster may say so much later than a pod is gone that its room is free. */
const GIVEN_BACK_MS = 60_000;

/**
 * The first step of the list that is not done, and what it takes. What was passed is what Odoo
 * recorded as passed: the cluster tells only how far the step is that is being taken. Where it is
 * not as the steps before left it, that is put back first and the step stays.
 */
export function nextMove(wanted: Wanted, observed: Observed, now: Date): Move {
  const steps = stepsOf(
    wanted.strategy,
    wanted.steps,
    wanted.replicas,
    wanted.alone,
    rollbackKind(wanted, observed),
  );
  const { progress } = wanted;
  // what has no step that somebody or time must pass is read from the cluster alone
  const recorded =
    wanted.rollback || givesUp(steps) ? 0 : Math.min(progress?.step ?? 0, steps.length);
  const index = steps.findIndex(
    (step, at) => at >= recorded && !isDone(step, at, steps, wanted, observed),
  );
  const step = index < 0 ? undefined : steps[index];
  const at = index < 0 ? steps.length : index;
  const following = index < 0 ? undefined : steps[index + 1];
  const standing: Standing = {
    step: at,
    steps,
    since: progress?.step === index ? progress.since : null,
    waitingFor: null,
    until: null,
    next:
      step === undefined
        ? null
        : following === undefined
          ? 'The rollout is done.'
          : describe(following, wanted.replicas),
  };
  const act: Act = (action, reason, againInMs, waiting = {}, code = null) => ({
    kind: 'act',
    action,
    reason,
    againInMs,
    code,
    standing: { ...standing, ...waiting },
  });

  const disturbance = disturbanceOf(wanted, observed, steps, at);
  const oneSided = standIn(wanted, observed, steps, at);
  const disturbed = disturbance ?? oneSided;
  if (disturbed !== null && isWatched(step) && progress?.step === index && !progress.interrupted) {
    return act(
      { kind: 'progress', step: index, baseline: false, judgement: null, interrupted: true },
      disturbed.reason,
      0,
      { waitingFor: 'pods' },
      disturbed.code,
    );
  }
  if (disturbance !== null) {
    const { code, action, reason } = disturbance;
    return act(
      action,
      reason,
      action.kind === 'none' ? WATCH_MS : STEP_MS,
      { waitingFor: 'pods' },
      code,
    );
  }
  if (
    wanted.rollback &&
    observed.revision?.readyReplicas === 0 &&
    wanted.stable !== null &&
    shareOf(observed.publicRoute, wanted.revision) > 0 &&
    !givesUp(steps)
  ) {
    return act(
      backOut(wanted, observed),
      'No pod of the new version is ready: traffic goes back until one is.',
      WAIT_MS,
      { waitingFor: 'pods' },
      'RevisionNotReady',
    );
  }
  // a step that starts pods is what helps
  if (oneSided !== null && step?.kind !== 'scale')
    return act(
      { kind: 'none' },
      oneSided.reason,
      DISTURBED_MS,
      { waitingFor: 'pods' },
      oneSided.code,
    );
  const { pods } = dueAt(steps, at, wanted);
  const started = isReady(observed.revision, wanted.image, pods);
  if (step === undefined && started) return { kind: 'done', standing };
  if (step === undefined)
    return act({ kind: 'none' }, startingReason(observed, pods, now), WAIT_MS, {
      waitingFor: 'pods',
    });
  const isTaken =
    step.kind === 'weight' &&
    Math.round(shareOf(observed.publicRoute, wanted.revision) * 100) === step.percent;
  // also while it is paused: it is done
  if (isTaken) return record(index + 1, steps, act, describe(step, wanted.replicas), now);
  // nothing is paused while nobody answers
  const pausable = givesUp(steps)
    ? step.kind === 'shrink' && observed.previous?.wantedReplicas !== 0
    : step.kind !== 'scale' || observed.revision !== null;
  if (wanted.controls.paused && pausable)
    return act({ kind: 'none' }, 'Paused.', WATCH_MS, { waitingFor: 'pause' });

  switch (step.kind) {
    case 'scale':
      return scale(step, index, wanted, observed, act, standing, now);
    case 'preview':
      return preview(index, wanted, observed, act, standing);
    case 'weight': {
      if (!started)
        return act({ kind: 'none' }, startingReason(observed, pods, now), WAIT_MS, {
          waitingFor: 'pods',
        });
      return act(
        { kind: 'route', backends: backendsOf(wanted, step.percent), before: [] },
        describe(step, wanted.replicas),
        step.percent >= 100 ? 0 : STEP_MS,
      );
    }
    case 'shrink':
      if (step.pods === 0)
        return (
          (observed.previous?.wantedReplicas === 0
            ? null
            : noRoom(wanted, observed, act, standing, now)) ?? giveUp(observed, wanted, act)
        );
      return act(
        { kind: 'scale-previous', revision: observed.previous?.name ?? '', replicas: step.pods },
        describe(step, wanted.replicas),
        STEP_MS,
      );
    default:
      return timed(step, index, wanted, observed, act, standing, now);
  }
}

/** What such a step saw or waited for does not count when somebody changed it meanwhile. */
const isWatched = (step: Step | undefined): boolean =>
  step?.kind === 'wait' || step?.kind === 'judge';

function isDone(
  step: Step,
  at: number,
  steps: Step[],
  wanted: Wanted,
  observed: Observed,
): boolean {
  switch (step.kind) {
    case 'scale':
      return isReady(observed.revision, wanted.image, podsOf(step, wanted.replicas));
    // recorded before the traffic moves: traffic that somebody else gave it is no test
    case 'preview':
      return at < (wanted.progress?.step ?? 0);
    // the last one ends the list, so that there is nothing that could be passed over
    case 'weight':
      return (
        (wanted.rollback || at === steps.length - 1) &&
        Math.round(shareOf(observed.publicRoute, wanted.revision) * 100) === step.percent
      );
    case 'shrink':
      return step.pods === 0
        ? isGivenUp(observed, wanted)
        : observed.previous === null || observed.previous.wantedReplicas <= step.pods;
    case 'approve':
      return at <= wanted.controls.approvedStep || at < wanted.controls.skipTo;
    default:
      return at < wanted.controls.skipTo;
  }
}

/**
 * The step begins: from here on it is the one that the rollout is at, whatever the cluster looks
 * like.
 */
function record(step: number, steps: Step[], act: Act, reason: string, now: Date): Move {
  return act(
    { kind: 'progress', step, baseline: steps[step]?.kind === 'judge', judgement: null },
    reason,
    0,
    { since: now },
  );
}

function scale(
  step: Extract<Step, { kind: 'scale' }>,
  index: number,
  wanted: Wanted,
  observed: Observed,
  act: Act,
  standing: Standing,
  now: Date,
): Move {
  const { revision, publicRoute, previewRoute } = observed;
  const { steps } = standing;
  const target = podsOf(step, wanted.replicas);
  if (revision === null || revision.image !== wanted.image || revision.wantedReplicas < target) {
    const stands = givesUp(steps)
      ? notGivenBack(index, wanted, observed, act, standing, now)
      : null;
    const obstructed = stands ?? noRoom(wanted, observed, act, standing, now);
    if (obstructed) return obstructed;
    return act(
      { kind: 'apply', replicas: target },
      `Starting ${target} of ${wanted.replicas} pods.`,
      0,
      { waitingFor: 'pods' },
    );
  }
  // while the pods start: the gateway knows the way by the time that they are ready
  const previewed = steps.some(({ kind }) => kind === 'preview');
  if (
    previewed &&
    shareOf(publicRoute, wanted.revision) === 0 &&
    !opensPreview(wanted, previewRoute)
  )
    return act({ kind: 'apply-preview' }, 'Opening the preview.', 0, { waitingFor: 'pods' });
  return act({ kind: 'none' }, startingReason(observed, target, now), WAIT_MS, {
    waitingFor: 'pods',
  });
}

function startingReason(observed: Observed, target: number, now: Date): string {
  const failure = observed.revision && explainRevision(observed.revision, now);
  return failure ? `${failure.reason}: ${failure.message}` : progressOf(observed, target);
}

/**
 * What stands against its pods: waited for as long as the environment says, if others may give it
 * back.
 */
function noRoom(
  { queueUntil }: Wanted,
  { obstacle }: Observed,
  act: Act,
  standing: Standing,
  now: Date,
): Move | null {
  if (obstacle === null || obstacle.curable) return null;
  const behind = obstacle.behind ? ` behind ${obstacle.behind}` : '';
  if (!mayPass(obstacle) || queueUntil === null || now >= queueUntil)
    return {
      kind: 'fail',
      reason: `${obstacle.reason}: ${obstacle.message}${behind && ` Waited${behind}.`}`,
      standing,
    };
  const reason = `Waiting for room${behind}: ${obstacle.message}`;
  return act({ kind: 'none' }, reason, ROOM_MS, { waitingFor: 'room', until: queueUntil });
}

/**
 * Nobody answers meanwhile, so what the pods before held is waited for a short time only, written
 * down at the revision.
 */
function notGivenBack(
  index: number,
  wanted: Wanted,
  { obstacle, revision }: Observed,
  act: Act,
  standing: Standing,
  now: Date,
): Move | null {
  const { progress } = wanted;
  if (obstacle === null || !mayPass(obstacle)) return null;
  if (revision === null || revision.image !== wanted.image)
    return act({ kind: 'apply', replicas: 0 }, 'Creating the revision with zero pods.', 0, {
      waitingFor: 'pods',
    });
  const reason = `Waiting for the previous pods to release resources: ${obstacle.message}`;
  if (progress === null || progress.step < index)
    return act({ kind: 'progress', step: index, baseline: false, judgement: null }, reason, 0, {
      waitingFor: 'pods',
      since: now,
    });
  const until = new Date(progress.since.getTime() + GIVEN_BACK_MS);
  if (now >= until)
    return { kind: 'fail', reason: `${obstacle.reason}: ${obstacle.message}`, standing };
  return act({ kind: 'none' }, reason, WAIT_MS, { waitingFor: 'pods', until });
}

function opensPreview({ revision }: Wanted, route: Observed['previewRoute']): boolean {
  return shareOf(route, revision) === 1 && !route?.edited;
}

function preview(
  index: number,
  wanted: Wanted,
  { previewRoute, smoke }: Observed,
  act: Act,
  standing: Standing,
): Move {
  if (!opensPreview(wanted, previewRoute))
    return act({ kind: 'apply-preview' }, 'Opening the preview.', 0);
  if (smoke.preview === null)
    return act(
      { kind: 'smoke', through: 'preview' },
      'Asking the new revision through the preview.',
      0,
    );
  // recorded only after the test was passed, so that no other bridge takes the traffic for a test
  if (smoke.preview.ok)
    return act(
      {
        kind: 'progress',
        step: index + 1,
        baseline: standing.steps[index + 1]?.kind === 'judge',
        judgement: null,
      },
      'The new version answered through its preview.',
      0,
    );
  return { kind: 'fail', reason: `SmokeTestFailed: ${smoke.preview.message}`, standing };
}

/**
 * Steps that take time: entered once, which is written down, and left when it is up, a person says
 * so or the judgement is made.
 */
function timed(
  step: Extract<Step, { kind: 'wait' | 'approve' | 'judge' }>,
  index: number,
  wanted: Wanted,
  observed: Observed,
  act: Act,
  standing: Standing,
  now: Date,
): Move {
  const { progress } = wanted;
  const reason = describe(step, wanted.replicas);
  if (progress?.step !== index)
    return act(
      { kind: 'progress', step: index, baseline: step.kind === 'judge', judgement: null },
      reason,
      0,
      { since: now },
    );
  if (progress.interrupted)
    return act(
      { kind: 'progress', step: index, baseline: step.kind === 'judge', judgement: null },
      `It was interrupted and begins again: ${reason}`,
      0,
      { since: now },
    );
  const deadline = (seconds: number): Date => new Date(progress.since.getTime() + seconds * 1000);
  const leave = (judgement: Observed['judgement'] = null): Move =>
    act(
      {
        kind: 'progress',
        step: index + 1,
        baseline: standing.steps[index + 1]?.kind === 'judge',
        judgement,
      },
      judgement?.sentence ?? reason,
      0,
    );
  if (step.kind === 'approve') {
    const until = deadline(step.withinSeconds);
    if (now >= until)
      return {
        kind: 'fail',
        reason: 'NotApproved: nobody let the rollout go on in time.',
        standing,
      };
    return act({ kind: 'none' }, 'A person must let the rollout go on.', WATCH_MS, {
      waitingFor: 'person',
      until,
    });
  }
  const until = deadline(step.seconds);
  const left = until.getTime() - now.getTime();
  if (left > 0)
    return act({ kind: 'none' }, reason, Math.min(left, WATCH_MS), {
      waitingFor: step.kind === 'wait' ? 'time' : 'judgement',
      until,
    });
  if (step.kind === 'wait') return leave();
  // one of an earlier step in the same tick tells nothing of this one
  const judgement = observed.judgement?.step === index ? observed.judgement : null;
  const giveUp = deadline(Math.max(step.withinSeconds, step.seconds));
  if (judgement === null && wanted.stable === null)
    return {
      kind: 'fail',
      reason: 'JudgementImpossible: nothing serves that it could be compared with.',
      standing,
    };
  if (judgement === null)
    return act({ kind: 'judge', step: index }, reason, 0, { waitingFor: 'judgement' });
  if (judgement.verdict === 'pass') return leave(judgement);
  if (judgement.verdict === 'fail')
    return { kind: 'fail', reason: `JudgementFailed: ${judgement.sentence}`, standing };
  if (now >= giveUp)
    return { kind: 'fail', reason: `JudgementImpossible: ${judgement.sentence}`, standing };
  return act({ kind: 'none' }, judgement.sentence, WATCH_MS, {
    waitingFor: 'judgement',
    until: giveUp,
  });
}
