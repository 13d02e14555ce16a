/* eslint-disable max-lines -- one table of cases, each read on its own */
import { expect } from 'chai';
import { Failed } from '../../../../src/errors.ts';
import type { Step } from '../../../../src/domain/rollouts/strategy.ts';
import { reconcileJob } from '../../../../src/services/rollouts/reconcile.ts';
import type { DeploymentWork, OdooPort } from '../../../../src/services/ports/odoo.ts';
import type { Logger } from '../../../../src/services/ports/runtime.ts';
import type { JobResult } from '../../../../src/services/ports/jobs.ts';
import { WorkCache } from '../../../../src/services/rollouts/work-cache.ts';
import { MemoryCluster, MemoryGateway } from './memory-cluster.ts';
import { deploymentWork } from '../../../fakes/deployment-work.ts';

const DIGEST = `sha256:${'1'.repeat(64)}`;
const OLD_DIGEST = `sha256:${'2'.repeat(64)}`;
const OLD_IMAGE = `registry.test:5000/models/digits@${OLD_DIGEST}`;
const quiet: Logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => quiet };
interface Facts {
  phase: string;
  reason: string;
  endpointUrl: string | null;
  previewUrl: string | null;
  observed: { traffic: number; revision: string; rollout?: { judgements: unknown[] } };
  conditions: { type: string; status: string; lastTransitionTime: string }[];
}

function scene(over: Partial<DeploymentWork> = {}) {
  let at = Date.parse('2026-03-01T12:00:00Z');
  const cluster = new MemoryCluster();
  const gateway = new MemoryGateway(cluster);
  const reports: Facts[] = [];
  const calls: string[] = [];
  const work = deploymentWork({
    imageDigest: DIGEST,
    deadlineAt: new Date(at + 60_000).toISOString(),
    ...over,
  });
  const odoo = {
    call: async (
      _caller: unknown,
      model: string,
      method: string,
      kwargs: { facts?: Facts; generation?: number; progress?: DeploymentWork['progress'] },
    ) => {
      calls.push(`${model} ${method}`);
      if (method === 'work')
        return structuredClone(
          model === 'mlops.deployment' ? work : { inputSchema: { example: { inputs: [] } } },
        );
      if (kwargs.generation !== work.generation) return { accepted: false };
      if (method === 'record_progress')
        return { accepted: true, progress: structuredClone((work.progress = kwargs.progress!)) };
      reports.push(kwargs.facts!);
      if (kwargs.facts!.phase === 'Failed')
        Object.assign(work, {
          phase: 'Failed',
          desired: 'removed',
          generation: work.generation + 1,
        });
      else if (kwargs.facts!.phase !== 'Removed') work.phase = kwargs.facts!.phase;
      if (kwargs.facts!.phase === 'Ready') work.isLive = true;
      return { accepted: true };
    },
  } as unknown as OdooPort;
  const clock = {
    now: () => new Date(at),
    sleep: async (ms: number) => {
      at += ms;
    },
  };
  const recent = new WorkCache(clock);
  const job = reconcileJob({
    odoo,
    recent,
    cluster,
    gateway,
    metrics: null,
    registry: { digestOf: async () => DIGEST },
    endpointsUrl: 'https://people',
    registryName: 'registry.test:5000',
    clock,
  });
  const tick = (generation = work.generation, subjectId = 7): Promise<JobResult> =>
    job(
      { eventId: 1, key: `deployment:${subjectId}`, generation, subjectId },
      { log: quiet, signal: new AbortController().signal, requestId: 'r' },
    );
  const until = async (): Promise<void> => {
    for (let turn = 0; turn < 30; turn += 1) {
      const result = await tick();
      if (result.done) return;
      at += result.againInMs;
    }
    throw new Error('no end after 30 ticks');
  };
  const oldServes = (): void => {
    cluster.revisions.set('digits-v1', {
      name: 'digits-v1',
      image: OLD_IMAGE,
      wantedReplicas: 2,
      readyReplicas: 2,
      upToDate: true,
      appliedAt: new Date(),
      creationFailure: null,
      pods: [],
    });
    Object.assign(work, {
      previous: { deploymentId: 3, versionId: 1 },
      stable: {
        deploymentId: 3,
        versionId: 1,
        version: '1.0.0',
        image: work.image,
        imageDigest: OLD_DIGEST,
        serving: { replicas: 2 },
      },
    });
    cluster.routes.set('digits', {
      backends: [{ revision: 'digits-v1', weight: 100 }],
      changedBy: 3,
      before: [],
      accepted: true,
    });
  };
  const pass = (ms: number): void => {
    at += ms;
  };
  return { cluster, calls, recent, gateway, work, reports, tick, until, oldServes, pass };
}

