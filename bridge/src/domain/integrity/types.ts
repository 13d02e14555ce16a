import type { Change } from './spec-difference.ts';

/**
 * What may be away while the rest is looked at; what was wrong with it stays wrong until it is
 * there again.
 */
type Part = 'cluster' | 'artifacts' | 'image';
export type ObjectKind = 'Deployment' | 'Service' | 'NetworkPolicy';
export type DifferenceKind =
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
