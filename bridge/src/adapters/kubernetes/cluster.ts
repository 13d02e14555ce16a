import type { V1Deployment, V1Pod } from '@kubernetes/client-node';
import type { CapacityObserved } from '../../domain/capacity/capacity.ts';
import type { RevisionObserved, RouteObserved } from '../../domain/rollouts/revision.ts';
import { Conflict } from '../../errors.ts';
import type { ClusterPort, RevisionSpec, RouteSpec } from '../../services/ports/cluster.ts';
import { ApprovedImages } from './approved-images.ts';
import { observeCapacity } from './capacity.ts';
import { KubernetesIntegrity, isRestart } from './integrity.ts';
import { disruptionManifest } from './disruption.ts';
import type { KubernetesClient } from './client.ts';
import {
  ANNOTATION,
  LABEL,
  allowServingManifest,
  defaultDenyManifest,
  deploymentManifest,
  routeManifest,
  serviceManifest,
} from './manifests.ts';
import type { GatewayReference } from './manifests.ts';
import {
  deploymentPath,
  disruptionPath,
  podsPath,
  policyPath,
  routePath,
  servicePath,
} from './object-paths.ts';
import { observeRevision } from './observe.ts';

/** What this adapter reads of an HTTPRoute (gateway.networking.k8s.io/v1). */
interface HttpRoute {
  metadata: { generation?: number; annotations?: Record<string, string> };
  spec: { rules?: { backendRefs?: { name: string; weight?: number }[] }[] };
  status?: {
    parents?: { conditions?: { type: string; status: string; observedGeneration?: number }[] }[];
  };
}

/** What was found intact is not compared again for so long. */
const INTACT_MS = 1_500;

export class KubernetesCluster implements ClusterPort {
  readonly #client: KubernetesClient;
  readonly #gateway: GatewayReference;
  readonly #approved: ApprovedImages;
  readonly #integrity: KubernetesIntegrity;
  /** when the objects of a revision were last found as they should be */
  readonly #intactAt = new Map<string, number>();
  /** the Deployments as they were last read: from there on changes are waited for */
  readonly #read = new Map<string, { resourceVersion: string; state: string }>();

  constructor(client: KubernetesClient, gateway: GatewayReference) {
    this.#client = client;
    this.#gateway = gateway;
    this.#approved = new ApprovedImages(client);
    this.#integrity = new KubernetesIntegrity(client, gateway);
  }

