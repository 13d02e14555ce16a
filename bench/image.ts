/**
 * An image with large weights, by the bridge's layered build and by `buildah bud` and `push` of the
 * same Dockerfile with COPY in its pod, one after the other in each round. Random weights, as
 * trained ones hardly shrink either.
 *
 *   npx tsx bench/image.ts [--size 1GiB] [--rounds 3]
 *
 * Uses the stack's cluster; starts a MinIO and a registry of its own and removes them at the end.
 * Disk: six times the size a round.
 */
import { spawn } from 'node:child_process';
import { createHash, randomBytes, randomFillSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { BRIDGE_NODE_OPTIONS, bundleBridge } from '../bridge/bundle.ts';
import { MinioBlobStore } from '../bridge/src/adapters/minio/minio-blob-store.ts';
import { HttpImageStore } from '../bridge/src/adapters/registry/image-store.ts';
import type { ImageManifest } from '../bridge/src/services/builds/base-image.ts';
import type { VersionWork } from '../bridge/src/services/ports/odoo.ts';
import { OWN_MINIO, ownMinio } from '../bridge/test/contract/storage/servers.ts';
import { realClock } from '../bridge/test/fakes/real-clock.ts';
import { readStackFacts } from '../stack/facts.ts';
import { GATES_OF_TESTS } from '../stack/ports.ts';
import { freePort } from '../stack/free-port.ts';
import type { BuildOrder, BuildTook } from './image-build.ts';

type Artifact = VersionWork['artifacts'][number];
const { values: flags } = parseArgs({
  options: { size: { type: 'string', default: '1GiB' }, rounds: { type: 'string', default: '3' } },
});
const MIB = 2 ** 20;
const size = Number(/^\d+/.exec(flags.size)![0]) * (flags.size.endsWith('GiB') ? 1024 * MIB : MIB);
const facts = readStackFacts();
const env = facts.bridgeEnvironment;
// bundled as the bridge is, so that its memory is what the bridge's would be
const program = await bundleBridge(
  join(import.meta.dirname, 'image-build.ts'),
  join(import.meta.dirname, '../bridge/dist/bench-image-build.mjs'),
);
const folder = await mkdtemp(join(tmpdir(), 'creativeflow-image-'));
const minio = await ownMinio();
const storage = { endpoint: `http://127.0.0.1:${minio.port}`, ...OWN_MINIO, bucket: 'bench' };
const blobs = new MinioBlobStore(storage, realClock);
const registryUrl = `http://127.0.0.1:${await freePort()}`;
// where pods reach a bridge beside the stack's own
const podPort = facts.ports.registry + GATES_OF_TESTS;
const registryName = `${facts.registryName.split(':')[0]}:${podPort}`;
await writeFile(
  join(folder, 'registry.yml'),
  `version: 0.1\nlog: {level: error}\nstorage: {filesystem: {rootdirectory: ${folder}/data}}\nhttp: {addr: '${registryUrl.slice(7)}'}\n`,
);
const registry = spawn('docker-registry', ['serve', join(folder, 'registry.yml')], {
  stdio: 'ignore',
});
let version = 900_000_000 + Math.floor(Math.random() * 1e6) * 10;
type Kind = 'ordinary' | 'first' | 'next' | 'same';
const rounds: (Record<Kind, BuildTook> & { load: number })[] = [];

try {
  await blobs.ensureBucket();
  while (
    !(await fetch(`${registryUrl}/v2/`).then(
      ({ ok }) => ok,
      () => false,
    ))
  )
    if (registry.exitCode !== null) throw new Error('docker-registry ended');
  await copyBase();
  const serve = await put('side', 'serve.py', Buffer.from('print("serving")\n'));
  for (let round = 1; round <= Number(flags.rounds); round += 1) {
    const dockerfile = await put(
      'dockerfile',
      'Dockerfile',
      Buffer.from(
        `# round ${round}\nARG REGISTRY\nFROM \${REGISTRY}/base/python:3.11\nCOPY model.bin serve.py /srv/\nUSER 65532\nCMD ["python3", "/srv/serve.py"]\n`,
      ),
    );
    const [one, two] = [await weights(), await weights()];
    const load = loadavg()[0]!;
    const ours = async (): Promise<BuildTook[]> => [
      await built(true, `a${round}`, [dockerfile, serve, one]),
      await built(true, `b${round}`, [dockerfile, serve, two]),
      await built(true, `c${round}`, [dockerfile, serve, two]),
    ];
    const theirs = (): Promise<BuildTook> => built(false, `d${round}`, [dockerfile, serve, one]);
    const oursFirst = round % 2 === 1; // who begins changes from round to round
    const before = oursFirst ? await ours() : [];
    const ordinary = await theirs();
    const [first, next, same] = oursFirst ? before : await ours();
    rounds.push({ ordinary, first: first!, next: next!, same: same!, load });
    console.error(`round ${round}: ${JSON.stringify(rounds.at(-1))}`);
    for (const { objectKey } of [one, two]) await blobs.remove(objectKey);
  }
  tell();
} finally {
  registry.kill();
  await minio.end();
  await rm(folder, { recursive: true, force: true });
}

function tell(): void {
  const median = (values: number[]): number =>
    values.sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
  const each = (kind: Kind, pick: (took: BuildTook) => number | null): string =>
    rounds.map((round) => pick(round[kind])?.toFixed(1) ?? '–').join(', ');
  console.log(
    '| way | seconds (each round) | times faster (median) | bud and push alone, s | bridge: before, peak (MiB) | bridge CPU s |\n|---|---|---|---|---|---|',
  );
  for (const [kind, name] of [
    ['ordinary', 'buildah bud and push with COPY, in its pod'],
    ['first', 'layered, the base built in a pod'],
    ['next', 'layered, the base from the cache'],
    ['same', 'layered, weights that the registry has'],
  ] as const) {
    const faster = median(
      rounds.map((round) => round.ordinary.seconds / round[kind].seconds),
    ).toFixed(1);
    console.log(
      `| ${[name, each(kind, (took) => took.seconds), faster, each(kind, (took) => took.podSeconds), rounds.map((round) => `${round[kind].beforeMiB}, ${round[kind].peakMiB}`).join('; '), each(kind, (took) => took.cpuSeconds)].join(' | ')} |`,
    );
  }
  console.log(`\nload before each round: ${rounds.map(({ load }) => load.toFixed(1)).join(', ')}`);
}

async function built(layered: boolean, slug: string, artifacts: Artifact[]): Promise<BuildTook> {
  const work = {
    versionId: (version += 1),
    modelId: 1,
    slug,
    name: slug,
    version: '1',
    generation: 1,
    artifacts,
    buildState: 'wanted',
    image: null,
    imageDigest: null,
  } as unknown as VersionWork;
  const order: BuildOrder = {
    layered,
    work,
    minio: storage,
    registryUrl,
    registryName,
    podPort,
    kubeconfig: facts.bridgeKubeconfig,
    podHost: env.BRIDGE_POD_HOST!,
    namespace: env.BUILD_NAMESPACE!,
    image: env.BUILD_IMAGE!,
  };
  const child = spawn(process.execPath, [...BRIDGE_NODE_OPTIONS, program], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ORDER: JSON.stringify(order) },
  });
  let output = '';
  for await (const chunk of child.stdout) output += String(chunk);
  const took = JSON.parse(output) as BuildTook;
  if (took.state !== 'done') throw new Error(`${slug}: ${took.state} ${took.reason}`);
  return took;
}

