import { agrees } from '../../domain/rollouts/agreement.ts';
import { judge } from '../../domain/rollouts/analysis.ts';
import type { Evidence, Golden } from '../../domain/rollouts/analysis.ts';
import { NOTHING_COUNTED } from '../../domain/rollouts/types.ts';
import type { RevisionObserved } from '../../domain/rollouts/revision.ts';
import type { Baseline, Judgement } from '../../domain/rollouts/types.ts';
import type { Judge } from '../../domain/rollouts/strategy.ts';
import { BridgeError } from '../../errors.ts';
import type { GatewayPort, MetricsPort } from '../ports/cluster.ts';
import { TRAFFIC_HEADER } from '../ports/cluster.ts';
import type { OdooPort } from '../ports/odoo.ts';
import type { Clock, Logger } from '../ports/runtime.ts';
import { SERVICE } from '../ports/odoo.ts';

export interface AnalysisDeps {
  odoo: OdooPort;
  gateway: GatewayPort;
  /** null: no gateway's metrics were named */
  metrics: MetricsPort | null;
  clock: Clock;
}
export interface Trial {
  deploymentId: number;
  namespace: string;
  canary: RevisionObserved;
  stable: string;
  /** the endpoint's address and the model's own examples, where it has any */
  base: string;
  infer: { path: string; bodies: unknown[] } | null;
  log: Logger;
  signal: AbortSignal;
  requestId: string;
}
/** A judge step, and what was counted when its window began. */
export interface AnalysisWindow {
  /** of the step in its list */
  readonly at: number;
  readonly step: Judge;
  readonly since: Date;
  readonly baseline: Baseline;
}

const GOLDEN_REQUESTS = 20;
const GOLDEN_DEADLINE_MS = 10_000;
/** characters; a larger answer is compared as far as that */
const GOLDEN_ANSWER_MAX = 1024 * 1024;

/** What is counted when a judgement's window begins. */
export async function takeBaseline(deps: AnalysisDeps, trial: Trial): Promise<Baseline> {
  const counted = await counters(deps, trial);
  return {
    stable: counted?.stable ?? NOTHING_COUNTED,
    canary: counted?.canary ?? NOTHING_COUNTED,
    restarts: restartsOf(trial.canary),
  };
}

/** Gathers what the judgement goes by, and makes it. */
export async function analyse(
  deps: AnalysisDeps,
  trial: Trial,
  { at, step, since, baseline }: AnalysisWindow,
): Promise<Judgement> {
  const [now, signal] = await Promise.all([
    counters(deps, trial),
    countSignal(deps, trial, step, since),
  ]);
  const evidence: Evidence = { now, signal, restarts: restartsOf(trial.canary), golden: null };
  const judgement = judge(at, { ...step, minAgreement: undefined }, baseline, evidence);
  const compared =
    step.minAgreement !== undefined && step.minAgreement > 0 && judgement.verdict !== 'fail';
  if (!compared && (judgement.verdict !== 'wait' || step.tooLittle !== 'golden')) return judgement;
  const golden =
    trial.infer === null ? null : await askGolden(deps, trial, trial.infer, step.tolerance);
  return golden === null && !compared
    ? judgement
    : judge(at, step, baseline, { ...evidence, golden });
}

async function counters(
  { metrics }: AnalysisDeps,
  { namespace, canary, stable, log }: Trial,
): Promise<Evidence['now']> {
  if (metrics === null) return null;
  try {
    const [before, after] = await Promise.all([
      metrics.counters(namespace, stable),
      metrics.counters(namespace, canary.name),
    ]);
    return { stable: before, canary: after };
  } catch (error) {
    if (!(error instanceof BridgeError)) throw error;
    log.warn({ reason: error.message }, 'rollout.no-metrics');
    return null;
  }
}

/** Records of the ERP in the window, and in one of the same length before it. */
async function countSignal(
  { odoo, clock }: AnalysisDeps,
  { deploymentId, requestId }: Trial,
  step: Judge,
  since: Date,
): Promise<Evidence['signal']> {
  if (step.signal === null) return null;
  const { model, domain } = step.signal;
  const now = clock.now();
  const count = (from: Date, to: Date): Promise<number> =>
    odoo.call<number>(
      SERVICE,
      'mlops.deployment',
      'signal_count',
      {
        deployment_id: deploymentId,
        model,
        domain,
        since: from.toISOString(),
        until: to.toISOString(),
      },
      requestId,
    );
  const [before, during] = await Promise.all([
    count(new Date(2 * since.getTime() - now.getTime()), since),
    count(since, now),
  ]);
  return { before, during };
}

/** The model's examples in turn, again and again, to both. */
async function askGolden(
  { gateway, clock }: AnalysisDeps,
  trial: Trial,
  infer: { path: string; bodies: unknown[] },
  tolerance: number | undefined,
): Promise<Golden> {
  const golden: Golden = { asked: 0, answered: 0, agreed: 0, p95Ms: null, message: '' };
  const times: number[] = [];
  const ask = async (
    whose: 'canary' | 'stable',
    json: unknown,
  ): Promise<{ outputs: unknown } | string> => {
    try {
      const { status, body } = await gateway.request(trial.base + infer.path, {
        method: 'POST',
        json,
        timeoutMs: GOLDEN_DEADLINE_MS,
        bodyMax: GOLDEN_ANSWER_MAX,
        signal: trial.signal,
        headers: { [TRAFFIC_HEADER]: whose },
      });
      return status >= 200 && status < 300
        ? { outputs: outputsOf(body) }
        : `answered ${status}: ${body.slice(0, 200)}`;
    } catch (error) {
      if (error instanceof BridgeError && !trial.signal.aborted) return error.message;
      throw error;
    }
  };
  for (let i = 0; i < GOLDEN_REQUESTS; i += 1) {
    const body = infer.bodies[i % infer.bodies.length];
    const started = clock.now().getTime();
    const answer = await ask('canary', body);
    times.push(clock.now().getTime() - started);
    golden.asked += 1;
    if (typeof answer === 'string') {
      golden.message ||= answer;
      continue;
    }
    golden.answered += 1;
    const before = await ask('stable', body);
    if (typeof before !== 'string' && agrees(before.outputs, answer.outputs, tolerance))
      golden.agreed += 1;
  }
  golden.p95Ms = times.sort((a, b) => a - b)[Math.ceil(times.length * 0.95) - 1] ?? null;
  return golden;
}

/**
 * The part of an answer of the Open Inference Protocol that does not name the model's version or
 * the request.
 */
function outputsOf(body: string): unknown {
  try {
    return (JSON.parse(body) as { outputs?: unknown }).outputs ?? body;
  } catch {
    return body;
  }
}

const restartsOf = (revision: RevisionObserved): number =>
  revision.pods.flatMap((pod) => pod.containers).reduce((sum, { restarts }) => sum + restarts, 0);
