import type { V1Container, V1Pod } from '@kubernetes/client-node';
import type {
  ContainerSeen,
  ObjectKind,
  ObjectSeen,
  RouteSeen,
} from '../../domain/integrity/types.ts';
import { specChanges } from '../../domain/integrity/spec-difference.ts';
import type { Change } from '../../domain/integrity/spec-difference.ts';
import type { RevisionSpec, RouteSpec } from '../../services/ports/cluster.ts';
import type { IntegrityCluster } from '../../services/ports/integrity.ts';
import { ApprovedImages } from './approved-images.ts';
import { FIELD_MANAGER } from './client.ts';
import type { KubernetesClient } from './client.ts';
import { inPlaceOf, routeInPlaceOf, type Stored } from './in-place.ts';
import {
  ANNOTATION,
  LABEL,
  allowServingManifest,
  appliedHash,
  deploymentManifest,
  routeManifest,
  serviceManifest,
} from './manifests.ts';
import type { GatewayReference } from './manifests.ts';
import { deploymentPath, podsPath, policyPath, routePath, servicePath } from './object-paths.ts';

interface HttpRoute extends Stored {
  spec: {
    parentRefs?: { name: string; namespace?: string }[];
    hostnames?: string[];
    rules?: {
      matches?: { path?: { value?: string } }[];
      filters?: { type: string }[];
      backendRefs?: { name: string; weight?: number }[];
    }[];
  };
}
const RESTARTED = 'kubectl.kubernetes.io/restartedAt';

interface Part {
  kind: ObjectKind;
  path: string;
  manifest: Stored;
  stored: Stored | null;
}

/**
 * Compares what is in the cluster with what would be applied now. The API server does it: our
 * manifest in place of the stored one, as a dry run, comes back with every default, and whatever
 * differs from it was changed by somebody.
 */
export class KubernetesIntegrity implements IntegrityCluster {
  readonly #client: KubernetesClient;
  readonly #reference: GatewayReference;
  readonly #approved: ApprovedImages;
  /**
   * what was found as it should be, by path: it is compared again only when it was written since
   */
  readonly #clean = new Map<string, string>();

  constructor(client: KubernetesClient, gateway: GatewayReference) {
    this.#client = client;
    this.#reference = gateway;
    this.#approved = new ApprovedImages(client);
  }

  get gateway(): string {
    return `${this.#reference.namespace}/${this.#reference.name}`;
  }

