import { inCluster } from './cluster-differences.ts';
import type {
  ArtifactExpected,
  ArtifactSeen,
  Difference,
  DifferenceKind,
  Expected,
  ImageSeen,
  Seen,
} from './types.ts';

/** Every difference between what was approved and what is there. Pure. */
export function differences(expected: Expected, seen: Seen): Difference[] {
  return [
    ...(seen.cluster ? inCluster(expected, seen.cluster, seen.image?.platforms ?? []) : []),
    ...(seen.artifacts
      ? expected.artifacts.flatMap((artifact) =>
          ofArtifact(
            artifact,
            seen.artifacts!.find(({ objectKey }) => objectKey === artifact.objectKey),
          ),
        )
      : []),
    ...(seen.image ? ofImage(expected, seen.image) : []),
  ];
}

/** Differences of an unavailable component are carried over. */
export function withRemembered(
  found: Difference[],
  seen: Seen,
  told: readonly Difference[],
): Difference[] {
  return [...found, ...told.filter(({ part }) => seen[part] === null)];
}

/** The condition that people read. */
export function integrityCondition(found: readonly Difference[]): {
  state: 'good' | 'bad';
  reason: string;
  message: string;
} {
  const [first] = found;
  if (first === undefined)
    return { state: 'good', reason: 'AsApproved', message: 'What runs is what was approved.' };
  const told = found.slice(0, 3).map(sentence);
  return {
    state: 'bad',
    reason: first.kind,
    message: told.join(' ') + (found.length > 3 ? ` And ${found.length - 3} more.` : ''),
  };
}

const MENDED: ReadonlySet<DifferenceKind> = new Set([
  'DeploymentMissing',
  'DeploymentChanged',
  'ServiceMissing',
  'ServiceChanged',
  'NetworkPolicyMissing',
  'NetworkPolicyChanged',
  'RouteMissing',
  'RouteChanged',
  'ApprovalChanged',
]);
/** What the bridge can put back from what it knows. Bytes it cannot. */
export const mendable = ({ kind }: Difference): boolean => MENDED.has(kind);
export const sameDifference = (a: Difference, b: Difference): boolean =>
  a.kind === b.kind && a.subject === b.subject && a.found === b.found;

function sentence({ subject, expected, found }: Difference): string {
  return `${subject}: expected ${expected}, found ${found}.`;
}

function ofArtifact(
  { filename, objectKey, digest, size }: ArtifactExpected,
  seen: ArtifactSeen | undefined,
): Difference[] {
  const subject = `Artifact ${filename} (${objectKey})`;
  const remedy =
    'Restore the object from a backup of the storage, or register the version again. Images built from it keep serving.';
  if (seen === undefined) return [];
  if (seen.size === null)
    return [
      {
        kind: 'ArtifactMissing',
        part: 'artifacts',
        subject,
        expected: digest,
        found: 'none',
        remedy,
      },
    ];
  if (seen.size !== size)
    return [
      {
        kind: 'ArtifactChanged',
        part: 'artifacts',
        subject,
        expected: `${size} bytes`,
        found: `${seen.size} bytes`,
        remedy,
      },
    ];
  if (seen.digest !== null && seen.digest !== digest)
    return [
      {
        kind: 'ArtifactChanged',
        part: 'artifacts',
        subject,
        expected: digest,
        found: seen.digest,
        remedy,
      },
    ];
  return [];
}

function ofImage({ image }: Expected, seen: ImageSeen): Difference[] {
  const remedy =
    'Restore it in the registry from a backup. Running pods keep serving; new pods cannot start.';
  const digest = image.split('@')[1] ?? '';
  if (seen.digest === null)
    return [
      {
        kind: 'ImageMissing',
        part: 'image',
        subject: `Image ${image}`,
        expected: 'to be in the registry',
        found: 'none',
        remedy,
      },
    ];
  if (seen.digest !== digest)
    return [
      {
        kind: 'ImageChanged',
        part: 'image',
        subject: `Image ${image}`,
        expected: digest,
        found: seen.digest,
        remedy,
      },
    ];
  return seen.missing.map((layer) => ({
    kind: 'LayerMissing',
    part: 'image',
    subject: `Image ${image}`,
    expected: `its blob ${layer}`,
    found: 'none',
    remedy,
  }));
}
