import type { Strategy } from '../../contract/rollout.ts';

/**
 * What a judge step demands of the new revision, beside the one that served before, in the same
 * window.
 */
export interface Judge {
  kind: 'judge';
  /** the window */
  seconds: number;
  /** fewer are too little to judge by */
  minRequests: number;
  /** how much more often than the stable one it may fail, 0 to 1 */
  maxErrorRate: number;
  /** its p95 may be so many times the stable one's */
  maxLatencyRatio: number;
  /** of its containers, within the window */
  maxRestarts: number;
  /** wait for traffic, or ask both revisions the model's own example instead */
  tooLittle: 'wait' | 'golden';
  /**
   * the model's examples are sent to both: such a share of the answers must be the same, 0 to 1;
   * none: they are not asked for this
   */
  minAgreement?: number | undefined;
  /** numbers in the answers may differ by that much, of one or of the larger of both */
  tolerance?: number | undefined;
  /** too little traffic until then fails it */
  withinSeconds: number;
  /** records of the ERP, counted in the window and in one of the same length before it */
  signal: { model: string; domain: unknown[]; maxIncrease: number } | null;
}

/** A step of a rollout, as Odoo keeps it (docs/odoo-api.md). */
export type Step =
  /** pods of the new revision: a share of the wanted replicas, rounded up */
  | { kind: 'scale'; percent: number }
  /** the preview route and its smoke test */
  | { kind: 'preview' }
  | { kind: 'weight'; percent: number }
  | { kind: 'wait'; seconds: number }
  /** a person lets it go on */
  | { kind: 'approve'; withinSeconds: number }
  | Judge
  /**
   * the revision that served before keeps no more pods than that; written by rolling, and with 0 by
   * recreate, alone
   */
  | { kind: 'shrink'; pods: number };

/** What decides which steps a rollout follows. */
export interface RolloutPlan {
  strategy: Strategy;
  /** a canary's, frozen at its promotion; null: the strategy's own */
  steps: Step[] | null;
  replicas: number;
  /** nothing served when it was promoted */
  alone: boolean;
}

const BLUE_GREEN: Step[] = [
  { kind: 'scale', percent: 100 },
  { kind: 'preview' },
  { kind: 'weight', percent: 100 },
];
/** What comes back has answered before: it is asked when it has the traffic, not first. */
const ROLLBACK: Step[] = [
  { kind: 'scale', percent: 100 },
  { kind: 'weight', percent: 100 },
];
/**
 * Where not one pod more fits beside what serves: its pods go first, and until the new ones are
 * ready nobody answers.
 */
const GIVE_UP: Step = { kind: 'shrink', pods: 0 };
/**
 * The list that a rollout follows. Where nothing serves yet there is nobody to share traffic with,
 * to compare with or to protect: what is left is to start, to ask and to open the door. A rollback
 * comes `beside` what serves, or `instead` of it where there is no room beside it.
 */
export function stepsOf(
  { strategy, steps, replicas, alone }: RolloutPlan,
  rollback: 'beside' | 'instead' | null,
): Step[] {
  if (rollback) return rollback === 'instead' && !alone ? [GIVE_UP, ...ROLLBACK] : ROLLBACK;
  if (alone) return BLUE_GREEN;
  if (steps !== null) return steps;
  if (strategy === 'rolling') return rolling(replicas);
  if (strategy === 'recreate') return [GIVE_UP, ...BLUE_GREEN];
  if (strategy === 'canary') throw new Error('A canary came without the steps of its promotion.');
  return BLUE_GREEN;
}

/**
 * One pod more than wanted at any time: the new revision grows by a pod and takes its share, then
 * the old one gives a pod up.
 */
function rolling(replicas: number): Step[] {
  const steps: Step[] = [];
  for (let size = 1; size <= replicas; size += 1) {
    const percent = Math.round((100 * size) / replicas);
    steps.push({ kind: 'scale', percent: (100 * size) / replicas });
    if (size === 1) steps.push({ kind: 'preview' });
    steps.push({ kind: 'weight', percent });
    if (size < replicas) steps.push({ kind: 'shrink', pods: replicas - size });
  }
  return steps;
}

export function podsOf(step: Extract<Step, { kind: 'scale' }>, replicas: number): number {
  // a third of three is one, whatever the double says
  return Math.max(1, Math.min(replicas, Math.ceil((replicas * step.percent) / 100 - 1e-9)));
}

/**
 * So many pods it starts beside what serves before anything of that is given up; all of them where
 * nothing serves.
 */
export function firstPods(plan: RolloutPlan): number {
  const { strategy, steps, replicas } = plan;
  // of a canary that nobody knows the steps of, all pods are counted
  if (strategy === 'canary' && steps === null) return replicas;
  const own = strategy === 'canary' ? steps : null;
  const scale = stepsOf({ ...plan, steps: own }, null).find(({ kind }) => kind === 'scale');
  return scale?.kind === 'scale' ? podsOf(scale, replicas) : replicas;
}

/** What a step does, for people. */
export function describe(step: Step, replicas: number): string {
  switch (step.kind) {
    case 'scale':
      return `Start ${podsOf(step, replicas)} of ${replicas} pods of the new version.`;
    case 'preview':
      return 'Smoke-test the new version on its preview route.';
    case 'weight':
      return step.percent === 100
        ? 'Send all traffic to the new version.'
        : `Send ${step.percent} % of traffic to the new version.`;
    case 'wait':
      return `Wait ${duration(step.seconds)}.`;
    case 'approve':
      return 'Wait for manual approval.';
    case 'judge':
      return `Analyse ${duration(step.seconds)} of traffic.`;
    case 'shrink':
      return step.pods === 0
        ? 'Stop the stable version: the endpoint is down until the new version is ready.'
        : `Scale the stable version to ${step.pods} pods.`;
  }
}

function duration(seconds: number): string {
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 360) / 10} h`;
}