  async containers(namespace: string, revision: string): Promise<ContainerSeen[]> {
    const pods = await this.#client.list<V1Pod>(podsPath(namespace), {
      labelSelector: `${LABEL.revision}=${revision}`,
    });
    return pods
      .filter(({ metadata }) => metadata?.deletionTimestamp === undefined)
      .flatMap(containersOf);
  }

  async objects(spec: RevisionSpec, replicas: boolean): Promise<ObjectSeen[]> {
    return Promise.all((await this.#parts(spec)).map((part) => this.#look(part, spec, replicas)));
  }

  async #look(
    { kind, path, manifest, stored }: Part,
    spec: RevisionSpec,
    replicas: boolean,
  ): Promise<ObjectSeen> {
    const { name } = manifest.metadata;
    if (stored === null) return { kind, name, missing: true, changes: [], by: null };
    const key = JSON.stringify([
      stored.metadata.uid,
      stored.metadata.generation ?? stored.metadata.resourceVersion,
      replicas,
      manifest.spec,
    ]);
    if (this.#clean.get(path) === key) return { kind, name, missing: false, changes: [], by: null };
    const ours = inPlaceOf(stored, manifest, kind, replicas);
    const wanted = await this.#client.replace<Stored>(path, ours, true);
    const by = writers(stored);
    let changes = specChanges(wanted.spec, stored.spec);
    // applied by a bridge with another template: only what somebody else wrote is a change by hand
    if (kind === 'Deployment' && by === null && isOfOtherTemplate(stored, spec))
      changes = changes.filter((change) => /\.(image|replicas)$/.test(change.path));
    if (changes.length === 0) this.#clean.set(path, key);
    return { kind, name, missing: false, changes, by: changes.length > 0 ? by : null };
  }

  async route(namespace: string, name: string): Promise<RouteSeen | null> {
    const found = await this.#client.get<HttpRoute>(routePath(namespace, name));
    if (found === null) return null;
    return {
      parents: (found.spec.parentRefs ?? []).map(
        (parent) => `${parent.namespace ?? namespace}/${parent.name}`,
      ),
      hostnames: found.spec.hostnames ?? [],
      rules: (found.spec.rules ?? []).map((rule) => ({
        paths: (rule.matches ?? []).map((match) => match.path?.value ?? ''),
        filters: (rule.filters ?? []).map(({ type }) => type),
        backends: (rule.backendRefs ?? []).map((backend) => ({
          name: backend.name,
          weight: backend.weight ?? 1,
        })),
      })),
    };
  }

  approved(namespace: string, revision: string): Promise<string | null | undefined> {
    return this.#approved.of(namespace, revision);
  }

  approve(namespace: string, revision: string, image: string): Promise<void> {
    return this.#approved.approve(namespace, revision, image);
  }

  /**
   * The whole of each spec, so that what somebody added goes too; a stored object that changed
   * meanwhile is left to the next round.
   */
  async putBack(spec: RevisionSpec, replicas: boolean): Promise<void> {
    await this.#approved.approve(spec.namespace, spec.revision, spec.image);
    for (const { kind, path, manifest, stored } of await this.#parts(spec)) {
      if (stored === null) await this.#client.apply(path, manifest);
      else await this.#client.replace(path, inPlaceOf(stored, manifest, kind, replicas), false);
    }
  }

  /** Where a route is not as this would apply it, and null where it is or is not there at all. */
  async routeDrift(spec: RouteSpec): Promise<string | null> {
    const path = routePath(spec.namespace, spec.name);
    const stored = await this.#client.get<Stored>(path);
    if (stored === null) return null;
    const manifest = routeManifest(spec, this.#reference) as Stored;
    const key = JSON.stringify([stored.metadata.uid, stored.metadata.generation, manifest.spec]);
    if (this.#clean.get(path) === key) return null;
    const wanted = await this.#client.replace<Stored>(path, routeInPlaceOf(stored, manifest), true);
    const [change] = specChanges(wanted.spec, stored.spec);
    if (change === undefined) this.#clean.set(path, key);
    return change?.path ?? null;
  }

  /** The whole route, so that what somebody added goes too. */
  async replaceRoute(spec: RouteSpec): Promise<void> {
    const path = routePath(spec.namespace, spec.name);
    const manifest = routeManifest(spec, this.#reference) as Stored;
    const stored = await this.#client.get<Stored>(path);
    if (stored === null) await this.#client.apply(path, manifest);
    else await this.#client.replace(path, routeInPlaceOf(stored, manifest), false);
  }

  async putRouteBack(route: Parameters<IntegrityCluster['putRouteBack']>[0]): Promise<void> {
    const { namespace, name, slug, path, revision, deploymentId } = route;
    await this.replaceRoute({
      namespace,
      name,
      slug,
      path,
      backends: [{ revision, weight: 100 }],
      changedBy: deploymentId,
      before: [],
    });
  }

  async #parts(spec: RevisionSpec): Promise<Part[]> {
    const { namespace, revision } = spec;
    const parts: Omit<Part, 'stored'>[] = [
      {
        kind: 'Deployment',
        path: deploymentPath(namespace, revision),
        manifest: deploymentManifest(spec) as unknown as Stored,
      },
      {
        kind: 'Service',
        path: servicePath(namespace, revision),
        manifest: serviceManifest(spec) as unknown as Stored,
      },
      {
        kind: 'NetworkPolicy',
        path: policyPath(namespace, revision),
        manifest: allowServingManifest(spec, this.#reference.sources) as unknown as Stored,
      },
    ];
    return Promise.all(
      parts.map(async (part) => ({ ...part, stored: await this.#client.get<Stored>(part.path) })),
    );
  }
}

const isOfOtherTemplate = ({ metadata }: Stored, spec: RevisionSpec): boolean =>
  metadata.annotations?.[ANNOTATION.applied] !== appliedHash(spec);

function containersOf({ metadata, spec, status = {} }: V1Pod): ContainerSeen[] {
  const statuses = [
    ...(status.containerStatuses ?? []),
    ...(status.initContainerStatuses ?? []),
    ...(status.ephemeralContainerStatuses ?? []),
  ];
  const containers = [
    ...(spec?.containers ?? []),
    ...(spec?.initContainers ?? []),
    ...((spec?.ephemeralContainers ?? []) as V1Container[]),
  ];
  return containers.map(({ name, image = '' }) => ({
    pod: metadata?.name ?? '',
    container: name,
    image,
    digest: digestOf(statuses.find((one) => one.name === name)?.imageID),
  }));
}

const digestOf = (imageId = ''): string | null =>
  /@(sha256:[0-9a-f]{64})$/.exec(imageId)?.[1] ?? null;

/** `kubectl rollout restart` changes nothing of what runs. */
export function isRestart({ path, expected, found }: Change): boolean {
  if (path === `spec.template.metadata.annotations.${RESTARTED}`) return true;
  return (
    path === 'spec.template.metadata.annotations' &&
    expected === undefined &&
    Object.keys((found ?? {}) as object).join() === RESTARTED
  );
}

/** Who wrote into the spec besides us; null: nobody, or it is not kept. */
function writers({ metadata }: Stored): string | null {
  const others = (metadata.managedFields ?? []).filter(
    (entry) =>
      entry.manager !== FIELD_MANAGER &&
      !entry.subresource &&
      'f:spec' in ((entry.fieldsV1 ?? {}) as object),
  );
  return others.length === 0
    ? null
    : [
        ...new Set(
          others.map((entry) => `${entry.manager ?? 'somebody'} at ${String(entry.time ?? '')}`),
        ),
      ].join(', ');
}
