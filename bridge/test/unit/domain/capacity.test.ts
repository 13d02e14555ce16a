import { expect } from 'chai';
import { capacityObstacle, rolloutObstacle } from '../../../src/domain/capacity.ts';
import type { CapacityObserved, PodRequests } from '../../../src/domain/capacity.ts';
import { quantity } from '../../../src/domain/quantity.ts';

const requests = (gpus: number): PodRequests => ({ cpu: '500m', memory: '1Gi', cpuLimit: '1', memoryLimit: '1Gi', gpus });
const capacity = (over: Partial<CapacityObserved> = {}): CapacityObserved => ({
  nodes: [{ name: 'a', gpus: 8, schedulable: true }], holders: [{ node: 'a', namespace: 'mlops-production', pod: 'digits-v1-x', gpus: 6, terminating: false }], quotas: [], ...over,
});

describe('capacity', () => {
  it('lets pass what fits, and GPUs that are being given back', () => {
    expect(capacityObstacle(capacity(), requests(1), 2)).to.equal(null);
    expect(capacityObstacle(capacity(), requests(0), 50)).to.equal(null);
    const ending = capacity({ holders: [{ node: 'a', namespace: 'n', pod: 'p', gpus: 8, terminating: true }] });
    expect(capacityObstacle(ending, requests(4), 2)).to.equal(null);
  });

  it('names what is wanted, what is free and who holds the rest', () => {
    const obstacle = capacityObstacle(capacity(), requests(1), 3);
    expect(obstacle?.reason).to.equal('GpusNotFree');
    expect(obstacle?.message).to.equal('3 GPUs are wanted (3 pods with 1 each), 2 of 8 are free. Held by mlops-production/digits-v1-x 6.');
    expect(capacityObstacle(capacity({ holders: [{ node: 'a', namespace: 'n', pod: 'p', gpus: 5, terminating: false }] }), requests(4), 1)?.message).to.equal('4 GPUs are wanted, 3 of 8 are free. Held by n/p 5.');
  });

  it('does not add up GPUs of two nodes for one pod, and skips a cordoned node', () => {
    const two = capacity({ nodes: [{ name: 'a', gpus: 2, schedulable: true }, { name: 'b', gpus: 2, schedulable: true }], holders: [] });
    expect(capacityObstacle(two, requests(4), 1)?.reason).to.equal('GpusNotFree');
    expect(capacityObstacle(two, requests(2), 2)).to.equal(null);
    expect(capacityObstacle({ ...two, nodes: two.nodes!.map((node) => ({ ...node, schedulable: node.name === 'a' })) }, requests(2), 2)?.reason).to.equal('GpusNotFree');
  });

  it('offers what fits: one pod more at a time, where another version serves', () => {
    const offered = (strategy: string, serves: boolean, gpus: number): boolean => /Promote it as rolling/.test(rolloutObstacle(capacity(), requests(gpus), 3, strategy, serves)?.message ?? '');
    expect([offered('blue-green', true, 1), offered('canary', true, 2), offered('rolling', true, 1), offered('blue-green', false, 1), offered('blue-green', true, 3)]).to.deep.equal([true, true, false, false, false]);
  });

  it('leaves the judgement to the scheduler where nodes may not be seen', () => {
    expect(capacityObstacle(capacity({ nodes: null }), requests(100), 1)).to.equal(null);
  });

  it('knows the quota', () => {
    const quotas = [{ name: 'team', hard: { 'requests.memory': '4Gi', pods: '10' }, used: { 'requests.memory': '2Gi', pods: '3' } }];
    expect(capacityObstacle(capacity({ quotas }), requests(0), 2)).to.equal(null);
    expect(capacityObstacle(capacity({ quotas }), requests(0), 3)).to.deep.include({ reason: 'QuotaExceeded' });
  });

  it('reads quantities', () => {
    for (const [text, value] of [['250m', 0.25], ['2', 2], ['1Gi', 2 ** 30], ['1.5k', 1500], ['1e3', 1000], ['128974848', 128974848]] as const) {
      expect(quantity(text)).to.be.closeTo(value, 1e-9);
    }
    expect(quantity('many')).to.be.NaN;
  });
});
