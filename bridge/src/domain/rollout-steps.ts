import { explainRevision } from './pod-failure.ts';
import { isReady, shareOf } from './revision.ts';
import type { Backend, Progress } from './revision.ts';
import { mayPass } from './capacity.ts';
import { giveUp, givesUp, isGivenUp, rollbackKind } from './recreate.ts';
import { backOut, progressOf, restorable } from './rollout-looks.ts';
import type { Action, Observed, Wanted } from './rollout.ts';
import { describe, podsOf, stepsOf } from './strategy.ts';
import type { Step } from './strategy.ts';

/** Where a rollout stands, for the screens. */
export interface Standing {
  /** index of the step that is being taken; the length of the list when all are done */
  step: number; steps: Step[]; since: Date | null;
  waitingFor: 'pods' | 'time' | 'person' | 'judgement' | 'pause' | 'room' | 'predecessor' | null;
  until: Date | null;
  /** what happens next */
  next: string | null;
}

export type Move =
  | { kind: 'act'; action: Action; reason: string; againInMs: number; standing: Standing }
  | { kind: 'fail'; reason: string; standing: Standing }
  /** all steps are taken */
  | { kind: 'done'; standing: Standing };

const STEP_MS = 150;
/** how often to look when the cluster itself does not tell that something changed */
const WAIT_MS = 500;
/** while time passes with traffic on the new revision, its pods are looked at so often */
const WATCH_MS = 2_000;
const PERSON_MS = 15_000;
/** how often room is looked for */
const ROOM_MS = 5_000;
/** The cluster may say so much later than a pod is gone that its room is free. */
const GIVEN_BACK_MS = 60_000;

/**
 * The first step of the list that is not done, and what it takes. Steps that can be seen in the cluster (pods, preview, weight) are done
 * when the cluster says so, and are taken again when somebody undid them; of the timed ones the progress is written at the revision.
 */
export function nextMove(wanted: Wanted, observed: Observed, now: Date): Move {
  const stable = stableOf(wanted, observed);
  const steps = stepsOf(wanted.strategy, wanted.steps, wanted.replicas, stable.length === 0, rollbackKind(wanted, observed));
  const progress = progressFor(wanted, observed);
  const share = shareOf(observed.publicRoute, wanted.revision);
  const index = steps.findIndex((step, at) => !isDone(step, at, wanted, observed, share, progress));
  const step = index < 0 ? undefined : steps[index];
  const following = index < 0 ? undefined : steps[index + 1];
  const standing: Standing = {
    step: index < 0 ? steps.length : index, steps, since: progress?.step === index ? progress.since : null, waitingFor: null, until: null,
    next: step === undefined ? null : following === undefined ? 'The rollout is done.' : describe(following, wanted.replicas),
  };
  const act = (action: Action, reason: string, againInMs: number, waiting: Partial<Standing> = {}): Move =>
    ({ kind: 'act', action, reason, againInMs, standing: { ...standing, ...waiting } });

  // where the one before was given up it has no pods to answer with: then its own are waited for
  if (share > 0 && observed.revision?.readyReplicas === 0 && stable.length > 0 && !givesUp(steps)) {
    // at its old size again too: rolling may have taken pods from it
    const action: Action = restorable(wanted, observed) ? backOut(wanted, observed) : { kind: 'route', backends: scaled(stable, 100), before: [] };
    return act(action, 'No pod of the new version is ready: traffic goes back until one is.', WAIT_MS, { waitingFor: 'pods' });
  }
  if (step === undefined) return { kind: 'done', standing };
  // nothing is paused while nobody answers
  const pausable = givesUp(steps) ? step.kind === 'shrink' && observed.previous?.wantedReplicas !== 0 : step.kind !== 'scale' || observed.revision !== null;
  if (wanted.controls.paused && pausable) return act({ kind: 'none' }, 'Paused.', PERSON_MS, { waitingFor: 'pause' });

  switch (step.kind) {
    case 'scale': return scale(step, index, wanted, observed, share, progress, act, standing, now);
    case 'preview': return preview(wanted, observed, act, standing);
    case 'weight': {
      const own = { revision: wanted.revision, weight: step.percent };
      const backends = step.percent >= 100 ? [{ ...own, weight: 100 }] : [own, ...scaled(stable, 100 - step.percent)];
      return act({ kind: 'route', backends, before: [] }, describe(step, wanted.replicas), step.percent >= 100 ? 0 : STEP_MS);
    }
    case 'shrink':
      if (step.pods === 0) return (observed.previous?.wantedReplicas === 0 ? null : noRoom(wanted, observed, act, standing, now)) ?? giveUp(observed, wanted, act);
      return act({ kind: 'scale-previous', revision: observed.previous?.name ?? '', replicas: step.pods }, describe(step, wanted.replicas), STEP_MS);
    default: return timed(step, index, wanted, observed, progress, act, standing, now);
  }
}

