import { setTimeout as delay } from 'node:timers/promises';
import type { CapacityObserved } from '../bridge/src/domain/capacity/capacity.ts';
import type {
  Backend,
  RevisionObserved,
  RouteObserved,
} from '../bridge/src/domain/rollouts/revision.ts';
import type { Counters } from '../bridge/src/domain/rollouts/types.ts';
import type {
  ClusterPort,
  GatewayAnswer,
  GatewayPort,
  MetricsPort,
  RevisionSpec,
  RouteSpec,
} from '../bridge/src/services/ports/cluster.ts';
import type { DeploymentWork, OdooPort } from '../bridge/src/services/ports/odoo.ts';

/**
 * How long what stands in for a server takes, in ms: least and most. As measured on the real ones
 * of this project, with room.
 */
export const LATENCY = {
  cluster: [4, 12],
  odoo: [15, 40],
  gateway: [3, 8],
  podReady: [2_000, 8_000],
  gatewayTakes: [50, 150],
} as const;
/** requests that Odoo's workers answer at the same time */
const ODOO_WORKERS = 4;
export const DIGEST = `sha256:${'1'.repeat(64)}`;
export const NAMESPACE = 'mlops-production';
export const JUDGED_SECONDS = 5;

const between = ([least, most]: readonly [number, number]): number =>
  least + Math.random() * (most - least);
const takes = (what: keyof typeof LATENCY): Promise<void> => delay(between(LATENCY[what]));

interface Revision {
  seen: RevisionObserved;
  /** told when it changes */
  waiting: Set<() => void>;
}

/** A cluster whose pods become ready after a while, with the latency of a real API server. */
export class SimulatedCluster implements ClusterPort {
  readonly revisions = new Map<string, Revision>();
  readonly routes = new Map<string, RouteObserved & { takenAt: number }>();
  calls = 0;

  async revision(_namespace: string, name: string): Promise<RevisionObserved | null> {
    await this.#called();
    return structuredClone(this.revisions.get(name)?.seen ?? null);
  }

  async changed(
    _namespace: string,
    name: string,
    withinMs: number,
    signal: AbortSignal,
  ): Promise<boolean> {
    const revision = this.revisions.get(name);
    if (!revision) return false;
    const before = JSON.stringify(revision.seen);
    return new Promise((resolve) => {
      const end = (changed: boolean): void => {
        clearTimeout(timer);
        revision.waiting.delete(look);
        resolve(changed);
      };
      const look = (): void => {
        if (JSON.stringify(revision.seen) !== before) end(true);
      };
      const timer = setTimeout(() => end(false), withinMs);
      signal.addEventListener('abort', () => end(false), { once: true });
      revision.waiting.add(look);
    });
  }

  async route(_namespace: string, name: string): Promise<RouteObserved | null> {
    await this.#called();
    return structuredClone(this.routes.get(name) ?? null);
  }

  async capacity(): Promise<CapacityObserved> {
    await this.#called();
    return { nodes: null, holders: [], quotas: [] };
  }

  async applyRevision({ revision: name, image, replicas }: RevisionSpec): Promise<void> {
    await this.#called();
    const known = this.revisions.get(name);
    const seen: RevisionObserved = known?.seen ?? {
      name,
      image,
      wantedReplicas: 0,
      readyReplicas: 0,
      upToDate: true,
      appliedAt: new Date(),
      creationFailure: null,
      pods: [],
    };
    if (!known) this.revisions.set(name, { seen, waiting: new Set() });
    seen.wantedReplicas = replicas;
    this.#fill(name);
  }

  async scaleRevision(_namespace: string, name: string, replicas: number): Promise<void> {
    await this.#called();
    const known = this.revisions.get(name);
    if (!known) return;
    known.seen.wantedReplicas = replicas;
    known.seen.readyReplicas = Math.min(known.seen.readyReplicas, replicas);
    this.#fill(name);
  }

  async drift(): Promise<string[]> {
    await this.#called();
    return [];
  }

  async mend(): Promise<void> {
    await this.#called();
  }

  async routeDrift(): Promise<string | null> {
    await this.#called();
    return null;
  }

  async leftovers(): Promise<string[]> {
    await this.#called();
    return [];
  }

