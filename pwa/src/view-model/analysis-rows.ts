import type { FollowedStep, Judgement } from '../api/types.ts';

export type SignalName = 'requests' | 'errors' | 'p95' | 'restarts' | 'agreement' | 'signal';
/** `free`: nothing was asked of it. `early`: judged once there are enough requests. */
export type Standing = 'within' | 'enough' | 'over' | 'below' | 'few' | 'early' | 'free';

/**
 * One thing that was judged: what the version that serves and the new one have, and what the new
 * one may have.
 */
export interface JudgedSignal {
  name: SignalName;
  stable: number | null;
  canary: number | null;
  limit: Limit | null;
  standing: Standing;
}
/** `rule`: what of the step it comes from, e.g. the 0.01 that errors may be above. */
export interface Limit {
  value: number;
  least: boolean;
  rule: number;
}

/**
 * As the bridge judges: a p95 that differs by less is the weather
 * (`bridge/src/domain/rollouts/analysis.ts`).
 */
const LATENCY_FLOOR_MS = 5;

/**
 * The numbers of a judgement beside the limits of the step that it belongs to; without limits when
 * the step is not known.
 */
export function judgedSignals(
  { step: at, numbers }: Judgement,
  steps: FollowedStep[],
): JudgedSignal[] {
  const { stable, canary, restarts, signal, agreement } = numbers;
  const step = steps[at]?.kind === 'judge' ? steps[at] : undefined;
  const ruled = (name: string, of: unknown = step): number | null => {
    const value = (of as Record<string, unknown> | null | undefined)?.[name];
    return typeof value === 'number' ? value : null;
  };
  const least = ruled('minRequests');
  const enough = (canary?.requests ?? 0) >= (least ?? 0);
  const [usual, before] = [stable?.p95Ms ?? null, errorRate(stable)];
  // too few requests of the version that serves: its p95 says nothing
  const ratio =
    usual !== null && (stable?.requests ?? 0) >= (least ?? 0) ? ruled('maxLatencyRatio') : null;

  const all = [
    judged(
      'requests',
      stable?.requests ?? null,
      canary?.requests ?? null,
      limitOf(least, (rule) => rule, true),
      'few',
      true,
      'enough',
    ),
    judged(
      'errors',
      before,
      errorRate(canary),
      limitOf(ruled('maxErrorRate'), (rule) => (before ?? 0) + rule),
      'over',
      enough,
    ),
    judged(
      'p95',
      usual,
      canary?.p95Ms ?? null,
      limitOf(ratio, (rule) => Math.max((usual ?? 0) * rule, (usual ?? 0) + LATENCY_FLOOR_MS)),
      'over',
      enough,
    ),
  ];
  if (typeof restarts === 'number')
    all.push(
      judged(
        'restarts',
        null,
        restarts,
        limitOf(ruled('maxRestarts'), (rule) => rule),
      ),
    );
  if (agreement)
    all.push(
      judged(
        'agreement',
        null,
        agreement.asked > 0 ? agreement.agreed / agreement.asked : 0,
        limitOf(ruled('minAgreement') || null, (rule) => rule, true),
        'below',
      ),
    );
  if (signal)
    all.push(
      judged(
        'signal',
        signal.before,
        signal.during,
        limitOf(ruled('maxIncrease', step?.['signal']), (rule) => signal.before + rule),
      ),
    );
  return all;
}

function limitOf(
  rule: number | null,
  value: (rule: number) => number,
  least = false,
): Limit | null {
  return rule === null ? null : { value: value(rule), least, rule };
}

function judged(
  name: SignalName,
  stable: number | null,
  canary: number | null,
  limit: Limit | null,
  beyond: Standing = 'over',
  enough = true,
  kept: Standing = 'within',
): JudgedSignal {
  const passed =
    limit !== null &&
    canary !== null &&
    (limit.least ? canary < limit.value : canary > limit.value);
  const standing =
    limit === null ? 'free' : !enough || canary === null ? 'early' : passed ? beyond : kept;
  return { name, stable, canary, limit, standing };
}

const errorRate = (share: Judgement['numbers']['stable']): number | null =>
  share && share.requests > 0 ? share.errors / share.requests : null;

/** So many times the limit fit into a chart: what is longer is cut, so that the limit is seen. */
const TIMES_THE_LIMIT = 4;
const ROOM = 1.15;
/** A bar this short is still seen. */
const SHORTEST = 0.012;

export interface Bar {
  /** 0 to 1 of the width */ length: number;
  cut: boolean;
}
export interface Scale {
  stable: Bar | null;
  canary: Bar | null;
  limit: number | null;
}

/** Where bars end and where the limit stands, as parts of the width. */
export function scaleOf({ name, stable, canary, limit }: JudgedSignal): Scale {
  const most = Math.max(stable ?? 0, canary ?? 0, limit?.value ?? 0) * ROOM;
  // a share of the answers ends at all of them
  const end =
    name === 'agreement'
      ? 1
      : (limit && limit.value > 0 ? Math.min(most, limit.value * TIMES_THE_LIMIT) : most) || 1;
  const bar = (value: number | null): Bar | null =>
    value === null
      ? null
      : { length: value > 0 ? Math.max(SHORTEST, Math.min(1, value / end)) : 0, cut: value > end };
  return { stable: bar(stable), canary: bar(canary), limit: limit && limit.value / end };
}

export interface TrendPoint {
  step: number;
  stable: number | null;
  canary: number | null;
  limit: number | null;
  over: boolean;
}

/**
 * Errors or p95 over the judge steps, the newest judgement of each; empty when there is only one.
 */
export function trendOf(
  name: 'errors' | 'p95',
  judgements: Judgement[],
  steps: FollowedStep[],
): TrendPoint[] {
  const newest = [...new Map(judgements.map((one) => [one.step, one])).values()].sort(
    (a, b) => a.step - b.step,
  );
  if (newest.length < 2) return [];
  return newest.map((one) => {
    const { stable, canary, limit, standing } = judgedSignals(one, steps).find(
      (signal) => signal.name === name,
    )!;
    return {
      step: one.step,
      stable,
      canary,
      limit: limit?.value ?? null,
      over: standing === 'over',
    };
  });
}
