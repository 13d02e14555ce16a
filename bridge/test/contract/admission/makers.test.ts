import { expect } from 'chai';
import { AdmissionScene, withSpec } from './scene.ts';
import type { Manifest } from './scene.ts';

const TEMPLATE = 'io.k8s.api.core.v1.PodTemplateSpec';
const DEADLINE_MS = 20_000;
interface Known {
  'x-kubernetes-group-version-kind'?: { group: string; version: string; kind: string }[];
}

/**
 * Whatever makes pods, out of the API server's own schemas: a kind of a later Kubernetes is in here
 * without anybody thinking of it.
 */
describe('admission of what makes pods', function () {
  this.timeout(120_000);
  let scene: AdmissionScene;
  before(async () => {
    scene = await AdmissionScene.open();
  });
  after(async () => {
    await scene?.close();
  });

  /** kinds that hold the template of a pod, however deep, as `group/version kind` */
  async function makers(): Promise<{ apiVersion: string; kind: string }[]> {
    const { paths } = (await scene.get<{ paths: Record<string, unknown> }>('/openapi/v3'))!;
    const found = new Map<string, { apiVersion: string; kind: string }>();
    for (const path of Object.keys(paths).filter((name) =>
      /^apis?\/(.*\.k8s\.io\/|apps\/|batch\/)?v\d+[a-z0-9]*$/.test(name),
    )) {
      const schemas =
        (
          await scene.get<{ components?: { schemas?: Record<string, Known> } }>(
            `/openapi/v3/${path}`,
          )
        )?.components?.schemas ?? {};
      for (const [name, schema] of Object.entries(schemas)) {
        const [gvk] = schema['x-kubernetes-group-version-kind'] ?? [];
        if (!gvk || gvk.kind.endsWith('List') || !reaches(name, schemas, new Set())) continue;
        found.set(`${gvk.group}/${gvk.kind}`, {
          apiVersion: gvk.group === '' ? gvk.version : `${gvk.group}/${gvk.version}`,
          kind: gvk.kind,
        });
      }
    }
    return [...found.values()];
  }

  function reaches(name: string, schemas: Record<string, unknown>, seen: Set<string>): boolean {
    if (name === TEMPLATE) return true;
    if (seen.has(name)) return false;
    seen.add(name);
    const refs = [
      ...JSON.stringify(schemas[name] ?? {}).matchAll(/#\/components\/schemas\/([^"]+)/g),
    ].map((match) => match[1]!);
    return refs.some((ref) => reaches(ref, schemas, seen));
  }

  /** the least that each kind wants, around the very template that the bridge makes */
  function holding(
    { apiVersion, kind }: { apiVersion: string; kind: string },
    namespace: string,
  ): Manifest | null {
    const { template, selector } = scene.deployment()['spec'] as {
      template: { metadata: object; spec: object };
      selector: { matchLabels: object };
    };
    const once = { ...template, spec: { ...template.spec, restartPolicy: 'Never' } };
    const parts: Record<string, object> = {
      Deployment: { spec: { selector, template } },
      ReplicaSet: { spec: { selector, template } },
      StatefulSet: { spec: { selector, template, serviceName: 'x' } },
      DaemonSet: { spec: { selector, template } },
      ReplicationController: { spec: { selector: selector.matchLabels, template } },
      PodTemplate: { template },
      Job: { spec: { template: once } },
      CronJob: { spec: { schedule: '* * * * *', jobTemplate: { spec: { template: once } } } },
    };
    const part = parts[kind];
    return part ? { apiVersion, kind, metadata: { name: 'maker', namespace }, ...part } : null;
  }

  it('admits Deployments and their ReplicaSets where models serve, and refuses every other kind, also with the very pod of a revision', async () => {
    const kinds = await makers();
    expect(kinds.map(({ kind }) => kind)).to.include.members([
      'Deployment',
      'ReplicaSet',
      'StatefulSet',
      'DaemonSet',
      'ReplicationController',
      'PodTemplate',
      'Job',
      'CronJob',
    ]);
    const admitted: string[] = [];
    for (const maker of kinds) {
      const body = holding(maker, scene.serving);
      expect(
        body,
        `${maker.apiVersion} ${maker.kind} makes pods, and nothing is known of it here`,
      ).not.to.equal(null);
      const verdict = await scene.tried(body!);
      expect(verdict.kind, `${maker.kind}: ${verdict.message}`).not.to.equal('invalid');
      if (verdict.kind === 'admitted') admitted.push(maker.kind);
    }
    expect(admitted).to.have.members(['Deployment', 'ReplicaSet']);
  });

  it('refuses every one of them where builds run', async () => {
    for (const maker of await makers())
      expect((await scene.tried(holding(maker, scene.build)!)).kind, maker.kind).to.equal(
        'refused',
      );
  });

  describe('of a Deployment that is there', () => {
    const path = (): string =>
      `/apis/apps/v1/namespaces/${scene.serving}/deployments/${scene.revision}`;
    before(async () => {
      await scene.create(scene.deployment());
    });

    it('lets the controllers make its ReplicaSet and its pods', async () => {
      const pods = async (): Promise<object[]> =>
        scene.list(`/api/v1/namespaces/${scene.serving}/pods`);
      for (const deadline = Date.now() + DEADLINE_MS; (await pods()).length === 0;)
        if (Date.now() > deadline) throw new Error('no pod came to be');
    });

    it('lets it be scaled, paused, labelled, restarted and finalised', async () => {
      const changes: [string, object][] = [
        ['', { spec: { replicas: 3 } }],
        ['/scale', { spec: { replicas: 2 } }],
        ['', { spec: { paused: true } }],
        [
          '',
          {
            metadata: {
              labels: { colour: 'blue' },
              annotations: { 'example.com/x': 'y' },
              finalizers: ['example.com/x'],
            },
          },
        ],
        [
          '',
          {
            spec: {
              template: {
                metadata: {
                  annotations: { 'kubectl.kubernetes.io/restartedAt': '2026-01-01T00:00:00Z' },
                },
              },
            },
          },
        ],
      ];
      for (const [part, patch] of changes) {
        const verdict = await scene.changed(`${path()}${part}`, patch);
        expect(verdict.kind, `${JSON.stringify(patch)} ${verdict.message}`).to.equal('admitted');
      }
    });

    const container = (over: object): object => ({
      containers: [
        { ...(scene.servingPod()['spec'] as { containers: object[] }).containers[0], ...over },
      ],
    });
    const refused: Record<string, () => object> = {
      'a command': () => ({ spec: container({ command: ['sh'] }) }),
      'a foreign variable': () => ({
        spec: container({ env: [{ name: 'LD_PRELOAD', value: '/tmp/x.so' }] }),
      }),
      'a token as a volume': () => ({
        spec: {
          volumes: [
            { name: 'tmp', projected: { sources: [{ serviceAccountToken: { path: 'token' } }] } },
          ],
        },
      }),
      "the node's network": () => ({ spec: { hostNetwork: true } }),
      'a service account': () => ({
        spec: { serviceAccountName: 'other', automountServiceAccountToken: true },
      }),
      'AppArmor by annotation': () => ({
        metadata: {
          annotations: { 'container.apparmor.security.beta.kubernetes.io/model': 'unconfined' },
        },
      }),
      'another network by annotation': () => ({
        metadata: { annotations: { 'k8s.v1.cni.cncf.io/networks': 'other' } },
      }),
      'a container put beside by annotation': () => ({
        metadata: { annotations: { 'sidecar.istio.io/inject': 'true' } },
      }),
      'no security context': () => ({ spec: { securityContext: null } }),
    };
    for (const [what, template] of Object.entries(refused)) {
      it(`refuses to give it ${what}`, async () => {
        const verdict = await scene.changed(path(), { spec: { template: template() } });
        expect(verdict.kind, verdict.message).to.equal('refused');
      });
    }
  });

  it('admits the pull secret and the priority class that the namespace names, and no other', async () => {
    const withSecret = (name: string): Manifest =>
      withSpec(scene.servingPod(), { imagePullSecrets: [{ name }] });
    const withClass = withSpec(scene.servingPod(), {
      priorityClassName: 'system-cluster-critical',
    });
    expect((await scene.tried(withSecret('registry'))).kind).to.equal('refused');
    expect((await scene.tried(withClass)).kind).to.equal('refused');
    const annotate = (value: string | null): Promise<void> =>
      scene.merge(`/api/v1/namespaces/${scene.serving}/configmaps/approved-images`, {
        metadata: {
          annotations: {
            'creativeflow.io/pull-secret': value && 'registry',
            'creativeflow.io/priority-class': value && 'system-cluster-critical',
          },
        },
      });
    await annotate('named');
    try {
      await scene.settled(() => scene.tried(withSecret('registry')), 'admitted');
      await scene.settled(() => scene.tried(withClass), 'admitted');
      expect((await scene.tried(withSecret('other'))).kind).to.equal('refused');
    } finally {
      await annotate(null);
    }
  });
});
