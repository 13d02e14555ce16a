import { createHash, randomBytes } from 'node:crypto';
import { createGunzip } from 'node:zlib';
import { Readable } from 'node:stream';
import { expect } from 'chai';
import tar from 'tar-stream';
import { HttpImageLayers } from '../../../src/adapters/registry/image-layers.ts';
import { HttpImageStore } from '../../../src/adapters/registry/image-store.ts';
import { NotFound } from '../../../src/errors.ts';
import { attachReferrer } from '../../../src/services/builds/referrer.ts';
import { Build } from '../../../src/services/builds/build-job.ts';
import type { BuildPodsPort } from '../../../src/services/ports/cluster.ts';
import type { ImageStorePort } from '../../../src/services/ports/image-store.ts';
import type { VersionWork } from '../../../src/services/ports/odoo.ts';
import type { Logger } from '../../../src/services/ports/runtime.ts';
import type { ObjectStore } from '../../../src/services/ports/object-store.ts';
import { ClusterScene, digitsContext } from '../rollouts/cluster-scene.ts';
import type { BuildReport } from '../rollouts/cluster-scene.ts';
import { EXAMPLE, infer } from '../rollouts/steady-requests.ts';

const quiet: Logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => quiet };
const SMALL = {
  port: 8080,
  readinessPath: '/v2/health/ready',
  cpu: '50m',
  memory: '256Mi',
  replicas: 1,
};
const HEAD = 'ARG REGISTRY\nFROM ${REGISTRY}/base/python:3.11\n';
interface Manifest {
  layers: { mediaType: string; digest: string; annotations?: Record<string, string> }[];
  config: { digest: string };
  annotations: Record<string, string>;
}
interface Options {
  layered?: boolean;
  images?: ImageStorePort;
  buildImage?: string;
  partBytes?: number;
  /** every look is another bridge's */
  takenOver?: boolean;
}

/**
 * The model laid on its base by the bridge, in the real registry, beside what a build with COPY
 * makes of it.
 */
