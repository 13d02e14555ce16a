import { expect } from 'chai';
import { Unavailable } from '../../../../src/errors.ts';
import { reconcileJob } from '../../../../src/services/rollouts/reconcile.ts';
import type { DeploymentWork, OdooPort } from '../../../../src/services/ports/odoo.ts';
import type { Logger } from '../../../../src/services/ports/runtime.ts';
import type { JobHandler, JobResult } from '../../../../src/services/ports/jobs.ts';
import { MemoryCluster, MemoryGateway } from './memory-cluster.ts';
import { deploymentWork } from '../../../fakes/deployment-work.ts';

const DIGEST = `sha256:${'1'.repeat(64)}`;
const OLD_DIGEST = `sha256:${'2'.repeat(64)}`;
const OLD_IMAGE = `registry.test:5000/models/digits@${OLD_DIGEST}`;
const OLD = 'digits-v1',
  NEW = 'digits-v2';
const TICKS_MAX = 120;
const quiet: Logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => quiet };
const STEPS: DeploymentWork['steps'] = [
  { kind: 'scale', percent: 50 },
  { kind: 'preview' },
  { kind: 'weight', percent: 10 },
  { kind: 'wait', seconds: 2 },
  { kind: 'scale', percent: 100 },
  { kind: 'weight', percent: 100 },
];

class Killed extends Error {}

/**
 * A live version and the next one on its way. Each bridge is a process of its own: what it
 * remembers goes with it.
 */
function scene(strategy: DeploymentWork['strategy']) {
  const world = {
    at: Date.parse('2026-03-01T12:00:00Z'),
    calls: 0,
    dieAt: Infinity,
    lostAt: Infinity,
    lost: false,
    away: null as null | string,
    failed: [] as string[],
  };
  const cluster = new MemoryCluster();
  const gateway = new MemoryGateway(cluster);
  cluster.revisions.set(OLD, {
    name: OLD,
    image: OLD_IMAGE,
    wantedReplicas: 2,
    readyReplicas: 2,
    upToDate: true,
    appliedAt: new Date(),
    creationFailure: null,
    pods: [],
  });
  cluster.routes.set('digits', {
    backends: [{ revision: OLD, weight: 100 }],
    changedBy: 3,
    before: [],
    accepted: true,
  });
  const work = deploymentWork(
    {
      imageDigest: DIGEST,
      strategy,
      steps: strategy === 'canary' ? STEPS : null,
      deadlineAt: new Date(world.at + 600_000).toISOString(),
      protocol: 'http',
      previous: { deploymentId: 3, versionId: 1 },
      stable: {
        deploymentId: 3,
        versionId: 1,
        version: '1.0.0',
        image: 'registry.test:5000/models/digits',
        imageDigest: OLD_DIGEST,
        serving: { replicas: 2 },
      },
    },
    { readyDeadlineSeconds: 600 },
  );
  /**
   * before each call of a part: the process may be killed here, or the part be away; traffic must
   * have somewhere to go
   */
  const called = (part: string): void => {
    const weights = cluster.routes.get('digits')!.backends;
    expect(
      weights.reduce((sum, { weight }) => sum + weight, 0),
      'weights',
    ).to.equal(100);
    // a recreate has nobody answer on its way, and never gives up what it could not bring back
    const old = cluster.revisions.get(OLD)!;
    if (strategy === 'recreate')
      expect(
        old.wantedReplicas === 2 ||
          cluster.routes
            .get('digits')!
            .before!.some((one) => one.revision === OLD && one.replicas === 2),
        'the old one at its size, or written down',
      ).to.equal(true);
    else if (!world.lost)
      for (const { revision } of weights)
        expect(
          cluster.revisions.get(revision)?.readyReplicas ?? 0,
          `pods of ${revision}, which has traffic`,
        ).to.be.above(0);
    if (world.away === part) throw new Unavailable(`${part} is away`, { code: 'x' });
    world.calls += 1;
    if (world.calls === world.dieAt) throw new Killed();
    const revision = cluster.revisions.get(NEW);
    if (world.calls === world.lostAt && revision) {
      revision.readyReplicas = 0;
      [world.lost, cluster.startsReady] = [true, false];
    }
  };
  const watched = <T extends object>(part: string, inner: T): T =>
    new Proxy(inner, {
      get: (target, name) => {
        const value = Reflect.get(target, name) as unknown;
        return typeof value !== 'function'
          ? value
          : (...args: unknown[]) => {
              called(part);
              return (value as (...all: unknown[]) => unknown).apply(target, args);
            };
      },
    });
  const odoo = {
    call: async (
      _caller: unknown,
      _model: string,
      method: string,
      {
        facts,
        progress,
      }: { facts?: { phase: string; reason: string }; progress?: DeploymentWork['progress'] },
    ) => {
      if (method === 'work') return structuredClone(work);
      if (method === 'record_progress')
        return {
          accepted: true,
          progress: structuredClone(
            (work.progress =
              progress!.step >= (work.progress?.step ?? 0) ? progress! : work.progress),
          ),
        };
      work.phase = facts!.phase;
      if (facts!.phase === 'Ready') Object.assign(work, { isLive: true });
      if (facts!.phase === 'Failed') world.failed.push(facts!.reason);
      return { accepted: true };
    },
  };
  const bridge = (): JobHandler =>
    reconcileJob({
      recent: { take: () => null },
      odoo: watched('Odoo', odoo) as unknown as OdooPort,
      cluster: watched('cluster', cluster),
      gateway: watched('gateway', gateway),
      metrics: null,
      registry: watched('registry', { digestOf: async () => DIGEST }),
      endpointsUrl: 'https://people',
      registryName: 'registry.test:5000',
      clock: {
        now: () => new Date(world.at),
        sleep: async (ms) => {
          world.at += ms;
        },
      },
    });
  const tick = (job: JobHandler): Promise<JobResult> =>
    job(
      { eventId: 1, key: 'deployment:7', generation: 4, subjectId: 7 },
      { log: quiet, signal: new AbortController().signal, requestId: 'r' },
    );
  /**
   * Ticks until it is done; a bridge that was killed is followed by a new one, what is away is
   * tried again.
   */
  const toTheEnd = async (): Promise<void> => {
    let job = bridge();
    for (let turn = 0; turn < TICKS_MAX; turn += 1) {
      try {
        const result = await tick(job);
        if (result.done) return;
        world.at += result.againInMs;
      } catch (error) {
        if (error instanceof Killed) job = bridge();
        else if (!(error instanceof Unavailable)) throw error;
        world.at += 500;
      }
    }
    throw new Error(`no end after ${TICKS_MAX} looks`);
  };
  const isLive = (): void => {
    expect(world.failed).to.deep.equal([]);
    expect(work.isLive).to.equal(true);
    expect(cluster.routes.get('digits')!.backends).to.deep.equal([{ revision: NEW, weight: 100 }]);
    expect(cluster.routes.has('digits-preview')).to.equal(false);
    expect(cluster.revisions.get(NEW)!.readyReplicas).to.equal(2);
  };
  const isHarmless = (): void => {
    expect(world.failed[0]).to.equal('SmokeTestFailed: gateway is away');
    expect(cluster.routes.get('digits')!.backends).to.deep.equal([{ revision: OLD, weight: 100 }]);
    expect(cluster.revisions.get(OLD)!.readyReplicas).to.equal(2);
  };
  return { world, work, cluster, bridge, tick, toTheEnd, isLive, isHarmless };
}

