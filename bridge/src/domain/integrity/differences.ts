import type { Change } from './spec-difference.ts';

/**
 * What may be away while the rest is looked at; what was wrong with it stays wrong until it is
 * there again.
 */
type Part = 'cluster' | 'artifacts' | 'image';
export type ObjectKind = 'Deployment' | 'Service' | 'NetworkPolicy';
type DifferenceKind =
  | 'UnapprovedImage'
  | 'ApprovalChanged'
  | `${ObjectKind | 'Route'}${'Missing' | 'Changed'}`
  | 'ArtifactMissing'
  | 'ArtifactChanged'
  | 'ImageMissing'
  | 'ImageChanged'
  | 'LayerMissing';
export interface Difference {
  kind: DifferenceKind;
  part: Part;
  subject: string;
  expected: string;
  found: string;
  remedy: string;
}

export interface ArtifactExpected {
  filename: string;
  objectKey: string;
  digest: string;
  size: number;
}
export interface Expected {
  revision: string;
  /** reference with digest */
  image: string;
  artifacts: ArtifactExpected[];
  /** null: it has none of its own, or a rollout moves it just now */
  route: { name: string; path: string; gateway: string } | null;
}

export interface ContainerSeen {
  pod: string;
  container: string;
  /** as the pod asks for it */
  image: string;
  /** what runs; null: not known (yet) */
  digest: string | null;
}
export interface ObjectSeen {
  kind: ObjectKind;
  name: string;
  missing: boolean;
  changes: Change[];
  /** who wrote into it besides us */
  by: string | null;
}
export interface RouteSeen {
  parents: string[];
  hostnames: string[];
  rules: { paths: string[]; filters: string[]; backends: { name: string; weight: number }[] }[];
}
export interface ClusterSeen {
  containers: ContainerSeen[];
  objects: ObjectSeen[];
  /**
   * what the admission rule lets in for this revision; null: the cluster keeps no list, undefined:
   * nothing yet
   */
  approved: string | null | undefined;
  /** null: there is none; undefined: not asked for */
  route: RouteSeen | null | undefined;
}
export interface ArtifactSeen {
  objectKey: string;
  /** null: not there */
  size: number | null;
  /** null: not read */
  digest: string | null;
}
export interface ImageSeen {
  /** of the manifest's bytes; null: not there */
  digest: string | null;
  missing: string[];
  /** of the platforms, where it is an index */
  platforms: string[];
}
/** null: could not be looked at */
export interface Seen {
  cluster: ClusterSeen | null;
  artifacts: ArtifactSeen[] | null;
  image: ImageSeen | null;
}

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

const PUT_BACK =
  'Put back by the bridge, or apply the deployment again where the environment says that it is only told.';

function inCluster(expected: Expected, seen: ClusterSeen, platforms: string[]): Difference[] {
  const digests = [expected.image.split('@')[1] ?? '', ...platforms];
  const pods = seen.containers
    .filter(
      ({ image, digest }) =>
        image !== expected.image || (digest !== null && !digests.includes(digest)),
    )
    .map(({ pod, container, image, digest }): Difference => ({
      kind: 'UnapprovedImage',
      part: 'cluster',
      subject: `Container ${container} of pod ${pod}`,
      expected: expected.image,
      found: image === expected.image ? (digest ?? image) : image,
      remedy:
        'Delete the pod, and find out who made it; the Deployment is put back where it was changed.',
    }));
  const approved: Difference[] =
    typeof seen.approved === 'string' && seen.approved !== expected.image
      ? [
          {
            kind: 'ApprovalChanged',
            part: 'cluster',
            subject: `approved-images of ${expected.revision}`,
            expected: expected.image,
            found: seen.approved,
            remedy: PUT_BACK,
          },
        ]
      : [];
  return [
    ...pods,
    ...approved,
    ...seen.objects.flatMap(ofObject),
    ...(expected.route ? ofRoute(expected.route, expected.revision, seen.route) : []),
  ];
}

function ofObject({ kind, name, missing, changes, by }: ObjectSeen): Difference[] {
  if (missing)
    return [
      {
        kind: `${kind}Missing`,
        part: 'cluster',
        subject: `${kind} ${name}`,
        expected: 'to be there',
        found: 'none',
        remedy: PUT_BACK,
      },
    ];
  return changes.map(({ path, expected, found }) => ({
    kind: `${kind}Changed`,
    part: 'cluster',
    subject: `${kind} ${name} ${path}`,
    expected: told(expected),
    found: told(found) + (by ? ` (written by ${by})` : ''),
    remedy: PUT_BACK,
  }));
}

/** Filters that send a request, or a copy of it, somewhere else. */
const ELSEWHERE = new Set(['RequestMirror', 'RequestRedirect', 'ExtensionRef']);

/** Those that take off the prefix, and what names the visitor or what a browser would obey. */
const NEEDED = ['URLRewrite', 'RequestHeaderModifier', 'ResponseHeaderModifier'];

function ofRoute(
  { name, path, gateway }: NonNullable<Expected['route']>,
  revision: string,
  seen: RouteSeen | null | undefined,
): Difference[] {
  const subject = `Route ${name}`;
  if (seen === undefined) return [];
  if (seen === null)
    return [
      {
        kind: 'RouteMissing',
        part: 'cluster',
        subject,
        expected: 'to be there',
        found: 'none',
        remedy: PUT_BACK,
      },
    ];
  const changed = (what: string, expected: string, found: string): Difference => ({
    kind: 'RouteChanged',
    part: 'cluster',
    subject: `${subject} ${what}`,
    expected,
    found: found || 'nothing',
    remedy: PUT_BACK,
  });
  const list: Difference[] = [];
  if (seen.parents.join() !== gateway)
    list.push(changed('parentRefs', gateway, seen.parents.join(', ')));
  if (seen.hostnames.length > 0) list.push(changed('hostnames', 'any', seen.hostnames.join(', ')));
  if (seen.rules.length === 0) list.push(changed('rules', `one for ${path}`, 'none'));
  for (const [index, { paths, filters, backends }] of seen.rules.entries()) {
    const served = backends.filter(({ weight }) => weight > 0);
    if (paths.join() !== path) list.push(changed(`rules[${index}] path`, path, paths.join(', ')));
    if (served.length !== 1 || served[0]?.name !== revision)
      list.push(
        changed(
          `rules[${index}] backends`,
          revision,
          served.map((backend) => `${backend.name} (${backend.weight})`).join(', '),
        ),
      );
    const elsewhere = filters.filter((filter) => ELSEWHERE.has(filter));
    if (elsewhere.length > 0)
      list.push(
        changed(
          `rules[${index}] filters`,
          'none that sends requests elsewhere',
          elsewhere.join(', '),
        ),
      );
    const missing = NEEDED.filter((filter) => !filters.includes(filter));
    if (missing.length > 0)
      list.push(changed(`rules[${index}] filters`, missing.join(', '), filters.join(', ')));
  }
  return list;
}

function ofArtifact(
  { filename, objectKey, digest, size }: ArtifactExpected,
  seen: ArtifactSeen | undefined,
): Difference[] {
  const subject = `Artifact ${filename} (${objectKey})`;
  const remedy =
    'Restore the object from a backup of the storage, or register the version anew. What was built of it goes on serving.';
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
    'Restore it in the registry from a backup. Pods that run go on; a new one could not start.';
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

function told(value: unknown): string {
  const text =
    value === undefined ? 'nothing' : typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
