import type { RolloutDeps } from './actuator.ts';
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
    const { work, readAt } =
      this.#deps.recent.take(deploymentId, generation) ?? (await this.#ask(deploymentId, context));
    if (work.generation !== generation) return { done: true };
    // the finished build asks again
    if (work.desired === 'serving' && !work.imageDigest) return { done: true };
    const rollout = new Actuator(
      this.#deps,
      work,
      this.#deadline(work),
      context,
      this.#underWay.size <= WAITING_IN_PLACE,
    );
    for (let [step, waits] = [0, 0]; ; step += 1) {
      const observed = await rollout.observe();
      let decision = decide(rollout.wanted, observed, clock.now());
      context.log.debug(
        { deploymentId, action: decision.action.kind, reason: decision.reason },
        'rollout.step',
      );
      const age = clock.now().getTime() - readAt;
      if (
        needsRecheck(decision.action, waits > 0, rollout.wanted.rollback && age < FRESH_MS) &&
        !(await this.#stillWanted(work, context))
      )
        return { done: true };
      try {
        await rollout.act(decision.action, observed);
      } catch (error) {
        if (!(error instanceof Failed) || work.desired !== 'serving' || rollout.wanted.established)
          throw error;
        decision = await rollout.refused(error, observed);
      }
      if (rollout.superseded) return { done: true };
      // the next look is at once and tells more
      if (decision.againInMs === 0 && step < STEPS_IN_A_ROW) continue;
      if (!(await this.#report(work, rollout.wanted, decision, observed, context)))
        return { done: true };
      if (decision.againInMs === null) return { done: true };
      const crowded = this.#underWay.size > WAITING_IN_PLACE;
      const [from, pauseMs] = [
        clock.now().getTime(),
        Math.max(decision.againInMs || AFTER_A_ROW_MS, crowded ? this.#underWay.size * LOOK_MS : 0),
      ];
      // a pod that is ready is known at once; this same job goes on, since it has all at hand
      if (
        !crowded &&
        decision.phase === 'Progressing' &&
        !rollout.wanted.established &&
        waits < WAITS_IN_A_ROW &&
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

  #deadline(work: DeploymentWork): Date {
    if (work.deadlineAt) return new Date(Date.parse(work.deadlineAt) - BEFORE_ODOO_MS);
    return new Date(
      this.#log.firstSeen(work.deploymentId, this.#deps.clock.now()).getTime() +
        work.environment.readyDeadlineSeconds * 1000,
    );
  }

  async #ask(deploymentId: number, context: JobContext): Promise<KnownWork> {
    const { odoo, clock } = this.#deps;
    const work = await odoo.call<DeploymentWork>(
      { kind: 'service' },
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
  async #report(
    work: DeploymentWork,
    wanted: DesiredState,
    decision: Decision,
    observed: Observed,
    context: JobContext,
  ): Promise<boolean> {
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
      observed: observedFacts(work, decision, observed, wanted),
      endpointUrl: decision.phase === 'Ready' ? path('public') : null,
      previewUrl:
        decision.phase === 'Progressing' && observed.previewRoute !== null && podsReady
          ? path('preview')
          : null,
    };
    const key = JSON.stringify([work.generation, facts]);
    if (!this.#log.changed(work.deploymentId, key)) return true;
    const answer = await odoo.call<{ accepted: boolean }>(
      { kind: 'service' },
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

function observedFacts(
  work: DeploymentWork,
  decision: Decision,
  observed: Observed,
  wanted: DesiredState,
): object {
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
