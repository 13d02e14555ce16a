import { expect } from 'chai';
import { AdmissionScene, withSpec } from './scene.ts';
import type { Manifest } from './scene.ts';

const OTHER_DIGEST = `sha256:${'0'.repeat(64)}`;
type Container = Record<string, unknown>;

/**
 * The admission rules of k8s/ on the real API server. Asked as its administrator: a right to make
 * pods is no approval.
 */
describe('admission of pods', function () {
  this.timeout(120_000);
  let scene: AdmissionScene;
  let image: string;

  before(async () => {
    scene = await AdmissionScene.open();
    image = scene.image;
  });
  after(async () => {
    await scene?.close();
  });

  const own = (pod: Manifest): Container =>
    (pod['spec'] as { containers: Container[] }).containers[0]!;
  const running = (of: string, over: object = {}): Manifest =>
    withSpec(scene.servingPod(), {
      containers: [{ ...own(scene.servingPod()), image: of }],
      ...over,
    });
  const labelled = (labels: object): Manifest => ({
    ...running(image),
    metadata: {
      ...scene.servingPod().metadata,
      labels: { ...(scene.servingPod().metadata['labels'] as object), ...labels },
    },
  });
  const registry = (): string => scene.facts.registryName;

  it('admits the image that was approved, for its own revision', async () => {
    expect((await scene.tried(running(image))).kind).to.equal('admitted');
  });

  const images: [string, () => Manifest, RegExp][] = [
    [
      'another digest',
      () => running(image.replace(/sha256:.*/, OTHER_DIGEST)),
      /Approved for digits-v7 is .*, not .*sha256:0000/,
    ],
    ['a tag', () => running(`${registry()}/pause:3.10`), /by digest, not by tag: .*pause:3\.10/],
    ['a tag beside the digest', () => running(image.replace('@', ':3.10@')), /Approved for/],
    [
      'another registry',
      () => running(image.replace(registry(), 'docker.example')),
      /come from .* alone, not docker\.example/,
    ],
    [
      'a registry whose name begins alike',
      () => running(image.replace(registry(), `${registry()}.example`)),
      /alone, not/,
    ],
    [
      'the image under another revision',
      () => labelled({ 'creativeflow.io/revision': 'other-v9' }),
      /Nothing was approved for the revision "other-v9"/,
    ],
    [
      'no revision at all',
      () => labelled({ 'creativeflow.io/revision': undefined }),
      /Nothing was approved for the revision ""/,
    ],
    [
      'an init container, though of the same image',
      () => running(image, { initContainers: [own(running(image))] }),
      /init ?[cC]ontainers/,
    ],
    [
      'a second container',
      () =>
        running(image, {
          containers: [
            own(running(image)),
            {
              ...own(running(image)),
              name: 'beside',
              image: image.replace(/sha256:.*/, OTHER_DIGEST),
            },
          ],
        }),
      /Approved for|one container/,
    ],
  ];
  for (const [what, body, why] of images) {
    it(`refuses ${what}`, async () => {
      expect((await scene.tried(body())).message).to.match(why);
    });
  }

  it('refuses a container added to a pod that is there, another image, size or deadline for it; who marks it may', async () => {
    const path = `/api/v1/namespaces/${scene.serving}/pods/${scene.revision}`;
    await scene.create(running(image));
    const changed = async (part: string, patch: object): Promise<string> =>
      (await scene.changed(`${path}${part}`, patch)).kind;
    const container = own((await scene.get<Manifest>(path))!);
    expect(
      await changed('/ephemeralcontainers', {
        spec: { ephemeralContainers: [{ name: 'look', image, targetContainerName: 'model' }] },
      }),
    ).to.equal('refused');
    expect(
      await changed('/resize', {
        spec: {
          containers: [
            {
              ...container,
              resources: {
                requests: { cpu: '60m', memory: '256Mi' },
                limits: { cpu: '2', memory: '256Mi' },
              },
            },
          ],
        },
      }),
    ).to.not.equal('admitted');
    expect(
      await changed('', {
        spec: { containers: [{ ...container, image: image.replace(/sha256:.*/, OTHER_DIGEST) }] },
      }),
    ).to.equal('refused');
    expect(await changed('', { spec: { activeDeadlineSeconds: 5 } })).to.equal('refused');
    expect(
      await changed('', {
        spec: {
          tolerations: [
            ...(await scene.get<{ spec: { tolerations: object[] } }>(path))!.spec.tolerations,
            { operator: 'Exists' },
          ],
        },
      }),
    ).to.equal('refused');
    expect(
      await changed('', { metadata: { labels: { 'creativeflow.io/revision': 'other-v9' } } }),
    ).to.equal('refused');
    for (const metadata of [
      { labels: { colour: 'blue' } },
      { annotations: { 'example.com/note': 'x' } },
      { finalizers: ['example.com/wait'] },
    ])
      expect(await changed('', { metadata }), JSON.stringify(metadata)).to.equal('admitted');
  });

  it('admits nothing any more once the approval is withdrawn', async () => {
    await scene.approved().withdraw(scene.serving, scene.revision);
    try {
      expect((await scene.settled(() => scene.tried(running(image)), 'refused')).message).to.match(
        /Nothing was approved/,
      );
    } finally {
      await scene.approved().approve(scene.serving, scene.revision, image);
    }
  });

  describe('of builds', () => {
    const build = (over: object = {}, container: object = {}): Manifest =>
      withSpec(scene.buildPod(), {
        containers: [{ ...own(scene.buildPod()), ...container }],
        ...over,
      });
    const volumes = (): object[] => (scene.buildPod()['spec'] as { volumes: object[] }).volumes;
    const builds: [string, () => Manifest][] = [
      ['another image', () => build({}, { image })],
      [
        'a folder of the node',
        () => build({ volumes: [...volumes(), { name: 'host', hostPath: { path: '/' } }] }),
      ],
      ["the node's network", () => build({ hostNetwork: true })],
      ['a privileged container', () => build({}, { securityContext: { privileged: true } })],
      [
        'more than SYS_ADMIN',
        () =>
          build({}, { securityContext: { capabilities: { add: ['SYS_ADMIN', 'SYS_MODULE'] } } }),
      ],
      ['an account in the cluster', () => build({ automountServiceAccountToken: true })],
      [
        'another command',
        () => build({}, { command: ['/bin/sh', '-c', 'cat /run/grant/auth.json'] }),
      ],
      ['an argument to the command', () => build({}, { args: ['x'] })],
      [
        "another build's secret",
        () =>
          build({
            volumes: volumes().map((volume) =>
              'secret' in volume
                ? { name: 'grant', secret: { secretName: 'build-v8-g1-a1', defaultMode: 256 } }
                : volume,
            ),
          }),
      ],
      [
        "the registry's name at another address",
        () => build({ hostAliases: [{ ip: '10.244.0.9', hostnames: [registry().split(':')[0]] }] }),
      ],
      [
        'another name at the gate',
        () => build({ hostAliases: [{ ip: scene.facts.podHost, hostnames: ['docker.example'] }] }),
      ],
      [
        'a variable that the shell obeys',
        () =>
          build(
            {},
            {
              env: [
                ...(own(scene.buildPod())['env'] as object[]),
                { name: 'BASH_ENV', value: '/x' },
              ],
            },
          ),
      ],
      ['no deadline', () => build({ activeDeadlineSeconds: undefined })],
    ];
    it('admits the pod that the bridge makes', async () => {
      expect((await scene.tried(build())).message).to.equal('');
    });
    for (const [what, body] of builds) {
      it(`refuses ${what}`, async () => {
        expect((await scene.tried(body())).kind).to.equal('refused');
      });
    }

    it('admits none under another name than that of its secret', async () => {
      const pod = build();
      expect(
        (await scene.tried({ ...pod, metadata: { ...pod.metadata, name: 'build-v8-g1-a1' } })).kind,
      ).to.equal('refused');
    });
  });
});
