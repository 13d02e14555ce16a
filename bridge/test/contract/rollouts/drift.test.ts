import { expect } from 'chai';
import { setTimeout as pause } from 'node:timers/promises';
import { KubeConfig, type V1Deployment } from '@kubernetes/client-node';
import { KubernetesClient } from '../../../src/adapters/kubernetes/client.ts';
import type { Step } from '../../../src/domain/rollouts/strategy.ts';
import { ClusterScene, digitsContext } from './cluster-scene.ts';
import { EXAMPLE, infer } from './steady-requests.ts';

const SMALL = {
  port: 8080,
  readinessPath: '/v2/health/ready',
  cpu: '50m',
  memory: '256Mi',
  replicas: 1,
};
const NAMESPACE = 'mlops-production';
const V1 = 601,
  V2 = 602;
const APPROVE = 3;
const STEPS: Step[] = [
  { kind: 'scale', percent: 100 },
  { kind: 'preview' },
  { kind: 'weight', percent: 20 },
  { kind: 'approve', withinSeconds: 3600 },
  { kind: 'weight', percent: 100 },
];
/** what is ready has the traffic by then */
const ANSWERS_MS = 5_000;
const MENDED_MS = 60_000;

/**
 * One canary that waits for a person, and somebody with rights in the cluster who does what he
 * likes to it.
 */