  async revision(namespace: string, revision: string): Promise<RevisionObserved | null> {
    const path = deploymentPath(namespace, revision);
    const deployment = await this.#client.get<V1Deployment>(path);
    if (deployment === null) {
      this.#read.delete(path);
      return null;
    }
    this.#read.set(path, {
      resourceVersion: deployment.metadata?.resourceVersion ?? '',
      state: stateOf(deployment),
    });
    const pods = await this.#client.list<V1Pod>(podsPath(namespace), {
      labelSelector: `${LABEL.revision}=${revision}`,
    });
    return observeRevision(this.#client, deployment, pods);
  }

  async changed(
    namespace: string,
    revision: string,
    withinMs: number,
    signal: AbortSignal,
  ): Promise<boolean> {
    const read = this.#read.get(deploymentPath(namespace, revision));
    if (!read) return false;
    const query = {
      fieldSelector: `metadata.name=${revision}`,
      resourceVersion: read.resourceVersion,
    };
    const ended = new AbortController();
    const timer = setTimeout(() => ended.abort(), withinMs);
    try {
      for await (const deployment of this.#client.watch<V1Deployment>(
        `/apis/apps/v1/namespaces/${namespace}/deployments`,
        query,
        AbortSignal.any([signal, ended.signal]),
      )) {
        if (stateOf(deployment) !== read.state) return true;
      }
    } catch {
      // time is up, the bridge stops, or the cluster is away: the next look tells which
    } finally {
      clearTimeout(timer);
    }
    return false;
  }

  async route(namespace: string, name: string): Promise<RouteObserved | null> {
    const route = await this.#client.get<HttpRoute>(routePath(namespace, name));
    if (route === null) return null;
    const annotations = route.metadata.annotations ?? {};
    const changedBy = Number(annotations[ANNOTATION.changedBy]);
    return {
      backends: (route.spec.rules?.[0]?.backendRefs ?? []).map((backend) => ({
        revision: backend.name,
        weight: backend.weight ?? 1,
      })),
      changedBy: Number.isInteger(changedBy) && changedBy > 0 ? changedBy : null,
      before: parseBefore(annotations[ANNOTATION.before]),
      accepted: isAccepted(route),
    };
  }

  capacity(namespace: string): Promise<CapacityObserved> {
    return observeCapacity(this.#client, namespace);
  }

  async applyRevision(spec: RevisionSpec): Promise<void> {
    // before the first pod: what lets it in and what closes it off
    await Promise.all([
      this.#approved.approve(spec.namespace, spec.revision, spec.image),
      this.#client.apply(disruptionPath(spec.namespace, spec.revision), disruptionManifest(spec)),
      this.#client.apply(
        policyPath(spec.namespace, 'default-deny'),
        defaultDenyManifest(spec.namespace),
      ),
      this.#client.apply(
        policyPath(spec.namespace, spec.revision),
        allowServingManifest(spec, this.#gateway.sources),
      ),
      this.#client.apply(servicePath(spec.namespace, spec.revision), serviceManifest(spec)),
    ]);
    await this.#client.apply(
      deploymentPath(spec.namespace, spec.revision),
      deploymentManifest(spec),
    );
  }

  async scaleRevision(namespace: string, revision: string, replicas: number): Promise<void> {
    await this.#client.merge(deploymentPath(namespace, revision), { spec: { replicas } });
  }

  async drift(spec: RevisionSpec): Promise<string[]> {
    const path = deploymentPath(spec.namespace, spec.revision);
    const known = this.#intactAt.get(path);
    if (known !== undefined && Date.now() - known < INTACT_MS) return [];
    const objects = await unlessWritten(this.#integrity.objects(spec, false));
    if (objects === null) return [];
    const found = objects.filter(
      ({ missing, changes }) => missing || changes.some((change) => !isRestart(change)),
    );
    if (found.length === 0) this.#intactAt.set(path, Date.now());
    return found.map(({ kind, name }) => `${kind} ${name}`);
  }

  async mend(spec: RevisionSpec): Promise<void> {
    this.#intactAt.delete(deploymentPath(spec.namespace, spec.revision));
    await unlessWritten(this.#integrity.putBack(spec, false));
  }

  routeDrift(spec: RouteSpec): Promise<string | null> {
    return unlessWritten(this.#integrity.routeDrift(spec));
  }

  async leftovers(namespace: string, revision: string): Promise<string[]> {
    const kinds = {
      Service: servicePath,
      NetworkPolicy: policyPath,
      PodDisruptionBudget: disruptionPath,
    };
    const objects = await Promise.all(
      Object.entries(kinds).map(async ([kind, path]) =>
        (await this.#client.get<object>(path(namespace, revision))) === null
          ? []
          : [`${kind} ${revision}`],
      ),
    );
    const pods = await this.#client.list<V1Pod>(podsPath(namespace), {
      labelSelector: `${LABEL.revision}=${revision}`,
    });
    return [...objects.flat(), ...pods.map((pod) => `Pod ${pod.metadata?.name}`)];
  }

  async removeRevision(namespace: string, revision: string): Promise<void> {
    await this.#client.remove(deploymentPath(namespace, revision));
    await this.#client.remove(servicePath(namespace, revision));
    await this.#client.remove(policyPath(namespace, revision));
    await this.#client.remove(disruptionPath(namespace, revision));
    await this.#approved.withdraw(namespace, revision);
  }

  async applyRoute(spec: RouteSpec): Promise<void> {
    if (spec.whole) await unlessWritten(this.#integrity.replaceRoute(spec));
    else
      await this.#client.apply(
        routePath(spec.namespace, spec.name),
        routeManifest(spec, this.#gateway),
      );
  }

  async removeRoute(namespace: string, name: string): Promise<void> {
    await this.#client.remove(routePath(namespace, name));
  }
}

/** null: it was written between reading and writing; the next look sees what came of it. */
async function unlessWritten<T>(writing: Promise<T>): Promise<T | null> {
  try {
    return await writing;
  } catch (error) {
    if (!(error instanceof Conflict)) throw error;
    return null;
  }
}

/** Some gateway takes the route as it is now. */
function isAccepted({ metadata: { generation = 0 }, status }: HttpRoute): boolean {
  const conditions = (status?.parents ?? []).flatMap((parent) => parent.conditions ?? []);
  return conditions.some(
    (condition) =>
      condition.type === 'Accepted' &&
      condition.status === 'True' &&
      (condition.observedGeneration ?? 0) >= generation,
  );
}

/** What of a Deployment moves a rollout on: sizes, and whether pods can be made at all. */
function stateOf({ metadata, spec, status }: V1Deployment): string {
  const refused = status?.conditions?.find(
    (condition) => condition.type === 'ReplicaFailure',
  )?.status;
  return JSON.stringify([
    metadata?.deletionTimestamp,
    spec?.replicas,
    status?.replicas,
    status?.updatedReplicas,
    status?.readyReplicas,
    refused,
  ]);
}

function parseBefore(text: string | undefined): RouteObserved['before'] {
  if (text === undefined) return null;
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? (value as NonNullable<RouteObserved['before']>) : null;
  } catch {
    return null;
  }
}
