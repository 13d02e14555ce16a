import type { DeploymentWork, OdooPort, RecordedProgress, VersionWork } from '../ports/odoo.ts';
import type { WorkCache } from './work-cache.ts';
import type {
  ClusterPort,
  GatewayPort,
  MetricsPort,
  RegistryPort,
  RevisionSpec,
  RouteSpec,
} from '../ports/cluster.ts';
import type { Clock } from '../ports/runtime.ts';
import { routeName, routePath } from '../../domain/rollouts/revision.ts';
import type { Backend, RouteKind } from '../../domain/rollouts/revision.ts';
import { decide } from '../../domain/rollouts/decide.ts';
import { situationOf } from '../../domain/rollouts/situation.ts';
import type { Action, Decision, Observed, DesiredState } from '../../domain/rollouts/types.ts';
import type { Failed } from '../../errors.ts';
import { analyse, takeBaseline } from './analysis.ts';
import type { Trial } from './analysis.ts';
import type { JobContext } from '../ports/jobs.ts';
import { revisionSpecOf } from './revision-spec.ts';
import { findBlocker } from './preflight.ts';
import { smokeTest } from './smoke-test.ts';
import { observeCluster, stableSpecOf, desiredStateOf } from './observe.ts';

/** of a model's examples, so many are asked */
const EXAMPLES_MAX = 20;

/** Observes the cluster and acts on it for one reconcile. */
export class Actuator {
  readonly wanted: DesiredState;
  readonly #deps: RolloutDeps;
  readonly #work: DeploymentWork;
  readonly #context: JobContext;
  readonly #ahead: boolean;
  readonly #spec: RevisionSpec;
  readonly #stable: RevisionSpec | null;
  readonly #smoke: Observed['smoke'] = { preview: null, public: null };
  #judgement: Observed['judgement'] = null;
  #version: Promise<VersionWork> | undefined;
  /** Odoo wants something newer, and has recorded nothing of this */
  superseded = false;

