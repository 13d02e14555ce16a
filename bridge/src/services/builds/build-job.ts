import { buildOutcome } from '../../domain/builds/outcome.ts';
import type { BuildOutcome, BuildPodObserved } from '../../domain/builds/outcome.ts';
import { Failed } from '../../errors.ts';
import { findBase, judgeBase } from './base-image.ts';
import type { CachedBase } from './base-image.ts';
import { finishLayered, layModel } from './layered.ts';
import type { LayersLaid } from './layered.ts';
import { buildLogKey, collectLog } from './log.ts';
import { prepareBuild } from './prepare.ts';
import type { Layering, Prepared } from './prepare.ts';
import type { BuildPodsPort, RegistryPort } from '../ports/cluster.ts';
import { splitImage } from '../../domain/builds/image-name.ts';
import type { OdooPort, VersionWork } from '../ports/odoo.ts';
import type { Clock } from '../ports/runtime.ts';
import type { JobContext, JobHandler, JobResult } from '../ports/jobs.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import { signGrant } from './build-token.ts';
import { readSmall } from './signed-record.ts';

export interface BuildDeps {
  odoo: OdooPort;
  store: ObjectStore;
  registry: RegistryPort;
  pods: BuildPodsPort;
  clock: Clock;
  /** the registry in image names, host and port */
  registryName: string;
  /** signs push tokens */
  tokenSecret: string | Buffer;
  /** without it every build is an ordinary one */
  layering?: Layering;
}

