import { expect } from 'chai';
import { decide } from '../../../../src/domain/rollouts/decide.ts';
import type {
  Action,
  Decision,
  Judgement,
  Observed,
  Progress,
  DesiredState,
} from '../../../../src/domain/rollouts/types.ts';
import { describe as inWords } from '../../../../src/domain/rollouts/strategy.ts';
import type { Judge, Step } from '../../../../src/domain/rollouts/strategy.ts';
import {
  before,
  NOW,
  observed,
  recordOf,
  revision,
  route,
  wanted,
  withStable,
} from './revision-builders.ts';

const JUDGE: Judge = {
  kind: 'judge',
  seconds: 60,
  minRequests: 50,
  maxErrorRate: 0.01,
  maxLatencyRatio: 1.5,
  maxRestarts: 0,
  tooLittle: 'wait',
  withinSeconds: 600,
  signal: null,
};
const STEPS: Step[] = [
  { kind: 'scale', percent: 50 },
  { kind: 'preview' },
  { kind: 'weight', percent: 1 },
  { kind: 'wait', seconds: 30 },
  JUDGE,
  { kind: 'approve', withinSeconds: 3600 },
  { kind: 'scale', percent: 100 },
  { kind: 'weight', percent: 50 },
  { kind: 'weight', percent: 100 },
];
const was = [{ revision: 'digits-v1', weight: 100, replicas: 2 }];
const stable = revision({ name: 'digits-v1', image: 'old' });
const shared = (percent: number) =>
  route({ 'digits-v2': percent, 'digits-v1': 100 - percent }, { changedBy: 7, before: was });
const at = (step: number, secondsAgo: number, over: Partial<Progress> = {}): Progress => ({
  step,
  since: before(secondsAgo * 1000),
  baseline: null,
  judgements: [],
  ...over,
});
const counted = {
  stable: { requests: 0, errors: 0, p95Ms: null },
  canary: { requests: 0, errors: 0, p95Ms: null },
  restarts: 0,
  signal: null,
};
const said = (verdict: Judgement['verdict']): Judgement => ({
  step: 4,
  verdict,
  sentence: 'Because.',
  numbers: counted,
});
const half = (over = {}) => revision({ wantedReplicas: 1, ...over });
const canary = (
  progress: Progress | null,
  over: Partial<Observed> = {},
): Pick<Row, 'progress' | 'observed'> => ({
  progress,
  observed: { revision: half(), previous: stable, publicRoute: shared(1), ...over },
});

interface Row {
  name: string;
  progress?: Progress | null;
  wanted?: Partial<DesiredState>;
  observed?: Partial<Observed>;
  action: Action;
  phase?: Decision['phase'];
  reason?: RegExp;
  waits?: string;
}
const none: Action = { kind: 'none' };

