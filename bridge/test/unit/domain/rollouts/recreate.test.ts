import { expect } from 'chai';
import { decide } from '../../../../src/domain/rollouts/decide.ts';
import type {
  Action,
  Decision,
  Observed,
  Progress,
  DesiredState,
} from '../../../../src/domain/rollouts/types.ts';
import { describe as inWords, stepsOf } from '../../../../src/domain/rollouts/strategy.ts';
import {
  before,
  container,
  NOW,
  observed,
  pod,
  recordOf,
  revision,
  route,
  wanted,
  withStable,
} from './revision-builders.ts';

const was = [{ revision: 'digits-v1', weight: 100, replicas: 3 }];
const none: Action = { kind: 'none' };
const old = revision({
  name: 'digits-v1',
  image: 'old',
  wantedReplicas: 3,
  pods: [pod({ name: 'a' }), pod({ name: 'b' }), pod({ name: 'c' })],
});
const ending = revision({
  name: 'digits-v1',
  image: 'old',
  wantedReplicas: 0,
  pods: [pod({ name: 'a', terminating: true })],
});
const gone = revision({ name: 'digits-v1', image: 'old', wantedReplicas: 0 });
const ready = revision({ wantedReplicas: 0 });
const noted = route({ 'digits-v1': 100 }, { changedBy: 7, before: was });
const switched = route({ 'digits-v2': 100 }, { changedBy: 7, before: was });
const crashed = pod({
  lastLogLine: 'boom',
  containers: [
    container({ restarts: 2, lastTerminated: { reason: 'Error', exitCode: 3, message: '' } }),
  ],
});
const back: Action = { kind: 'back-out', restore: was, release: true };
const noGpu = { reason: 'GpusNotFree', message: 'none free' };
const since = (secondsAgo: number): Progress => ({
  step: 1,
  since: before(secondsAgo * 1000),
  baseline: null,
  judgements: [],
});
const serves = { previous: old, publicRoute: route({ 'digits-v1': 100 }) };
const given = { previous: gone, publicRoute: noted, revision: ready };

interface Row {
  name: string;
  wanted?: Partial<DesiredState>;
  observed?: Partial<Observed>;
  action: Action;
  phase?: Decision['phase'];
  reason?: RegExp;
  waits?: string;
}

