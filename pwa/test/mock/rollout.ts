import type {
  AllowedAction,
  DeploymentView,
  Judgement,
  RolloutView,
  Step,
} from '../../src/api/types.ts';
import type { MockUser, World } from './world.ts';

type Entry = World['versions'][number];
export type Said =
  'pause-rollout' | 'resume-rollout' | 'approve-step' | 'skip-step' | 'abort-rollout';

const JUDGE: Step = {
  kind: 'judge',
  seconds: 60,
  minRequests: 20,
  maxErrorRate: 0.01,
  maxLatencyRatio: 1.5,
  maxRestarts: 0,
  tooLittle: 'golden',
  withinSeconds: 600,
  signal: { model: 'crm.lead', domain: [], maxIncrease: 2 },
  minAgreement: 0.9,
};
const FIRST_JUDGED = 4;
export const CANARY: Step[] = [
  { kind: 'scale', percent: 100 },
  { kind: 'preview' },
  { kind: 'weight', percent: 1 },
  { kind: 'wait', seconds: 60 },
  JUDGE,
  { kind: 'weight', percent: 50 },
  JUDGE,
  { kind: 'approve', withinSeconds: 3600 },
  { kind: 'weight', percent: 100 },
];
const WAITS: Partial<Record<Step['kind'], RolloutView['waitingFor']>> = {
  scale: 'pods',
  wait: 'time',
  judge: 'judgement',
  approve: 'person',
};

/** The canary that is under way for a version. */
export const underWay = (version: Entry): DeploymentView | undefined =>
  version.status === 'PendingProdDeployment'
    ? version.deployments.find((one) => one.strategy === 'canary' && one.phase === 'Progressing')
    : undefined;

/** At step `at`, as the bridge would report it. */
export function reach(
  world: World,
  version: Entry,
  at: number,
  verdict: 'wait' | 'pass' | 'fail' = 'wait',
): void {
  const deployment = underWay(version);
  if (!deployment) throw new Error('no canary is under way');
  const step = CANARY[at] as Step;
  const weights = CANARY.slice(0, at + 1).flatMap((one) =>
    one.kind === 'weight' ? [one.percent] : [],
  );
  const judged = CANARY.flatMap((one, index) =>
    one.kind === 'judge' && index <= at ? [index] : [],
  );
  const rollout: RolloutView = {
    step: at,
    steps: CANARY,
    since: new Date().toISOString(),
    waitingFor: WAITS[step.kind] ?? null,
    weight: weights.at(-1) ?? 0,
    next: 'The next look is in a second.',
    until:
      step.kind === 'wait' || step.kind === 'judge'
        ? new Date(Date.now() + 60_000).toISOString()
        : null,
    judgements: judged.map((index) => judgement(index, index === judged.at(-1) ? verdict : 'pass')),
  };
  deployment.observed = { ...deployment.observed, rollout };
  world.emit('deployment.facts', version, { phase: 'Progressing' });
}

function judgement(step: number, verdict: 'wait' | 'pass' | 'fail'): Judgement {
  const later = step > FIRST_JUDGED;
  const canary = {
    requests: verdict === 'wait' ? 7 : later ? 1840 : 41,
    errors: verdict === 'fail' ? (later ? 404 : 9) : 0,
    p95Ms: later ? (verdict === 'fail' ? 35 : 16) : 14,
  };
  const sentence = {
    wait: '7 of 20 requests so far.',
    pass: '0 % errors against 0 %, p95 14 ms against 12 ms.',
    fail: '22 % errors against 0 %: more than 1 % above.',
  }[verdict];
  const stable = { requests: later ? 1832 : 4059, errors: 2, p95Ms: later ? 13 : 12 };
  return {
    step,
    verdict,
    sentence,
    numbers: {
      stable,
      canary,
      restarts: 0,
      signal: { before: 3, during: 4 },
      agreement: { agreed: 19, asked: 20 },
    },
  };
}

export function promoteCanary(world: World, version: Entry, who: string): void {
  world.become(version, 'PendingProdDeployment', who);
  const deployment: DeploymentView = world.deployment(
    version,
    'production',
    'canary',
    'Progressing',
    who,
  );
  Object.assign(deployment, {
    steps: CANARY,
    controls: { paused: false, approvedStep: -1, skipTo: 0 },
  });
  world.later(
    CANARY.map(
      (_step, at) => () =>
        underWay(version) &&
        !underWay(version)?.controls?.paused &&
        reach(world, version, at, at > 4 ? 'pass' : 'wait'),
    ),
  );
}

export function steer(
  world: World,
  version: Entry,
  action: Said,
  who: string,
  { reason, step = 0 }: { reason?: string; step?: number },
): void {
  const deployment = underWay(version) as DeploymentView;
  const controls = deployment.controls!;
  if (action === 'abort-rollout') {
    const why = `Aborted by ${who}: ${reason}`;
    Object.assign(deployment, {
      phase: 'Failed',
      reason: why,
      reasonCode: 'Aborted',
      desired: 'removed',
    });
    world.become(version, 'ProdFailed', who, why);
  } else if (action === 'approve-step') controls.approvedStep = step;
  else if (action === 'skip-step') controls.skipTo = step + 1;
  else controls.paused = action === 'pause-rollout';
  world.emit(
    'rollout.steered',
    version,
    { action: action.replace(/-rollout$/, ''), reason: reason ?? null, step },
    who,
  );
  if (action === 'approve-step' || action === 'skip-step') reach(world, version, step + 1, 'pass');
}

/** As Odoo offers them: only those that make sense now. */
export function steering(version: Entry, by: MockUser): AllowedAction[] {
  const deployment = underWay(version);
  if (!deployment) return [];
  const at = deployment.observed?.rollout?.step ?? -1;
  const kind = CANARY[at]?.kind;
  const names: Said[] = [deployment.controls?.paused ? 'resume-rollout' : 'pause-rollout'];
  if (kind === 'approve') names.push('approve-step');
  if (kind === 'wait' || kind === 'judge') names.push('skip-step');
  const allowed = by.roles.includes('approver');
  return [...names, 'abort-rollout' as const].map((name) => ({
    name,
    allowed,
    reason: allowed ? null : 'Needs the role Approver.',
    target: 'production',
    deploymentId: deployment.id,
    step: name.endsWith('-step') ? at : null,
  }));
}