  async removeRevision(_namespace: string, name: string): Promise<void> {
    await this.#called();
    this.revisions.delete(name);
  }

  async applyRoute({ name, backends, changedBy, before }: RouteSpec): Promise<void> {
    await this.#called();
    const known = this.routes.get(name);
    this.routes.set(name, {
      backends,
      changedBy,
      before: before.length > 0 ? before : (known?.before ?? null),
      accepted: true,
      takenAt: Date.now() + between(LATENCY.gatewayTakes),
    });
  }

  async removeRoute(_namespace: string, name: string): Promise<void> {
    await this.#called();
    this.routes.delete(name);
  }

  /** Pods start one by one. */
  #fill(name: string): void {
    const { seen, waiting } = this.revisions.get(name)!;
    for (let pod = seen.readyReplicas; pod < seen.wantedReplicas; pod += 1) {
      setTimeout(() => {
        if (seen.readyReplicas >= seen.wantedReplicas) return;
        seen.readyReplicas += 1;
        for (const tell of waiting) tell();
      }, between(LATENCY.podReady)).unref();
    }
  }

  async #called(): Promise<void> {
    this.calls += 1;
    await takes('cluster');
  }
}

/** Answers as the revision that the route leads to by now; counts as it goes. */
export class SimulatedGateway implements GatewayPort, MetricsPort {
  readonly #cluster: SimulatedCluster;
  readonly #began = Date.now();

  constructor(cluster: SimulatedCluster) {
    this.#cluster = cluster;
  }

  async request(url: string): Promise<GatewayAnswer> {
    await takes('gateway');
    const [, kind, , slug] = new URL(url).pathname.split('/');
    const route = this.#cluster.routes.get(kind === 'previews' ? `${slug}-preview` : slug!);
    if (!route || route.takenAt > Date.now()) return { status: 404, headers: {}, body: '' };
    const heaviest = [...route.backends].sort((a: Backend, b: Backend) => b.weight - a.weight)[0]!;
    return { status: 200, headers: { 'x-creativeflow-revision': heaviest.revision }, body: '{}' };
  }

  async counters(): Promise<Counters> {
    await takes('gateway');
    const requests = Math.round((Date.now() - this.#began) / 10);
    return {
      requests,
      errors: 0,
      buckets: [
        [0.1, requests],
        [Infinity, requests],
      ],
    };
  }
}

/** Says what is wanted, takes reports, and answers a few at a time. */
export class SimulatedOdoo {
  readonly works = new Map<number, DeploymentWork>();
  readonly liveAt = new Map<number, number>();
  readonly failed: string[] = [];
  calls = 0;
  #busy = 0;
  readonly #queue: (() => void)[] = [];

  readonly port = {
    call: (_caller: unknown, model: string, method: string, args: Record<string, unknown>) =>
      this.#call(model, method, args),
  } as unknown as OdooPort;

  async #call(model: string, method: string, args: Record<string, unknown>): Promise<unknown> {
    this.calls += 1;
    if (this.#busy >= ODOO_WORKERS)
      await new Promise<void>((resolve) => {
        this.#queue.push(resolve);
      });
    this.#busy += 1;
    try {
      await takes('odoo');
      return this.#answer(model, method, args);
    } finally {
      this.#busy -= 1;
      this.#queue.shift()?.();
    }
  }

  #answer(model: string, method: string, args: Record<string, unknown>): unknown {
    if (method === 'work')
      return structuredClone(
        model === 'mlops.deployment'
          ? this.works.get(args['deployment_id'] as number)
          : { inputSchema: { example: { inputs: [] } } },
      );
    const work = this.works.get(args['deployment_id'] as number)!;
    if (method === 'record_progress') {
      work.progress = args['progress'] as DeploymentWork['progress'];
      return { accepted: true, progress: structuredClone(work.progress) };
    }
    const facts = args['facts'] as { phase: string; reason: string };
    work.phase = facts.phase;
    if (facts.phase === 'Failed') this.failed.push(facts.reason);
    if (facts.phase === 'Ready') {
      work.isLive = true;
      if (!this.liveAt.has(work.deploymentId)) this.liveAt.set(work.deploymentId, Date.now());
    }
    return { accepted: true };
  }
}