  /** `ahead`: what is needed only later may be asked for at once */
  constructor(
    deps: RolloutDeps,
    work: DeploymentWork,
    deadline: Date,
    context: JobContext,
    ahead: boolean,
  ) {
    this.#ahead = ahead;
    this.#deps = deps;
    this.#work = work;
    this.#context = context;
    this.#spec = revisionSpecOf(work, deps.registryName);
    this.#stable = stableSpecOf(work, deps.registryName);
    this.wanted = desiredStateOf(work, this.#spec, deadline, this.#stable);
  }

  async observe(): Promise<Observed> {
    const seen = await observeCluster(
      this.#deps.cluster,
      this.#spec,
      this.#stable?.revision ?? null,
    );
    const observed: Observed = { ...seen, smoke: { ...this.#smoke }, judgement: this.#judgement };
    const { desired, established, failed, rollback } = this.wanted;
    if (desired === 'removed' && observed.revision === null)
      observed.leftovers = await this.#deps.cluster.leftovers(
        this.#spec.namespace,
        this.#spec.revision,
      );
    if (desired === 'serving' && !established && !failed) {
      if (!rollback) await this.#compare(observed);
      observed.blocker = await findBlocker(this.#deps, {
        work: this.#work,
        wanted: this.wanted,
        spec: this.#spec,
        observed,
        now: this.#deps.clock.now(),
      });
    }
    return observed;
  }

  /** Whether the routes and the objects of both sides are as they were applied. */
  async #compare(observed: Observed): Promise<void> {
    const { cluster } = this.#deps;
    const { revision, previous, publicRoute, previewRoute } = observed;
    const route = async (kind: RouteKind, seen: Observed['publicRoute']): Promise<void> => {
      if (seen !== null)
        seen.edited = await cluster.routeDrift(
          this.#routeSpec(kind, seen.backends, seen.before ?? []),
        );
    };
    const [own, stable] = await Promise.all([
      revision && revision.image === this.wanted.image && !revision.deleting
        ? cluster.drift(this.#spec)
        : [],
      previous && this.#stable && previous.image === this.#stable.image && !previous.deleting
        ? cluster.drift(this.#stable)
        : [],
      route('public', publicRoute),
      route('preview', previewRoute),
    ]);
    observed.drift = { own, stable };
  }

  /**
   * Waits until the cluster has something new to tell of this revision; false: it has not in this
   * time.
   */
  changed(withinMs: number): Promise<boolean> {
    // what answered before may not answer afterwards
    Object.assign(this.#smoke, { preview: null, public: null });
    this.#judgement = null;
    return this.#deps.cluster.changed(
      this.#spec.namespace,
      this.#spec.revision,
      withinMs,
      this.#context.signal,
    );
  }

  async act(action: Action, observed: Observed): Promise<void> {
    const { cluster } = this.#deps;
    const { namespace, slug, revision } = this.#spec;
    switch (action.kind) {
      case 'none':
        return;
      case 'apply':
        // the smoke test will need it, and says so when it cannot be had
        if (this.#ahead) void this.#versionWork().catch(() => undefined);
        return cluster.applyRevision({ ...this.#spec, replicas: action.replicas });
      case 'apply-preview':
        return this.#route(
          'preview',
          [{ revision, weight: 100 }],
          [],
          observed.previewRoute !== null,
        );
      case 'smoke':
        this.#smoke[action.through] = await this.#ask(action.through);
        return;
      case 'route':
        return this.#route(
          'public',
          action.backends,
          action.before,
          Boolean(observed.publicRoute?.edited),
        );
      case 'progress':
        return this.#note(action, observed);
      case 'judge':
        this.#judgement = await this.#judge(action.step, observed);
        return;
      case 'scale-previous':
        return cluster.scaleRevision(namespace, action.revision, action.replicas);
      case 'restore-stable':
        return this.#applyStable(action.replicas);
      case 'mend':
        return this.#mend(action.side);
      case 'back-out':
        await this.#backOut(action.restore);
        if (action.release && !this.wanted.shared && observed.revision !== null)
          await cluster.scaleRevision(namespace, revision, 0);
        return;
      case 'finish':
        return this.#closePreview();
      case 'clean':
        await this.#closePreview();
        // read again: a rollback may have given it traffic since
        if (
          (await cluster.route(namespace, routeName('public', slug)))?.backends.some(
            (backend) => backend.revision === revision,
          ) ||
          this.wanted.shared
        )
          return;
        return cluster.removeRevision(namespace, revision);
      case 'remove':
        if (action.remaining?.length) await this.#route('public', action.remaining, []);
        else if (action.remaining) await cluster.removeRoute(namespace, routeName('public', slug));
        await this.#closePreview();
        return cluster.removeRevision(namespace, revision);
    }
  }

  /**
   * The cluster refused what was applied (quota of objects, admission): the rollout has failed, and
   * traffic goes back where it was.
   */
  async refused(error: Failed, observed: Observed): Promise<Decision> {
    const blocker = { reason: 'Refused', message: error.message };
    const decision = decide(
      { ...this.wanted, deadline: new Date(0) },
      { ...observed, blocker },
      this.#deps.clock.now(),
    );
    if (decision.action.kind === 'back-out') await this.act(decision.action, observed);
    return { ...decision, reason: `Refused: ${error.message}` };
  }

  /** Odoo keeps it: what stands in the cluster could be written by anybody who may write there. */
  async #note(
    { step, baseline, judgement, interrupted = false }: Extract<Action, { kind: 'progress' }>,
    observed: Observed,
  ): Promise<void> {
    const { odoo, clock } = this.#deps;
    const { deploymentId, generation, progress: known } = this.wanted;
    const trial = baseline ? await this.#trial(observed) : null;
    const judgements = [...(known?.judgements ?? []), ...(judgement ? [judgement] : [])];
    const since = interrupted && known ? known.since : clock.now();
    const again = known?.step === step && (interrupted ? known.again === true : true);
    const progress: RecordedProgress = {
      step,
      since: since.toISOString(),
      judgements,
      interrupted,
      again,
      baseline: trial && (await takeBaseline(this.#deps, trial)),
    };
    const answer = await odoo.call<{ accepted: boolean; progress?: RecordedProgress }>(
      { kind: 'service' },
      'mlops.deployment',
      'record_progress',
      { deployment_id: deploymentId, generation, progress },
      this.#context.requestId,
    );
    this.superseded = !answer.accepted;
    if (answer.progress)
      this.wanted.progress = { ...answer.progress, since: new Date(answer.progress.since) };
    this.#judgement = null;
  }

  async #applyStable(replicas: number): Promise<void> {
    if (this.#stable) await this.#deps.cluster.applyRevision({ ...this.#stable, replicas });
  }

  async #mend(side: 'own' | 'stable'): Promise<void> {
    const spec = side === 'own' ? this.#spec : this.#stable;
    if (spec) await this.#deps.cluster.mend(spec);
  }

  async #judge(index: number, observed: Observed): Promise<Observed['judgement']> {
    const { progress } = this.wanted;
    const { steps } = situationOf({
      wanted: this.wanted,
      observed,
      now: this.#deps.clock.now(),
    });
    const step = steps[index];
    const trial = await this.#trial(observed);
    if (step?.kind !== 'judge' || !progress || trial === null) return null;
    if (progress.baseline === null) {
      // nobody knows from where to count: the window begins anew
      await this.#note(
        { kind: 'progress', step: index, baseline: true, judgement: null },
        observed,
      );
      return null;
    }
    return analyse(this.#deps, trial, index, step, progress.since, progress.baseline);
  }

  async #trial(observed: Observed): Promise<Trial | null> {
    const { stable } = this.wanted;
    if (!observed.revision || !stable) return null;
    const { signal, log, requestId } = this.#context;
    const { base, infer, examples } = await this.#request('public');
    return {
      deploymentId: this.wanted.deploymentId,
      namespace: this.#spec.namespace,
      canary: observed.revision,
      stable: stable.revision,
      base,
      infer: infer && { path: infer.path, bodies: examples },
      signal,
      log,
      requestId,
    };
  }

  async #backOut(restore: Extract<Action, { kind: 'back-out' }>['restore']): Promise<void> {
    if (restore === null) return;
    const { namespace, slug } = this.#spec;
    const left = [];
    for (const backend of restore) {
      if ((await this.#deps.cluster.revision(namespace, backend.revision)) !== null)
        await this.#deps.cluster.scaleRevision(namespace, backend.revision, backend.replicas);
      else if (backend.revision === this.#stable?.revision)
        await this.#applyStable(backend.replicas);
      else continue;
      left.push(backend);
    }
    if (left.length === 0)
      await this.#deps.cluster.removeRoute(namespace, routeName('public', slug));
    else
      await this.#route(
        'public',
        left.map(({ revision, weight }) => ({ revision, weight })),
        left,
        true,
      );
  }

  async #closePreview(): Promise<void> {
    const { namespace, slug, revision } = this.#spec;
    const name = routeName('preview', slug);
    const route = await this.#deps.cluster.route(namespace, name);
    if (route?.backends.some((backend) => backend.revision === revision))
      await this.#deps.cluster.removeRoute(namespace, name);
  }

  #route(
    kind: RouteKind,
    backends: Backend[],
    before: RouteSpec['before'],
    whole = false,
  ): Promise<void> {
    return this.#deps.cluster.applyRoute({ ...this.#routeSpec(kind, backends, before), whole });
  }

