import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { run, tryRun } from './run.ts';
import type { StackContext } from './server.ts';
import { digestOfFiles } from './sources.ts';

export interface GoProgram {
  /** folder under stack/go/ whose go.mod and go.sum pin everything */
  module: 'kube' | 'network-policies' | 'minio' | 'traefik' | 'compose';
  /** what it is, with the version in it: the first part of its name in the cache */
  output: string;
  package: string;
  ldflags?: string;
  tags?: string;
}

export const KUBE: GoProgram = {
  module: 'kube',
  output: 'kube-v1.34.4',
  package: '.',
  tags: 'providerless,notest,grpcnotrace',
  ldflags: ['gitVersion=v1.34.4', 'gitMajor=1', 'gitMinor=34']
    .map((flag) => `-X k8s.io/component-base/version.${flag}`)
    .join(' '),
};
/**
 * Tags and versions are Kubernetes' own: what both are compiled from is compiled once, and this
 * costs a few seconds beside it.
 */
export const NETWORK_POLICIES: GoProgram = {
  module: 'network-policies',
  output: 'network-policies-v2.1.0',
  package: '.',
  tags: 'providerless,notest,grpcnotrace',
};
export const MINIO: GoProgram = {
  module: 'minio',
  output: 'minio-20260212201848',
  package: 'github.com/minio/minio',
};
export const TRAEFIK: GoProgram = {
  module: 'traefik',
  output: 'traefik-v3.6.7',
  package: 'github.com/traefik/traefik/v3/cmd/traefik',
};
/**
 * Loads a Compose file as Docker's tools do: for the test of docker-compose.yml, on machines
 * without them.
 */
export const COMPOSE: GoProgram = {
  module: 'compose',
  output: 'compose-loader-2.16.2',
  package: '.',
};

// cold, on two cores that other installs share; the wait for the other two programs is in it
const BUILD_DEADLINE_MS = 60 * 60_000;

/**
 * Where the program lies in the cache, built or not. Its name ends in a digest of what it is built
 * from: the cache is common to all checkouts, and one of them may have another `main.go` or other
 * modules under the same version.
 */
export function binary(context: Pick<StackContext, 'root' | 'cache'>, program: GoProgram): string {
  const folder = sourceFolder(context, program);
  const sources = digestOfFiles(
    folder,
    readdirSync(folder)
      .filter((name) => /\.(go|mod|sum)$/.test(name))
      .sort(),
  );
  const key = createHash('sha256')
    .update(JSON.stringify([sources, ...buildFlags(program), program.package]))
    .digest('hex')
    .slice(0, 8);
  return join(context.cache, 'bin', `${program.output}-${key}`);
}

function sourceFolder(context: Pick<StackContext, 'root'>, program: GoProgram): string {
  return join(context.root, 'stack', 'go', program.module);
}

function buildFlags({ ldflags = '', tags }: GoProgram): string[] {
  return ['-ldflags', `-s -w ${ldflags}`.trim(), ...(tags ? ['-tags', tags] : [])];
}

/**
 * Builds a pinned program into the cache. In the cache already: nothing happens. The file appears
 * whole or not at all.
 */
export async function buildGo(context: StackContext, program: GoProgram): Promise<void> {
  const target = binary(context, program);
  if (existsSync(target) && statSync(target).size > 0) return;
  if ((await tryRun('go', ['version'])) === null) {
    throw new Error(
      'Go is not installed (looked in PATH). Install Go 1.26 or newer; it builds Kubernetes, MinIO and Traefik from their modules.',
    );
  }
  mkdirSync(join(context.cache, 'bin'), { recursive: true });
  context.report(`building ${program.output}, minutes the first time`);
  const partial = `${target}.partial`;
  const args = ['build', ...buildFlags(program), '-o', partial, program.package];
  // one build at a time: the linker of each wants gigabytes, and two checkouts may start at once
  await run('flock', ['--no-fork', join(context.cache, 'bin', '.lock'), 'go', ...args], {
    cwd: sourceFolder(context, program),
    env: { ...process.env, CGO_ENABLED: '0', GOFLAGS: '-mod=mod' },
    deadlineMs: BUILD_DEADLINE_MS,
  });
  renameSync(partial, target);
}
