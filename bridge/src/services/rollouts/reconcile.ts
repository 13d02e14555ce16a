import type { RolloutDeps } from './deps.ts';
import { revisionName, routePath, shareOf } from '../../domain/rollouts/revision.ts';
import type { RouteKind } from '../../domain/rollouts/revision.ts';
import { decide } from '../../domain/rollouts/decide.ts';
import type {
  Action,
  Decision,
  Observed,
  RolloutStatus,
  DesiredState,
} from '../../domain/rollouts/types.ts';
import { Failed } from '../../errors.ts';
import { ReportCache } from './report-cache.ts';
import { Actuator } from './actuator.ts';
import type { DeploymentWork } from '../ports/odoo.ts';
import type { JobContext, JobHandler, JobResult } from '../ports/jobs.ts';
import { FRESH_MS, type KnownWork } from './work-cache.ts';
import { SERVICE } from '../ports/odoo.ts';

/**
 * One job at most takes so many steps in a row, and waits so many times, before it gives its place
 * to others.
 */
const STEPS_IN_A_ROW = 6;
const WAITS_IN_A_ROW = 8;
const AFTER_A_ROW_MS = 150;
/**
 * So many deployments on their way may each keep a place while they wait for the cluster to tell of
 * a change.
 */
const WAITING_IN_PLACE = 8;
/**
 * What a look costs Odoo and the cluster together: the more deployments are on their way, the less
 * often each is looked at.
 */
const LOOK_MS = 25;
/** We tell the reason before Odoo's own deadline would say only that time is up. */
const BEFORE_ODOO_MS = 5_000;

/**
 * `reconcile`, subject: a deployment. Each run is one look at the cluster; `againInMs` asks for the
 * next.
 */
export function reconcileJob(deps: RolloutDeps): JobHandler {
  const reconciler = new Reconciler(deps);
  return (payload, context) => reconciler.tick(payload.subjectId, payload.generation, context);
}

/** What was seen, and what was decided and done upon it. */
interface Look {
  readonly wanted: DesiredState;
  readonly observed: Observed;
  readonly decision: Decision;
}

/** Brings one deployment one step nearer to what Odoo wants of it, and reports what was seen. */
class Reconciler {
  readonly #deps: RolloutDeps;
  readonly #log = new ReportCache();
  /** on their way, as far as this bridge has seen */
  readonly #underWay = new Set<number>();

  constructor(deps: RolloutDeps) {
    this.#deps = deps;
  }

  async tick(deploymentId: number, generation: number, context: JobContext): Promise<JobResult> {
    this.#underWay.add(deploymentId);
    const result = await this.#tick(deploymentId, generation, context);
    if (result.done) this.#underWay.delete(deploymentId);
    return result;
  }

  async #tick(deploymentId: number, generation: number, context: JobContext): Promise<JobResult> {
    const { clock } = this.#deps;
    const known = await this.#known(deploymentId, generation, context);
    const { work } = known;
    if (work.generation !== generation || awaitsImage(work)) return { done: true };
    const ahead = !this.#crowded;
    const deadline = this.#deadline(work);
    const rollout = new Actuator(this.#deps, { work, deadline, ahead }, context);
    for (let [step, waits] = [0, 0]; ; step += 1) {
      const look = await this.#look(rollout, known, waits > 0, context);
      if (look === null) return { done: true };
      const { decision } = look;
      // the next look is at once and tells more
      if (decision.againInMs === 0 && step < STEPS_IN_A_ROW) continue;
      const accepted = await this.#report(work, look, context);
      if (!accepted || decision.againInMs === null) return { done: true };
      const from = clock.now().getTime();
      const pauseMs = this.#pauseMs(decision.againInMs);
      // a pod that is ready is known at once; this same job goes on, since it has all at hand
      if (
        waits < WAITS_IN_A_ROW &&
        this.#mayWaitInPlace(look) &&
        (await rollout.changed(pauseMs))
      ) {
        [step, waits] = [-1, waits + 1];
        continue;
      }
      return {
        done: false,
        againInMs: Math.max(0, pauseMs - (clock.now().getTime() - from)),
        why: decision.reason,
      };
    }
  }

