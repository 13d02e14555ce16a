import { expect } from 'chai';
import { decide } from '../../../src/domain/rollout.ts';
import type { Action, Decision, Observed, Wanted } from '../../../src/domain/rollout.ts';
import type { Judgement, Progress } from '../../../src/domain/revision.ts';
import { describe as inWords } from '../../../src/domain/strategy.ts';
import type { Judge, Step } from '../../../src/domain/strategy.ts';
import { NOW, before, observed, revision, route, wanted } from './revision-builders.ts';

const JUDGE: Judge = { kind: 'judge', seconds: 60, minRequests: 50, maxErrorRate: 0.01, maxLatencyRatio: 1.5, maxRestarts: 0, tooLittle: 'wait', withinSeconds: 600, signal: null };
const STEPS: Step[] = [
  { kind: 'scale', percent: 50 }, { kind: 'preview' }, { kind: 'weight', percent: 1 }, { kind: 'wait', seconds: 30 }, JUDGE,
  { kind: 'approve', withinSeconds: 3600 }, { kind: 'scale', percent: 100 }, { kind: 'weight', percent: 50 }, { kind: 'weight', percent: 100 },
];
const was = [{ revision: 'digits-v1', weight: 100, replicas: 2 }];
const stable = revision({ name: 'digits-v1', image: 'old' });
const shared = (percent: number) => route({ 'digits-v2': percent, 'digits-v1': 100 - percent }, { changedBy: 7, before: was });
const at = (step: number, secondsAgo: number, over: Partial<Progress> = {}): Progress =>
  ({ deploymentId: 7, step, since: before(secondsAgo * 1000), baseline: null, judgements: [], ...over });
const counted = { stable: { requests: 0, errors: 0, p95Ms: null }, canary: { requests: 0, errors: 0, p95Ms: null }, restarts: 0, signal: null };
const said = (verdict: Judgement['verdict']): Judgement => ({ step: 4, verdict, sentence: 'Because.', numbers: counted });
const half = (progress: Progress | null, over = {}) => revision({ wantedReplicas: 1, progress, ...over });
const canary = (progress: Progress | null, over: Partial<Observed> = {}): Partial<Observed> => ({ revision: half(progress), previous: stable, publicRoute: shared(1), ...over });

interface Row { name: string; wanted?: Partial<Wanted>; observed?: Partial<Observed>; action: Action; phase?: Decision['phase']; reason?: RegExp; waits?: string }
const none: Action = { kind: 'none' };

