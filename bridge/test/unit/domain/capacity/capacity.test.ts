import { expect } from 'chai';
import {
  capacityBlocker,
  givenBack,
  rolloutBlocker,
} from '../../../../src/domain/capacity/capacity.ts';
import type {
  Beside,
  CapacityObserved,
  Held,
  PodRequests,
} from '../../../../src/domain/capacity/capacity.ts';
import { quantity } from '../../../../src/domain/capacity/quantity.ts';
import { firstPods } from '../../../../src/domain/rollouts/strategy.ts';
import type { Strategy } from '../../../../src/contract/rollout.ts';
import type { Step } from '../../../../src/domain/rollouts/strategy.ts';

const requests = (gpus: number): PodRequests => ({
  cpu: '500m',
  memory: '1Gi',
  cpuLimit: '1',
  memoryLimit: '1Gi',
  gpus,
});
const capacity = (over: Partial<CapacityObserved> = {}): CapacityObserved => ({
  nodes: [{ name: 'a', gpus: 8, schedulable: true }],
  holders: [
    { node: 'a', namespace: 'mlops-production', pod: 'digits-v1-x', gpus: 6, terminating: false },
  ],
  quotas: [],
  ...over,
});

describe('capacity', () => {
  it('lets pass what fits, and GPUs that are being given back', () => {
    expect(capacityBlocker(capacity(), requests(1), 2)).to.equal(null);
    expect(capacityBlocker(capacity(), requests(0), 50)).to.equal(null);
    const ending = capacity({
      holders: [{ node: 'a', namespace: 'n', pod: 'p', gpus: 8, terminating: true }],
    });
    expect(capacityBlocker(ending, requests(4), 2)).to.equal(null);
  });

  it('names what is wanted, what is free and who holds the rest', () => {
    const blocker = capacityBlocker(capacity(), requests(1), 3);
    expect(blocker?.reason).to.equal('GpusNotFree');
    expect(blocker?.message).to.equal(
      '3 GPUs are wanted (3 pods with 1 each), 2 of 8 are free. Held by mlops-production/digits-v1-x 6.',
    );
    expect(
      capacityBlocker(
        capacity({
          holders: [{ node: 'a', namespace: 'n', pod: 'p', gpus: 5, terminating: false }],
        }),
        requests(4),
        1,
      )?.message,
    ).to.equal('4 GPUs are wanted, 3 of 8 are free. Held by n/p 5.');
  });

  it('does not add up GPUs of two nodes for one pod, and skips a cordoned node', () => {
    const two = capacity({
      nodes: [
        { name: 'a', gpus: 2, schedulable: true },
        { name: 'b', gpus: 2, schedulable: true },
      ],
      holders: [],
    });
    expect(capacityBlocker(two, requests(4), 1)?.reason).to.equal('GpusNotFree');
    expect(capacityBlocker(two, requests(2), 2)).to.equal(null);
    expect(
      capacityBlocker(
        { ...two, nodes: two.nodes!.map((node) => ({ ...node, schedulable: node.name === 'a' })) },
        requests(2),
        2,
      )?.reason,
    ).to.equal('GpusNotFree');
  });

  describe('offers what fits', () => {
    const everything: Strategy[] = ['rolling', 'blue-green', 'canary', 'recreate'];
    const little: Step[] = [
      { kind: 'scale', percent: 50 },
      { kind: 'weight', percent: 10 },
      { kind: 'scale', percent: 100 },
      { kind: 'weight', percent: 100 },
    ];
    const old: Held = {
      namespace: 'mlops-production',
      pods: ['digits-v1-x'],
      requests: requests(6),
    };
    const rolling = ' Promote it as rolling, which needs capacity for one pod at a time';
    const canary = 'as canary, which needs capacity for 2 pods at first';
    const recreate =
      'as recreate, which needs no spare capacity; the endpoint is down until the new version is ready';
    const quota = (hard: number): CapacityObserved =>
      capacity({
        nodes: null,
        holders: [],
        quotas: [{ name: 'team', hard: { pods: `${hard}` }, used: { pods: '1' } }],
      });
    // asked for, GPUs of each of 3 pods → what is offered besides the sentence
    const cases: [
      string,
      Strategy,
      number,
      Partial<Beside> & { room?: CapacityObserved },
      string | null,
    ][] = [
      [
        'all three',
        'blue-green',
        1,
        { canary: little },
        `${rolling}, or ${canary}, or ${recreate}.`,
      ],
      ['not what was asked for', 'canary', 2, { canary: little }, `${rolling}, or ${recreate}.`],
      [
        'a canary that starts all of its pods fits no better',
        'blue-green',
        1,
        {},
        `${rolling}, or ${recreate}.`,
      ],
      [
        'one pod does not fit: what gives all back',
        'blue-green',
        2.5,
        { canary: little },
        ` Promote it ${recreate}.`,
      ],
      ['rolling does not fit: what gives all back', 'rolling', 2.5, {}, ` Promote it ${recreate}.`],
      [
        'only what the environment allows',
        'blue-green',
        1,
        { canary: little, allowed: ['blue-green', 'canary'] },
        ` Promote it ${canary}.`,
      ],
      ['recreate is not allowed', 'rolling', 2.5, { allowed: ['rolling', 'blue-green'] }, ''],
      ['nothing serves', 'blue-green', 3, { old: null }, ''],
      ['too much for the whole cluster', 'blue-green', 4, {}, ''],
      [
        'not even with everything given back',
        'recreate',
        4,
        {},
        ' What the stable version holds is counted as released.',
      ],
      ['recreate fits', 'recreate', 2.5, {}, null],
      [
        'a quota: one pod more',
        'blue-green',
        0,
        { room: quota(2) },
        ` Promote it as rolling, which needs capacity for one pod at a time.`,
      ],
      [
        'a quota: one pod more, or none',
        'blue-green',
        0,
        { room: quota(3) },
        `${rolling}, or ${recreate}.`,
      ],
      [
        'a quota: what it holds itself',
        'rolling',
        0,
        {
          room: {
            ...quota(1),
            quotas: [
              {
                name: 'team',
                hard: { 'requests.memory': '3Gi' },
                used: { 'requests.memory': '3Gi' },
              },
            ],
          },
          old: { ...old, pods: ['a', 'b', 'c'] },
        },
        ` Promote it ${recreate}.`,
      ],
      [
        'a quota whose share of the old one is not known',
        'recreate',
        0,
        {
          room: {
            ...quota(1),
            quotas: [
              {
                name: 'team',
                hard: { 'requests.memory': '3Gi' },
                used: { 'requests.memory': '3Gi' },
              },
            ],
          },
          old: { ...old, requests: null },
        },
        ' What the stable version holds is counted as released.',
      ],
    ];
    for (const [name, strategy, gpus, { room = capacity(), ...over }, said] of cases) {
      it(name, () => {
        const beside: Beside = {
          strategy,
          replicas: 3,
          old,
          allowed: everything,
          canary: null,
          ...over,
        };
        const first =
          strategy === 'rolling'
            ? 1
            : strategy === 'canary'
              ? firstPods({ strategy: 'canary', steps: beside.canary, replicas: 3, alone: false })
              : 3;
        const blocker = rolloutBlocker(room, requests(gpus), first, beside);
        const bare = capacityBlocker(
          strategy === 'recreate' && beside.old ? givenBack(room, beside.old) : room,
          requests(gpus),
          first,
        );
        expect(blocker?.message ?? null).to.equal(said === null ? null : `${bare?.message}${said}`);
      });
    }
  });

  it('leaves the judgement to the scheduler where nodes may not be seen', () => {
    expect(capacityBlocker(capacity({ nodes: null }), requests(100), 1)).to.equal(null);
  });

  it('knows the quota', () => {
    const quotas = [
      {
        name: 'team',
        hard: { 'requests.memory': '4Gi', pods: '10' },
        used: { 'requests.memory': '2Gi', pods: '3' },
      },
    ];
    expect(capacityBlocker(capacity({ quotas }), requests(0), 2)).to.equal(null);
    expect(capacityBlocker(capacity({ quotas }), requests(0), 3)).to.deep.include({
      reason: 'QuotaExceeded',
    });
  });

  it('reads quantities', () => {
    for (const [text, value] of [
      ['250m', 0.25],
      ['2', 2],
      ['1Gi', 2 ** 30],
      ['1.5k', 1500],
      ['1e3', 1000],
      ['128974848', 128974848],
    ] as const) {
      expect(quantity(text)).to.be.closeTo(value, 1e-9);
    }
    expect(quantity('many')).to.be.NaN;
  });
});
