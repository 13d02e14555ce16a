import { expect } from 'chai';
import { setTimeout as pause } from 'node:timers/promises';
import { KubeConfig } from '@kubernetes/client-node';
import type { V1ResourceQuota } from '@kubernetes/client-node';
import { KubernetesClient } from '../../../src/adapters/kubernetes/client.ts';
import type { DeploymentWork } from '../../../src/services/ports/odoo.ts';
import { ClusterScene, digitsContext } from './cluster-scene.ts';
import { EXAMPLE, infer, steadyRequests, stopRequests } from './steady-requests.ts';

const SMALL = {
  port: 8080,
  readinessPath: '/v2/health/ready',
  cpu: '50m',
  memory: '256Mi',
  replicas: 2,
};
const NAMESPACE = 'mlops-production';
const QUOTAS = `/api/v1/namespaces/${NAMESPACE}/resourcequotas`;
const V1 = 401,
  V2 = 402,
  NEVER = 403,
  ALL1 = 404,
  ALL2 = 405;
const RECREATE: Partial<DeploymentWork> = { strategy: 'recreate' };

/** Rollouts where not one pod more fits beside what serves. */
describe('recreate on the cluster', function () {
  this.timeout(240_000);
  let scene: ClusterScene;
  let admin: KubernetesClient;

  before(async () => {
    scene = await ClusterScene.open();
    const config = new KubeConfig();
    config.loadFromFile(scene.env.adminKubeconfig);
    admin = new KubernetesClient(config);
    const with_ = { serving: SMALL, inputSchema: { example: EXAMPLE } };
    scene.addVersion(V1, await digitsContext(), with_);
    scene.addVersion(V2, await digitsContext('digits-v2'), with_);
    for (const id of [V1, V2]) await scene.haveImage(id);
    scene.want(1, V1);
    const report = await scene.reconcile(1);
    expect(report.phase, report.reason).to.equal('Ready');
    await fillQuota();
  });
  afterEach(stopRequests);
  after(async () => {
    await admin?.remove(`${QUOTAS}/${scene.slug}`, {});
    await scene?.close();
  });

  /** A quota that allows what is there and not a byte more. */
  const fillQuota = async (): Promise<void> => {
    const path = `${QUOTAS}/${scene.slug}`;
    await admin.create(QUOTAS, {
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { name: scene.slug },
      spec: { hard: { 'limits.memory': '1Ti' } },
    });
    const used = await within(
      30_000,
      async () => (await admin.get<V1ResourceQuota>(path))?.status?.used?.['limits.memory'],
      'the quota is counted',
    );
    await admin.merge(path, { spec: { hard: { 'limits.memory': used } } });
    await within(
      30_000,
      async () =>
        (await admin.get<V1ResourceQuota>(path))?.status?.hard?.['limits.memory'] === used ||
        undefined,
      'the quota is full',
    );
  };
  const sized = async (versionId: number, pods: number): Promise<void> => {
    await within(
      60_000,
      async () =>
        (await scene.cluster.revision(NAMESPACE, `${scene.slug}-v${versionId}`))?.readyReplicas ===
          pods || undefined,
      `${pods} pods of v${versionId}`,
    );
  };
  /** As Odoo does when another version is live in its place. */
  const giveWay = async (deploymentId: number, desired: 'kept' | 'removed'): Promise<void> => {
    const work = scene.deployments.get(deploymentId)!;
    Object.assign(work, {
      desired,
      phase: 'Superseded',
      isLive: false,
      generation: work.generation + 1,
    });
    await scene.reconcile(deploymentId);
  };

  it('a full quota: blue-green is refused with what would fit, recreate is live', async () => {
    const { environment } = scene.deployments.get(1)!;
    scene.want(2, V2, {
      environment: { ...environment, strategiesAllowed: ['blue-green', 'rolling', 'recreate'] },
    });
    const refused = await scene.reconcile(2);
    expect(refused.reason)
      .to.match(/^QuotaExceeded: .*Promote it as recreate, .*is down/)
      .and.not.match(/as rolling/);
    expect((await infer(scene)).status, 'what served before').to.equal(200);

    const load = steadyRequests(scene);
    scene.want(3, V2, RECREATE);
    const report = await scene.reconcile(3);
    expect(report.phase, report.reason).to.equal('Ready');
    await load.until((answers) => answers.at(-1)!.by.endsWith(`v${V2}`));
    const answers = await load.stop();
    const first = answers.findIndex(({ by }) => by.endsWith(`v${V2}`));
    expect(
      answers.slice(first).filter(({ status }) => status !== 200),
      'lost once the new one has the traffic',
    ).to.deep.equal([]);
    expect(
      (await scene.cluster.revision(NAMESPACE, `${scene.slug}-v${V1}`))?.wantedReplicas,
      'kept without a pod',
    ).to.equal(0);
    await giveWay(1, 'kept');
  });

  it('rolls back where the kept version has no room beside what serves', async () => {
    const { environment } = scene.deployments.get(1)!;
    scene.want(4, V1, {
      isRollback: true,
      environment: { ...environment, strategiesAllowed: ['blue-green', 'recreate'] },
      siblings: [
        { deploymentId: 1, versionId: V1, desired: 'kept', phase: 'Superseded', isLive: false },
      ],
    });
    const report = await scene.reconcile(4);
    expect(report.phase, report.reason).to.equal('Ready');
    expect((await infer(scene)).by).to.match(new RegExp(`v${V1}$`));
    await giveWay(3, 'removed');
  });

  it('a new version that never gets ready: the old one is back, at its size, with its traffic', async () => {
    scene.addVersion(
      NEVER,
      {},
      {
        serving: { ...SMALL, readinessPath: '/nowhere' },
        image: scene.versions.get(V1)!.image,
        imageDigest: scene.versions.get(V1)!.imageDigest,
      },
    );
    scene.want(5, NEVER, { ...RECREATE, deadlineAt: new Date(Date.now() + 45_000).toISOString() });
    const report = await scene.reconcile(5);
    expect(report.phase).to.equal('Failed');
    expect(report.reason).to.match(/^DeadlineExceeded: ProbeFailed: .*404/);
    await sized(V1, 2);
    const work = scene.deployments.get(5)!;
    Object.assign(work, { desired: 'removed', generation: work.generation + 1 });
    expect((await scene.reconcile(5)).phase).to.equal('Removed');
    expect(await scene.cluster.revision(NAMESPACE, `${scene.slug}-v${NEVER}`)).to.equal(null);
    expect((await scene.cluster.route(NAMESPACE, scene.slug))?.backends).to.deep.equal([
      { revision: `${scene.slug}-v${V1}`, weight: 100 },
    ]);
    await within(
      15_000,
      async () => (await infer(scene)).status === 200 || undefined,
      'the old version answers',
    );
  });

  it('all GPUs taken by what serves: recreate is live', async () => {
    await admin.remove(`${QUOTAS}/${scene.slug}`, {});
    const { nodes, holders } = await scene.cluster.capacity(NAMESPACE);
    const free = Math.max(
      ...nodes!.map(
        (node) =>
          node.gpus -
          holders
            .filter((holder) => holder.node === node.name)
            .reduce((sum, holder) => sum + holder.gpus, 0),
      ),
    );
    const { image, imageDigest } = scene.versions.get(V1)!;
    for (const id of [ALL1, ALL2])
      scene.addVersion(
        id,
        {},
        {
          serving: { ...SMALL, replicas: 1, gpus: free },
          image,
          imageDigest,
          inputSchema: { example: EXAMPLE },
        },
      );
    scene.want(6, ALL1);
    const taken = await scene.reconcile(6);
    expect(taken.phase, taken.reason).to.equal('Ready');
    scene.want(7, ALL2);
    expect((await scene.reconcile(7)).reason).to.match(/^GpusNotFree/);
    scene.want(8, ALL2, RECREATE);
    const report = await scene.reconcile(8);
    expect(report.phase, report.reason).to.equal('Ready');
    expect((await infer(scene)).by).to.match(new RegExp(`v${ALL2}$`));
  });
});

async function within<T>(ms: number, look: () => Promise<T | undefined>, what: string): Promise<T> {
  for (const deadline = Date.now() + ms; ; await pause(250)) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() > deadline) throw new Error(`not within ${ms} ms: ${what}`);
  }
}