const ATTEMPTS_MAX = 3;
const BUILD_DEADLINE_SECONDS = 20 * 60;
const POLL_MS = 500;
const WAIT_MS = 2_000;
const BEFORE_ODOO_MS = 10_000;
const LOG_TRIES = 20;
const LOG_TYPE = 'text/plain; charset=utf-8';
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
  readonly #asked = new Map<string, number>();
  readonly #prepared = new Map<string, Prepared>();
  /** what was told of those that wait for room */
  readonly #waits = new Map<string, string>();
  readonly #laid = new Map<string, LayersLaid>();

  constructor(deps: BuildDeps) {
    this.#deps = deps;
  }

  async tick(versionId: number, generation: number, context: JobContext): Promise<JobResult> {
    const { odoo, pods } = this.#deps;
    const work = await odoo.call<VersionWork>(
      { kind: 'service' },
      'mlops.model.version',
      'work',
      { version_id: versionId },
      context.requestId,
    );
    if (
      work.generation !== generation ||
      (work.buildState !== 'wanted' && work.buildState !== 'running') ||
      work.status === 'Archived'
    )
      return this.#over(versionId, generation);
    if (await this.#alreadyBuilt(work)) {
      await this.#report(work, context, {
        state: 'done',
        image: work.image,
        image_digest: work.imageDigest,
      });
      return this.#over(versionId, generation);
    }
    let prepared: Prepared;
    try {
      prepared = await this.#prepare(work);
    } catch (error) {
      if (!(error instanceof Failed)) throw error;
      return this.#fail(work, error.message, [], context);
    }
    const base = await this.#baseOf(prepared);
    if (base === 'unfit') {
      prepared = await this.#prepare(work, 'the built image has no model at the expected path.');
    } else if (base !== null) return this.#lay(work, prepared, base, context);
    const known = await pods.list(versionId, generation);
    const latest = known.at(-1);
    if (!latest) {
      try {
        return await this.#start(work, prepared, 1, BUILD_DEADLINE_SECONDS, context);
      } catch (error) {
        if (!(error instanceof Failed) || error.code !== 'artifact-changed') throw error;
        return this.#fail(work, error.message, prepared.told, context);
      }
    }
    const log = isOver(latest)
      ? await collectLog(pods, latest.pod.name)
      : { text: '', unreadable: null };
    if (log.unreadable !== null && this.#askAgain(latest.pod.name))
      return {
        done: false,
        againInMs: LOG_PAUSE_MS,
        why: `the log cannot be read yet: ${log.unreadable}`,
      };
    const outcome = buildOutcome(
      latest,
      log.text,
      this.#deps.clock.now(),
      roomUntil(work, known[0]!.pod.createdAt),
    );
    if (outcome.kind === 'running') {
      await this.#tellWait(work, outcome.waiting ?? null, context);
      return {
        done: false,
        againInMs: outcome.waiting ? WAIT_MS : POLL_MS,
        why: outcome.waiting ?? `attempt ${latest.attempt} is running`,
      };
    }
    return this.#settle(work, prepared, known, latest, outcome, context);
  }

  /** What a build does is decided once: a base image that moves meanwhile is for the next build. */
  async #prepare(work: VersionWork, mustBeOrdinary: string | null = null): Promise<Prepared> {
    const key = keyOf(work);
    const known = this.#prepared.get(key);
    if (known && (mustBeOrdinary === null || known.way === 'ordinary')) return known;
    const { store, layering, registryName } = this.#deps;
    const prepared = await prepareBuild(store, layering, registryName, work, mustBeOrdinary);
    this.#prepared.set(key, prepared);
    return prepared;
  }

  async #baseOf({ way, repository }: Prepared): Promise<CachedBase> {
    return way === 'layered' ? findBase(this.#deps.layering!.images, repository) : null;
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
    work: VersionWork,
    prepared: Prepared,
    known: BuildPodObserved[],
    latest: BuildPodObserved,
    outcome: Exclude<BuildOutcome, { kind: 'running' }>,
    context: JobContext,
  ): Promise<JobResult> {
    const result =
      outcome.kind === 'done' ? await this.#verified(prepared, outcome.digest) : outcome;
    if (result.kind === 'failed' && result.retry && latest.attempt < ATTEMPTS_MAX) {
      const began = known[0]?.pod.createdAt.getTime() ?? 0;
      const left =
        BUILD_DEADLINE_SECONDS - Math.round((this.#deps.clock.now().getTime() - began) / 1000);
      context.log.warn(
        { versionId: work.versionId, attempt: latest.attempt, reason: result.reason },
        'build.retry',
      );
      if (left > 0) return this.#start(work, prepared, latest.attempt + 1, left, context);
    }
    if (result.kind === 'failed')
      return this.#fail(
        work,
        result.reason,
        [...prepared.told, ...(await this.#podLogs(known))],
        context,
      );
    if (prepared.way === 'ordinary')
      return this.#succeed(
        work,
        result.digest,
        [...prepared.told, ...(await this.#podLogs(known))],
        context,
      );
    await this.#deps.store.putSmall(
      baseLogKey(prepared),
      (await this.#podLogs(known)).join('\n'),
      LOG_TYPE,
    );
    const fit = await judgeBase(
      this.#deps.layering!.images,
      prepared.repository,
      result.digest,
      prepared.laid.map(({ file }) => file),
      context.signal,
    );
    context.log.info({ versionId: work.versionId, base: result.digest, ...fit }, 'build.base');
    return {
      done: false,
      againInMs: 0,
      why: fit.fit ? 'the base is built' : `the base is not fit: ${fit.why}`,
    };
  }

  async #lay(
    work: VersionWork,
    prepared: Prepared,
    base: Exclude<CachedBase, null | 'unfit'>,
    context: JobContext,
  ): Promise<JobResult> {
    const { store, layering, pods } = this.#deps;
    const mine = (await pods.list(work.versionId, work.generation)).length > 0;
    const told = [
      ...prepared.told,
      `base without the model: ${base.repository}${mine ? '' : ', built before; its log:'}`,
      (await readSmall(store, baseLogKey(prepared))) ?? '',
    ];
    if (work.buildState === 'wanted') {
      // to be read while the model is on its way
      await store.putSmall(buildLogKey(work.versionId, work.generation), told.join('\n'), LOG_TYPE);
      await this.#report(work, context, { state: 'running' });
    }
    try {
      const laid = this.#laid.get(keyOf(work)) ?? (await this.#layModel(work, prepared, context));
      const digest = await finishLayered(
        { store, layering: layering! },
        work,
        prepared,
        base,
        laid,
        context,
      );
      return await this.#succeed(
        work,
        digest,
        [...told, ...laid.told, `pushed ${digest}`],
        context,
      );
    } catch (error) {
      this.#laid.delete(keyOf(work)); // looked at again: the registry may have lost it
      if (!(error instanceof Failed)) throw error;
      return this.#fail(work, error.message, told, context);
    }
  }

  /** Why nothing is built yet, and that it goes on: each once. */
  async #tellWait(work: VersionWork, waiting: string | null, context: JobContext): Promise<void> {
    const key = keyOf(work);
    if ((this.#waits.get(key) ?? null) === waiting) return;
    await this.#report(work, context, { state: 'running', reason: waiting });
    if (waiting === null) this.#waits.delete(key);
    else this.#waits.set(key, waiting);
  }

  async #layModel(work: VersionWork, prepared: Prepared, context: JobContext): Promise<LayersLaid> {
    const { store, layering } = this.#deps;
    const laid = await layModel({ store, layering: layering! }, work, prepared, context);
    this.#laid.set(keyOf(work), laid);
    return laid;
  }

  async #start(
    work: VersionWork,
    prepared: Prepared,
    attempt: number,
    deadlineSeconds: number,
    context: JobContext,
  ): Promise<JobResult> {
    const { pods, clock, registryName, tokenSecret } = this.#deps;
    const { repository, tag, contents, labels, way } = prepared;
    // it may wait in line before it begins
    const ends = Math.max(
      clock.now().getTime() + deadlineSeconds * 1000,
      roomUntil(work, clock.now()).getTime(),
    );
    const expiresAt = Math.ceil(ends / 1000) + 60;
    await pods.create({
      versionId: work.versionId,
      generation: work.generation,
      attempt,
      deadlineSeconds,
      contents,
      target: `${registryName}/${repository}:${tag}`,
      token: signGrant(
        { versionId: work.versionId, generation: work.generation, repository, expiresAt },
        tokenSecret,
      ),
      // a base is many versions'
      labels: way === 'layered' ? {} : labels,
      ...(prepared.dockerfile === null ? {} : { dockerfile: prepared.dockerfile }),
      ...(way === 'layered' ? { without: prepared.without, timeless: prepared.reproducible } : {}),
    });
    await this.#report(work, context, { state: 'running' });
    context.log.info(
      { versionId: work.versionId, generation: work.generation, attempt, way },
      'build.started',
    );
    // the model is on its way while the pod builds what it is laid on
    if (way === 'layered' && attempt === 1) await this.#layModel(work, prepared, context);
    return { done: false, againInMs: POLL_MS, why: `attempt ${attempt} was started` };
  }

  async #alreadyBuilt(work: VersionWork): Promise<boolean> {
    if (!work.imageDigest || !work.image) return false;
    return (
      (await this.#deps.registry.digestOf(splitImage(work.image).repository, work.imageDigest)) ===
      work.imageDigest
    );
  }

  /** The registry must hold what the pod says that it pushed. */
  async #verified(
    { repository, tag }: Prepared,
    digest: string,
  ): Promise<
    { kind: 'done'; digest: string } | { kind: 'failed'; retry: boolean; reason: string }
  > {
    const stored = await this.#deps.registry.digestOf(repository, tag);
    if (stored === digest) return { kind: 'done', digest };
    return {
      kind: 'failed',
      retry: true,
      reason: `PushFailed: the build pushed ${digest}, the registry has ${stored ?? 'nothing'} at ${tag}.`,
    };
  }

  async #succeed(
    work: VersionWork,
    digest: string,
    log: string[],
    context: JobContext,
  ): Promise<JobResult> {
    return this.#end(
      work,
      {
        state: 'done',
        image: `${this.#deps.registryName}/models/${work.slug}`,
        image_digest: digest,
      },
      log,
      context,
    );
  }

  async #fail(
    work: VersionWork,
    reason: string,
    log: string[],
    context: JobContext,
  ): Promise<JobResult> {
    return this.#end(work, { state: 'failed', reason }, log, context);
  }

  async #end(
    work: VersionWork,
    facts: { state: string; reason?: string; image?: string; image_digest?: string },
    log: string[],
    context: JobContext,
  ): Promise<JobResult> {
    const key = buildLogKey(work.versionId, work.generation);
    if (log.length > 0) await this.#deps.store.putSmall(key, log.join('\n'), LOG_TYPE);
    await this.#report(work, context, { ...facts, ...(log.length > 0 ? { log_key: key } : {}) });
    context.log.info(
      { versionId: work.versionId, outcome: facts.state, reason: facts.reason },
      'build.ended',
    );
    return this.#over(work.versionId, work.generation);
  }

  async #over(versionId: number, generation: number): Promise<JobResult> {
    for (const known of [this.#prepared, this.#laid, this.#waits])
      known.delete(keyOf({ versionId, generation }));
    await this.#deps.pods.remove(versionId, generation);
    return { done: true };
  }

  async #podLogs(known: BuildPodObserved[]): Promise<string[]> {
    return Promise.all(
      known.map(async ({ pod, attempt }) => {
        const { text, unreadable } = await collectLog(this.#deps.pods, pod.name);
        return `${known.length > 1 ? `--- attempt ${attempt}\n` : ''}${text}${unreadable === null ? '' : `\n(the log ends here: ${unreadable})\n`}`;
      }),
    );
  }

  async #report(
    work: VersionWork,
    context: JobContext,
    facts: Record<string, unknown>,
  ): Promise<void> {
    await this.#deps.odoo.call(
      { kind: 'service' },
      'mlops.model.version',
      'report_build',
      { version_id: work.versionId, generation: work.generation, ...facts },
      context.requestId,
    );
  }
}

/** A little before Odoo's own deadline, which would say only that time is up. */
function roomUntil({ deployments }: VersionWork, since: Date): Date {
  const deadlines = deployments.flatMap(({ desired, isLive, deadlineAt }) =>
    desired === 'serving' && !isLive && deadlineAt ? [Date.parse(deadlineAt)] : [],
  );
  return new Date(
    deadlines.length > 0
      ? Math.max(...deadlines) - BEFORE_ODOO_MS
      : since.getTime() + BUILD_DEADLINE_SECONDS * 1000,
  );
}

const keyOf = ({ versionId, generation }: { versionId: number; generation: number }): string =>
  `${versionId}-${generation}`;

/** What the pod said that built a base; told again to every version that is laid on it. */
const baseLogKey = ({ repository }: Prepared): string =>
  `layers/${repository.replace('/', '-')}.log`;

/** A container ends a moment before its pod's phase says so. */
function isOver({ pod }: BuildPodObserved): boolean {
  return (
    pod.containers.some(
      (container) => container.terminated !== null && container.terminated.exitCode !== 0,
    ) ||
    pod.phase === 'Failed' ||
    pod.phase === 'Succeeded'
  );
}