export type Act = (action: Action, reason: string, againInMs: number, waiting?: Partial<Standing>) => Move;

function isDone(step: Step, at: number, wanted: Wanted, observed: Observed, share: number, progress: Progress | null): boolean {
  switch (step.kind) {
    case 'scale': return isReady(observed.revision, wanted.image, podsOf(step, wanted.replicas));
    case 'preview': return share > 0 || at < (progress?.step ?? 0) || observed.smoke.preview?.ok === true;
    case 'weight': return Math.round(share * 100) >= step.percent;
    case 'shrink': return step.pods === 0 ? isGivenUp(observed, wanted) : observed.previous === null || observed.previous.wantedReplicas <= step.pods;
    case 'approve': return at < (progress?.step ?? 0) || at <= wanted.controls.approvedStep || at < wanted.controls.skipTo;
    default: return at < (progress?.step ?? 0) || at < wanted.controls.skipTo;
  }
}

function scale(step: Extract<Step, { kind: 'scale' }>, index: number, wanted: Wanted, observed: Observed, share: number, progress: Progress | null, act: Act, standing: Standing, now: Date): Move {
  const { revision } = observed;
  const { steps } = standing;
  const target = podsOf(step, wanted.replicas);
  if (revision === null || revision.image !== wanted.image || revision.wantedReplicas < target) {
    const stands = givesUp(steps) ? notGivenBack(index, wanted, observed, progress, act, standing, now) : null;
    const obstructed = stands ?? noRoom(wanted, observed, act, standing, now);
    if (obstructed) return obstructed;
    return act({ kind: 'apply', replicas: target }, `Starting ${target} of ${wanted.replicas} pods.`, 0, { waitingFor: 'pods' });
  }
  // while the pods start: the gateway knows the way by the time that they are ready
  const previewed = steps.some(({ kind }) => kind === 'preview');
  if (previewed && share === 0 && shareOf(observed.previewRoute, wanted.revision) < 1) return act({ kind: 'apply-preview' }, 'Opening the preview.', 0, { waitingFor: 'pods' });
  const failure = explainRevision(revision, now);
  return act({ kind: 'none' }, failure ? `${failure.reason}: ${failure.message}` : progressOf(observed, target), WAIT_MS, { waitingFor: 'pods' });
}

/** What stands against its pods: waited for as long as the environment says, if others may give it back. */
function noRoom({ queueUntil }: Wanted, { obstacle }: Observed, act: Act, standing: Standing, now: Date): Move | null {
  if (obstacle === null || obstacle.curable) return null;
  const behind = obstacle.behind ? ` behind ${obstacle.behind}` : '';
  if (!mayPass(obstacle) || queueUntil === null || now >= queueUntil) return { kind: 'fail', reason: `${obstacle.reason}: ${obstacle.message}${behind && ` Waited${behind}.`}`, standing };
  const reason = `Waiting for room${behind}: ${obstacle.message}`;
  return act({ kind: 'none' }, reason, ROOM_MS, { waitingFor: 'room', until: queueUntil });
}

/** Nobody answers meanwhile, so what the pods before held is waited for a short time only, written down at the revision. */
function notGivenBack(index: number, wanted: Wanted, { obstacle, revision }: Observed, progress: Progress | null, act: Act, standing: Standing, now: Date): Move | null {
  if (obstacle === null || !mayPass(obstacle)) return null;
  if (revision === null || revision.image !== wanted.image) return act({ kind: 'apply', replicas: 0 }, 'Making ready what does not run yet.', 0, { waitingFor: 'pods' });
  const reason = `Waiting until what the pods before held is free: ${obstacle.message}`;
  if (progress?.step !== index) return act({ kind: 'progress', step: index, baseline: false, judgement: null }, reason, 0, { waitingFor: 'pods', since: now });
  const until = new Date(progress.since.getTime() + GIVEN_BACK_MS);
  if (now >= until) return { kind: 'fail', reason: `${obstacle.reason}: ${obstacle.message}`, standing };
  return act({ kind: 'none' }, reason, WAIT_MS, { waitingFor: 'pods', until });
}

