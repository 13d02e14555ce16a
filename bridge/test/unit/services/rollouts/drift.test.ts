import { expect } from 'chai';
import { reconcileJob } from '../../../../src/services/rollouts/reconcile.ts';
import type { Step } from '../../../../src/domain/rollouts/strategy.ts';
import type { DeploymentWork, OdooPort } from '../../../../src/services/ports/odoo.ts';
import type { Logger } from '../../../../src/services/ports/runtime.ts';
import { MemoryCluster, MemoryGateway } from './memory-cluster.ts';
import { deploymentWork } from '../../../fakes/deployment-work.ts';

const quiet: Logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => quiet };
const digest = (letter: string): string => `sha256:${letter.repeat(64)}`;
const [OLD, NEW, IMAGE] = ['digits-v1', 'digits-v2', 'registry.test:5000/models/digits'];
const LOOKS_MAX = 20;

/**
 * A canary at 20 % that waits for a person; each tick is a look of a bridge that remembers nothing.
 */
async function canary(gate: Step = { kind: 'approve', withinSeconds: 3600 }) {
  let at = Date.parse('2026-03-01T12:00:00Z');
  const cluster = new MemoryCluster();
  const reports: { phase: string; reason: string; observed?: { rollout?: { anew?: boolean } } }[] =
    [];
  cluster.revisions.set(OLD, {
    name: OLD,
    image: `${IMAGE}@${digest('2')}`,
    wantedReplicas: 2,
    readyReplicas: 2,
    upToDate: true,
    appliedAt: new Date(at),
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
      image: IMAGE,
      imageDigest: digest('1'),
      protocol: 'http',
      strategy: 'canary',
      steps: [
        { kind: 'scale', percent: 100 },
        { kind: 'preview' },
        { kind: 'weight', percent: 20 },
        gate,
        { kind: 'weight', percent: 100 },
      ],
      deadlineAt: new Date(at + 7_200_000).toISOString(),
      previous: { deploymentId: 3, versionId: 1 },
      stable: {
        deploymentId: 3,
        versionId: 1,
        version: '1.0.0',
        image: IMAGE,
        imageDigest: digest('2'),
        serving: { replicas: 2 },
      },
    },
    { readyDeadlineSeconds: 600 },
  );
  const call = async (
    _caller: unknown,
    _model: string,
    method: string,
    { facts, progress }: { facts?: (typeof reports)[0]; progress?: DeploymentWork['progress'] },
  ) => {
    if (method === 'work') return structuredClone(work);
    if (method === 'record_progress') work.progress = structuredClone(progress!);
    else reports.push(facts!);
    return { accepted: true, progress: structuredClone(work.progress) };
  };
  const tick = async (): Promise<void> => {
    const job = reconcileJob({
      recent: { take: () => null },
      odoo: { call } as unknown as OdooPort,
      cluster,
      gateway: new MemoryGateway(cluster),
      metrics: null,
      registry: { digestOf: async () => digest('1') },
      endpointsUrl: 'https://people',
      registryName: 'registry.test:5000',
      clock: {
        now: () => new Date(at),
        sleep: async (ms) => {
          at += ms;
        },
      },
    });
    const result = await job(
      { eventId: 1, key: 'deployment:7', generation: 4, subjectId: 7 },
      { log: quiet, signal: new AbortController().signal, requestId: 'r' },
    );
    if (!result.done) at += result.againInMs;
  };
  const weights = (): string =>
    cluster.routes
      .get('digits')
      ?.backends.map(({ revision, weight }) => `${revision}=${weight}`)
      .join() ?? 'none';
  const until = async (done: () => boolean): Promise<void> => {
    for (let look = 0; !done(); look += 1) {
      if (look > LOOKS_MAX)
        throw new Error(`not in ${LOOKS_MAX} looks: ${weights()}; ${reports.at(-1)?.reason}`);
      await tick();
    }
  };
  const waits = (): boolean => weights() === `${NEW}=20,${OLD}=80` && work.progress?.step === 3;
  await until(waits);
  const stays = (): void => {
    expect([
      work.progress?.step,
      reports.filter(({ phase }) => phase !== 'Progressing'),
    ]).to.deep.equal([3, []]);
  };
  return { cluster, work, reports, tick, until, waits, weights, stays, passed: () => at };
}

describe('a canary that waits for a person, and somebody with rights in the cluster', () => {
  it('the route deleted: it is put back and the person is still waited for', async () => {
    const { cluster, tick, until, waits, stays } = await canary();
    cluster.routes.delete('digits');
    await until(waits);
    for (let look = 0; look < 5; look += 1) await tick();
    stays();
    expect(waits()).to.equal(true);
  });

  it('the version before scaled to nothing: the new one has all traffic within 5 s, and gives it back with the pods', async () => {
    const { cluster, reports, until, waits, weights, stays, passed } = await canary();
    const began = passed();
    Object.assign(cluster.revisions.get(OLD)!, { wantedReplicas: 0, readyReplicas: 0 });
    await until(() => weights() === `${NEW}=100`);
    expect(passed() - began).to.be.below(5_000);
    expect(reports.at(-1)!.reason).to.equal(
      'No pod of the stable version is ready: all traffic goes to the new version until one is.',
    );
    await until(waits);
    expect(cluster.revisions.get(OLD)!.wantedReplicas).to.equal(2);
    stays();
  });

  it('the waiting that was disturbed begins again, and says so', async () => {
    const { cluster, reports, tick, until, waits } = await canary({ kind: 'wait', seconds: 3600 });
    const begunAgain = (): boolean => reports.at(-1)?.observed?.rollout?.anew === true;
    await tick();
    expect(begunAgain()).to.equal(false);
    cluster.routes.delete('digits');
    await until(() => waits() && begunAgain());
  });

  it('both Deployments and the route deleted: all is made again, and the step stays', async () => {
    const { cluster, until, waits, stays } = await canary();
    cluster.revisions.clear();
    cluster.routes.clear();
    await until(() => waits() && cluster.revisions.size === 2);
    stays();
  });

  it('progress that somebody wrote into the route counts for nothing', async () => {
    const { cluster, tick, waits, stays } = await canary();
    Object.assign(cluster.routes.get('digits')!, { before: [], changedBy: 99 });
    for (let look = 0; look < 5; look += 1) await tick();
    stays();
    expect(waits()).to.equal(true);
  });

  it('objects of either side changed: they are mended', async () => {
    const { cluster, until, waits, stays } = await canary();
    cluster.drifted.set(OLD, ['Service digits-v1']);
    cluster.drifted.set(NEW, ['NetworkPolicy digits-v2']);
    await until(() => waits() && cluster.drifted.size === 0);
    stays();
  });
});