describe('deliver', () => {
  it('brings a first deployment up: preview, smoke test with the example, one switch, Ready', async () => {
    const { cluster, gateway, reports, until } = scene();
    await until();
    expect(cluster.asked).to.deep.equal([
      'apply digits-v2 2',
      'route digits-preview digits-v2=100',
      'route digits digits-v2=100',
      'remove-route digits-preview',
    ]);
    expect(gateway.urls).to.deep.equal([
      'http://gw/previews/production/digits/v2/health/ready',
      'http://gw/previews/production/digits/v2/models/digits/infer',
      'http://gw/endpoints/production/digits/v2/health/ready',
      'http://gw/endpoints/production/digits/v2/models/digits/infer',
    ]);
    expect(reports.at(-1)).to.deep.include({
      phase: 'Ready',
      endpointUrl: 'https://people/endpoints/production/digits',
    });
  });

  it('reports a state once, however often it is looked at', async () => {
    const { cluster, reports, tick } = scene();
    cluster.startsReady = false;
    for (let turn = 0; turn < 3; turn += 1) await tick();
    cluster.revisions.get('digits-v2')!.readyReplicas = 1;
    for (let turn = 0; turn < 3; turn += 1) await tick();
    expect(reports.map((facts) => facts.reason)).to.deep.equal([
      '0 of 2 pods ready.',
      '1 of 2 pods ready.',
    ]);
    const [first, second] = reports.map(
      (facts) =>
        facts.conditions.find((condition) => condition.type === 'PodsReady')!.lastTransitionTime,
    );
    expect(first).to.equal(second);
  });

  it('goes on in the same job when the cluster tells that the pods are ready', async () => {
    const { cluster, reports, tick } = scene();
    cluster.startsReady = false;
    cluster.changes.push(
      () => {
        cluster.revisions.get('digits-v2')!.readyReplicas = 1;
      },
      () => {
        cluster.revisions.get('digits-v2')!.readyReplicas = 2;
      },
    );
    expect(await tick()).to.deep.equal({ done: true });
    expect(reports.map((facts) => facts.phase)).to.deep.equal([
      'Progressing',
      'Progressing',
      'Ready',
    ]);
  });

  it('looks less often, and keeps no place while it waits, when many are on their way', async () => {
    const { cluster, tick } = scene();
    cluster.startsReady = false;
    const alone = await tick();
    for (let other = 100; other < 300; other += 1) await tick(4, other);
    cluster.changes.push(() => undefined);
    const crowded = await tick();
    expect(alone).to.deep.include({ done: false, againInMs: 500 });
    expect(crowded).to.deep.include({ done: false, againInMs: 5025 });
    expect(cluster.changes, 'waited for').to.have.length(1);
  });

  it('gives its place to others when the cluster goes on telling of changes', async () => {
    const { cluster, tick } = scene();
    cluster.startsReady = false;
    cluster.changes.push(...Array.from({ length: 100 }, () => () => undefined));
    expect(await tick()).to.deep.include({ done: false });
    expect(cluster.changes.length).to.be.greaterThan(50);
  });

  it('makes nothing again that a newer order has removed while it waited', async () => {
    const { cluster, work, tick } = scene();
    cluster.startsReady = false;
    cluster.changes.push(() => {
      work.generation = 5;
      cluster.revisions.clear();
    });
    expect(await tick()).to.deep.equal({ done: true });
    expect(cluster.asked.filter((asked) => asked.startsWith('apply'))).to.have.length(1);
  });

  it('shows the preview to people when it can answer', async () => {
    const { cluster, reports, tick } = scene({ strategy: 'rolling' });
    cluster.startsReady = false;
    await tick();
    expect(reports.at(-1)!.previewUrl).to.equal(null);
  });

  it('stops when Odoo wants something newer, also between the smoke test and the switch', async () => {
    const { cluster, gateway, work, tick } = scene();
    expect(await tick(3)).to.deep.equal({ done: true });
    expect(cluster.asked).to.deep.equal([]);
    gateway.status = () => {
      work.generation = 9;
      return 200;
    };
    expect(await tick(4)).to.deep.equal({ done: true });
    expect(cluster.routes.has('digits-preview')).to.equal(true);
    expect(cluster.routes.has('digits')).to.equal(false);
  });

  it('waits for the build without touching the cluster', async () => {
    const { cluster, tick } = scene({ imageDigest: null });
    expect(await tick()).to.deep.equal({ done: true });
    expect(cluster.asked).to.deep.equal([]);
  });

  it('gives traffic back when the public path fails, then removes what failed', async () => {
    const { cluster, gateway, reports, until, oldServes } = scene();
    oldServes();
    gateway.status = (url) => (url.includes('/endpoints/') ? 500 : 200);
    await until();
    const failed = reports.find((facts) => facts.phase === 'Failed');
    expect(failed?.reason).to.match(
      /^SmokeTestFailed: GET \/v2\/health\/ready through the gateway was answered 500/,
    );
    expect(cluster.routes.get('digits')!.backends).to.deep.equal([
      { revision: 'digits-v1', weight: 100 },
    ]);
    expect([...cluster.revisions.keys()]).to.deep.equal(['digits-v1']);
    expect(cluster.routes.has('digits-preview')).to.equal(false);
    expect(reports.at(-1)!.phase).to.equal('Removed');
  });

  it("fails with the cluster's own words when it refuses the manifests", async () => {
    const { cluster, reports, until, oldServes } = scene();
    oldServes();
    cluster.refuse = new Failed(
      'deployments.apps "digits-v2" is forbidden: exceeded quota: objects',
      { code: 'cluster-refused' },
    );
    await until();
    expect(reports.find((facts) => facts.phase === 'Failed')).to.deep.include({
      reason: 'Refused: deployments.apps "digits-v2" is forbidden: exceeded quota: objects',
    });
    expect(cluster.routes.get('digits')!.backends[0]!.revision).to.equal('digits-v1');
  });

  it('tells each judgement once, though two bridges made it at the same time', async () => {
    const steps: Step[] = [
      { kind: 'scale', percent: 100 },
      { kind: 'weight', percent: 50 },
      {
        kind: 'judge',
        seconds: 1,
        minRequests: 5,
        maxErrorRate: 0,
        maxLatencyRatio: 2,
        maxRestarts: 0,
        tooLittle: 'golden',
        withinSeconds: 30,
        signal: null,
      },
      { kind: 'approve', withinSeconds: 30 },
      { kind: 'weight', percent: 100 },
    ];
    const { oldServes, pass, reports, tick } = scene({ strategy: 'canary', steps });
    oldServes();
    for (let turn = 0; turn < 8; turn += 1) {
      await Promise.all([tick(), tick()]);
      pass(500);
    }
    const told = reports.map(({ observed }) => observed.rollout?.judgements.length ?? 0);
    expect(told.at(-1)).to.equal(1);
    expect(Math.max(...told)).to.equal(1);
  });

  it('rolls in steps: one pod more than wanted, traffic by ready pods', async () => {
    const { cluster, reports, until, oldServes } = scene({ strategy: 'rolling' });
    oldServes();
    await until();
    expect(cluster.asked).to.deep.equal([
      'apply digits-v2 1',
      'route digits-preview digits-v2=100',
      'route digits digits-v2=50,digits-v1=50',
      'scale digits-v1 1',
      'apply digits-v2 2',
      'route digits digits-v2=100',
      'remove-route digits-preview',
    ]);
    expect(reports.at(-1)!.phase).to.equal('Ready');
  });

  it('recreate: the old pods go before the new ones start, and one switch ends it', async () => {
    const { cluster, reports, until, oldServes } = scene({ strategy: 'recreate' });
    oldServes();
    await until();
    expect(cluster.asked).to.deep.equal([
      'apply digits-v2 0',
      'route digits digits-v1=100',
      'scale digits-v1 0',
      'apply digits-v2 2',
      'route digits-preview digits-v2=100',
      'route digits digits-v2=100',
      'remove-route digits-preview',
    ]);
    expect(reports.at(-1)!.phase).to.equal('Ready');
    expect(cluster.revisions.get('digits-v1')!.wantedReplicas, 'kept without a pod').to.equal(0);
  });

  it('recreate: what is asked for and fails makes place at once, and the old version is back at its size', async () => {
    const { cluster, gateway, reports, until, oldServes } = scene({ strategy: 'recreate' });
    oldServes();
    gateway.status = (url) => (url.includes('/previews/') ? 500 : 200);
    await until();
    expect(cluster.asked.slice(5)).to.deep.equal([
      'scale digits-v1 2',
      'route digits digits-v1=100',
      'scale digits-v2 0',
      'remove-route digits-preview',
      'remove digits-v2',
    ]);
    expect(cluster.revisions.get('digits-v1')!.readyReplicas).to.equal(2);
    expect(reports.map(({ phase }) => phase)).to.include('Failed');
  });

  it('recreate: aborted while nobody answers: the old version is back at its size', async () => {
    const { cluster, work, tick, until, oldServes } = scene({ strategy: 'recreate' });
    oldServes();
    cluster.startsReady = false;
    for (let turn = 0; turn < 3; turn += 1) await tick();
    expect([
      cluster.revisions.get('digits-v1')!.wantedReplicas,
      cluster.revisions.get('digits-v2')!.wantedReplicas,
    ]).to.deep.equal([0, 2]);
    Object.assign(work, { phase: 'Failed', desired: 'removed', generation: 5 });
    await until();
    expect(cluster.revisions.get('digits-v1')!.readyReplicas).to.equal(2);
    expect(cluster.routes.get('digits')!.backends).to.deep.equal([
      { revision: 'digits-v1', weight: 100 },
    ]);
    expect([...cluster.revisions.keys()]).to.deep.equal(['digits-v1']);
  });

  describe('room', () => {
    const gpus = (held: number) => async () => ({
      nodes: [{ name: 'a', gpus: 4, schedulable: true }],
      holders: [
        {
          node: 'a',
          namespace: 'mlops-production',
          pod: 'digits-v1-a',
          gpus: held,
          terminating: false,
        },
      ],
      quotas: [],
    });
    const crowded = (over: Partial<DeploymentWork>) => {
      const one = scene({ serving: { replicas: 2, gpus: 2 }, ...over });
      one.oldServes();
      const old = one.cluster.revisions.get('digits-v1')!;
      Object.assign(old, {
        pods: [
          {
            name: 'digits-v1-a',
            phase: 'Running',
            ready: true,
            terminating: false,
            createdAt: new Date(),
            reason: null,
            message: null,
            unscheduled: null,
            containers: [],
            warnings: [],
            lastLogLine: null,
          },
        ],
      });
      one.cluster.capacity = gpus(4);
      const { scaleRevision } = one.cluster;
      one.cluster.scaleRevision = async (namespace, name, replicas) => {
        await scaleRevision.call(one.cluster, namespace, name, replicas);
        if (name !== 'digits-v1' || replicas > 0) return;
        old.pods = [];
        one.cluster.capacity = gpus(0);
      };
      return one;
    };
    const environment = scene().work.environment;
    const allowing = (...strategiesAllowed: DeploymentWork['strategy'][]) => ({
      environment: { ...environment, strategiesAllowed },
    });

    it('is offered by the name of the strategy that fits', async () => {
      const { reports, until } = crowded(allowing('blue-green', 'rolling', 'recreate'));
      await until();
      expect(reports[0]!.reason).to.match(
        /^GpusNotFree: 4 GPUs are wanted .*Promote it as recreate, .*is down/,
      );
    });

    it('is made by a recreate', async () => {
      const { reports, until } = crowded({ strategy: 'recreate' });
      await until();
      expect(reports.at(-1)!.phase).to.equal('Ready');
    });

    it('is not made for what does not fit even so', async () => {
      const { cluster, reports, until } = crowded({
        strategy: 'recreate',
        serving: { replicas: 2, gpus: 3 },
      });
      await until();
      expect(reports[0]!.reason).to.match(/^GpusNotFree: .*counted as released/);
      expect(cluster.revisions.get('digits-v1')!.wantedReplicas).to.equal(2);
    });

    it('is made for a rollback where the environment allows recreate', async () => {
      const back = { isRollback: true, strategy: 'blue-green' as const };
      const refused = crowded({ ...back, ...allowing('blue-green') });
      await refused.until();
      expect(refused.reports[0]!.reason)
        .to.match(/^GpusNotFree/)
        .and.not.match(/Promote/);
      const { reports, until } = crowded({ ...back, ...allowing('blue-green', 'recreate') });
      await until();
      expect(reports.at(-1)!.phase).to.equal('Ready');
    });

    it('is asked for by a canary for its first step alone', async () => {
      const { cluster, reports, until } = crowded({
        strategy: 'canary',
        serving: { replicas: 2, gpus: 1 },
        steps: [
          { kind: 'scale', percent: 50 },
          { kind: 'preview' },
          { kind: 'weight', percent: 50 },
          { kind: 'scale', percent: 100 },
          { kind: 'weight', percent: 100 },
        ],
      });
      cluster.capacity = gpus(3);
      await until();
      expect(cluster.asked.slice(0, 3)).to.deep.equal([
        'apply digits-v2 1',
        'route digits-preview digits-v2=100',
        'route digits digits-v2=50,digits-v1=50',
      ]);
      expect(reports.at(-1)!.phase).to.equal('Ready');
    });
  });

  it('rolls back at once to a revision that still runs', async () => {
    const { cluster, until, oldServes } = scene({ versionId: 1 });
    oldServes();
    cluster.revisions.get('digits-v1')!.image = `registry.test:5000/models/digits@${DIGEST}`;
    cluster.revisions.set('digits-v2', {
      ...cluster.revisions.get('digits-v1')!,
      name: 'digits-v2',
    });
    cluster.routes.get('digits')!.backends = [{ revision: 'digits-v2', weight: 100 }];
    await until();
    expect(cluster.asked).to.deep.equal([
      'route digits-preview digits-v1=100',
      'route digits digits-v1=100',
      'remove-route digits-preview',
    ]);
  });

  it('rolls back by what came with the order, and asks again when that is old or of another generation', async () => {
    const looks = async (ageMs: number, generation = 4): Promise<number> => {
      const one = scene({ versionId: 1, isRollback: true });
      one.oldServes();
      one.cluster.revisions.get('digits-v1')!.image = `registry.test:5000/models/digits@${DIGEST}`;
      one.recent.keep({ ...structuredClone(one.work), generation }, ageMs);
      await one.until();
      expect(one.reports.at(-1)!.phase).to.equal('Ready');
      return one.calls.filter((call) => call === 'mlops.deployment work').length;
    };
    const asked = await looks(5_000);
    expect([await looks(30), await looks(30, 3)]).to.deep.equal([asked - 1, asked]);
  });

  it('removes a revision, and only what nobody else wants', async () => {
    const own = scene({ desired: 'removed', versionId: 1 });
    own.oldServes();
    await own.until();
    expect(own.reports.at(-1)!.phase).to.equal('Removed');
    expect(own.cluster.revisions.size + own.cluster.routes.size).to.equal(0);
    const shared = scene({
      desired: 'removed',
      versionId: 1,
      siblings: [
        { deploymentId: 8, versionId: 1, desired: 'serving', phase: 'Ready', isLive: true },
      ],
    });
    shared.oldServes();
    await shared.until();
    expect(shared.reports.at(-1)!.phase).to.equal('Removed');
    expect(shared.cluster.asked).to.deep.equal([]);
  });
});
