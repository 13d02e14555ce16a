import { expect } from 'chai';
import { decide } from '../../../../src/domain/rollouts/decide.ts';
import type {
  Action,
  Decision,
  Observed,
  DesiredState,
} from '../../../../src/domain/rollouts/types.ts';
import {
  NOW,
  before,
  container,
  observed,
  pod,
  recordOf,
  revision,
  route,
  wanted,
  withStable,
} from './revision-builders.ts';

interface Row {
  name: string;
  wanted?: Partial<DesiredState>;
  observed?: Partial<Observed>;
  action: Action;
  phase: Decision['phase'];
  reason?: RegExp;
}

const old = revision({ name: 'digits-v1', image: 'old', wantedReplicas: 2 });
const both = { revision: revision(), previous: old, publicRoute: route({ 'digits-v1': 100 }) };
const was = [{ revision: 'digits-v1', weight: 100, replicas: 2 }];
const switched = route({ 'digits-v2': 100 }, { changedBy: 7, before: was });
const ok = { ok: true, message: 'fine' };
const PASSED = { step: 2, since: NOW, baseline: null, judgements: [] };
const recorded = (step: number) => ({ ...PASSED, step });
const bad = { ok: false, message: 'GET /ready was answered 500' };
const crashed = pod({
  lastLogLine: 'boom',
  containers: [
    container({ restarts: 2, lastTerminated: { reason: 'Error', exitCode: 3, message: '' } }),
  ],
});

