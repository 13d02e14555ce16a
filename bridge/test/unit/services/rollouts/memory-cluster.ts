import type { CapacityObserved } from '../../../../src/domain/capacity/capacity.ts';
import type { RevisionObserved, RouteObserved } from '../../../../src/domain/rollouts/revision.ts';
import type {
  ClusterPort,
  GatewayPort,
  RevisionSpec,
  RouteSpec,
} from '../../../../src/services/ports/cluster.ts';

/**
 * A cluster in memory whose pods are ready at once, unless told otherwise. It writes down what was
 * asked of it.
 */
export class MemoryCluster implements ClusterPort {
  readonly revisions = new Map<string, RevisionObserved>();
  readonly routes = new Map<string, RouteObserved>();
  readonly asked: string[] = [];
  startsReady = true;
  refuse: Error | null = null;

  async revision(_namespace: string, name: string): Promise<RevisionObserved | null> {
    return this.revisions.get(name) ?? null;
  }
  async route(_namespace: string, name: string): Promise<RouteObserved | null> {
    return this.routes.get(name) ?? null;
  }
  /** one for each time that something changes while it is waited for */
  readonly changes: (() => void)[] = [];
  async changed(): Promise<boolean> {
    const change = this.changes.shift();
    change?.();
    return change !== undefined;
  }
  async capacity(): Promise<CapacityObserved> {
    return { nodes: null, holders: [], quotas: [] };
  }
  async applyRevision(spec: RevisionSpec): Promise<void> {
    this.asked.push(`apply ${spec.revision} ${spec.replicas}`);
    if (this.refuse) throw this.refuse;
    this.revisions.set(spec.revision, {
      name: spec.revision,
      image: spec.image,
      wantedReplicas: spec.replicas,
      readyReplicas: this.startsReady ? spec.replicas : 0,
      upToDate: true,
      appliedAt: new Date(),
      creationFailure: null,
      pods: [],
    });
  }
  async scaleRevision(_namespace: string, name: string, replicas: number): Promise<void> {
    this.asked.push(`scale ${name} ${replicas}`);
    const revision = this.revisions.get(name);
    if (revision) Object.assign(revision, { wantedReplicas: replicas, readyReplicas: replicas });
  }
  /** objects that somebody changed, by revision, and what is left of those that are gone */
  readonly drifted = new Map<string, string[]>();
  readonly left = new Map<string, string[]>();
  async drift(spec: RevisionSpec): Promise<string[]> {
    return this.drifted.get(spec.revision) ?? [];
  }
  async mend(spec: RevisionSpec): Promise<void> {
    this.asked.push(`mend ${spec.revision}`);
    this.drifted.delete(spec.revision);
  }
  async routeDrift(spec: RouteSpec): Promise<string | null> {
    return this.routes.get(spec.name)?.edited ?? null;
  }
  async leftovers(_namespace: string, name: string): Promise<string[]> {
    return this.left.get(name) ?? [];
  }
  async removeRevision(_namespace: string, name: string): Promise<void> {
    this.asked.push(`remove ${name}`);
    this.revisions.delete(name);
  }
  async applyRoute(spec: RouteSpec): Promise<void> {
    this.asked.push(
      `route ${spec.name} ${spec.backends.map((backend) => `${backend.revision}=${backend.weight}`).join(',')}`,
    );
    this.routes.set(spec.name, {
      backends: spec.backends,
      changedBy: spec.changedBy,
      before: spec.before,
      accepted: true,
    });
  }
  async removeRoute(_namespace: string, name: string): Promise<void> {
    this.asked.push(`remove-route ${name}`);
    this.routes.delete(name);
  }
}

/** A gateway that answers for the first backend of the route whose path is asked. */
export class MemoryGateway implements GatewayPort {
  readonly #cluster: MemoryCluster;
  readonly urls: string[] = [];
  status: (url: string) => number = () => 200;
  constructor(cluster: MemoryCluster) {
    this.#cluster = cluster;
  }
  async request(url: string): ReturnType<GatewayPort['request']> {
    this.urls.push(url);
    const name = url.includes('/previews/') ? 'digits-preview' : 'digits';
    const revision = this.#cluster.routes.get(name)?.backends[0]?.revision ?? '';
    return {
      status: revision ? this.status(url) : 404,
      headers: { 'x-creativeflow-revision': revision },
      body: '',
    };
  }
}