  /** Observes, decides and acts once; null: Odoo wants something newer. */
  async #look(
    rollout: Actuator,
    { work, readAt }: KnownWork,
    hasWaited: boolean,
    context: JobContext,
  ): Promise<Look | null> {
    const { wanted } = rollout;
    const observed = await rollout.observe();
    const decision = decide(wanted, observed, this.#deps.clock.now());
    const { action, reason } = decision;
    context.log.debug(
      { deploymentId: work.deploymentId, action: action.kind, reason },
      'rollout.step',
    );
    const fresh = wanted.rollback && this.#deps.clock.now().getTime() - readAt < FRESH_MS;
    if (needsRecheck(action, hasWaited, fresh) && !(await this.#stillWanted(work, context)))
      return null;
    const done = await this.#act(rollout, work, { wanted, observed, decision });
    return rollout.superseded ? null : done;
  }

  async #act(rollout: Actuator, work: DeploymentWork, look: Look): Promise<Look> {
    const { wanted, observed, decision } = look;
    try {
      await rollout.act(decision.action, observed);
      return look;
    } catch (error) {
      if (!(error instanceof Failed) || work.desired !== 'serving' || wanted.established)
        throw error;
      return { ...look, decision: await rollout.refused(error, observed) };
    }
  }

  get #crowded(): boolean {
    return this.#underWay.size > WAITING_IN_PLACE;
  }

  #pauseMs(againInMs: number): number {
    return Math.max(againInMs || AFTER_A_ROW_MS, this.#crowded ? this.#underWay.size * LOOK_MS : 0);
  }

  #mayWaitInPlace({ decision, wanted }: Look): boolean {
    return !this.#crowded && decision.phase === 'Progressing' && !wanted.established;
  }

  #deadline(work: DeploymentWork): Date {
    if (work.deadlineAt) return new Date(Date.parse(work.deadlineAt) - BEFORE_ODOO_MS);
    return new Date(
      this.#log.firstSeen(work.deploymentId, this.#deps.clock.now()).getTime() +
        work.environment.readyDeadlineSeconds * 1000,
    );
  }

  async #known(deploymentId: number, generation: number, context: JobContext): Promise<KnownWork> {
    return (
      this.#deps.recent.take(deploymentId, generation) ?? (await this.#ask(deploymentId, context))
    );
  }

  async #ask(deploymentId: number, context: JobContext): Promise<KnownWork> {
    const { odoo, clock } = this.#deps;
    const work = await odoo.call<DeploymentWork>(
      SERVICE,
      'mlops.deployment',
      'work',
      { deployment_id: deploymentId },
      context.requestId,
    );
    return { work, readAt: clock.now().getTime() };
  }

  async #stillWanted(work: DeploymentWork, context: JobContext): Promise<boolean> {
    const { work: now } = await this.#ask(work.deploymentId, context);
    return (
      now.generation === work.generation && now.desired === work.desired && now.phase !== 'Failed'
    );
  }

  /** false: Odoo wants something newer, stop */
  async #report(work: DeploymentWork, look: Look, context: JobContext): Promise<boolean> {
    const { decision, observed } = look;
    if (decision.phase === null) return true;
    const { odoo, clock, endpointsUrl } = this.#deps;
    const conditions = this.#log.stamp(work.deploymentId, decision.conditions, clock.now());
    const path = (kind: RouteKind): string =>
      endpointsUrl.replace(/\/$/, '') + routePath(kind, work.environment.kind, work.slug);
    const podsReady = conditions.some(
      ({ type, status }) => type === 'PodsReady' && status === 'True',
    ); // the way there is open before somebody answers
    const facts = {
      phase: decision.phase,
      reason: decision.reason,
      conditions,
      observed: observedFacts(work, look),
      endpointUrl: decision.phase === 'Ready' ? path('public') : null,
      previewUrl:
        decision.phase === 'Progressing' && observed.previewRoute !== null && podsReady
          ? path('preview')
          : null,
    };
    const key = JSON.stringify([work.generation, facts]);
    if (!this.#log.changed(work.deploymentId, key)) return true;
    const answer = await odoo.call<{ accepted: boolean }>(
      SERVICE,
      'mlops.deployment',
      'report_facts',
      { deployment_id: work.deploymentId, generation: work.generation, facts },
      context.requestId,
    );
    if (decision.phase === 'Removed') this.#log.forget(work.deploymentId);
    else this.#log.remember(work.deploymentId, key, conditions);
    if (decision.phase !== 'Progressing')
      context.log.info(
        { deploymentId: work.deploymentId, phase: decision.phase, reason: decision.reason },
        'rollout.reported',
      );
    return answer.accepted;
  }
}

/** Nothing to do before the finished build asks again. */
const awaitsImage = ({ desired, imageDigest }: DeploymentWork): boolean =>
  desired === 'serving' && !imageDigest;

/**
 * Traffic moves, and after a wait anything is changed, only while Odoo still wants it: a newer
 * order may have undone all of this meanwhile.
 */
function needsRecheck(action: Action, waited: boolean, fresh: boolean): boolean {
  return (
    (action.kind === 'route' && (waited || !fresh)) ||
    (waited && !['none', 'smoke', 'finish'].includes(action.kind))
  );
}

function observedFacts(work: DeploymentWork, { wanted, decision, observed }: Look): object {
  const revision = observed.revision;
  return {
    replicas: revision?.wantedReplicas ?? 0,
    readyReplicas: revision?.readyReplicas ?? 0,
    revision: revisionName(work.slug, work.versionId),
    traffic: Math.round(shareOf(observed.publicRoute, wanted.revision) * 100),
    ...(decision.status ? { rollout: statusFacts(wanted, decision.status, observed) } : {}),
    pods: (revision?.pods ?? []).map((pod) => {
      const waiting = pod.containers
        .map((container) => container.waiting)
        .find((entry) => entry !== null);
      return {
        name: pod.name,
        phase: pod.terminating ? 'Terminating' : pod.phase,
        ready: pod.ready,
        reason: pod.unscheduled?.reason ?? waiting?.reason ?? pod.reason,
        message: pod.unscheduled?.message ?? waiting?.message ?? pod.message,
      };
    }),
  };
}

/** docs/odoo-api.md, `observed.rollout`. */
function statusFacts(
  { progress, revision }: DesiredState,
  status: RolloutStatus,
  observed: Observed,
): object {
  const { judgement } = observed;
  return {
    step: status.step,
    steps: status.steps,
    since: status.since?.toISOString() ?? null,
    waitingFor: status.waitingFor,
    until: status.until?.toISOString() ?? null,
    weight: Math.round(shareOf(observed.publicRoute, revision) * 100),
    next: status.next,
    anew: progress?.step === status.step && progress.again === true,
    // another bridge may have written its own down and gone on meanwhile
    judgements: [
      ...(progress?.judgements ?? []),
      ...(judgement && progress?.step === judgement.step ? [judgement] : []),
    ],
  };
}
