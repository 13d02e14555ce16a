import type { DeploymentWork, RecordedProgress } from '../ports/odoo.ts';
import type { RevisionSpec } from '../ports/cluster.ts';
import type { JobContext } from '../ports/jobs.ts';
import type { RouteKind } from '../../domain/rollouts/revision.ts';
import { decide } from '../../domain/rollouts/decide.ts';
import { situationOf } from '../../domain/rollouts/situation.ts';
import type {
  Action,
  ActionOf,
  Decision,
  DesiredState,
  Observed,
} from '../../domain/rollouts/types.ts';
import type { Failed } from '../../errors.ts';
import { analyse, takeBaseline } from './analysis.ts';
import type { Trial } from './analysis.ts';
import type { RolloutDeps } from './deps.ts';
import { revisionSpecOf } from './revision-spec.ts';
import { RolloutRoutes } from './rollout-routes.ts';
import { ServedModel } from './served-model.ts';
import { findBlocker } from './preflight.ts';
import { nextProgress } from './next-progress.ts';
import { observeCluster, stableSpecOf, desiredStateOf } from './observe.ts';
import { SERVICE } from '../ports/odoo.ts';

/** What one reconcile works on. */
export interface Reconciliation {
  readonly work: DeploymentWork;
  readonly deadline: Date;
  /** what is needed only later may be asked for at once */
  readonly ahead: boolean;
}

/** Observes the cluster and acts on it for one reconcile. */
export class Actuator {
  readonly wanted: DesiredState;
  readonly #deps: RolloutDeps;
  readonly #work: DeploymentWork;
  readonly #context: JobContext;
  readonly #ahead: boolean;
  readonly #spec: RevisionSpec;
  readonly #stable: RevisionSpec | null;
  readonly #routes: RolloutRoutes;
  readonly #model: ServedModel;
  readonly #smoke: Observed['smoke'] = { preview: null, public: null };
  #judgement: Observed['judgement'] = null;
  /** Odoo wants something newer, and has recorded nothing of this */
  superseded = false;

  constructor(deps: RolloutDeps, { work, deadline, ahead }: Reconciliation, context: JobContext) {
    this.#ahead = ahead;
    this.#deps = deps;
    this.#work = work;
    this.#context = context;
    this.#spec = revisionSpecOf(work, deps.registryName);
    this.#stable = stableSpecOf(work, deps.registryName);
    this.wanted = desiredStateOf(work, this.#spec, deadline, this.#stable);
    this.#routes = new RolloutRoutes(deps.cluster, work, this.#spec);
    this.#model = new ServedModel(deps, work, this.#spec, context);
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
        seen.edited = await this.#routes.drift(kind, seen.backends, seen.before ?? []);
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

  // eslint-disable-next-line complexity -- one case an action, and the compiler misses none
  async act(action: Action, observed: Observed): Promise<void> {
    const { cluster } = this.#deps;
    const { namespace, revision } = this.#spec;
    switch (action.kind) {
      case 'none':
        return;
      case 'apply':
        if (this.#ahead) this.#model.prefetch();
        return cluster.applyRevision({ ...this.#spec, replicas: action.replicas });
      case 'apply-preview': {
        const isThere = observed.previewRoute !== null;
        return this.#routes.apply('preview', [{ revision, weight: 100 }], [], isThere);
      }
      case 'smoke':
        this.#smoke[action.through] = await this.#model.smoke(action.through);
        return;
      case 'route': {
        const isEdited = Boolean(observed.publicRoute?.edited);
        return this.#routes.apply('public', action.backends, action.before, isEdited);
      }
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
        return this.#backOut(action, observed);
      case 'finish':
        return this.#routes.closePreview();
      case 'clean':
        return this.#clean();
      case 'remove':
        return this.#remove(action);
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
  async #note(action: ActionOf<'progress'>, observed: Observed): Promise<void> {
    const { odoo, clock } = this.#deps;
    const { deploymentId, generation, progress: known } = this.wanted;
    const trial = action.baseline ? await this.#trial(observed) : null;
    const progress: RecordedProgress = {
      ...nextProgress(action, known, clock.now()),
      baseline: trial && (await takeBaseline(this.#deps, trial)),
    };
    const answer = await odoo.call<{ accepted: boolean; progress?: RecordedProgress }>(
      SERVICE,
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
    const { since, baseline } = progress;
    return analyse(this.#deps, trial, { at: index, step, since, baseline });
  }

  async #trial({ revision }: Observed): Promise<Trial | null> {
    const { stable } = this.wanted;
    return revision && stable ? this.#model.trial(revision, stable.revision) : null;
  }

  async #backOut({ restore, release }: ActionOf<'back-out'>, observed: Observed): Promise<void> {
    if (restore !== null) await this.#restore(restore);
    if (release && !this.wanted.shared && observed.revision !== null)
      await this.#deps.cluster.scaleRevision(this.#spec.namespace, this.#spec.revision, 0);
  }

  async #restore(backends: NonNullable<ActionOf<'back-out'>['restore']>): Promise<void> {
    const { cluster } = this.#deps;
    const { namespace } = this.#spec;
    const left = [];
    for (const backend of backends) {
      if ((await cluster.revision(namespace, backend.revision)) !== null)
        await cluster.scaleRevision(namespace, backend.revision, backend.replicas);
      else if (backend.revision === this.#stable?.revision)
        await this.#applyStable(backend.replicas);
      else continue;
      left.push(backend);
    }
    if (left.length === 0) return this.#routes.removePublic();
    const shares = left.map(({ revision, weight }) => ({ revision, weight }));
    await this.#routes.apply('public', shares, left, true);
  }

  async #clean(): Promise<void> {
    const { namespace, revision } = this.#spec;
    await this.#routes.closePreview();
    // read again: a rollback may have given it traffic since
    if ((await this.#routes.publicLeadsTo(revision)) || this.wanted.shared) return;
    await this.#deps.cluster.removeRevision(namespace, revision);
  }

  async #remove({ remaining }: ActionOf<'remove'>): Promise<void> {
    if (remaining?.length) await this.#routes.apply('public', remaining, []);
    else if (remaining) await this.#routes.removePublic();
    await this.#routes.closePreview();
    await this.#deps.cluster.removeRevision(this.#spec.namespace, this.#spec.revision);
  }
}