describe('a rollout, whatever happens to the bridge', function () {
  this.timeout(20_000);
  for (const strategy of ['blue-green', 'rolling', 'canary', 'recreate'] as const) {
    it(`${strategy}: killed between any two actions, another bridge ends it`, async () => {
      const whole = scene(strategy);
      await whole.toTheEnd();
      whole.isLive();
      expect(whole.world.calls).to.be.above(15);
      for (let dieAt = 1; dieAt <= whole.world.calls; dieAt += 1) {
        const one = scene(strategy);
        one.world.dieAt = dieAt;
        await one.toTheEnd();
        one.isLive();
      }
    });

    it(`${strategy}: two bridges at once do no more harm than one`, async () => {
      const { world, bridge, tick, isLive } = scene(strategy);
      const both = [bridge(), bridge()];
      for (let turn = 0; turn < TICKS_MAX; turn += 1) {
        const results = await Promise.all(both.map(tick));
        if (results.every(({ done }) => done)) break;
        world.at += 500;
      }
      isLive();
    });

    // of a recreate there is nothing that traffic could go back to: in domain/recreate.test.ts
    if (strategy !== 'recreate')
      it(`${strategy}: the node of the new version gone, at any time: traffic goes back until its pods are there again, then it ends`, async () => {
        const whole = scene(strategy);
        await whole.toTheEnd();
        for (let lostAt = 1; lostAt <= whole.world.calls; lostAt += 1) {
          const { world, work, cluster, bridge, tick, toTheEnd, isLive } = scene(strategy);
          world.lostAt = lostAt;
          const job = bridge();
          let done = false;
          for (let turn = 0; turn < TICKS_MAX && !world.lost && !done; turn += 1) {
            ({ done } = await tick(job));
            world.at += 1_000;
          }
          // there was nothing to lose yet, or it was Live already: then its pods are the cluster's
          // to bring back
          if (!world.lost || done || work.isLive) continue;
          for (let turn = 0; turn < 10; turn += 1) {
            await tick(job);
            world.at += 1_000;
          }
          expect(cluster.routes.get('digits')!.backends, `after call ${lostAt}`).to.deep.equal([
            { revision: OLD, weight: 100 },
          ]);
          const revision = cluster.revisions.get(NEW)!;
          revision.readyReplicas = revision.wantedReplicas;
          [world.lost, cluster.startsReady] = [false, true];
          await toTheEnd();
          isLive();
        }
      });

    for (const part of ['cluster', 'registry', 'gateway', 'Odoo']) {
      const ending =
        part === 'gateway'
          ? 'it ends when it is back, or has failed without harm'
          : 'it ends when it is back';
      it(`${strategy}: ${part} away for a minute, at any time: ${ending}`, async () => {
        const whole = scene(strategy);
        await whole.toTheEnd();
        for (let from = 1; from <= whole.world.calls; from += 3) {
          const { world, bridge, tick, toTheEnd, isLive, isHarmless } = scene(strategy);
          world.dieAt = from;
          await tick(bridge()).catch((error: unknown) => {
            if (!(error instanceof Killed)) throw error;
          });
          world.away = part;
          const job = bridge();
          for (const until = world.at + 60_000; world.at < until; world.at += 2_000)
            await tick(job).catch((error: unknown) => {
              if (!(error instanceof Unavailable || error instanceof Killed)) throw error;
            });
          world.away = null;
          await toTheEnd();
          if (part !== 'gateway' || world.failed.length === 0) isLive();
          else isHarmless();
        }
      });
    }
  }
});
