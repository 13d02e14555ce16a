import type { Baseline, Counters, Judgement } from './types.ts';
import type { Judge } from './strategy.ts';

/** What is there to judge by, besides the counters. */
export interface Evidence {
  /** counted now; null: the gateway could not be asked */
  now: { stable: Counters; canary: Counters } | null;
  /** restarts of the canary's containers since they were made */
  restarts: number;
  /**
   * the model's examples sent to both, where the step wants that or there was too little traffic;
   * null: not sent
   */
  golden: Golden | null;
  signal: { before: number; during: number } | null;
}
export interface Golden {
  asked: number;
  answered: number;
  /** of those that both answered */
  agreed: number;
  p95Ms: number | null;
  message: string;
}

/** Differences in the p95 below this are the weather. */
const LATENCY_FLOOR_MS = 5;
const QUANTILE = 0.95;

/** The new revision against the one that served before, in the same window. Pure. */
export function judge(at: number, step: Judge, baseline: Baseline, evidence: Evidence): Judgement {
  const { golden, signal } = evidence;
  const restarts = Math.max(0, evidence.restarts - baseline.restarts);
  const stable = evidence.now && since(baseline.stable, evidence.now.stable);
  const canary = evidence.now && since(baseline.canary, evidence.now.canary);
  const numbers: Judgement['numbers'] = {
    stable: summary(stable),
    canary: summary(canary),
    restarts,
    signal,
    agreement: golden && { agreed: golden.agreed, asked: golden.asked },
  };
  const say = (verdict: Judgement['verdict'], sentence: string): Judgement => ({
    step: at,
    verdict,
    sentence,
    numbers,
  });

  if (restarts > step.maxRestarts)
    return say(
      'fail',
      `Containers of the new version restarted ${restarts} times; ${step.maxRestarts} are allowed.`,
    );
  if (step.signal && signal && signal.during - signal.before > step.signal.maxIncrease) {
    return say(
      'fail',
      `${step.signal.model}: ${signal.during} records in the window, ${signal.before} in the one before; ${step.signal.maxIncrease} more are allowed.`,
    );
  }
  if (step.signal && signal === null)
    return say('wait', `Records of ${step.signal.model} could not be counted.`);
  if (step.minAgreement) {
    if (golden === null) return say('wait', 'There is no example to ask both versions.');
    const agreed = golden.asked === 0 ? 0 : golden.agreed / golden.asked;
    if (agreed < step.minAgreement) {
      const why = golden.message ? `: ${golden.message}` : '';
      return say(
        'fail',
        `${golden.agreed} of ${golden.asked} examples were answered as by the version before (${percent(agreed)}); ${percent(step.minAgreement)} is needed${why}.`,
      );
    }
  }
  if (stable === null || canary === null)
    return golden
      ? tooLittle(step, 0, golden, say)
      : say('wait', "The gateway's metrics could not be read.");
  if (canary.requests < step.minRequests) return tooLittle(step, canary.requests, golden, say);

  const [errors, before] = [
    canary.errors / canary.requests,
    stable.requests === 0 ? 0 : stable.errors / stable.requests,
  ];
  const rates = `${percent(errors)} of ${canary.requests} requests failed, of the version before ${percent(before)} of ${stable.requests}`;
  if (errors > before + step.maxErrorRate)
    return say('fail', `${rates}; ${percent(step.maxErrorRate)} more is allowed.`);
  const [slow, usual] = [numbers.canary.p95Ms, numbers.stable.p95Ms];
  if (
    slow !== null &&
    usual !== null &&
    stable.requests >= step.minRequests &&
    slow > usual * step.maxLatencyRatio &&
    slow - usual > LATENCY_FLOOR_MS
  ) {
    return say(
      'fail',
      `The p95 is ${slow.toFixed(0)} ms, of the version before ${usual.toFixed(0)} ms; ${step.maxLatencyRatio} times that is allowed.`,
    );
  }
  const speed =
    slow === null
      ? ''
      : `, p95 ${slow.toFixed(0)} ms${usual === null ? '' : ` after ${usual.toFixed(0)} ms`}`;
  const same =
    step.minAgreement && golden
      ? `, ${golden.agreed} of ${golden.asked} examples answered as before`
      : '';
  return say('pass', `${rates}${speed}${same}.`);
}

function tooLittle(
  step: Judge,
  requests: number,
  golden: Golden | null,
  say: (verdict: Judgement['verdict'], sentence: string) => Judgement,
): Judgement {
  const few = `${requests} requests reached the new version; ${step.minRequests} are needed to judge`;
  if (step.tooLittle === 'wait' || golden === null) return say('wait', `${few}.`);
  if (golden.answered < golden.asked)
    return say(
      'fail',
      `${few}. Its own example was answered ${golden.answered} of ${golden.asked} times: ${golden.message}`,
    );
  const speed = golden.p95Ms === null ? '' : `, p95 ${golden.p95Ms.toFixed(0)} ms`;
  return say(
    'pass',
    `${few}. Its own example was answered ${golden.answered} of ${golden.asked} times${speed}; ${golden.agreed} answers were the same as before.`,
  );
}

/**
 * What was counted since then. A gateway that was started anew counts from zero: then all of it is
 * since then.
 */
export function since(before: Counters, now: Counters): Counters {
  if (now.requests < before.requests) return now;
  const earlier = new Map(before.buckets);
  return {
    requests: now.requests - before.requests,
    errors: Math.max(0, now.errors - before.errors),
    buckets: now.buckets.map(([bound, count]) => [bound, count - (earlier.get(bound) ?? 0)]),
  };
}

/** ms, between the bounds of the bucket that it falls into; null: nothing was counted. */
export function quantile(buckets: Counters['buckets'], part: number): number | null {
  const sorted = [...buckets].sort(([a], [b]) => a - b);
  const total = sorted.at(-1)?.[1] ?? 0;
  if (total <= 0) return null;
  let [bound, below] = [0, 0];
  for (const [upper, count] of sorted) {
    if (count >= total * part) {
      // what lies beyond the last bound is told as that bound
      if (upper >= Number.MAX_VALUE) return bound * 1000;
      return (
        (bound + (upper - bound) * ((total * part - below) / Math.max(1, count - below))) * 1000
      );
    }
    [bound, below] = [upper, count];
  }
  return bound * 1000;
}

/** ms; null: nothing was counted */
export const p95Ms = (buckets: Counters['buckets']): number | null => quantile(buckets, QUANTILE);

function summary(counters: Counters | null): Judgement['numbers']['stable'] {
  return {
    requests: counters?.requests ?? 0,
    errors: counters?.errors ?? 0,
    p95Ms: counters && p95Ms(counters.buckets),
  };
}

const percent = (part: number): string => `${Math.round(part * 1000) / 10} %`;
