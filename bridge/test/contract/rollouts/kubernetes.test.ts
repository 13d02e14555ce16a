import { expect } from 'chai';
import { ClusterScene, digitsContext } from './cluster-scene.ts';
import { EXAMPLE, infer, steadyRequests, stopRequests } from './steady-requests.ts';

const SMALL = {
  port: 8080,
  readinessPath: '/v2/health/ready',
  cpu: '50m',
  memory: '256Mi',
  replicas: 2,
};
const V1 = 101,
  V2 = 102,
  CRASHES = 103;

/** Rollouts on the real cluster, through the real gateway, with images built in its pods. */
describe('rollout on the cluster', function () {
  this.timeout(240_000);
  let scene: ClusterScene;

  before(async () => {
    scene = await ClusterScene.open();
    const with_ = { serving: SMALL, inputSchema: { example: EXAMPLE } };
    scene.addVersion(V1, await digitsContext(), with_);
    scene.addVersion(V2, await digitsContext('digits-v2'), with_);
    scene.addVersion(
      CRASHES,
      {
        Dockerfile:
          'ARG REGISTRY\nFROM ${REGISTRY}/base/python:3.11\nUSER 65532\nCMD ["python3", "-c", "raise SystemExit(\'no weights for layer 7\')"]\n',
      },
      { serving: SMALL },
    );
    for (const id of [V1, V2, CRASHES]) await scene.haveImage(id);
  });
  afterEach(stopRequests);
  after(async () => {
    await scene?.close();
  });

  it('brings a first version up, answers through the gateway, leaves no preview', async () => {
    scene.want(1, V1);
    const report = await scene.reconcile(1);
    expect(report, report.reason).to.deep.include({ phase: 'Ready', endpointUrl: scene.url() });
    expect(report.conditions.map(({ type, status }) => [type, status])).to.deep.equal(
      ['CapacityAvailable', 'PodsReady', 'SmokeTestPassed', 'TrafficSwitched', 'Ready'].map(
        (type) => [type, 'True'],
      ),
    );
    expect(report.observed).to.deep.include({ readyReplicas: 2, traffic: 100 });
    expect((await infer(scene)).status).to.equal(200);
    expect(await scene.cluster.route('mlops-production', `${scene.slug}-preview`)).to.equal(null);
  });

  it('runs pods as the restricted profile wants them', async () => {
    const pods = await scene.client.list<{
      spec: {
        automountServiceAccountToken: boolean;
        containers: { image: string; securityContext: object }[];
      };
    }>('/api/v1/namespaces/mlops-production/pods', {
      labelSelector: `creativeflow.io/model=${scene.slug}`,
    });
    expect(pods).to.have.length(2);
    for (const { spec } of pods) {
      expect(spec.automountServiceAccountToken).to.equal(false);
      expect(spec.containers[0]!.image).to.match(/@sha256:[0-9a-f]{64}$/);
      expect(spec.containers[0]!.securityContext).to.deep.include({
        readOnlyRootFilesystem: true,
        allowPrivilegeEscalation: false,
        capabilities: { drop: ['ALL'] },
      });
    }
  });

  it('tells at once when a revision changes, also when it changed before anybody waited', async () => {
    const [namespace, name, { signal }] = [
      'mlops-production',
      `${scene.slug}-v${V1}`,
      new AbortController(),
    ];
    await scene.cluster.revision(namespace, name);
    expect(await scene.cluster.changed(namespace, name, 500, signal), 'nothing happened').to.equal(
      false,
    );
    const told = scene.cluster.changed(namespace, name, 20_000, signal);
    await scene.cluster.scaleRevision(namespace, name, 1);
    expect(await told).to.equal(true);
    expect(await scene.cluster.changed(namespace, name, 20_000, signal), 'not read since').to.equal(
      true,
    );
    await scene.cluster.scaleRevision(namespace, name, 2);
    while ((await scene.cluster.revision(namespace, name))?.readyReplicas !== 2)
      expect(await scene.cluster.changed(namespace, name, 20_000, signal)).to.equal(true);
  });

  it('blue-green: replaces what serves without losing a request, keeps it, and rolls back at once', async () => {
    const load = steadyRequests(scene);
    scene.want(2, V2);
    const report = await scene.reconcile(2);
    expect(report.phase, report.reason).to.equal('Ready');
    Object.assign(scene.deployments.get(1)!, {
      desired: 'kept',
      phase: 'Superseded',
      isLive: false,
      generation: 2,
    });
    await scene.reconcile(1);
    await load.until(
      (answers) => answers.filter((answer) => answer.by.endsWith(`v${V2}`)).length > 20,
    );
    expect(
      (await scene.cluster.revision('mlops-production', `${scene.slug}-v${V1}`))?.readyReplicas,
      'kept at full size',
    ).to.equal(2);

    scene.want(3, V1, {
      siblings: [
        { deploymentId: 1, versionId: V1, desired: 'kept', phase: 'Superseded', isLive: false },
      ],
    });
    const began = Date.now();
    expect((await scene.reconcile(3)).phase).to.equal('Ready');
    expect(Date.now() - began, 'a rollback to a running revision').to.be.below(5_000);
    await load.until((answers) => answers.at(-1)!.by.endsWith(`v${V1}`));
    Object.assign(scene.deployments.get(2)!, {
      desired: 'removed',
      phase: 'Superseded',
      isLive: false,
      generation: 2,
    });
    expect((await scene.reconcile(2)).phase).to.equal('Removed');
    const answers = await load.stop();
    expect(
      answers.filter((answer) => answer.status !== 200),
      'lost requests',
    ).to.deep.equal([]);
    expect(new Set(answers.map((answer) => answer.by))).to.deep.equal(
      new Set([`${scene.slug}-v${V1}`, `${scene.slug}-v${V2}`]),
    );
  });

  it('rolling: shifts traffic by ready pods without losing a request', async () => {
    const load = steadyRequests(scene);
    scene.want(4, V2, { strategy: 'rolling' });
    const report = await scene.reconcile(4);
    expect(report.phase, report.reason).to.equal('Ready');
    await load.until((answers) => answers.at(-1)!.by.endsWith(`v${V2}`));
    for (const id of [1, 3]) {
      Object.assign(scene.deployments.get(id)!, {
        desired: 'removed',
        phase: 'Superseded',
        isLive: false,
        generation: 5,
        siblings: [],
      });
      expect((await scene.reconcile(id)).phase).to.equal('Removed');
    }
    const answers = await load.stop();
    expect(
      answers.filter((answer) => answer.status !== 200),
      'lost requests',
    ).to.deep.equal([]);
    expect(
      scene.facts.some((facts) => facts.deploymentId === 4 && facts.observed.traffic === 50),
      'half the traffic at half the pods',
    ).to.equal(true);
  });

  it('a crashing image fails with its last line; what served before serves on; nothing of it is left', async () => {
    const load = steadyRequests(scene);
    scene.want(5, CRASHES);
    const report = await scene.reconcile(5);
    expect(report.phase).to.equal('Failed');
    expect(report.reason).to.match(/CrashLoopBackOff: .*exit code 1: no weights for layer 7/);
    const answers = await load.stop();
    expect(answers.filter((answer) => answer.status !== 200)).to.deep.equal([]);
    expect(await scene.cluster.revision('mlops-production', `${scene.slug}-v${CRASHES}`)).to.equal(
      null,
    );
  });

  it('an image that cannot be pulled fails with what the registry said', async () => {
    scene.addVersion(
      104,
      {},
      {
        serving: SMALL,
        image: scene.versions.get(V1)!.image,
        imageDigest: `sha256:${'0'.repeat(64)}`,
      },
    );
    scene.want(6, 104);
    const refused = await scene.reconcile(6);
    expect(refused.reason, 'asked before anything is touched').to.match(/^ImageNotFound/);
    expect(await scene.cluster.revision('mlops-production', `${scene.slug}-v104`)).to.equal(null);

    scene.claimsAll = true;
    scene.want(7, 104);
    const failed = await scene.reconcile(7);
    scene.claimsAll = false;
    expect(failed.phase).to.equal('Failed');
    expect(failed.reason).to.match(/^(ErrImagePull|ImagePullBackOff): .*not found/);
  });

  it('no GPU free fails at once with what is free and who holds the rest', async () => {
    const before = await scene.cluster.capacity('mlops-production');
    const total = before.nodes!.reduce((sum, node) => sum + node.gpus, 0);
    scene.addVersion(
      105,
      {},
      {
        serving: { ...SMALL, replicas: 1, gpus: total + 1 },
        image: scene.versions.get(V1)!.image,
        imageDigest: scene.versions.get(V1)!.imageDigest,
      },
    );
    scene.want(8, 105);
    const report = await scene.reconcile(8);
    expect(report.phase).to.equal('Failed');
    expect(report.reason).to.match(new RegExp(`^GpusNotFree: .* wanted.* of ${total} are free`));
    expect((await infer(scene)).status, 'what served before').to.equal(200);
  });

  it('gives a pod the GPUs it asks for', async () => {
    scene.addVersion(
      106,
      {},
      {
        serving: { ...SMALL, replicas: 1, gpus: 1 },
        image: scene.versions.get(V1)!.image,
        imageDigest: scene.versions.get(V1)!.imageDigest,
        inputSchema: { example: EXAMPLE },
      },
    );
    scene.want(9, 106, {}, 'staging');
    const report = await scene.reconcile(9);
    expect(report.phase, report.reason).to.equal('Ready');
    expect(
      (await scene.cluster.capacity('mlops-staging')).holders.some(
        (holder) => holder.pod.startsWith(`${scene.slug}-v106-`) && holder.gpus === 1,
      ),
    ).to.equal(true);
  });

  it('puts back a route that somebody deleted, and stops when the smoke test is refused', async () => {
    await scene.cluster.removeRoute('mlops-production', scene.slug);
    Object.assign(scene.deployments.get(4)!, { deadlineAt: null });
    await scene.reconcile(4);
    expect((await infer(scene)).status).to.equal(200);
    scene.versions.get(V1)!.inputSchema = { example: { inputs: 'nonsense' } };
    scene.want(10, V1);
    const report = await scene.reconcile(10);
    expect(report.reason).to.match(
      /^SmokeTestFailed: POST .*infer through the gateway was answered 400/,
    );
    expect((await infer(scene)).by).to.match(new RegExp(`v${V2}$`));
  });
});
