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

type Numbers = Judgement['numbers'];

/**
 * The numbers of a judgement beside the limits of the step that it belongs to; without limits when
 * the step is not known.
 */
export function judgedSignals(
  { step: at, numbers }: Judgement,
  steps: FollowedStep[],
): JudgedSignal[] {
  const step = steps[at]?.kind === 'judge' ? steps[at] : undefined;
  const signals = [
    ...judgedTraffic(numbers, step),
    judgedRestarts(numbers, step),
    judgedAgreement(numbers, step),
    judgedOwnSignal(numbers, step),
  ];
  return signals.filter((one) => one !== undefined);
}

/** What comes of the requests that both versions answered. */
function judgedTraffic(
  { stable, canary }: Numbers,
  step: FollowedStep | undefined,
): JudgedSignal[] {
  const least = ruleOf(step, 'minRequests');
  const enough = (canary?.requests ?? 0) >= (least ?? 0);
  return [
    judged({
      name: 'requests',
      stable: stable?.requests ?? null,
      canary: canary?.requests ?? null,
      limit: limitOf(least, (rule) => rule, true),
      beyond: 'few',
      kept: 'enough',
    }),
    judgedErrors({ stable, canary }, ruleOf(step, 'maxErrorRate'), enough),
    // too few requests of the version that serves: its p95 says nothing
    judgedLatency(
      { stable, canary },
      (stable?.requests ?? 0) >= (least ?? 0) ? ruleOf(step, 'maxLatencyRatio') : null,
      enough,
    ),
  ];
}

function judgedErrors(
  { stable, canary }: Pick<Numbers, 'stable' | 'canary'>,
  above: number | null,
  enough: boolean,
): JudgedSignal {
  const usual = errorRate(stable);
  return judged({
    name: 'errors',
    stable: usual,
    canary: errorRate(canary),
    limit: limitOf(above, (rule) => (usual ?? 0) + rule),
    enough,
  });
}

function judgedLatency(
  { stable, canary }: Pick<Numbers, 'stable' | 'canary'>,
  ratio: number | null,
  enough: boolean,
): JudgedSignal {
  const usual = stable?.p95Ms ?? null;
  return judged({
    name: 'p95',
    stable: usual,
    canary: canary?.p95Ms ?? null,
    limit:
      usual === null
        ? null
        : limitOf(ratio, (rule) => Math.max(usual * rule, usual + LATENCY_FLOOR_MS)),
    enough,
  });
}

function judgedRestarts(
  { restarts }: Numbers,
  step: FollowedStep | undefined,
): JudgedSignal | undefined {
  if (typeof restarts !== 'number') return undefined;
  const limit = limitOf(ruleOf(step, 'maxRestarts'), (rule) => rule);
  return judged({ name: 'restarts', stable: null, canary: restarts, limit });
}

function judgedAgreement(
  { agreement }: Numbers,
  step: FollowedStep | undefined,
): JudgedSignal | undefined {
  if (!agreement) return undefined;
  return judged({
    name: 'agreement',
    stable: null,
    canary: agreement.asked > 0 ? agreement.agreed / agreement.asked : 0,
    // a least share of nothing asks nothing
    limit: limitOf(ruleOf(step, 'minAgreement') || null, (rule) => rule, true),
    beyond: 'below',
  });
}

/** The signal that the model's owner named in the step. */
function judgedOwnSignal(
  { signal }: Numbers,
  step: FollowedStep | undefined,
): JudgedSignal | undefined {
  if (!signal) return undefined;
  const { before, during } = signal;
  const limit = limitOf(ruleOf(step?.['signal'], 'maxIncrease'), (rule) => before + rule);
  return judged({ name: 'signal', stable: before, canary: during, limit });
}

function ruleOf(of: unknown, name: string): number | null {
  const value = (of as Record<string, unknown> | null | undefined)?.[name];
  return typeof value === 'number' ? value : null;
}

function limitOf(
  rule: number | null,
  value: (rule: number) => number,
  least = false,
): Limit | null {
  return rule === null ? null : { value: value(rule), least, rule };
}

/** `enough`: there were as many requests as it takes. `kept`, `beyond`: what the limit says. */
interface ToJudge extends Pick<JudgedSignal, 'name' | 'stable' | 'canary' | 'limit'> {
  enough?: boolean;
  kept?: Standing;
  beyond?: Standing;
}

function judged({
  enough = true,
  kept = 'within',
  beyond = 'over',
  ...signal
}: ToJudge): JudgedSignal {
  const { canary, limit } = signal;
  if (limit === null) return { ...signal, standing: 'free' };
  if (!enough || canary === null) return { ...signal, standing: 'early' };
  const passed = limit.least ? canary < limit.value : canary > limit.value;
  return { ...signal, standing: passed ? beyond : kept };
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
