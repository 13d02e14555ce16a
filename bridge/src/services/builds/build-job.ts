import { buildOutcome } from '../../domain/builds/outcome.ts';
import type { BuildOutcome, BuildPodObserved } from '../../domain/builds/outcome.ts';
import { splitImage } from '../../domain/builds/image-name.ts';
import { Failed } from '../../errors.ts';
import { findBase, judgeBase } from './base-image.ts';
import type { CachedBase, StoredImage } from './base-image.ts';
import { isOver, startPod, verifiedPush } from './build-attempt.ts';
import type { Attempt, BuildPodParts } from './build-attempt.ts';
import { BUILD_DEADLINE_SECONDS, roomUntil } from './build-deadline.ts';
import { BuildReporter, keyOf } from './build-report.ts';
import type { BuildFacts, BuildIdentity } from './build-report.ts';
import { finishLayered, layModel } from './layered.ts';
import type { LayersLaid } from './layered.ts';
import { collectLog, collectLogs } from './log.ts';
import { prepareBuild } from './prepare.ts';
import type { Prepared, PrepareParts } from './prepare.ts';
import { readSmall } from './signed-record.ts';
import type { RegistryPort } from '../ports/cluster.ts';
import type { JobContext, JobHandler, JobResult } from '../ports/jobs.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import type { OdooPort, VersionWork } from '../ports/odoo.ts';
import { SERVICE } from '../ports/odoo.ts';

export interface BuildDeps extends BuildPodParts, PrepareParts {
  readonly odoo: OdooPort;
  readonly store: ObjectStore;
  readonly registry: RegistryPort;
}
/** One look at a build: what is wanted, what is going to be done, and the job that looks. */
interface BuildTick {
  readonly work: VersionWork;
  readonly prepared: Prepared;
  readonly context: JobContext;
}

const ATTEMPTS_MAX = 3;
const POLL_MS = 500;
const WAIT_MS = 2_000;
const LOG_TRIES = 20;
const LOG_PAUSE_MS = 2_000;

/** `build`, subject: a version. Starts or adopts the build pod, and looks again until it ended. */
export function buildJob(deps: BuildDeps): JobHandler {
  const build = new Build(deps);
  return (payload, context) => build.tick(payload.subjectId, payload.generation, context);
}

/**
 * Brings the build of one version one step further; a build that another process began is taken
 * over. Where that gives the same image, the builder sees nothing of the model: its base is had
 * from the cache or from a pod, and the model is laid on top.
 */
export class Build {
  readonly #deps: BuildDeps;
  readonly #reporter: BuildReporter;
  readonly #asked = new Map<string, number>();
  readonly #prepared = new Map<string, Prepared>();
  readonly #laid = new Map<string, LayersLaid>();

  constructor(deps: BuildDeps) {
    this.#deps = deps;
    this.#reporter = new BuildReporter(deps.odoo, deps.store);
  }

