import { dueAt, type Due } from './due.ts';
import { isScaledDown, rollbackKind, stopsStableFirst } from './recreate.ts';
import { isReady, shareOf } from './revision.ts';
import { describe, podsOf, stepsOf, type Step } from './strategy.ts';
import type { Action, DesiredState, Move, Observed, RolloutStatus } from './types.ts';

/** What a decision is made from. */
export interface Facts {
  wanted: DesiredState;
  observed: Observed;
  now: Date;
}

/** Where one rollout is: computed once a reconcile, and all that its decisions read. */
export interface Situation extends Facts {
  /** the list that it follows */
  steps: Step[];
  /** of the first step that is not done; the length of the list when all are */
  index: number;
  /** undefined when all are done */
  step: Step | undefined;
  /** what the steps taken so far require of both sides */
  due: Due;
  /** for the screens */
  status: RolloutStatus;
  /** the list stops what serves before the new version is ready */
  stopsStableFirst: boolean;
  /** of the traffic, that the new version has: 0 to 1 */
  share: number;
  /** the same in whole percent */
  percent: number;
}

export function situationOf(facts: Facts): Situation {
  const { wanted, observed } = facts;
  const kind = rollbackKind(wanted, observed);
  const steps = stepsOf(wanted, kind);
  const { progress } = wanted;
  const stopsFirst = stopsStableFirst(steps);
  // what has no step that a person or time must pass is read from the cluster alone
  const recorded = wanted.rollback || stopsFirst ? 0 : Math.min(progress?.step ?? 0, steps.length);
  const share = shareOf(observed.publicRoute, wanted.revision);
  const percent = Math.round(share * 100);
  const found = steps.findIndex(
    (step, at) =>
      at >= recorded &&
      !isDone(step, { wanted, observed, percent, at, last: at === steps.length - 1 }),
  );
  const index = found < 0 ? steps.length : found;
  const step = steps[index];
  return {
    ...facts,
    steps,
    index,
    step,
    share,
    percent,
    due: dueAt(steps, index, wanted),
    stopsStableFirst: stopsFirst,
    status: {
      step: index,
      steps,
      since: step && progress?.step === index ? progress.since : null,
      waitingFor: null,
      until: null,
      next: step === undefined ? null : nextOf(steps[index + 1], wanted.replicas),
    },
  };
}

const nextOf = (step: Step | undefined, replicas: number): string =>
  step === undefined ? 'The rollout is complete.' : describe(step, replicas);

interface StepFacts {
  wanted: DesiredState;
  observed: Observed;
  percent: number;
  at: number;
  last: boolean;
}

// eslint-disable-next-line complexity -- one case a kind of step; reads as a table
function isDone(step: Step, { wanted, observed, percent, at, last }: StepFacts): boolean {
  const { controls } = wanted;
  switch (step.kind) {
    case 'scale':
      return isReady(observed.revision, wanted.image, podsOf(step, wanted.replicas));
    // recorded before the traffic moves: traffic that somebody else gave it is no test
    case 'preview':
      return at < (wanted.progress?.step ?? 0);
    // the last one ends the list, so that there is nothing that could be passed over
    case 'weight':
      return (wanted.rollback || last) && percent === step.percent;
    case 'shrink':
      return step.pods === 0
        ? isScaledDown(observed, wanted)
        : (observed.previous?.wantedReplicas ?? 0) <= step.pods;
    case 'approve':
      return at <= controls.approvedStep || at < controls.skipTo;
    default:
      return at < controls.skipTo;
  }
}

interface Acting {
  action?: Action;
  reason: string;
  againInMs: number;
  waiting?: Partial<RolloutStatus>;
  /** what somebody changed, as a word */
  code?: string | null;
}

/** The next action of a rollout; without one it waits. */
export function act({ status }: Situation, move: Acting): Move {
  const { action = { kind: 'none' }, reason, againInMs, waiting, code = null } = move;
  return { kind: 'act', action, reason, againInMs, code, status: { ...status, ...waiting } };
}

export const fail = ({ status }: Situation, code: string, message: string): Move => ({
  kind: 'fail',
  failure: { code, message },
  status,
});

/** From here on the rollout is at this step, whatever the cluster looks like. */
export const enter = (
  { steps }: Situation,
  step: number,
  judgement: Observed['judgement'] = null,
): Action => ({ kind: 'progress', step, baseline: steps[step]?.kind === 'judge', judgement });

/** The step begins, now. */
export const begin = (situation: Situation, step: number, reason: string): Move =>
  act(situation, {
    action: enter(situation, step),
    reason,
    againInMs: 0,
    waiting: { since: situation.now },
  });

/** The step that is being taken is done; `judgement`: what its analysis came to. */
export const leave = (
  situation: Situation,
  reason: string,
  judgement: Observed['judgement'] = null,
): Move =>
  act(situation, {
    action: enter(situation, situation.index + 1, judgement),
    reason,
    againInMs: 0,
  });