async function put(kind: Artifact['kind'], filename: string, bytes: Buffer): Promise<Artifact> {
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  await blobs.put(digest.slice(7), bytes, 'application/octet-stream');
  return { kind, filename, objectKey: digest.slice(7), digest, size: bytes.length };
}

async function weights(): Promise<Artifact> {
  const objectKey = `weights-${randomBytes(6).toString('hex')}`;
  const [hash, upload, parts, part] = [
    createHash('sha256'),
    await blobs.begin(objectKey),
    [] as { number: number; etag: string }[],
    Buffer.alloc(Math.min(size, 64 * MIB)),
  ];
  for (let at = 0; at < size; at += part.length) {
    randomFillSync(part);
    hash.update(part);
    parts.push({
      number: parts.length + 1,
      etag: await blobs.putPart(
        { key: objectKey, uploadId: upload, number: parts.length + 1 },
        part,
      ),
    });
  }
  await blobs.complete(objectKey, upload, parts);
  return {
    kind: 'model',
    filename: 'model.bin',
    objectKey,
    digest: `sha256:${hash.digest('hex')}`,
    size,
  };
}

/** The base image out of the stack's registry into the bench's. */
async function copyBase(): Promise<void> {
  const [from, to, name] = [
    new HttpImageStore(facts.registryUrl),
    new HttpImageStore(registryUrl),
    'base/python',
  ];
  const base = (await from.manifest(name, '3.11'))!;
  const manifest = JSON.parse(base.bytes.toString('utf8')) as ImageManifest;
  for (const blob of [manifest.config, ...manifest.layers])
    await to.finish(
      await to.append(await to.begin(name), {
        start: 0,
        length: blob.size,
        bytes: await from.blob(name, blob.digest),
      }),
      blob.digest,
    );
  await to.putManifest(name, '3.11', base.mediaType, base.bytes);
}
