import type { BuildPodObserved } from '../../domain/builds/outcome.ts';
import { roomUntil } from './build-deadline.ts';
import { signGrant } from './build-token.ts';
import type { Prepared } from './prepare.ts';
import type { BuildPodsPort, RegistryPort } from '../ports/cluster.ts';
import type { VersionWork } from '../ports/odoo.ts';
import type { Clock } from '../ports/runtime.ts';

export interface BuildPodParts {
  readonly pods: BuildPodsPort;
  readonly clock: Clock;
  /** the registry in image names, host and port */
  readonly registryName: string;
  /** signs push tokens */
  readonly tokenSecret: string | Buffer;
}
/** One pod's try at a build; a later one has what is left of the time. */
export interface Attempt {
  readonly number: number;
  readonly deadlineSeconds: number;
}

export async function startPod(
  { pods, clock, registryName, tokenSecret }: BuildPodParts,
  work: VersionWork,
  prepared: Prepared,
  { number, deadlineSeconds }: Attempt,
): Promise<void> {
  const { versionId, generation } = work;
  const { repository, tag, contents, labels, way } = prepared;
  // it may wait in line before it begins
  const ends = Math.max(
    clock.now().getTime() + deadlineSeconds * 1000,
    roomUntil(work, clock.now()).getTime(),
  );
  const expiresAt = Math.ceil(ends / 1000) + 60;
  await pods.create({
    versionId,
    generation,
    attempt: number,
    deadlineSeconds,
    contents,
    target: `${registryName}/${repository}:${tag}`,
    token: signGrant({ versionId, generation, repository, expiresAt }, tokenSecret),
    // a base is many versions'
    labels: way === 'layered' ? {} : labels,
    ...(prepared.dockerfile === null ? {} : { dockerfile: prepared.dockerfile }),
    ...(way === 'layered' ? { without: prepared.without, timeless: prepared.reproducible } : {}),
  });
}

/** The registry must hold what the pod says that it pushed. */
export async function verifiedPush(
  registry: RegistryPort,
  { repository, tag }: Prepared,
  digest: string,
): Promise<{ kind: 'done'; digest: string } | { kind: 'failed'; retry: boolean; reason: string }> {
  const stored = await registry.digestOf(repository, tag);
  if (stored === digest) return { kind: 'done', digest };
  return {
    kind: 'failed',
    retry: true,
    reason: `PushFailed: the build pushed ${digest}, the registry has ${stored ?? 'nothing'} at ${tag}.`,
  };
}

/** A container ends a moment before its pod's phase says so. */
export function isOver({ pod }: BuildPodObserved): boolean {
  return (
    pod.containers.some(
      (container) => container.terminated !== null && container.terminated.exitCode !== 0,
    ) ||
    pod.phase === 'Failed' ||
    pod.phase === 'Succeeded'
  );
}