  async tick(versionId: number, generation: number, context: JobContext): Promise<JobResult> {
    const work = await this.#deps.odoo.call<VersionWork>(
      SERVICE,
      'mlops.model.version',
      'work',
      { version_id: versionId },
      context.requestId,
    );
    if (!isWanted(work, generation)) return this.#over({ versionId, generation });
    if (await this.#alreadyBuilt(work)) {
      await this.#reporter.report(work, context, {
        state: 'done',
        image: work.image,
        image_digest: work.imageDigest,
      });
      return this.#over(work);
    }
    let prepared: Prepared;
    try {
      prepared = await this.#prepare(work);
    } catch (error) {
      if (!(error instanceof Failed)) throw error;
      return this.#end(work, context, { state: 'failed', reason: error.message }, []);
    }
    const base = await this.#baseOf(prepared);
    if (base === 'unfit')
      prepared = await this.#prepare(work, 'the built image has no model at the expected path.');
    else if (base !== null) return this.#lay({ work, prepared, context }, base);
    return this.#build({ work, prepared, context });
  }

  /** What a build does is decided once: a base image that moves meanwhile is for the next build. */
  async #prepare(work: VersionWork, mustBeOrdinary: string | null = null): Promise<Prepared> {
    const key = keyOf(work);
    const known = this.#prepared.get(key);
    if (known && (mustBeOrdinary === null || known.way === 'ordinary')) return known;
    const prepared = await prepareBuild(this.#deps, work, mustBeOrdinary);
    this.#prepared.set(key, prepared);
    return prepared;
  }

  async #baseOf({ way, repository }: Prepared): Promise<CachedBase> {
    return way === 'layered' ? findBase(this.#deps.layering!.images, repository) : null;
  }

  /** What pods do of a build: a pod is begun, looked at, or settled. */
  async #build(tick: BuildTick): Promise<JobResult> {
    const { work, context } = tick;
    const { pods, clock } = this.#deps;
    const known = await pods.list(work.versionId, work.generation);
    const latest = known.at(-1);
    if (!latest) return this.#startFirst(tick);
    const log = isOver(latest)
      ? await collectLog(pods, latest.pod.name)
      : { text: '', unreadable: null };
    if (log.unreadable !== null && this.#askAgain(latest.pod.name))
      return {
        done: false,
        againInMs: LOG_PAUSE_MS,
        why: `the log cannot be read yet: ${log.unreadable}`,
      };
    const until = roomUntil(work, known[0]!.pod.createdAt);
    const outcome = buildOutcome(latest, log.text, clock.now(), until);
    if (outcome.kind !== 'running') return this.#settle(tick, known, outcome);
    await this.#reporter.tellWait(work, outcome.waiting ?? null, context);
    return {
      done: false,
      againInMs: outcome.waiting ? WAIT_MS : POLL_MS,
      why: outcome.waiting ?? `attempt ${latest.attempt} is running`,
    };
  }

  /**
   * The log tells whose fault a failure was, so it is worth some patience; a node that is gone
   * takes it along for good.
   */
  #askAgain(pod: string): boolean {
    const asked = (this.#asked.get(pod) ?? 0) + 1;
    if (asked <= LOG_TRIES) this.#asked.set(pod, asked);
    else this.#asked.delete(pod);
    return asked <= LOG_TRIES;
  }

  async #settle(
    tick: BuildTick,
    known: BuildPodObserved[],
    outcome: Exclude<BuildOutcome, { kind: 'running' }>,
  ): Promise<JobResult> {
    const { work, prepared, context } = tick;
    const { clock, pods, registry } = this.#deps;
    const result =
      outcome.kind === 'done' ? await verifiedPush(registry, prepared, outcome.digest) : outcome;
    const attempt = known.at(-1)!.attempt;
    if (result.kind === 'failed' && result.retry && attempt < ATTEMPTS_MAX) {
      const began = known[0]!.pod.createdAt.getTime();
      const left = BUILD_DEADLINE_SECONDS - Math.round((clock.now().getTime() - began) / 1000);
      context.log.warn(
        { versionId: work.versionId, attempt, reason: result.reason },
        'build.retry',
      );
      if (left > 0) return this.#start(tick, { number: attempt + 1, deadlineSeconds: left });
    }
    const logs = await collectLogs(pods, known);
    if (result.kind === 'failed') {
      const facts: BuildFacts = { state: 'failed', reason: result.reason };
      return this.#end(work, context, facts, [...prepared.told, ...logs]);
    }
    if (prepared.way === 'ordinary')
      return this.#succeed(tick, result.digest, [...prepared.told, ...logs]);
    await this.#reporter.keepLog(baseLogKey(prepared), logs);
    return this.#judged(tick, result.digest);
  }

  /** A base is built: whether the model fits on top of it is kept for the next look. */
  async #judged({ work, prepared, context }: BuildTick, digest: string): Promise<JobResult> {
    const fit = await judgeBase(
      this.#deps.layering!.images,
      { repository: prepared.repository, digest },
      prepared.laid.map(({ file }) => file),
      context.signal,
    );
    context.log.info({ versionId: work.versionId, base: digest, ...fit }, 'build.base');
    return {
      done: false,
      againInMs: 0,
      why: fit.fit ? 'the base is built' : `the base is not fit: ${fit.why}`,
    };
  }

  async #lay(tick: BuildTick, base: StoredImage): Promise<JobResult> {
    const { work, prepared, context } = tick;
    const { store, layering, pods } = this.#deps;
    const mine = (await pods.list(work.versionId, work.generation)).length > 0;
    const told = [
      ...prepared.told,
      `base without the model: ${base.repository}${mine ? '' : ', built before; its log:'}`,
      (await readSmall(store, baseLogKey(prepared))) ?? '',
    ];
    if (work.buildState === 'wanted') {
      // to be read while the model is on its way
      await this.#reporter.keepLogOf(work, told);
      await this.#reporter.report(work, context, { state: 'running' });
    }
    try {
      const laid = this.#laid.get(keyOf(work)) ?? (await this.#layModel(tick));
      const image = { base, files: laid.files, labels: prepared.labels };
      const digest = await finishLayered(layering!, work, image, context.signal);
      return await this.#succeed(tick, digest, [...told, ...laid.told, `pushed ${digest}`]);
    } catch (error) {
      this.#laid.delete(keyOf(work)); // looked at again: the registry may have lost it
      if (!(error instanceof Failed)) throw error;
      return this.#end(work, context, { state: 'failed', reason: error.message }, told);
    }
  }

  async #layModel({ work, prepared, context }: BuildTick): Promise<LayersLaid> {
    const { store, layering } = this.#deps;
    const laid = await layModel({ store, layering: layering! }, work, prepared, context);
    this.#laid.set(keyOf(work), laid);
    return laid;
  }

  async #startFirst(tick: BuildTick): Promise<JobResult> {
    try {
      return await this.#start(tick, { number: 1, deadlineSeconds: BUILD_DEADLINE_SECONDS });
    } catch (error) {
      if (!(error instanceof Failed) || error.code !== 'artifact-changed') throw error;
      const { work, prepared, context } = tick;
      const facts: BuildFacts = { state: 'failed', reason: error.message };
      return this.#end(work, context, facts, prepared.told);
    }
  }

  async #start(tick: BuildTick, attempt: Attempt): Promise<JobResult> {
    const { work, prepared, context } = tick;
    const { versionId, generation } = work;
    const { way } = prepared;
    await startPod(this.#deps, work, prepared, attempt);
    await this.#reporter.report(work, context, { state: 'running' });
    const { number } = attempt;
    context.log.info({ versionId, generation, attempt: number, way }, 'build.started');
    // the model is on its way while the pod builds what it is laid on
    if (way === 'layered' && number === 1) await this.#layModel(tick);
    return { done: false, againInMs: POLL_MS, why: `attempt ${number} was started` };
  }

  async #alreadyBuilt(work: VersionWork): Promise<boolean> {
    if (!work.imageDigest || !work.image) return false;
    return (
      (await this.#deps.registry.digestOf(splitImage(work.image).repository, work.imageDigest)) ===
      work.imageDigest
    );
  }

  async #succeed({ work, context }: BuildTick, digest: string, log: string[]): Promise<JobResult> {
    const image = `${this.#deps.registryName}/models/${work.slug}`;
    return this.#end(work, context, { state: 'done', image, image_digest: digest }, log);
  }

  async #end(
    work: VersionWork,
    context: JobContext,
    facts: BuildFacts,
    log: string[],
  ): Promise<JobResult> {
    await this.#reporter.end(work, context, facts, log);
    return this.#over(work);
  }

  async #over(build: BuildIdentity): Promise<JobResult> {
    for (const known of [this.#prepared, this.#laid]) known.delete(keyOf(build));
    this.#reporter.forget(build);
    await this.#deps.pods.remove(build.versionId, build.generation);
    return { done: true };
  }
}

const isWanted = (work: VersionWork, generation: number): boolean =>
  work.generation === generation &&
  (work.buildState === 'wanted' || work.buildState === 'running') &&
  work.status !== 'Archived';

/** What the pod said that built a base; told again to every version that is laid on it. */
const baseLogKey = ({ repository }: Prepared): string =>
  `layers/${repository.replace('/', '-')}.log`;