  #routeSpec(kind: RouteKind, backends: Backend[], before: RouteSpec['before']): RouteSpec {
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
      changedBy: this.wanted.deploymentId,
      sides: shared ? { canary: revision, stable: other } : null,
    };
  }

  async #ask(through: RouteKind): Promise<{ ok: boolean; message: string }> {
    const { gateway, clock } = this.#deps;
    const { revision, readinessPath } = this.#spec;
    return smokeTest(
      gateway,
      clock,
      { ...(await this.#request(through)), revision, readinessPath },
      this.#context.signal,
    );
  }

  /** Where the model is asked, and with what. */
  async #request(
    through: RouteKind,
  ): Promise<{ base: string; infer: { path: string; body: unknown } | null; examples: unknown[] }> {
    const version = await this.#versionWork();
    const examples = examplesOf(version.inputSchema);
    const speaksOip = this.#work.protocol === 'open-inference-v2';
    return {
      base:
        this.#work.environment.gatewayUrl.replace(/\/$/, '') +
        routePath(through, this.#work.environment.kind, this.#spec.slug),
      infer:
        speaksOip && examples.length > 0
          ? { path: `/v2/models/${this.#spec.slug}/infer`, body: examples[0] }
          : null,
      examples,
    };
  }

  /** The version with its example, asked for once. */
  #versionWork(): Promise<VersionWork> {
    const asked =
      this.#version ??
      this.#deps.odoo.call<VersionWork>(
        { kind: 'service' },
        'mlops.model.version',
        'work',
        { version_id: this.#work.versionId },
        this.#context.requestId,
      );
    this.#version = asked;
    asked.catch(() => (this.#version = undefined));
    return asked;
  }
}

/** `example` and `examples` of a JSON schema. */
function examplesOf(schema: unknown): unknown[] {
  const { example, examples } = (schema ?? {}) as { example?: unknown; examples?: unknown };
  return [
    ...(example === undefined ? [] : [example]),
    ...(Array.isArray(examples) ? (examples as unknown[]) : []),
  ].slice(0, EXAMPLES_MAX);
}

export interface RolloutDeps {
  odoo: OdooPort;
  recent: Pick<WorkCache, 'take'>;
  cluster: ClusterPort;
  registry: RegistryPort;
  gateway: GatewayPort;
  clock: Clock;
  /** null: no gateway's metrics were named, and no canary can be judged by its traffic */
  metrics: MetricsPort | null;
  /** the origin of endpoints and previews, e.g. https://endpoints.example.com */
  endpointsUrl: string;
  /** the registry in image names */
  registryName: string;
}
