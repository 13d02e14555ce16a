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

/** What the step says of the evidence. */
type Verdict = Pick<Judgement, 'verdict' | 'sentence'>;
type Numbers = Judgement['numbers'];
interface Traffic {
  readonly stable: Counters;
  readonly canary: Counters;
}

const fail = (sentence: string): Verdict => ({ verdict: 'fail', sentence });
const wait = (sentence: string): Verdict => ({ verdict: 'wait', sentence });
const pass = (sentence: string): Verdict => ({ verdict: 'pass', sentence });

/** The new revision against the one that served before, in the same window. Pure. */
export function judge(at: number, step: Judge, baseline: Baseline, evidence: Evidence): Judgement {
  const { golden, signal, now } = evidence;
  const traffic = now && {
    stable: since(baseline.stable, now.stable),
    canary: since(baseline.canary, now.canary),
  };
  const numbers: Numbers = {
    stable: summary(traffic && traffic.stable),
    canary: summary(traffic && traffic.canary),
    restarts: Math.max(0, evidence.restarts - baseline.restarts),
    signal,
    agreement: golden && { agreed: golden.agreed, asked: golden.asked },
  };
  const verdict =
    restartVerdict(step, numbers.restarts) ??
    signalVerdict(step, signal) ??
    agreementVerdict(step, golden) ??
    trafficVerdict(step, traffic, golden);
  return { step: at, ...verdict, numbers };
}

function restartVerdict({ maxRestarts }: Judge, restarts: number): Verdict | null {
  if (restarts <= maxRestarts) return null;
  return fail(
    `Containers of the new version restarted ${restarts} times; ${maxRestarts} are allowed.`,
  );
}

function signalVerdict({ signal: rule }: Judge, counted: Evidence['signal']): Verdict | null {
  if (!rule) return null;
  if (counted === null) return wait(`Records of ${rule.model} could not be counted.`);
  if (counted.during - counted.before <= rule.maxIncrease) return null;
  return fail(
    `${rule.model}: ${counted.during} records in the window, ${counted.before} in the one before; ${rule.maxIncrease} more are allowed.`,
  );
}

function agreementVerdict({ minAgreement }: Judge, golden: Golden | null): Verdict | null {
  if (!minAgreement) return null;
  if (golden === null) return wait('The model has no example to send to both versions.');
  const agreed = golden.asked === 0 ? 0 : golden.agreed / golden.asked;
  if (agreed >= minAgreement) return null;
  const why = golden.message ? `: ${golden.message}` : '';
  return fail(
    `${golden.agreed} of ${golden.asked} examples got the stable version's answer (${percent(agreed)}); ${percent(minAgreement)} is needed${why}.`,
  );
}

function trafficVerdict(step: Judge, traffic: Traffic | null, golden: Golden | null): Verdict {
  if (traffic === null)
    return golden ? tooLittle(step, 0, golden) : wait("The gateway's metrics could not be read.");
  const { stable, canary } = traffic;
  if (canary.requests < step.minRequests) return tooLittle(step, canary.requests, golden);
  const [errors, before] = [
    canary.errors / canary.requests,
    stable.requests === 0 ? 0 : stable.errors / stable.requests,
  ];
  const rates = `${percent(errors)} of ${canary.requests} requests failed, of the stable version's ${percent(before)} of ${stable.requests}`;
  if (errors > before + step.maxErrorRate)
    return fail(`${rates}; ${percent(step.maxErrorRate)} more is allowed.`);
  const same =
    step.minAgreement && golden
      ? `, ${golden.agreed} of ${golden.asked} examples answered as before`
      : '';
  return latencyVerdict(step, traffic) ?? pass(`${rates}${speedOf(traffic)}${same}.`);
}

function latencyVerdict(step: Judge, { stable, canary }: Traffic): Verdict | null {
  const [slow, usual] = [p95Ms(canary.buckets), p95Ms(stable.buckets)];
  if (slow === null || usual === null || stable.requests < step.minRequests) return null;
  if (slow <= usual * step.maxLatencyRatio || slow - usual <= LATENCY_FLOOR_MS) return null;
  return fail(
    `The p95 is ${slow.toFixed(0)} ms, the stable version's ${usual.toFixed(0)} ms; at most ${step.maxLatencyRatio} times that is allowed.`,
  );
}

function speedOf({ stable, canary }: Traffic): string {
  const [slow, usual] = [p95Ms(canary.buckets), p95Ms(stable.buckets)];
  if (slow === null) return '';
  return `, p95 ${slow.toFixed(0)} ms${usual === null ? '' : ` after ${usual.toFixed(0)} ms`}`;
}

function tooLittle(step: Judge, requests: number, golden: Golden | null): Verdict {
  const few = `${requests} requests reached the new version; ${step.minRequests} are needed to judge`;
  if (step.tooLittle === 'wait' || golden === null) return wait(`${few}.`);
  const { answered, asked, agreed, message } = golden;
  const own = `The model's example was answered ${answered} of ${asked} times`;
  if (answered < asked) return fail(`${few}. ${own}: ${message}`);
  const speed = golden.p95Ms === null ? '' : `, p95 ${golden.p95Ms.toFixed(0)} ms`;
  return pass(`${few}. ${own}${speed}; ${agreed} answers were the same as before.`);
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