const TABLE: Row[] = [
  {
    name: 'nothing there: starts at full size',
    action: { kind: 'apply', replicas: 2 },
    phase: 'Progressing',
  },
  {
    name: 'an blocker fails it before anything is touched',
    observed: { blocker: { reason: 'GpusNotFree', message: 'none free' } },
    action: { kind: 'back-out', restore: null },
    phase: 'Failed',
    reason: /^GpusNotFree: none free/,
  },
  {
    name: 'no GPU is free, and it may wait for room: waits with the sentence',
    wanted: { queueUntil: before(-30) },
    observed: {
      blocker: { reason: 'GpusNotFree', message: '4 GPUs are wanted, 3 of 8 are free.' },
    },
    action: { kind: 'none' },
    phase: 'Progressing',
    reason: /^Waiting for capacity: 4 GPUs are wanted/,
  },
  {
    name: 'no GPU came free in the time that it may wait: fails with the sentence',
    wanted: { queueUntil: before(1) },
    observed: { blocker: { reason: 'GpusNotFree', message: 'none free' } },
    action: { kind: 'back-out', restore: null },
    phase: 'Failed',
    reason: /^GpusNotFree: none free/,
  },
  {
    name: 'an image that is gone is not waited for',
    wanted: { queueUntil: before(-30) },
    observed: { blocker: { reason: 'ImageNotFound', message: 'gone' } },
    action: { kind: 'back-out', restore: null },
    phase: 'Failed',
    reason: /^ImageNotFound/,
  },
  {
    name: 'what it takes the place of is not gone: waits before anything is touched',
    wanted: { withdrawing: ['1.1.0'] },
    observed: { publicRoute: route({ 'digits-v1': 80, 'digits-v3': 20 }) },
    action: { kind: 'none' },
    phase: 'Progressing',
    reason: /until 1\.1\.0 is removed/,
  },
  {
    name: 'what it takes the place of does not go: fails in its own time',
    wanted: { withdrawing: ['1.1.0'], deadline: before(1) },
    action: { kind: 'back-out', restore: null },
    phase: 'Failed',
    reason: /^DeadlineExceeded/,
  },
  {
    name: 'brought back while another is withdrawn: waits for nobody',
    wanted: { withdrawing: ['1.1.0'], rollback: true },
    observed: {
      revision: revision(),
      previous: old,
      publicRoute: route({ 'digits-v1': 80, 'digits-v3': 20 }),
    },
    action: {
      kind: 'route',
      backends: [{ revision: 'digits-v2', weight: 100 }],
      before: [
        { revision: 'digits-v1', weight: 80, replicas: 2 },
        { revision: 'digits-v3', weight: 20, replicas: 1 },
      ],
    },
    phase: 'Progressing',
  },
  {
    name: 'pods starting: opens the preview meanwhile',
    observed: { revision: revision({ readyReplicas: 1 }) },
    action: { kind: 'apply-preview' },
    phase: 'Progressing',
  },
  {
    name: 'pods starting, preview open: waits',
    observed: {
      revision: revision({ readyReplicas: 1 }),
      previewRoute: route({ 'digits-v2': 100 }),
    },
    action: { kind: 'none' },
    phase: 'Progressing',
    reason: /1 of 2/,
  },
  {
    name: 'another image runs: applies',
    observed: { revision: revision({ image: 'other' }) },
    action: { kind: 'apply', replicas: 2 },
    phase: 'Progressing',
  },
  {
    name: 'kept at a smaller size: grows again',
    observed: { revision: revision({ wantedReplicas: 1 }) },
    action: { kind: 'apply', replicas: 2 },
    phase: 'Progressing',
  },
  {
    name: 'crashing: fails with the last line',
    observed: { revision: revision({ readyReplicas: 0, pods: [crashed] }) },
    action: { kind: 'back-out', restore: null },
    phase: 'Failed',
    reason: /^CrashLoopBackOff: .*exit code 3: boom/,
  },
  {
    name: 'deadline: fails with what is known',
    wanted: { deadline: before(1) },
    observed: { revision: revision({ readyReplicas: 1 }) },
    action: { kind: 'back-out', restore: null },
    phase: 'Failed',
    reason: /^DeadlineExceeded: 1 of 2 pods ready/,
  },
  {
    name: 'all ready and no preview: opens it',
    observed: both,
    action: { kind: 'apply-preview' },
    phase: 'Progressing',
  },
  {
    name: 'preview open: asks through it',
    observed: { ...both, previewRoute: route({ 'digits-v2': 100 }) },
    action: { kind: 'smoke', through: 'preview' },
    phase: 'Progressing',
  },
  {
    name: 'preview of another: takes it',
    observed: { ...both, previewRoute: route({ 'digits-v9': 100 }) },
    action: { kind: 'apply-preview' },
    phase: 'Progressing',
  },
  {
    name: 'preview fails: nothing is switched',
    observed: {
      ...both,
      previewRoute: route({ 'digits-v2': 100 }),
      smoke: { preview: bad, public: null },
    },
    action: { kind: 'back-out', restore: null },
    phase: 'Failed',
    reason: /^SmokeTestFailed: .*500/,
  },
  {
    name: 'preview passes: that is recorded before any traffic moves',
    observed: {
      ...both,
      previewRoute: route({ 'digits-v2': 100 }),
      smoke: { preview: ok, public: null },
    },
    action: { kind: 'progress', step: 2, baseline: false, judgement: null },
    phase: 'Progressing',
  },
  {
    name: 'preview passed: one switch, remembering what served',
    wanted: { progress: PASSED },
    observed: {
      ...both,
      previewRoute: route({ 'digits-v2': 100 }),
      smoke: { preview: ok, public: null },
    },
    action: { kind: 'route', backends: [{ revision: 'digits-v2', weight: 100 }], before: was },
    phase: 'Progressing',
  },
  {
    name: 'switched: asks through the public path',
    wanted: { progress: PASSED },
    observed: { ...both, publicRoute: switched, previous: null },
    action: { kind: 'smoke', through: 'public' },
    phase: 'Progressing',
  },
  {
    name: 'public path passes: ready',
    wanted: { progress: PASSED },
    observed: {
      ...both,
      publicRoute: switched,
      previous: null,
      smoke: { preview: null, public: ok },
    },
    action: { kind: 'finish' },
    phase: 'Ready',
  },
  {
    name: 'public path fails: gives traffic back',
    wanted: { progress: PASSED },
    observed: {
      ...both,
      publicRoute: switched,
      previous: null,
      smoke: { preview: null, public: bad },
    },
    action: { kind: 'back-out', restore: was },
    phase: 'Failed',
  },
  {
    name: 'public path fails at the first deployment: no route is left',
    wanted: { progress: PASSED },
    observed: {
      revision: revision(),
      publicRoute: route({ 'digits-v2': 100 }, { changedBy: 7, before: [] }),
      smoke: { preview: null, public: bad },
    },
    action: { kind: 'back-out', restore: [] },
    phase: 'Failed',
  },
  {
    name: 'the same version deployed again fails: its traffic stays',
    wanted: { progress: PASSED, shared: true },
    observed: {
      revision: revision(),
      publicRoute: route({ 'digits-v2': 100 }, { changedBy: 4, before: [] }),
      smoke: { preview: null, public: bad },
    },
    action: { kind: 'back-out', restore: null },
    phase: 'Failed',
  },
  {
    name: 'rolling: starts with one pod',
    wanted: { strategy: 'rolling', replicas: 4 },
    observed: { previous: { ...old, wantedReplicas: 4 }, publicRoute: route({ 'digits-v1': 100 }) },
    action: { kind: 'apply', replicas: 1 },
    phase: 'Progressing',
  },
  {
    name: 'rolling: traffic by ready pods',
    wanted: { strategy: 'rolling', replicas: 4, progress: PASSED },
    observed: {
      ...both,
      revision: revision({ wantedReplicas: 1 }),
      previous: { ...old, wantedReplicas: 4 },
      previewRoute: route({ 'digits-v2': 1 }),
      smoke: { preview: ok, public: null },
    },
    action: {
      kind: 'route',
      backends: [
        { revision: 'digits-v2', weight: 25 },
        { revision: 'digits-v1', weight: 75 },
      ],
      before: [{ revision: 'digits-v1', weight: 100, replicas: 4 }],
    },
    phase: 'Progressing',
  },
  {
    name: 'rolling: then the old gives up a pod',
    wanted: { strategy: 'rolling', replicas: 4, progress: recorded(3) },
    observed: {
      ...both,
      revision: revision({ wantedReplicas: 1 }),
      previous: { ...old, wantedReplicas: 4 },
      publicRoute: route({ 'digits-v2': 25, 'digits-v1': 75 }),
    },
    action: { kind: 'scale-previous', revision: 'digits-v1', replicas: 3 },
    phase: 'Progressing',
  },
  {
    name: 'rolling: then the new grows',
    wanted: {
      strategy: 'rolling',
      replicas: 4,
      progress: recorded(3),
      stable: { revision: 'digits-v1', image: 'old', replicas: 4 },
    },
    observed: {
      ...both,
      revision: revision({ wantedReplicas: 1 }),
      previous: { ...old, wantedReplicas: 3 },
      publicRoute: route({ 'digits-v2': 25, 'digits-v1': 75 }),
    },
    action: { kind: 'apply', replicas: 2 },
    phase: 'Progressing',
  },
  {
    name: 'rolling: fails midway, gives all traffic and size back',
    wanted: { strategy: 'rolling', replicas: 4 },
    observed: {
      ...both,
      revision: revision({ wantedReplicas: 2, readyReplicas: 1, pods: [crashed] }),
      previous: { ...old, wantedReplicas: 3 },
      publicRoute: route(
        { 'digits-v2': 25, 'digits-v1': 75 },
        { changedBy: 7, before: [{ revision: 'digits-v1', weight: 100, replicas: 4 }] },
      ),
    },
    action: { kind: 'back-out', restore: [{ revision: 'digits-v1', weight: 100, replicas: 4 }] },
    phase: 'Failed',
  },
  {
    name: 'established: leaves traffic that another took',
    wanted: { established: true },
    observed: { revision: revision(), publicRoute: route({ 'digits-v3': 100 }) },
    action: { kind: 'none' },
    phase: null,
  },
  {
    name: 'established: puts a deleted route back',
    wanted: { established: true },
    observed: { revision: revision() },
    action: { kind: 'route', backends: [{ revision: 'digits-v2', weight: 100 }], before: [] },
    phase: 'Ready',
  },
  {
    name: 'established: puts a deleted revision back',
    wanted: { established: true },
    observed: { publicRoute: route({ 'digits-v2': 100 }) },
    action: { kind: 'apply', replicas: 2 },
    phase: 'Ready',
  },
  {
    name: 'established and past its deadline: still ready',
    wanted: { established: true, deadline: before(1) },
    observed: { revision: revision(), publicRoute: route({ 'digits-v2': 100 }) },
    action: { kind: 'finish' },
    phase: 'Ready',
  },
  {
    name: 'kept: is let be',
    wanted: { desired: 'kept' },
    observed: { revision: revision() },
    action: { kind: 'none' },
    phase: null,
  },
  {
    name: 'failed: is cleaned',
    wanted: { failed: true },
    observed: both,
    action: { kind: 'clean' },
    phase: null,
  },
  {
    name: 'failed with traffic of an older deployment: is let be',
    wanted: { failed: true },
    observed: {
      revision: revision(),
      publicRoute: route({ 'digits-v2': 100 }, { changedBy: 4, before: [] }),
    },
    action: { kind: 'none' },
    phase: null,
  },
  {
    name: 'failed by the deadline in mid-rolling: gives traffic back first',
    wanted: { failed: true },
    observed: {
      ...both,
      publicRoute: route({ 'digits-v2': 50, 'digits-v1': 50 }, { changedBy: 7, before: was }),
    },
    action: { kind: 'back-out', restore: was },
    phase: null,
  },
  {
    name: 'failed, but a kept deployment needs the revision: is let be',
    wanted: { failed: true, shared: true },
    observed: both,
    action: { kind: 'none' },
    phase: null,
  },
  {
    name: 'removed: goes',
    wanted: { desired: 'removed' },
    observed: both,
    action: { kind: 'remove', remaining: null },
    phase: null,
  },
  {
    name: 'removed while it serves alone: the route goes too',
    wanted: { desired: 'removed' },
    observed: { revision: revision(), publicRoute: route({ 'digits-v2': 100 }) },
    action: { kind: 'remove', remaining: [] },
    phase: null,
  },
  {
    name: 'failed by the deadline after the switch and wanted removed: gives traffic back first',
    wanted: { desired: 'removed', failed: true },
    observed: { revision: revision(), publicRoute: switched },
    action: { kind: 'back-out', restore: was },
    phase: null,
  },
  {
    name: 'removed long after it was ready: takes nothing of an older day back',
    wanted: { desired: 'removed' },
    observed: { revision: revision(), publicRoute: switched },
    action: { kind: 'remove', remaining: [] },
    phase: null,
  },
  {
    name: 'established with one pod left: still available',
    wanted: { established: true },
    observed: {
      revision: revision({ readyReplicas: 1 }),
      publicRoute: route({ 'digits-v2': 100 }),
    },
    action: { kind: 'none' },
    phase: 'Ready',
  },
  {
    name: 'established with no pod left: says so',
    wanted: { established: true },
    observed: {
      revision: revision({ readyReplicas: 0 }),
      publicRoute: route({ 'digits-v2': 100 }),
    },
    action: { kind: 'none' },
    phase: 'Progressing',
  },
  {
    name: 'removed and gone: says so',
    wanted: { desired: 'removed' },
    observed: { publicRoute: route({ 'digits-v1': 100 }) },
    action: { kind: 'none' },
    phase: 'Removed',
  },
  {
    name: 'removed, but shared: says so and leaves it',
    wanted: { desired: 'removed', shared: true },
    observed: both,
    action: { kind: 'none' },
    phase: 'Removed',
  },
];

describe('rollout.decide', () => {
  for (const row of TABLE) {
    it(row.name, () => {
      const decision = decide(
        wanted({ ...recordOf(row.observed ?? {}), ...row.wanted }),
        observed(withStable(row.observed ?? {})),
        NOW,
      );
      expect(decision.action).to.deep.equal(row.action);
      expect(decision.phase).to.equal(row.phase);
      if (row.reason) expect(decision.reason).to.match(row.reason);
      expect(decision.conditions.every((condition) => condition.observedGeneration === 3)).to.equal(
        true,
      );
    });
  }

  it('says in its Ready condition why it failed', () => {
    const decision = decide(
      wanted(),
      observed({ blocker: { reason: 'QuotaExceeded', message: 'pods 4 of 4 used' } }),
      NOW,
    );
    expect(decision.conditions.find((condition) => condition.type === 'Ready')).to.deep.include({
      status: 'False',
      reason: 'QuotaExceeded',
      message: 'pods 4 of 4 used',
    });
  });
});
