import { expect } from 'chai';
import type {
  CapacityObserved,
  Blocker,
  PodRequests,
} from '../../../../src/domain/capacity/capacity.ts';
import { queueBlocker } from '../../../../src/domain/capacity/queue.ts';
import type { Waiting } from '../../../../src/domain/capacity/queue.ts';
import { decide } from '../../../../src/domain/rollouts/decide.ts';
import { NOW, before, observed, wanted } from '../rollouts/revision-builders.ts';

const NAMESPACE = 'mlops-production';
const requests = (gpus: number): PodRequests => ({
  cpu: '500m',
  memory: '1Gi',
  cpuLimit: '1',
  memoryLimit: '1Gi',
  gpus,
});
const holder = (pod: string, gpus: number, namespace = NAMESPACE) => ({
  node: 'a',
  namespace,
  pod,
  gpus,
  terminating: false,
});
const capacity = (over: Partial<CapacityObserved> = {}): CapacityObserved => ({
  nodes: [{ name: 'a', gpus: 8, schedulable: true }],
  holders: [holder('other-v1-x', 6)],
  quotas: [],
  ...over,
});
const quotas = (hard: number, used: number) => [
  { name: 'team', hard: { pods: `${hard}` }, used: { pods: `${used}` } },
];
const one = (over: Partial<Waiting> = {}): Waiting => ({
  name: 'fraud-scorer 2.1',
  until: before(-60_000),
  paused: false,
  strategy: 'blue-green',
  steps: null,
  replicas: 1,
  requests: requests(4),
  old: null,
  ...over,
});
const beside = (pods: number, gpus: number): Waiting['old'] => ({
  revision: 'fraud-scorer-v7',
  replicas: pods,
  requests: requests(gpus),
});
const noGpu: Blocker = { reason: 'GpusNotFree', message: 'none free' };
const turn: Blocker = {
  reason: 'BehindOthers',
  message: 'Free capacity goes to earlier requests.',
  behind: 'fraud-scorer 2.1',
};

interface Row {
  name: string;
  waiting: Waiting[];
  own?: Blocker;
  gpus?: number;
  room?: CapacityObserved;
  then: Blocker | null;
}
const TABLE: Row[] = [
  { name: 'nobody waits', waiting: [], then: null },
  { name: 'nobody waits and nothing is free', waiting: [], own: noGpu, then: noGpu },
  { name: 'it would fit, and another asked first', waiting: [one()], then: turn },
  {
    name: 'it would not fit, and another asked first: with its own sentence',
    waiting: [one()],
    own: noGpu,
    then: { ...noGpu, behind: 'fraud-scorer 2.1' },
  },
  {
    name: 'several asked first',
    waiting: [one(), one({ name: 'b 1' }), one({ name: 'c 1' })],
    own: noGpu,
    then: { ...noGpu, behind: 'fraud-scorer 2.1 and 2 more' },
  },
  {
    name: 'its own image is gone: nothing to wait for',
    waiting: [one()],
    own: { reason: 'ImageNotFound', message: 'gone' },
    then: { reason: 'ImageNotFound', message: 'gone' },
  },
  { name: 'the wait of the other is over', waiting: [one({ until: NOW })], then: null },
  { name: 'the other does not wait', waiting: [one({ until: null })], then: null },
  { name: 'the other is paused', waiting: [one({ paused: true })], then: null },
  {
    name: 'the next of those that count is named',
    waiting: [one({ name: 'a 1', paused: true }), one()],
    then: turn,
  },
  {
    name: 'the other could never fit: more GPUs than there are',
    waiting: [one({ requests: requests(9) })],
    then: null,
  },
  {
    name: 'the other could never fit: on no node so many together',
    waiting: [one({ requests: requests(5) })],
    room: capacity({
      nodes: [
        { name: 'a', gpus: 4, schedulable: true },
        { name: 'b', gpus: 4, schedulable: true },
      ],
    }),
    then: null,
  },
  {
    name: 'the other could never fit: all of its pods, whatever it begins with',
    waiting: [one({ strategy: 'rolling', replicas: 3, old: beside(1, 1) })],
    then: null,
  },
  {
    name: 'the other could never fit: a quota',
    waiting: [one({ requests: requests(0), replicas: 4 })],
    room: capacity({ quotas: quotas(3, 3) }),
    then: null,
  },
  {
    name: 'the other waits for what its own model holds',
    waiting: [one({ requests: requests(5), old: beside(1, 5) })],
    room: capacity({ holders: [holder('fraud-scorer-v7-x', 5)] }),
    then: null,
  },
  {
    name: 'which a recreate gives back',
    waiting: [one({ requests: requests(5), strategy: 'recreate', old: beside(1, 5) })],
    room: capacity({ holders: [holder('fraud-scorer-v7-x', 5), holder('x', 3)] }),
    then: turn,
  },
  {
    name: 'what another model holds can come free',
    waiting: [one({ requests: requests(5), old: beside(1, 3) })],
    room: capacity({ holders: [holder('fraud-scorer-v7-x', 3), holder('x', 5)] }),
    then: turn,
  },
  {
    name: 'the same name in another namespace is another model',
    waiting: [one({ requests: requests(5), old: beside(1, 5) })],
    room: capacity({ holders: [holder('fraud-scorer-v7-x', 5, 'elsewhere')] }),
    then: turn,
  },
  {
    name: 'the other waits for the quota that its own model uses',
    waiting: [one({ requests: requests(0), replicas: 2, old: beside(2, 0) })],
    room: capacity({ quotas: quotas(3, 3) }),
    then: null,
  },
  {
    name: 'of which rolling needs one pod more',
    waiting: [one({ requests: requests(0), replicas: 2, strategy: 'rolling', old: beside(2, 0) })],
    room: capacity({ quotas: quotas(3, 3) }),
    then: turn,
  },
  { name: 'the other waits for GPUs, and it wants none', waiting: [one()], gpus: 0, then: null },
  {
    name: 'the other waits for GPUs and for a quota, and it wants of the quota',
    waiting: [one()],
    gpus: 0,
    room: capacity({ quotas: quotas(3, 3) }),
    then: turn,
  },
  {
    name: 'the other waits for a quota',
    waiting: [one({ requests: requests(0) })],
    gpus: 0,
    room: capacity({ quotas: quotas(3, 3) }),
    then: turn,
  },
];

describe('those who wait for room', () => {
  for (const { name, waiting, own = null, gpus = 1, room = capacity(), then } of TABLE) {
    it(name, () =>
      expect(
        queueBlocker(waiting, own, {
          requests: requests(gpus),
          capacity: room,
          namespace: NAMESPACE,
          now: NOW,
        }),
      ).to.deep.equal(then),
    );
  }

  it('say behind whom, and wait no longer than they may', () => {
    const said = (blocker: Blocker, queueUntil: Date) =>
      decide(wanted({ queueUntil }), observed({ blocker }), NOW);
    const waits = said({ ...noGpu, behind: 'fraud-scorer 2.1' }, before(-1000));
    expect([waits.action.kind, waits.reason, waits.status?.waitingFor]).to.deep.equal([
      'none',
      'Waiting for capacity behind fraud-scorer 2.1: none free',
      'room',
    ]);
    expect(said(turn, before(-1000)).reason).to.equal(
      'Waiting for capacity behind fraud-scorer 2.1: Free capacity goes to earlier requests.',
    );
    expect(said(turn, NOW)).to.deep.include({
      phase: 'Failed',
      reason:
        'BehindOthers: Free capacity goes to earlier requests. Waited behind fraud-scorer 2.1.',
    });
  });
});
