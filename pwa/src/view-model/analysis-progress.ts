import type { FollowedStep, Judgement } from '../api/types.ts';
import type { RolloutScene } from './rollout-view.ts';

/** The judgement that is being made: how many requests were counted, and how many it needs. */
export interface Judging {
  counted: number | null;
  needed: number;
  anew: boolean;
}

/** What was seen of a judgement before, to tell that it counts again. */
export interface Glimpse {
  deployment: number;
  step: number;
  since: string | null;
  counted: number;
}

const newestOf = (judgements: Judgement[], step: number): Judgement | undefined =>
  judgements.findLast((one) => one.step === step);

function neededRequests(step: FollowedStep | undefined): number | undefined {
  const least = step?.kind === 'judge' ? step['minRequests'] : undefined;
  return typeof least === 'number' ? least : undefined;
}

/** Undefined where no judgement is being made. `before`: what this screen saw of it last. */
export function judging(scene: RolloutScene, before?: Glimpse): Judging | undefined {
  const needed = scene.ended ? undefined : neededRequests(scene.steps[scene.at]);
  if (needed === undefined) return undefined;
  const judgement = newestOf(scene.seen?.judgements ?? [], scene.at);
  const counted = judgement?.numbers.canary?.requests ?? null;
  const said = scene.seen?.['anew'] === true || judgement?.numbers['anew'] === true;
  return { counted, needed, anew: said || beganAgain(scene, counted, before) };
}

/** Whether it counts again, from what this screen saw: another beginning, or fewer requests. */
function beganAgain(
  scene: RolloutScene,
  counted: number | null,
  before: Glimpse | undefined,
): boolean {
  if (before?.deployment !== scene.deployment.id || before.step !== scene.at) return false;
  return (
    before.since !== (scene.seen?.since ?? null) || (counted !== null && counted < before.counted)
  );
}

/** What to remember of it. */
export function glimpse(scene: RolloutScene): Glimpse | undefined {
  const now = judging(scene);
  if (!now) return undefined;
  return {
    deployment: scene.deployment.id,
    step: scene.at,
    since: scene.seen?.since ?? null,
    counted: now.counted ?? 0,
  };
}