function preview(wanted: Wanted, { previewRoute, smoke }: Observed, act: Act, standing: Standing): Move {
  if (shareOf(previewRoute, wanted.revision) < 1) return act({ kind: 'apply-preview' }, 'Opening the preview.', 0);
  if (smoke.preview === null) return act({ kind: 'smoke', through: 'preview' }, 'Asking the new revision through the preview.', 0);
  return { kind: 'fail', reason: `SmokeTestFailed: ${smoke.preview.message}`, standing };
}

/** Steps that take time: entered once, which is written down, and left when it is up, a person says so or the judgement is made. */
function timed(step: Extract<Step, { kind: 'wait' | 'approve' | 'judge' }>, index: number, wanted: Wanted, observed: Observed, progress: Progress | null, act: Act, standing: Standing, now: Date): Move {
  const reason = describe(step, wanted.replicas);
  if (progress?.step !== index) return act({ kind: 'progress', step: index, baseline: step.kind === 'judge', judgement: null }, reason, 0, { since: now });
  const deadline = (seconds: number): Date => new Date(progress.since.getTime() + seconds * 1000);
  const leave = (judgement: Observed['judgement'] = null): Move => act({ kind: 'progress', step: index + 1, baseline: false, judgement }, judgement?.sentence ?? reason, 0);
  if (step.kind === 'approve') {
    const until = deadline(step.withinSeconds);
    if (now >= until) return { kind: 'fail', reason: 'NotApproved: nobody let the rollout go on in time.', standing };
    return act({ kind: 'none' }, 'A person must let the rollout go on.', PERSON_MS, { waitingFor: 'person', until });
  }
  const until = deadline(step.seconds);
  const left = until.getTime() - now.getTime();
  if (left > 0) return act({ kind: 'none' }, reason, Math.min(left, WATCH_MS), { waitingFor: step.kind === 'wait' ? 'time' : 'judgement', until });
  if (step.kind === 'wait') return leave();
  const { judgement } = observed;
  if (judgement === null) return act({ kind: 'judge', step: index }, reason, 0, { waitingFor: 'judgement' });
  if (judgement.verdict === 'pass') return leave(judgement);
  if (judgement.verdict === 'fail') return { kind: 'fail', reason: `JudgementFailed: ${judgement.sentence}`, standing };
  const giveUp = deadline(Math.max(step.withinSeconds, step.seconds));
  if (now >= giveUp) return { kind: 'fail', reason: `JudgementImpossible: ${judgement.sentence}`, standing };
  return act({ kind: 'none' }, judgement.sentence, WATCH_MS, { waitingFor: 'judgement', until: giveUp });
}

/** What served before this rollout began, and still does where it was not switched off. */
export function stableOf(wanted: Wanted, observed: Pick<Observed, 'publicRoute' | 'previous'>): Backend[] {
  const before = restorable(wanted, observed) ?? observed.publicRoute?.backends ?? [];
  return before.filter((backend) => backend.revision !== wanted.revision && backend.weight > 0).map(({ revision, weight }) => ({ revision, weight }));
}

/** Whole weights in their old proportions with exactly this sum. */
export function scaled(backends: Backend[], sum: number): Backend[] {
  const total = backends.reduce((all, backend) => all + backend.weight, 0);
  let left = sum;
  return backends.map((backend, at) => {
    const weight = at === backends.length - 1 ? left : Math.min(left, Math.round((backend.weight * sum) / total));
    left -= weight;
    return { revision: backend.revision, weight };
  }).filter(({ weight }) => weight > 0);
}

function progressFor(wanted: Wanted, observed: Observed): Progress | null {
  const progress = observed.revision?.progress ?? null;
  return progress?.deploymentId === wanted.deploymentId ? progress : null;
}
