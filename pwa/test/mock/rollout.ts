import type { Said } from './rollout-offers.ts';
import { CANARY, underWay } from './rollout-offers.ts';
import type { Entry } from './entry.ts';
import type { DeploymentView, Judgement, RolloutView, Step } from '../../src/api/types.ts';
import type { World } from './world.ts';

const FIRST_JUDGED = 4;
const WAITS: Partial<Record<Step['kind'], RolloutView['waitingFor']>> = {
  scale: 'pods',
  wait: 'time',
  judge: 'judgement',
  approve: 'person',
};

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
