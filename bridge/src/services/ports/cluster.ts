import type { Readable } from 'node:stream';
import type { CapacityObserved, PodRequests } from '../../domain/capacity/capacity.ts';
import type { Backend, RevisionObserved, RouteObserved } from '../../domain/rollouts/revision.ts';
import type { Counters } from '../../domain/rollouts/types.ts';
import type { BuildPodObserved } from '../../domain/builds/outcome.ts';

export interface RevisionSpec {
  namespace: string;
  revision: string;
  slug: string;
  modelId: number;
  versionId: number;
  /** reference with digest */
  image: string;
  replicas: number;
  port: number;
  readinessPath: string;
  requests: PodRequests;
}
export interface RouteSpec {
  namespace: string;
  name: string;
  slug: string;
  path: string;
  backends: Backend[];
  /** the mlops.deployment that changes it, and what it found before its first change */
  changedBy: number;
  before: (Backend & { replicas: number })[];
  /**
   * while traffic is shared: which revision answers those who ask for one side of it
   * (TRAFFIC_HEADER)
   */
  sides?: { canary: string; stable: string } | null;
  /** the whole route is written, so that what somebody added goes too */
  whole?: boolean;
}

/**
 * The cluster that serves. Every method can be called twice; errors are BridgeErrors, `Failed`
 * where trying again would not help.
 */
export interface ClusterPort {
  revision(namespace: string, revision: string): Promise<RevisionObserved | null>;
  /**
   * waits until the revision is no longer as `revision` saw it last; false: not within this time,
   * or it cannot be waited for
   */
  changed(
    namespace: string,
    revision: string,
    withinMs: number,
    signal: AbortSignal,
  ): Promise<boolean>;
  route(namespace: string, name: string): Promise<RouteObserved | null>;
  capacity(namespace: string): Promise<CapacityObserved>;
  applyRevision(spec: RevisionSpec): Promise<void>;
  scaleRevision(namespace: string, revision: string, replicas: number): Promise<void>;
  /**
   * which of its objects are missing or not as they were applied, e.g. `Service digits-v2`; sizes
   * aside
   */
  drift(spec: RevisionSpec): Promise<string[]>;
  /** puts its objects back as they were applied; sizes stay */
  mend(spec: RevisionSpec): Promise<void>;
  /** where a route is not as this would apply it; null: nowhere, or it is not there */
  routeDrift(spec: RouteSpec): Promise<string | null>;
  /** what is still there of a revision whose Deployment is gone, e.g. `Service digits-v2` */
  leftovers(namespace: string, revision: string): Promise<string[]>;
  removeRevision(namespace: string, revision: string): Promise<void>;
  applyRoute(spec: RouteSpec): Promise<void>;
  removeRoute(namespace: string, name: string): Promise<void>;
}

/** What the gateway counted of each revision. */
export interface MetricsPort {
  /** Unavailable when the gateway cannot be asked; zeros for a revision that it has not met */
  counters(namespace: string, revision: string): Promise<Counters>;
}

export interface TrafficPort {
  /**
   * counters of every revision that the gateway has met, by `<namespace>-<revision>`; Unavailable
   * when it cannot be asked
   */
  all(): Promise<Map<string, Counters>>;
}

export interface RegistryPort {
  /** the digest that a tag or digest stands for now; null: not there */
  digestOf(repository: string, reference: string): Promise<string | null>;
}

export interface ImageLayer {
  digest: string;
  /** bytes */
  size: number;
  compressed: boolean;
  open(): Promise<Readable>;
}
export interface ImageLayersPort {
  /** the layers of an image, lowest first; their bytes are fetched when they are opened */
  layersOf(repository: string, digest: string, signal?: AbortSignal): Promise<ImageLayer[]>;
}

/**
 * A request with this header is answered by one side of a rollout, whatever the weights: `canary`
 * or `stable`. A cookie of the same name does it too.
 */
export const TRAFFIC_HEADER = 'creativeflow-traffic';
/**
 * A request's session, as header or cookie: an id that ends in three hexadecimal digits, like a
 * UUID, keeps its version while traffic is shared.
 */
export const SESSION_HEADER = 'creativeflow-session';

export interface GatewayAnswer {
  status: number;
  headers: Record<string, string>;
  body: string;
}
export interface GatewayPort {
  /**
   * One request as a client would make it. Rejects with Unavailable when nothing answers. `body` is
   * cut at `bodyMax` characters, 2,048 where nothing is said.
   */
  request(
    url: string,
    options: {
      method: 'GET' | 'POST';
      json?: unknown;
      headers?: Record<string, string>;
      timeoutMs: number;
      bodyMax?: number;
      signal?: AbortSignal;
    },
  ): Promise<GatewayAnswer>;
}

export interface BuildPodSpec {
  versionId: number;
  generation: number;
  attempt: number;
  /** reference with tag, as the build pushes it */
  target: string;
  /** scopes of one repository and one context, expires */
  token: string;
  /** file name in the context → digest */
  contents: Record<string, string>;
  /** built instead of the context's own, which differs in the names of base images only */
  dockerfile?: string;
  /** empty in the context, since the bridge lays their bytes in itself */
  without?: string[];
  /** what is built holds no time, so that the same files give the same digest */
  timeless?: boolean;
  labels: Record<string, string>;
  deadlineSeconds: number;
}

/** Build pods of one (version, generation). */
export interface BuildPodsPort {
  list(versionId: number, generation?: number): Promise<BuildPodObserved[]>;
  /** adopts the one that exists already */
  create(spec: BuildPodSpec): Promise<void>;
  /** what the pod has written so far; `follow`: until it ends */
  log(pod: string, options: { follow: boolean; signal?: AbortSignal }): Promise<Readable>;
  remove(versionId: number, generation: number): Promise<void>;
}

/** The user name that goes with a push token, in the build pod and at the registry gate. */
export const PUSH_USER = 'build';