describe('foreign hands at a canary on the cluster', function () {
  this.timeout(240_000);
  let scene: ClusterScene;
  let admin: KubernetesClient;
  let rollout: Promise<unknown>;
  let [stable, canary, ended] = ['', '', ''];

  before(async () => {
    scene = await ClusterScene.open();
    const config = new KubeConfig();
    config.loadFromFile(scene.env.adminKubeconfig);
    admin = new KubernetesClient(config);
    [stable, canary] = [`${scene.slug}-v${V1}`, `${scene.slug}-v${V2}`];
    scene.addVersion(V1, await digitsContext(), {
      serving: SMALL,
      inputSchema: { example: EXAMPLE },
    });
    await scene.haveImage(V1);
    const { image, imageDigest } = scene.versions.get(V1)!;
    scene.addVersion(
      V2,
      {},
      { serving: SMALL, inputSchema: { example: EXAMPLE }, image, imageDigest },
    );
    scene.want(1, V1);
    const first = await scene.reconcile(1);
    expect(first.phase, first.reason).to.equal('Ready');
    scene.want(2, V2, {
      strategy: 'canary',
      steps: STEPS,
      deadlineAt: new Date(Date.now() + 3_600_000).toISOString(),
    });
    rollout = scene.reconcile(2, 1_200_000).catch((error: unknown) => {
      ended = String(error);
    });
    await asItWas();
  });
  after(async () => {
    // a test that failed half-way must not hold the scene
    await admin
      ?.merge(object('deployments', canary), { metadata: { finalizers: null } })
      .catch(() => undefined);
    await scene?.close();
  });

  const object = (
    kind: 'deployments' | 'services' | 'networkpolicies' | 'httproutes',
    name: string,
  ): string => {
    const group = {
      deployments: 'apis/apps/v1',
      services: 'api/v1',
      networkpolicies: 'apis/networking.k8s.io/v1',
      httproutes: 'apis/gateway.networking.k8s.io/v1',
    }[kind];
    return `/${group}/namespaces/${NAMESPACE}/${kind}/${name}`;
  };
  const latest = () => scene.facts.findLast((facts) => facts.deploymentId === 2)!;
  const weights = async (): Promise<string> =>
    (await scene.cluster.route(NAMESPACE, scene.slug))?.backends
      .map(({ revision, weight }) => `${revision}=${weight}`)
      .join() ?? 'none';
  const asWanted = async (): Promise<boolean> => {
    const [own, old] = await Promise.all(
      [canary, stable].map((name) => scene.cluster.revision(NAMESPACE, name)),
    );
    return (
      (await weights()) === `${canary}=20,${stable}=80` &&
      own?.readyReplicas === 1 &&
      old?.readyReplicas === 1 &&
      latest()?.observed.rollout?.waitingFor === 'person'
    );
  };
  const asItWas = (): Promise<void> =>
    within(
      MENDED_MS,
      asWanted,
      () => `20 % and a person is waited for: ${ended} ${JSON.stringify(latest())}`,
    );
  /** Both sides answer, or the one that is left does. */
  const answers = async (): Promise<void> => {
    const until = Date.now() + ANSWERS_MS;
    for (let good = 0; good < 10;) {
      const { status, by } = await infer(scene);
      good = status === 200 ? good + 1 : 0;
      if (Date.now() > until && good === 0)
        throw new Error(`answered ${status} ${by} after ${ANSWERS_MS} ms: ${latest().reason}`);
      await pause(20);
    }
  };
  const stays = (): void => {
    const { phase, observed } = latest();
    expect([phase, observed.rollout?.step]).to.deep.equal(['Progressing', APPROVE]);
    expect(scene.deployments.get(2)!.progress?.step).to.equal(APPROVE);
  };
  /** the words in which it was told, since `from` */
  const told = (from: number): string[] =>
    scene.facts
      .slice(from)
      .flatMap(({ conditions }) =>
        conditions.filter(({ type }) => type === 'Ready').map(({ reason }) => reason),
      );
  const scale = (name: string, replicas: number): Promise<void> =>
    admin.merge(object('deployments', name), { spec: { replicas } });
  /** The image alone: what else a container is, admission holds. */
  const image = async (name: string, to: string): Promise<void> => {
    const { spec } = (await admin.get<V1Deployment>(object('deployments', name)))! as {
      spec: NonNullable<V1Deployment['spec']>;
    };
    const containers = spec.template.spec!.containers.map((container) => ({
      ...container,
      image: to,
    }));
    await admin.merge(object('deployments', name), {
      spec: { template: { spec: { containers } } },
    });
  };
  const route = async (change: (spec: { rules: object[] }) => object): Promise<void> => {
    const stored = (await admin.get<{ spec: { rules: object[] } }>(
      object('httproutes', scene.slug),
    ))!;
    await admin.merge(object('httproutes', scene.slug), { spec: change(stored.spec) });
  };
  const backend = (name: string, weight: number): object => ({
    group: '',
    kind: 'Service',
    name,
    port: 80,
    weight,
  });

  const HANDS: [what: string, hand: () => Promise<unknown>, code: RegExp | null][] = [
    ['deletes the route', () => admin.remove(object('httproutes', scene.slug)), /^RouteMissing$/],
    [
      'gives the new version all traffic',
      () =>
        route(({ rules }) => ({
          rules: [{ ...rules[0], backendRefs: [backend(canary, 1)] }, ...rules.slice(1)],
        })),
      /^(WeightsChanged|RouteChanged)$/,
    ],
    [
      'takes all traffic from the new version',
      () =>
        route(({ rules }) => ({
          rules: [{ ...rules[0], backendRefs: [backend(stable, 1)] }, ...rules.slice(1)],
        })),
      /^(WeightsChanged|RouteChanged)$/,
    ],
    [
      'adds a rule that leads everybody to the new version',
      () =>
        route(({ rules }) => ({
          rules: [
            ...rules,
            {
              ...rules[0],
              matches: [
                {
                  path: { type: 'PathPrefix', value: `/endpoints/production/${scene.slug}` },
                  method: 'POST',
                },
              ],
              backendRefs: [backend(canary, 1)],
            },
          ],
        })),
      /^RouteChanged$/,
    ],
    [
      'adds a host name to the route',
      () => route(() => ({ hostnames: ['elsewhere.test'] })),
      /^RouteChanged$/,
    ],
    ['scales what serves to nothing', () => scale(stable, 0), /^StableScaled$/],
    ['scales the new version to nothing', () => scale(canary, 0), /^RevisionScaled$/],
    [
      'deletes the Deployment of what serves',
      () => admin.remove(object('deployments', stable)),
      /^StableMissing$/,
    ],
    [
      'deletes the Deployment of the new version',
      () => admin.remove(object('deployments', canary)),
      /^RevisionMissing$/,
    ],
    [
      'deletes the Service of what serves',
      () => admin.remove(object('services', stable)),
      /^StableChanged$/,
    ],
    [
      'changes the selector of the new version',
      () =>
        admin.merge(object('services', canary), {
          spec: { selector: { 'creativeflow.io/revision': 'nobody' } },
        }),
      /^RevisionChanged$/,
    ],
    [
      'deletes the policy of the new version',
      () => admin.remove(object('networkpolicies', canary)),
      /^RevisionChanged$/,
    ],
    [
      'pauses the Deployment of what serves',
      () => admin.merge(object('deployments', stable), { spec: { paused: true } }),
      /^StableChanged$/,
    ],
    [
      'changes the image of the new version',
      () => image(canary, `${scene.gateName}/models/evil:1`),
      /^RevisionChanged$/,
    ],
    [
      'says in annotations that all is passed',
      async () => {
        const rolled = JSON.stringify({
          deploymentId: 2,
          step: 99,
          since: new Date(0),
          baseline: null,
          judgements: [],
        });
        await admin.merge(object('deployments', canary), {
          metadata: { annotations: { 'creativeflow.io/rollout': rolled } },
        });
        await admin.merge(object('httproutes', scene.slug), {
          metadata: {
            annotations: { 'creativeflow.io/before': '[]', 'creativeflow.io/changed-by': '99' },
          },
        });
      },
      null,
    ],
  ];

  for (const [what, hand, code] of HANDS) {
    it(`${what}: it is put back, the step stays, and who is ready answers`, async () => {
      await asItWas();
      const from = scene.facts.length;
      await hand();
      await answers();
      if (code)
        await within(
          MENDED_MS,
          async () => told(from).some((word) => code.test(word)),
          () => `${String(code)} is told: ${told(from).join()}`,
        );
      stays();
      await asItWas();
      await answers();
      stays();
    });
  }

  it('scales both to nothing: both are put back, and the step stays', async () => {
    await Promise.all([scale(stable, 0), scale(canary, 0)]);
    await within(
      MENDED_MS,
      async () => latest().observed.rollout?.waitingFor === 'pods',
      () => 'it is seen',
    );
    stays();
    await asItWas();
    await answers();
  });

  it('holds the Deployment with a finalizer: it is not said to be removed before it is gone', async () => {
    await admin.merge(object('deployments', canary), {
      metadata: { finalizers: ['somebody.example/keeps-it'] },
    });
    Object.assign(scene.deployments.get(2)!, {
      desired: 'removed',
      phase: 'Failed',
      generation: 2,
    });
    const deleting = async (): Promise<boolean> =>
      Boolean((await scene.cluster.revision(NAMESPACE, canary))?.deleting);
    await within(MENDED_MS, deleting, () => 'it is being deleted');
    await within(
      MENDED_MS,
      async () => (await weights()) === `${stable}=100`,
      () => 'what serves has all traffic',
    );
    expect(latest().phase).to.not.equal('Removed');
    expect(await deleting(), 'still there').to.equal(true);
    await admin.merge(object('deployments', canary), { metadata: { finalizers: null } });
    await rollout;
    expect(latest().phase).to.equal('Removed');
    expect(await scene.cluster.revision(NAMESPACE, canary)).to.equal(null);
    expect(await scene.cluster.leftovers(NAMESPACE, canary)).to.deep.equal([]);
  });
});

async function within(ms: number, look: () => Promise<boolean>, what: () => string): Promise<void> {
  for (const deadline = Date.now() + ms; !(await look()); await pause(100)) {
    if (Date.now() > deadline) throw new Error(`not within ${ms} ms: ${what()}`);
  }
}
