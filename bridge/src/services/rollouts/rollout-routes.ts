import { routeName, routePath } from '../../domain/rollouts/revision.ts';
import type { Backend, RouteKind } from '../../domain/rollouts/revision.ts';
import type { ClusterPort, RevisionSpec, RouteSpec } from '../ports/cluster.ts';
import type { DeploymentWork } from '../ports/odoo.ts';

/** The public route and the preview route of one deployment, as it wants them. */
export class RolloutRoutes {
  readonly #cluster: ClusterPort;
  readonly #work: DeploymentWork;
  readonly #spec: RevisionSpec;

  constructor(cluster: ClusterPort, work: DeploymentWork, spec: RevisionSpec) {
    this.#cluster = cluster;
    this.#work = work;
    this.#spec = spec;
  }

  /** `whole`: what others wrote into it is taken out */
  apply(
    kind: RouteKind,
    backends: Backend[],
    before: RouteSpec['before'],
    whole = false,
  ): Promise<void> {
    return this.#cluster.applyRoute({ ...this.#specOf(kind, backends, before), whole });
  }

  drift(
    kind: RouteKind,
    backends: Backend[],
    before: RouteSpec['before'],
  ): ReturnType<ClusterPort['routeDrift']> {
    return this.#cluster.routeDrift(this.#specOf(kind, backends, before));
  }

  async publicLeadsTo(revision: string): Promise<boolean> {
    return this.#leadsTo('public', revision);
  }

  removePublic(): Promise<void> {
    const { namespace, slug } = this.#spec;
    return this.#cluster.removeRoute(namespace, routeName('public', slug));
  }

  async closePreview(): Promise<void> {
    const { namespace, slug, revision } = this.#spec;
    if (await this.#leadsTo('preview', revision))
      await this.#cluster.removeRoute(namespace, routeName('preview', slug));
  }

  async #leadsTo(kind: RouteKind, revision: string): Promise<boolean> {
    const { namespace, slug } = this.#spec;
    const route = await this.#cluster.route(namespace, routeName(kind, slug));
    return route?.backends.some((backend) => backend.revision === revision) ?? false;
  }

  #specOf(kind: RouteKind, backends: Backend[], before: RouteSpec['before']): RouteSpec {
    const { namespace, slug, revision } = this.#spec;
    const other = backends.find((backend) => backend.revision !== revision)?.revision;
    const shared = other !== undefined && backends.some((backend) => backend.revision === revision);
    return {
      namespace,
      slug,
      name: routeName(kind, slug),
      path: routePath(kind, this.#work.environment.kind, slug),
      backends,
      before,
      changedBy: this.#work.deploymentId,
      sides: shared ? { canary: revision, stable: other } : null,
    };
  }
}