const TABLE: Row[] = [
  { name: 'begins with the pods of its first step', observed: { publicRoute: route({ 'digits-v1': 100 }), previous: stable }, action: { kind: 'apply', replicas: 1 } },
  { name: 'is alone: starts at full size', action: { kind: 'apply', replicas: 2 } },
  { name: 'is alone and ready: opens the whole door at once', observed: { revision: revision(), previewRoute: route({ 'digits-v2': 100 }), smoke: { preview: { ok: true, message: '' }, public: null } }, action: { kind: 'route', backends: [{ revision: 'digits-v2', weight: 100 }], before: [] } },
  { name: '1 % means 1 %', observed: canary(null, { publicRoute: route({ 'digits-v1': 100 }), previewRoute: route({ 'digits-v2': 100 }), smoke: { preview: { ok: true, message: '' }, public: null } }), action: { kind: 'route', backends: [{ revision: 'digits-v2', weight: 1 }, { revision: 'digits-v1', weight: 99 }], before: was } },
  { name: 'a wait is written down when it begins', observed: canary(null), action: { kind: 'progress', step: 3, baseline: false, judgement: null } },
  { name: 'and is waited', observed: canary(at(3, 10)), action: none, waits: 'time' },
  { name: 'and ends', observed: canary(at(3, 30)), action: { kind: 'progress', step: 4, baseline: false, judgement: null } },
  { name: 'the progress of another rollout of this revision does not count', observed: canary(at(5, 30, { deploymentId: 6 })), action: { kind: 'progress', step: 3, baseline: false, judgement: null } },
  { name: 'a judgement has a window', observed: canary(at(4, 59)), action: none, waits: 'judgement' },
  { name: 'and is made at its end', observed: canary(at(4, 60)), action: { kind: 'judge', step: 4 } },
  { name: 'passed: goes on, with the judgement', observed: canary(at(4, 60), { judgement: said('pass') }), action: { kind: 'progress', step: 5, baseline: false, judgement: said('pass') } },
  { name: 'failed: gives traffic back, with the numbers in the reason', observed: canary(at(4, 60), { judgement: said('fail') }), action: { kind: 'back-out', restore: was }, phase: 'Failed', reason: /^JudgementFailed: Because/ },
  { name: 'too little traffic is no pass', observed: canary(at(4, 300), { judgement: said('wait') }), action: none, waits: 'judgement' },
  { name: 'nor for ever', observed: canary(at(4, 600), { judgement: said('wait') }), action: { kind: 'back-out', restore: was }, phase: 'Failed', reason: /^JudgementImpossible/ },
  { name: 'a person is waited for', observed: canary(at(5, 600)), action: none, waits: 'person' },
  { name: 'and lets it go on', wanted: { controls: { paused: false, approvedStep: 5, skipTo: 0 } }, observed: canary(at(5, 600)), action: { kind: 'apply', replicas: 2 } },
  { name: 'or does not come', observed: canary(at(5, 3600)), action: { kind: 'back-out', restore: was }, phase: 'Failed', reason: /^NotApproved/ },
  { name: 'paused: nothing moves, traffic stays', wanted: { controls: { paused: true, approvedStep: -1, skipTo: 0 } }, observed: canary(at(3, 90)), action: none, waits: 'pause' },
  { name: 'skipped to the approval: the wait and the judgement are passed over', wanted: { controls: { paused: false, approvedStep: -1, skipTo: 5 } }, observed: canary(null), action: { kind: 'progress', step: 5, baseline: false, judgement: null } },
  { name: 'skipping never skips weights', wanted: { controls: { paused: false, approvedStep: 9, skipTo: 9 } }, observed: { revision: revision(), previous: stable, publicRoute: shared(1) }, action: { kind: 'route', backends: [{ revision: 'digits-v2', weight: 50 }, { revision: 'digits-v1', weight: 50 }], before: was } },
  { name: 'its pods are gone: traffic goes back until one is ready', observed: canary(at(3, 10), { revision: half(at(3, 10), { readyReplicas: 0 }) }), action: { kind: 'back-out', restore: was }, waits: 'pods' },
  { name: 'somebody undid the weight: it is set again', observed: canary(at(3, 10), { publicRoute: route({ 'digits-v1': 100 }) , previewRoute: route({ 'digits-v2': 100 }) }), action: { kind: 'route', backends: [{ revision: 'digits-v2', weight: 1 }, { revision: 'digits-v1', weight: 99 }], before: was } },
  { name: 'a rollback switches at once, without asking first', wanted: { rollback: true, strategy: 'blue-green', steps: null }, observed: { revision: revision(), previous: stable, publicRoute: route({ 'digits-v1': 100 }) }, action: { kind: 'route', backends: [{ revision: 'digits-v2', weight: 100 }], before: was } },
  { name: 'three served before: whole weights, with exactly the sum', wanted: { steps: [{ kind: 'scale', percent: 50 }, { kind: 'weight', percent: 33 }, { kind: 'weight', percent: 100 }] }, observed: { revision: half(null), previous: stable, publicRoute: route({ a: 1, b: 1, c: 1 }) }, action: { kind: 'route', backends: [{ revision: 'digits-v2', weight: 33 }, { revision: 'a', weight: 22 }, { revision: 'b', weight: 22 }, { revision: 'c', weight: 23 }], before: [{ revision: 'a', weight: 1, replicas: 1 }, { revision: 'b', weight: 1, replicas: 1 }, { revision: 'c', weight: 1, replicas: 1 }] } },
];

describe('a canary', () => {
  for (const row of TABLE) {
    it(row.name, () => {
      const decision = decide(wanted({ strategy: 'canary', steps: STEPS, ...row.wanted }), observed(row.observed), NOW);
      expect(decision.action).to.deep.equal(row.action);
      expect(decision.phase).to.equal(row.phase ?? 'Progressing');
      if (row.reason) expect(decision.reason).to.match(row.reason);
      if (row.waits) expect(decision.standing?.waitingFor).to.equal(row.waits);
    });
  }

  it('says what each step does', () => {
    expect(STEPS.map((step) => inWords(step, 2))).to.deep.equal([
      '1 of 2 pods of the new version.', 'The new version is asked through its preview.', '1 % of traffic goes to the new version.', 'Wait for 30 s.',
      'The new version is judged by 60 s of traffic.', 'A person lets it go on.', '2 of 2 pods of the new version.', '50 % of traffic goes to the new version.',
      'All traffic goes to the new version.',
    ]);
  });
});