const TABLE: Row[] = [
  {
    name: 'begins with the pods of its first step',
    observed: { publicRoute: route({ 'digits-v1': 100 }), previous: stable },
    action: { kind: 'apply', replicas: 1 },
  },
  { name: 'is alone: starts at full size', action: { kind: 'apply', replicas: 2 } },
  {
    name: 'is alone and ready: opens the whole door at once',
    progress: at(2, 0),
    observed: {
      revision: revision(),
      previewRoute: route({ 'digits-v2': 100 }),
      smoke: { preview: { ok: true, message: '' }, public: null },
    },
    action: { kind: 'route', backends: [{ revision: 'digits-v2', weight: 100 }], before: [] },
  },
  {
    name: '1 % means 1 %',
    ...canary(at(2, 0), {
      publicRoute: route({ 'digits-v1': 100 }),
      previewRoute: route({ 'digits-v2': 100 }),
      smoke: { preview: { ok: true, message: '' }, public: null },
    }),
    action: {
      kind: 'route',
      backends: [
        { revision: 'digits-v2', weight: 1 },
        { revision: 'digits-v1', weight: 99 },
      ],
      before: was,
    },
  },
  {
    name: 'a wait is recorded when it begins',
    ...canary(at(2, 0)),
    action: { kind: 'progress', step: 3, baseline: false, judgement: null },
  },
  { name: 'a wait is waited', ...canary(at(3, 10)), action: none, waits: 'time' },
  {
    name: 'a wait that is over: the judgement begins, with its baseline',
    ...canary(at(3, 30)),
    action: { kind: 'progress', step: 4, baseline: true, judgement: null },
  },
  {
    name: 'no progress was recorded: the wait begins',
    ...canary(at(2, 30)),
    action: { kind: 'progress', step: 3, baseline: false, judgement: null },
  },
  { name: 'a judgement has a window', ...canary(at(4, 59)), action: none, waits: 'judgement' },
  { name: 'and is made at its end', ...canary(at(4, 60)), action: { kind: 'judge', step: 4 } },
  {
    name: 'passed: goes on, with the judgement',
    ...canary(at(4, 60), { judgement: said('pass') }),
    action: { kind: 'progress', step: 5, baseline: false, judgement: said('pass') },
  },
  {
    name: 'failed: gives traffic back, with the numbers in the reason',
    ...canary(at(4, 60), { judgement: said('fail') }),
    action: { kind: 'back-out', restore: was },
    phase: 'Failed',
    reason: /^JudgementFailed: Because/,
  },
  {
    name: 'too little traffic is no pass',
    ...canary(at(4, 300), { judgement: said('wait') }),
    action: none,
    waits: 'judgement',
  },
  {
    name: 'nor for ever',
    ...canary(at(4, 600), { judgement: said('wait') }),
    action: { kind: 'back-out', restore: was },
    phase: 'Failed',
    reason: /^JudgementImpossible/,
  },
  { name: 'a person is waited for', ...canary(at(5, 600)), action: none, waits: 'person' },
  {
    name: 'and lets it go on',
    wanted: { controls: { paused: false, approvedStep: 5, skipTo: 0 } },
    ...canary(at(5, 600)),
    action: { kind: 'apply', replicas: 2 },
  },
  {
    name: 'or does not come',
    ...canary(at(5, 3600)),
    action: { kind: 'back-out', restore: was },
    phase: 'Failed',
    reason: /^NotApproved/,
  },
  {
    name: 'paused: nothing moves, traffic stays',
    wanted: { controls: { paused: true, approvedStep: -1, skipTo: 0 } },
    ...canary(at(3, 90)),
    action: none,
    waits: 'pause',
  },
  {
    name: 'skipped to the approval: the wait and the judgement are passed over',
    wanted: { controls: { paused: false, approvedStep: -1, skipTo: 5 } },
    ...canary(at(3, 1)),
    action: { kind: 'progress', step: 5, baseline: false, judgement: null },
  },
  {
    name: 'skipping never skips weights',
    progress: at(5, 1),
    wanted: { controls: { paused: false, approvedStep: 9, skipTo: 9 } },
    observed: { revision: revision(), previous: stable, publicRoute: shared(1) },
    action: {
      kind: 'route',
      backends: [
        { revision: 'digits-v2', weight: 50 },
        { revision: 'digits-v1', weight: 50 },
      ],
      before: was,
    },
  },
  {
    name: 'its pods are gone: the wait is interrupted',
    ...canary(at(3, 10), { revision: half({ readyReplicas: 0 }) }),
    action: { kind: 'progress', step: 3, baseline: false, judgement: null, interrupted: true },
    waits: 'pods',
  },
  {
    name: 'its pods are gone, and that is recorded: traffic goes back until one is ready',
    ...canary(at(3, 10, { interrupted: true }), { revision: half({ readyReplicas: 0 }) }),
    action: { kind: 'route', backends: [{ revision: 'digits-v1', weight: 100 }], before: was },
    waits: 'pods',
  },
  {
    name: 'somebody undid the weight: it is set again',
    ...canary(at(3, 10, { interrupted: true }), {
      publicRoute: route({ 'digits-v1': 100 }),
      previewRoute: route({ 'digits-v2': 100 }),
    }),
    action: {
      kind: 'route',
      backends: [
        { revision: 'digits-v2', weight: 1 },
        { revision: 'digits-v1', weight: 99 },
      ],
      before: was,
    },
  },
  {
    name: 'a rollback switches at once, without asking first',
    wanted: { rollback: true, strategy: 'blue-green', steps: null },
    observed: { revision: revision(), previous: stable, publicRoute: route({ 'digits-v1': 100 }) },
    action: { kind: 'route', backends: [{ revision: 'digits-v2', weight: 100 }], before: was },
  },
];

describe('a canary', () => {
  for (const row of TABLE) {
    it(row.name, () => {
      const decision = decide(
        wanted({
          strategy: 'canary',
          steps: STEPS,
          progress: row.progress ?? null,
          ...recordOf(row.observed ?? {}),
          ...row.wanted,
        }),
        observed(withStable(row.observed ?? {})),
        NOW,
      );
      expect(decision.action).to.deep.equal(row.action);
      expect(decision.phase).to.equal(row.phase ?? 'Progressing');
      if (row.reason) expect(decision.reason).to.match(row.reason);
      if (row.waits) expect(decision.status?.waitingFor).to.equal(row.waits);
    });
  }

  it('says what each step does', () => {
    expect(STEPS.map((step) => inWords(step, 2))).to.deep.equal([
      'Start 1 of 2 pods of the new version.',
      'Smoke-test the new version on its preview route.',
      'Send 1 % of traffic to the new version.',
      'Wait 30 s.',
      'Analyse 60 s of traffic.',
      'Wait for manual approval.',
      'Start 2 of 2 pods of the new version.',
      'Send 50 % of traffic to the new version.',
      'Send all traffic to the new version.',
    ]);
  });
});
