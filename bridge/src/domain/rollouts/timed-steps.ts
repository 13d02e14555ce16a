import { act, begin, fail, leave, type Situation } from './situation.ts';
import { describe, type Step } from './strategy.ts';
import { WATCH_MS } from './timing.ts';
import type { Move, Progress } from './types.ts';

type Timed = Extract<Step, { kind: 'wait' | 'approve' | 'judge' }>;

/**
 * Steps that take time: begun once, which is recorded, and left when time is up, a person says so
 * or the analysis is made.
 */
export function timed(situation: Situation, step: Timed): Move {
  const { wanted, index } = situation;
  const { progress } = wanted;
  const reason = describe(step, wanted.replicas);
  if (progress?.step !== index) return begin(situation, index, reason);
  if (progress.interrupted)
    return begin(situation, index, `It was interrupted and starts again: ${reason}`);
  if (step.kind === 'approve') return awaitApproval(situation, after(progress, step.withinSeconds));
  const until = after(progress, step.seconds);
  const left = until.getTime() - situation.now.getTime();
  if (left > 0)
    return act(situation, {
      reason,
      againInMs: Math.min(left, WATCH_MS),
      waiting: { waitingFor: step.kind === 'wait' ? 'time' : 'judgement', until },
    });
  return step.kind === 'wait' ? leave(situation, reason) : analyse(situation, step, progress);
}

const after = ({ since }: Progress, seconds: number): Date =>
  new Date(since.getTime() + seconds * 1000);

function awaitApproval(situation: Situation, until: Date): Move {
  if (situation.now >= until)
    return fail(situation, 'NotApproved', 'nobody approved the step in time.');
  return act(situation, {
    reason: 'Waiting for manual approval.',
    againInMs: WATCH_MS,
    waiting: { waitingFor: 'person', until },
  });
}

function analyse(
  situation: Situation,
  step: Extract<Step, { kind: 'judge' }>,
  progress: Progress,
): Move {
  const { wanted, observed, index, now } = situation;
  // one of an earlier step in the same reconcile tells nothing of this one
  const judgement = observed.judgement?.step === index ? observed.judgement : null;
  if (judgement === null && wanted.stable === null)
    return fail(situation, 'JudgementImpossible', 'there is no stable version to compare with.');
  if (judgement === null)
    return act(situation, {
      action: { kind: 'judge', step: index },
      reason: describe(step, wanted.replicas),
      againInMs: 0,
      waiting: { waitingFor: 'judgement' },
    });
  if (judgement.verdict === 'pass') return leave(situation, judgement.sentence, judgement);
  if (judgement.verdict === 'fail') return fail(situation, 'JudgementFailed', judgement.sentence);
  const until = after(progress, Math.max(step.withinSeconds, step.seconds));
  if (now >= until) return fail(situation, 'JudgementImpossible', judgement.sentence);
  return act(situation, {
    reason: judgement.sentence,
    againInMs: WATCH_MS,
    waiting: { waitingFor: 'judgement', until },
  });
}
