import type { Judgement } from '../api/types.ts';
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

/** Undefined where no judgement is being made. `before`: what this screen saw of it last. */
export function judging(scene: RolloutScene, before?: Glimpse): Judging | undefined {
  const step = scene.steps[scene.at] as { kind: string; minRequests?: unknown } | undefined;
  if (scene.ended || step?.kind !== 'judge' || typeof step.minRequests !== 'number')
    return undefined;
  const judgement = newestOf(scene.seen?.judgements ?? [], scene.at);
  const counted = judgement?.numbers.canary?.requests ?? null;
  const same = before?.deployment === scene.deployment.id && before.step === scene.at;
  const again =
    same &&
    (before.since !== (scene.seen?.since ?? null) ||
      (counted !== null && counted < before.counted));
  const said = scene.seen?.['anew'] === true || judgement?.numbers['anew'] === true;
  return { counted, needed: step.minRequests, anew: said || again };
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
