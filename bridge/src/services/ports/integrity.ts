import type { Readable } from 'node:stream';
import type {
  ArtifactExpected,
  ContainerSeen,
  Difference,
  ObjectSeen,
  RouteSeen,
} from '../../domain/integrity/types.ts';
import type { RevisionSpec } from './cluster.ts';
import type { DeploymentWork } from './odoo.ts';

/** The cluster as it is compared with what was approved, and put back. */
export interface IntegrityCluster {
  containers(namespace: string, revision: string): Promise<ContainerSeen[]>;
  /** `replicas`: whether their number counts too */
  objects(spec: RevisionSpec, replicas: boolean): Promise<ObjectSeen[]>;
  route(namespace: string, name: string): Promise<RouteSeen | null>;
  approved(namespace: string, revision: string): Promise<string | null | undefined>;
  approve(namespace: string, revision: string, image: string): Promise<void>;
  putBack(spec: RevisionSpec, replicas: boolean): Promise<void>;
  putRouteBack(route: {
    namespace: string;
    name: string;
    slug: string;
    path: string;
    revision: string;
    deploymentId: number;
  }): Promise<void>;
  /** namespace and name */
  readonly gateway: string;
}

export interface ArtifactBytes {
  get(key: string): Promise<Readable>;
  /** size, and a mark that changes whenever somebody writes the object; null: not there */
  witness(key: string): Promise<{ size: number; mark: string } | null>;
}

/** What the storage said of an object when its bytes were read, and the digest that they had. */
export type Witness = Record<string, { mark: string; digest: string }>;

/** One answer of `mlops.deployment.integrity_round`. */
export interface Due {
  work: DeploymentWork;
  policy: 'tell' | 'put-back';
  artifacts: ArtifactExpected[];
  /** all bytes are to be read again */
  deep: boolean;
  witness: Witness;
  reported: { state: 'good' | 'bad' | null; differences: Difference[] };
}