const TABLE: Row[] = [
  { name: 'nothing serves yet: as blue-green', action: { kind: 'apply', replicas: 2 } },
  {
    name: 'the image is gone: fails before anything is given up',
    observed: { ...serves, blocker: { reason: 'ImageNotFound', message: 'gone' } },
    action: { kind: 'back-out', restore: null },
    phase: 'Failed',
    reason: /^ImageNotFound/,
  },
  {
    name: 'no room even so: fails before anything is given up',
    observed: { ...serves, blocker: noGpu },
    action: { kind: 'back-out', restore: null },
    phase: 'Failed',
    reason: /^GpusNotFree/,
  },
  {
    name: 'no room even so, and it may wait: waits while the old one serves',
    wanted: { queueUntil: before(-30) },
    observed: { ...serves, blocker: noGpu },
    action: none,
    reason: /^Waiting for capacity: none free/,
    waits: 'room',
  },
  {
    name: 'paused before it begins: waits',
    wanted: { controls: { paused: true, approvedStep: -1, skipTo: 0 } },
    observed: serves,
    action: none,
    waits: 'pause',
  },
  {
    name: 'begins with what the cluster must take, without a pod',
    observed: serves,
    action: { kind: 'apply', replicas: 0 },
  },
  {
    name: 'then writes down what serves, and its size',
    observed: { ...serves, revision: ready },
    action: { kind: 'route', backends: [{ revision: 'digits-v1', weight: 100 }], before: was },
  },
  {
    name: 'what another rollout wrote down is not its own',
    observed: {
      ...serves,
      revision: ready,
      publicRoute: route(
        { 'digits-v1': 100 },
        { changedBy: 6, before: [{ revision: 'digits-v0', weight: 100, replicas: 9 }] },
      ),
    },
    action: { kind: 'route', backends: [{ revision: 'digits-v1', weight: 100 }], before: was },
  },
  {
    name: 'another rollout had taken pods of it: the size before that counts',
    observed: {
      previous: { ...old, wantedReplicas: 1 },
      revision: ready,
      publicRoute: route({ 'digits-v1': 100 }, { changedBy: 6, before: was }),
    },
    action: { kind: 'route', backends: [{ revision: 'digits-v1', weight: 100 }], before: was },
  },
  {
    name: 'then the old pods go, all at once',
    observed: { ...serves, revision: ready, publicRoute: noted },
    action: { kind: 'scale-previous', revision: 'digits-v1', replicas: 0 },
    reason: /endpoint is down until the new version is ready/,
  },
  {
    name: 'the route was deleted after the switch, and somebody started the old pods: they stop again',
    wanted: { progress: { ...since(0), step: 3 } },
    observed: { ...serves, revision: ready, publicRoute: null },
    action: { kind: 'scale-previous', revision: 'digits-v1', replicas: 0 },
  },
  {
    name: 'and are waited for',
    observed: { previous: ending, revision: ready, publicRoute: noted },
    action: none,
    reason: /the last pod of the stable version is removed/,
    waits: 'pods',
  },
  {
    name: 'paused while nobody answers: goes on',
    wanted: { controls: { paused: true, approvedStep: -1, skipTo: 0 } },
    observed: given,
    action: { kind: 'apply', replicas: 2 },
  },
  {
    name: 'they are gone: the new ones start',
    observed: given,
    action: { kind: 'apply', replicas: 2 },
  },
  {
    name: 'their room is not told to be free yet: the time is written down',
    observed: { ...given, blocker: noGpu },
    action: { kind: 'progress', step: 1, baseline: false, judgement: null },
  },
  {
    name: 'and waited for',
    wanted: { progress: since(59) },
    observed: { ...given, revision: ready, blocker: noGpu },
    action: none,
    waits: 'pods',
  },
  {
    name: 'not for long, however long it may wait for room',
    wanted: { queueUntil: before(-3_600_000), progress: since(60) },
    observed: { ...given, revision: ready, blocker: noGpu },
    action: back,
    phase: 'Failed',
    reason: /^GpusNotFree/,
  },
  {
    name: 'its objects were deleted meanwhile: makes them again',
    observed: { ...given, revision: null, blocker: noGpu },
    action: { kind: 'apply', replicas: 0 },
  },
  {
    name: 'the image is gone now: the old version comes back',
    observed: { ...given, blocker: { reason: 'ImageNotFound', message: 'gone' } },
    action: back,
    phase: 'Failed',
  },
  {
    name: 'the new pods crash: the old version comes back at its size',
    observed: { ...given, revision: revision({ readyReplicas: 0, pods: [crashed] }) },
    action: back,
    phase: 'Failed',
    reason: /^CrashLoopBackOff/,
  },
  {
    name: 'the deadline: the old version comes back at its size',
    wanted: { deadline: before(1) },
    observed: { ...given, revision: revision({ readyReplicas: 1 }) },
    action: back,
    phase: 'Failed',
  },
  {
    name: 'the deadline before anything was given up: nothing to bring back',
    wanted: { deadline: before(1) },
    observed: { ...serves, revision: ready, publicRoute: noted },
    action: { kind: 'back-out', restore: null },
    phase: 'Failed',
  },
  {
    name: 'ready: is asked through its preview first',
    observed: { ...given, revision: revision(), previewRoute: route({ 'digits-v2': 100 }) },
    action: { kind: 'smoke', through: 'preview' },
  },
  {
    name: 'the preview fails: the old version comes back at its size',
    observed: {
      ...given,
      revision: revision(),
      previewRoute: route({ 'digits-v2': 100 }),
      smoke: { preview: { ok: false, message: '500' }, public: null },
    },
    action: back,
    phase: 'Failed',
  },
  {
    name: 'answers: that is recorded',
    observed: {
      ...given,
      revision: revision(),
      previewRoute: route({ 'digits-v2': 100 }),
      smoke: { preview: { ok: true, message: '' }, public: null },
    },
    action: { kind: 'progress', step: 3, baseline: false, judgement: null },
  },
  {
    name: 'answered: gets the traffic, what was before stays known',
    wanted: { progress: { ...since(0), step: 3 } },
    observed: {
      ...given,
      revision: revision(),
      previewRoute: route({ 'digits-v2': 100 }),
      smoke: { preview: { ok: true, message: '' }, public: null },
    },
    action: { kind: 'route', backends: [{ revision: 'digits-v2', weight: 100 }], before: was },
  },
  {
    name: 'somebody scaled the old one up while the new one is ready: it is left alone',
    observed: {
      previous: { ...old, wantedReplicas: 1 },
      publicRoute: noted,
      revision: revision(),
      previewRoute: route({ 'digits-v2': 100 }),
    },
    action: { kind: 'smoke', through: 'preview' },
  },
  {
    name: 'has the traffic and loses its pods: they are waited for, since nobody else is there',
    wanted: {
      progress: { ...since(0), step: 3 },
      stable: { revision: 'digits-v1', image: 'old', replicas: 3 },
    },
    observed: {
      previous: gone,
      revision: revision({ readyReplicas: 0 }),
      publicRoute: switched,
      previewRoute: route({ 'digits-v2': 100 }),
    },
    action: none,
    waits: 'pods',
  },
  {
    name: 'the public path fails: the old version comes back, the new one makes place',
    wanted: { progress: { ...since(0), step: 3 } },
    observed: {
      revision: revision(),
      publicRoute: switched,
      smoke: { preview: null, public: { ok: false, message: '' } },
    },
    action: back,
    phase: 'Failed',
  },
  {
    name: 'all done',
    wanted: { progress: { ...since(0), step: 3 } },
    observed: {
      revision: revision(),
      publicRoute: switched,
      smoke: { preview: null, public: { ok: true, message: '' } },
    },
    action: { kind: 'finish' },
    phase: 'Ready',
  },
  {
    name: "aborted, or ended by Odoo's deadline, while nobody answers: the old version comes back first",
    wanted: { desired: 'removed', failed: true },
    observed: given,
    action: back,
    phase: null,
  },
  {
    name: 'the same, told as failed',
    wanted: { failed: true },
    observed: given,
    action: back,
    phase: null,
  },
  {
    name: 'it is back: what failed goes',
    wanted: { desired: 'removed', failed: true },
    observed: { previous: old, publicRoute: noted, revision: ready },
    action: { kind: 'remove', remaining: null },
    phase: null,
  },
  {
    name: 'the new pods are there beside it already: nothing is given up',
    observed: { ...serves, revision: revision() },
    action: { kind: 'apply-preview' },
  },
  {
    name: 'a rollback that fits: beside what serves',
    wanted: { rollback: true, strategy: 'blue-green' },
    observed: { ...serves, revision: ready },
    action: { kind: 'apply', replicas: 2 },
  },
  {
    name: 'a rollback that fits only instead of what serves: gives it up',
    wanted: { rollback: true, strategy: 'blue-green' },
    observed: { ...serves, revision: ready, blocker: { ...noGpu, fitsAfterRecreate: true } },
    action: { kind: 'route', backends: [{ revision: 'digits-v1', weight: 100 }], before: was },
  },
  {
    name: 'begun so, it goes on so',
    wanted: { rollback: true, strategy: 'blue-green' },
    observed: { previous: ending, revision: ready, publicRoute: noted },
    action: none,
    waits: 'pods',
  },
  {
    name: 'and switches without asking first',
    wanted: { rollback: true, strategy: 'blue-green' },
    observed: { ...given, revision: revision() },
    action: { kind: 'route', backends: [{ revision: 'digits-v2', weight: 100 }], before: was },
  },
  {
    name: 'such a rollback fails: what served comes back, at its size',
    wanted: { rollback: true, strategy: 'blue-green', deadline: before(1) },
    observed: given,
    action: back,
    phase: 'Failed',
  },
  {
    name: 'a rollback that fits neither way fails',
    wanted: { rollback: true, strategy: 'blue-green' },
    observed: { ...serves, revision: ready, blocker: noGpu },
    action: { kind: 'back-out', restore: null },
    phase: 'Failed',
  },
  {
    name: 'unless the room is with one that is being withdrawn',
    wanted: { rollback: true, strategy: 'blue-green', withdrawing: ['3.0.0'] },
    observed: { ...serves, revision: ready, blocker: noGpu },
    action: none,
    waits: 'predecessor',
  },
];

describe('recreate', () => {
  for (const row of TABLE) {
    it(row.name, () => {
      const decision = decide(
        wanted({ strategy: 'recreate', ...recordOf(row.observed ?? {}), ...row.wanted }),
        observed(withStable(row.observed ?? {})),
        NOW,
      );
      expect(decision.action).to.deep.equal(row.action);
      expect(decision.phase).to.equal(row.phase === undefined ? 'Progressing' : row.phase);
      if (row.reason) expect(decision.reason).to.match(row.reason);
      if (row.waits) expect(decision.status?.waitingFor).to.equal(row.waits);
    });
  }

  it('says what it does', () => {
    expect(
      stepsOf({ strategy: 'recreate', steps: null, replicas: 2, alone: false }, null).map((step) =>
        inWords(step, 2),
      ),
    ).to.deep.equal([
      'Stop the stable version: the endpoint is down until the new version is ready.',
      'Start 2 of 2 pods of the new version.',
      'Smoke-test the new version on its preview route.',
      'Send all traffic to the new version.',
    ]);
  });
});
