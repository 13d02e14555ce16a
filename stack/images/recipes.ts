import { createHash } from 'node:crypto';
import { appendFileSync, cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../run.ts';
import type { StackContext } from '../server.ts';
import { debianMirror } from '../servers/debian-mirror.ts';
import type { Workshop } from './workshop.ts';

const PYTHON_PACKAGES = ['ca-certificates', 'python3', 'python3-numpy'];
const BUILDER_PACKAGES = ['buildah', 'ca-certificates'];
/** The user that images run as; a name for it keeps programs content that look themselves up. */
const NONROOT = 65532;
const UNNEEDED = [
  'var/cache/apt',
  'var/lib/apt/lists',
  'var/log',
  'var/cache/ldconfig',
  'usr/share/doc',
  'usr/share/man',
  'usr/share/locale',
  'debootstrap',
];
const KEPT_EMPTY = ['var/cache/apt/archives/partial', 'var/lib/apt/lists/partial', 'var/log/apt'];

/**
 * Every commit says the same time, in its record and in its files: the same packages give the same
 * digest.
 */
const COMMIT = ['commit', '--quiet', '--format', 'oci', '--timestamp', '0', '--rm'];
const TRIM_IN_IMAGE =
  'rm -rf /var/cache/apt/* /var/lib/apt/lists/* /var/log/* /var/cache/ldconfig/* /usr/share/doc/* /usr/share/man/* && mkdir -p /var/cache/apt/archives/partial /var/lib/apt/lists/partial';
const COMPILE =
  'python3 -m compileall -q -f --invalidation-mode unchecked-hash /usr/lib/python3 /usr/lib/python3.11';

/**
 * The images that the road starts from: repository and tag in the registry. Later ones may start
 * from earlier ones.
 */
export const RECIPES = [
  { name: 'pause:3.10', make: makePause },
  { name: 'base/python:3.11', make: makePython },
  { name: 'creativeflow/builder:1', make: makeBuilder },
] as const;

/**
 * Changes when what the recipes do changes: the folder of finished images in the cache is named
 * after it.
 */
export const RECIPES_KEY = createHash('sha256')
  .update(
    JSON.stringify([
      PYTHON_PACKAGES,
      BUILDER_PACKAGES,
      NONROOT,
      UNNEEDED,
      KEPT_EMPTY,
      COMMIT,
      TRIM_IN_IMAGE,
      COMPILE,
      String(makePause),
      String(makePython),
      String(makeBuilder),
      String(debian),
    ]),
  )
  .digest('hex')
  .slice(0, 12);

/**
 * The pause program of Kubernetes itself, compiled from the module that the cluster is built from.
 */
async function makePause(
  context: StackContext,
  { folder, buildah }: Workshop,
  image: string,
): Promise<void> {
  const module = await run('go', ['mod', 'download', '-json', 'k8s.io/kubernetes'], {
    cwd: join(context.root, 'stack/go/kube'),
    env: { ...process.env, GOFLAGS: '-mod=mod' },
  });
  const source = join((JSON.parse(module) as { Dir: string }).Dir, 'build/pause/linux/pause.c');
  await run('gcc', [
    '-Os',
    '-Wall',
    '-static',
    '-DVERSION=3.10',
    '-o',
    join(folder, 'pause'),
    source,
  ]);
  const container = (await buildah(['from', 'scratch'])).trim();
  await buildah(['copy', '--quiet', container, join(folder, 'pause'), '/pause']);
  await buildah(['config', '--user', '65535:65535', '--entrypoint', '["/pause"]', container]);
  await buildah([...COMMIT, container, image]);
}

/**
 * Debian's Python with numpy. It runs as root unless a Dockerfile says otherwise, as base images
 * do, so that RUN steps can install; the scan refuses a Dockerfile that ends as root.
 */
async function makePython(
  context: StackContext,
  { folder, buildah }: Workshop,
  image: string,
): Promise<void> {
  const rootfs = await debian(join(folder, 'rootfs'), PYTHON_PACKAGES);
  appendFileSync(
    join(rootfs, 'etc/passwd'),
    `nonroot:x:${NONROOT}:${NONROOT}:nonroot:/srv:/usr/sbin/nologin\n`,
  );
  appendFileSync(join(rootfs, 'etc/group'), `nonroot:x:${NONROOT}:\n`);
  // a layer has no times, and byte code that is compared with its source's time would be compiled
  // at every start
  await run('chroot', [rootfs, 'sh', '-c', COMPILE]);
  const container = (await buildah(['from', 'scratch'])).trim();
  await buildah(['add', '--quiet', container, rootfs, '/']);
  await buildah([
    'config',
    '--workingdir',
    '/srv',
    '--env',
    'PYTHONUNBUFFERED=1',
    '--env',
    'PYTHONDONTWRITEBYTECODE=1',
    '--env',
    'LANG=C.UTF-8',
    '--cmd',
    '["python3"]',
    container,
  ]);
  await buildah([...COMMIT, container, image]);
  rmSync(rootfs, { recursive: true, force: true });
}

/** What a build pod runs: the base image, so that its layer is on the node already, and buildah. */
async function makeBuilder(
  context: StackContext,
  { buildah }: Workshop,
  image: string,
): Promise<void> {
  const container = (await buildah(['from', '--pull-never', RECIPES[1].name])).trim();
  const install = `apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends ${BUILDER_PACKAGES.join(' ')} && ${TRIM_IN_IMAGE}`;
  await buildah([
    'run',
    '--isolation',
    'chroot',
    '--network',
    'host',
    container,
    '--',
    'sh',
    '-c',
    install,
  ]);
  await buildah(['config', '--workingdir', '/context', '--cmd', '["sh"]', container]);
  await buildah([...COMMIT, container, image]);
}

/** A root file system of Debian 12 with only what is named, and apt set up as on this machine. */
async function debian(rootfs: string, packages: readonly string[]): Promise<string> {
  await run(
    'debootstrap',
    ['--variant=minbase', `--include=${packages.join(',')}`, 'bookworm', rootfs, debianMirror()],
    { deadlineMs: 15 * 60_000 },
  );
  const sources = 'etc/apt/sources.list.d/debian.sources';
  if (existsSync(`/${sources}`)) {
    cpSync(`/${sources}`, join(rootfs, sources));
    rmSync(join(rootfs, 'etc/apt/sources.list'), { force: true });
  }
  for (const path of UNNEEDED) rmSync(join(rootfs, path), { recursive: true, force: true });
  for (const path of [...UNNEEDED.slice(0, -1), ...KEPT_EMPTY])
    mkdirSync(join(rootfs, path), { recursive: true });
  // of the machine that made it, not of the image
  for (const path of ['etc/machine-id', 'etc/hostname', 'etc/resolv.conf'])
    writeFileSync(join(rootfs, path), '');
  return rootfs;
}