describe('layered build', function () {
  this.timeout(240_000);
  let scene: ClusterScene;
  let images: HttpImageStore;
  let store: ObjectStore;
  let podsMade = 0;
  let next = (Math.floor(Date.now() / 1000) % 1_000_000) * 100 + 50;

  before(async () => {
    scene = await ClusterScene.open();
    images = new HttpImageStore(scene.env.registryUrl);
    store = {
      ...scene.store,
      get: async (key: string) => {
        const bytes = scene.objects.get(key) ?? scene.stored.get(key);
        if (bytes === undefined) throw new NotFound(key, { code: 'object-not-found' });
        return Readable.from([Buffer.from(bytes as Buffer)]);
      },
      remove: async (key: string) => {
        scene.stored.delete(key);
      },
    } as unknown as ObjectStore;
  });
  after(async () => {
    await scene?.close();
  });

  function add(files: Record<string, string | Buffer>): VersionWork {
    const work = scene.addVersion((next += 1), files, {
      serving: SMALL,
      inputSchema: { example: EXAMPLE },
    });
    for (const artifact of work.artifacts)
      if (artifact.filename.startsWith('model')) artifact.kind = 'model';
    return work;
  }

  async function build(
    { versionId }: VersionWork,
    {
      layered = true,
      images: port = images,
      buildImage = scene.env.buildImage,
      partBytes,
      takenOver = false,
    }: Options = {},
  ): Promise<BuildReport> {
    const pods = new Proxy(scene.pods, {
      get: (target, name) =>
        name === 'create'
          ? (spec: never) => {
              podsMade += 1;
              return target.create(spec);
            }
          : (target[name as keyof typeof target] as () => unknown).bind(target),
    }) as BuildPodsPort;
    const bridge = (): Build =>
      new Build({
        odoo: scene.odoo,
        store,
        registry: scene.registry,
        pods,
        clock: { now: () => new Date(), sleep: async () => undefined },
        registryName: scene.gateName,
        tokenSecret: scene.tokenSecret,
        ...(layered
          ? {
              layering: {
                images: port,
                buildImage,
                recordSecret: scene.tokenSecret,
                ...(partBytes ? { partBytes } : {}),
              },
            }
          : {}),
      });
    let job = bridge();
    const signal = AbortSignal.timeout(150_000);
    for (;;) {
      if (takenOver) job = bridge();
      const result = await job.tick(versionId, 1, {
        log: quiet,
        signal,
        requestId: 'contract-test',
      });
      if (result.done) return scene.builds.findLast((report) => report.version_id === versionId)!;
      signal.throwIfAborted();
      await new Promise((resolve) => {
        setTimeout(resolve, result.againInMs);
      });
    }
  }

  const again = (work: VersionWork): void => {
    Object.assign(work, { buildState: 'wanted', image: null, imageDigest: null });
  };
  const manifestOf = async (digest: string | undefined): Promise<Manifest> =>
    JSON.parse(
      (await images.manifest(`models/${scene.slug}`, digest!))!.bytes.toString('utf8'),
    ) as Manifest;
  const logOf = ({ versionId }: VersionWork): string =>
    scene.stored.get(`builds/${versionId}/1.log`) ?? '';

  it('builds the example without the model, lays it on top, and the next version needs no pod', async () => {
    const first = add(await digitsContext());
    const report = await build(first);
    expect(report, report.reason).to.deep.include({
      state: 'done',
      image: `${scene.gateName}/models/${scene.slug}`,
    });
    expect(podsMade).to.equal(1);
    const manifest = await manifestOf(report.image_digest);
    const model = first.artifacts.find(({ kind }) => kind === 'model')!;
    expect(manifest.layers.at(-1)).to.deep.include({
      mediaType: 'application/vnd.oci.image.layer.v1.tar',
      annotations: { 'io.creativeflow.artifact': model.digest },
    });
    expect(manifest.annotations).to.include({
      'io.creativeflow.model': scene.slug,
      'io.creativeflow.build': 'layered',
      'org.opencontainers.image.base.name': `${scene.gateName}/base/python:3.11`,
    });
    expect(manifest.annotations['org.opencontainers.image.base.digest']).to.equal(
      await images.digestOf('base/python', '3.11'),
    );
    expect(
      await scene.registry.digestOf(`models/${scene.slug}`, `v${first.versionId}-g1`),
    ).to.equal(report.image_digest);
    expect(logOf(first))
      .to.match(/layered build/)
      .and.match(/STEP .*COPY model\.safetensors/)
      .and.match(/is empty here/)
      .and.match(/pushed sha256:[0-9a-f]{64}$/);

    const second = add(await digitsContext('digits-v2'));
    const other = await build(second);
    expect(other.state, other.reason).to.equal('done');
    expect(podsMade, 'the base came from the cache').to.equal(1);
    expect((await manifestOf(other.image_digest)).layers.slice(0, -1)).to.deep.equal(
      manifest.layers.slice(0, -1),
    );
    expect(logOf(second))
      .to.include('built before')
      .and.match(/STEP .*COPY model\.safetensors/);
  });

  it('holds byte for byte what the ordinary build holds', async () => {
    const files = {
      ...(await digitsContext()),
      Dockerfile: `${HEAD}WORKDIR /srv/app\nCOPY --chown=65532:65532 --chmod=0440 model.safetensors serve.py ./\nUSER 65532\nCMD ["python3", "serve.py"]\n`,
    };
    const [layered, ordinary] = [
      await build(add(files)),
      await build(add(files), { layered: false }),
    ];
    expect([layered.state, ordinary.state], layered.reason ?? ordinary.reason).to.deep.equal([
      'done',
      'done',
    ]);
    const [ours, theirs] = [
      await filesOf(layered.image_digest!),
      await filesOf(ordinary.image_digest!),
    ];
    expect([...ours.keys()].sort()).to.deep.equal([...theirs.keys()].sort());
    expect([...ours].filter(([path, facts]) => facts !== theirs.get(path))).to.deep.equal([]);
    expect(ours.get('srv/app/model.safetensors')).to.match(/^file 65532:65532 440 /);
    const [one, two] = await Promise.all(
      [layered, ordinary].map(({ image_digest }) => configOf(image_digest!)),
    );
    const settings = ({ Labels, ...rest }: Record<string, unknown>): object => rest;
    expect(settings(one!)).to.deep.equal(settings(two!));
  });

  it('is pulled by a pod of the cluster, and serves', async () => {
    const work = add(await digitsContext());
    expect((await build(work)).state).to.equal('done');
    scene.want(1, work.versionId);
    const report = await scene.reconcile(1);
    expect(report.phase, report.reason).to.equal('Ready');
    expect((await infer(scene)).status).to.equal(200);
  });

  it('gives the same digest for the same inputs, also when its base is built again', async () => {
    const work = add(await digitsContext());
    const digest = (await build(work)).image_digest;
    again(work);
    expect((await build(work)).image_digest).to.equal(digest);
    again(work);
    const made = podsMade;
    expect((await build(work, { buildImage: 'another-builder' })).image_digest).to.equal(digest);
    expect(podsMade, 'another builder has its own cache').to.equal(made + 1);
  });

  it('can be killed between any two requests to the registry, and the next one goes on', async () => {
    const context = await digitsContext();
    const expected = add({ ...context, 'model.safetensors': randomBytes(5_000_000) });
    const fresh = { ...context, 'model.safetensors': randomBytes(5_000_000) };
    const work = add(fresh);
    let resumed = 0;
    let kills = 0;
    for (let allowed = 0; ; allowed += 1) {
      // the first rounds die before anything is sent; each gets one request further than the one
      // before
      if (
        await build(work, { images: dyingAfter(allowed), partBytes: 1_000_000 }).then(
          ({ state }) => state === 'done',
          (error: Error) => {
            if (error.message !== 'killed') throw error;
            kills += 1;
            return false;
          },
        )
      )
        break;
      again(work);
    }
    resumed = Number(/of which (\d+) bytes/.exec(logOf(work))?.[1] ?? 0);
    const digest = scene.builds.findLast(
      ({ version_id }) => version_id === work.versionId,
    )!.image_digest;
    expect(kills).to.be.greaterThan(10);
    again(work);
    scene.stored.clear();
    expect((await build(work)).image_digest, 'the same as one that nobody disturbed').to.equal(
      digest,
    );
    expect((await build(expected)).image_digest).not.to.equal(digest);
    expect(resumed).to.be.a('number');
  });

  it('is taken over by another bridge at every look, its pod and all', async () => {
    const files = await digitsContext();
    const work = add({ ...files, Dockerfile: `# taken over\n${files.Dockerfile}` });
    const made = podsMade;
    const report = await build(work, { takenOver: true });
    expect(report.state, report.reason).to.equal('done');
    expect(podsMade).to.equal(made + 1);
    again(work);
    expect((await build(work)).image_digest).to.equal(report.image_digest);
  });

  it('goes on where an upload was cut, and sends only the rest', async () => {
    const work = add({
      ...(await digitsContext()),
      'model.safetensors': randomBytes(5_000_000),
    });
    let parts = 0;
    const cut = spying(async (name) => {
      if (name === 'append' && (parts += 1) === 4) throw new Error('killed');
    });
    expect(
      await build(work, { images: cut, partBytes: 1_000_000 }).catch(
        (error: Error) => error.message,
      ),
    ).to.equal('killed');
    again(work);
    expect((await build(work, { partBytes: 1_000_000 })).state).to.equal('done');
    expect(logOf(work)).to.include('of which 3000000 bytes by an earlier try');
  });

  it("takes the layer from another model's repository by a mount", async () => {
    const work = add(await digitsContext());
    await build(work);
    again(work);
    const sent: string[] = [];
    Object.assign(work, { slug: `${scene.slug}-b` });
    const report = await build(work, {
      images: spying(async (name) => {
        sent.push(name);
      }),
    });
    expect(report.state, report.reason).to.equal('done');
    expect(sent).to.include('mount').and.not.include('append');
    expect(logOf(work)).to.include('mounted from another');
  });

  it('hangs a bill of materials on the image, under the tag of the fallback where the registry has no list', async () => {
    const work = add(await digitsContext());
    const digest = (await build(work)).image_digest!;
    for (const bill of ['{"old":1}', '{"bomFormat":"CycloneDX"}'])
      await attachReferrer(images, `models/${scene.slug}`, digest, {
        artifactType: 'application/vnd.cyclonedx+json',
        bytes: Buffer.from(bill),
      });
    const index = JSON.parse(
      (await images.manifest(`models/${scene.slug}`, digest.replace(':', '-')))!.bytes.toString(
        'utf8',
      ),
    ) as { manifests: { digest: string; artifactType: string }[] };
    expect(index.manifests.map(({ artifactType }) => artifactType)).to.deep.equal([
      'application/vnd.cyclonedx+json',
    ]);
    const referrer = JSON.parse(
      (await images.manifest(`models/${scene.slug}`, index.manifests[0]!.digest))!.bytes.toString(
        'utf8',
      ),
    ) as Manifest & { subject: { digest: string } };
    expect(referrer.subject.digest).to.equal(digest);
    const chunks: Buffer[] = [];
    for await (const chunk of await images.blob(`models/${scene.slug}`, referrer.layers[0]!.digest))
      chunks.push(chunk as Buffer);
    expect(Buffer.concat(chunks).toString('utf8')).to.equal('{"bomFormat":"CycloneDX"}');
  });

  it('refuses bytes that are not those that were approved', async () => {
    const work = add({
      ...(await digitsContext()),
      'model.safetensors': randomBytes(70_000),
    });
    const model = work.artifacts.find(({ kind }) => kind === 'model')!;
    scene.objects.set(model.objectKey, randomBytes(model.size));
    const report = await build(work);
    expect(report.state).to.equal('failed');
    expect(report.reason).to.match(
      /^ArtifactChanged: model\.safetensors is sha256:.* approved was/,
    );
  });

  it('builds in the ordinary way what does not come to lie where it would be laid', async () => {
    const work = add({
      ...(await digitsContext()),
      Dockerfile: `${HEAD}RUN ln -s /opt /data\nCOPY model.safetensors /data/\nUSER 65532\n`,
    });
    const report = await build(work);
    expect(report.state, report.reason).to.equal('done');
    expect((await manifestOf(report.image_digest)).annotations['io.creativeflow.build']).to.equal(
      'ordinary:misplaced',
    );
    expect((await filesOf(report.image_digest!)).get('opt/model.safetensors')).to.match(
      /^file 0:0 644 /,
    );
  });

  /** path → what it is, of all layers but those of the base image, later ones over earlier ones */
  async function filesOf(digest: string): Promise<Map<string, string>> {
    const found = new Map<string, string>();
    const base = new Set(
      (
        await new HttpImageLayers(scene.env.registryUrl).layersOf(
          'base/python',
          (await images.digestOf('base/python', '3.11'))!,
        )
      ).map((layer) => layer.digest),
    );
    for (const layer of await new HttpImageLayers(scene.env.registryUrl).layersOf(
      `models/${scene.slug}`,
      digest,
    )) {
      if (base.has(layer.digest)) continue;
      const extract = tar.extract();
      const bytes = await layer.open();
      (layer.compressed ? bytes.pipe(createGunzip()) : bytes).pipe(extract);
      for await (const entry of extract) {
        const hash = createHash('sha256');
        for await (const chunk of entry) hash.update(chunk as Buffer);
        const { name, type, uid, gid, mode } = entry.header;
        found.set(
          name.replace(/^\.?\//, '').replace(/\/$/, ''),
          `${type} ${uid}:${gid} ${((mode ?? 0) % 0o10000).toString(8)} ${hash.digest('hex')}`,
        );
      }
    }
    return found;
  }

  async function configOf(digest: string): Promise<Record<string, unknown>> {
    const { config } = await manifestOf(digest);
    const chunks: Buffer[] = [];
    for await (const chunk of await images.blob(`models/${scene.slug}`, config.digest))
      chunks.push(chunk as Buffer);
    return (
      JSON.parse(Buffer.concat(chunks).toString('utf8')) as { config: Record<string, unknown> }
    ).config;
  }

  function spying(before: (name: string) => Promise<void>): ImageStorePort {
    return new Proxy(images, {
      get:
        (target, name) =>
        async (...args: never[]) => {
          await before(String(name));
          return (target[name as keyof typeof target] as (...all: never[]) => unknown).apply(
            target,
            args,
          );
        },
    }) as unknown as ImageStorePort;
  }

  function dyingAfter(requests: number): ImageStorePort {
    let made = 0;
    return spying(async () => {
      if ((made += 1) > requests) throw new Error('killed');
    });
  }
});
