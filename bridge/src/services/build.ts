import { createHash } from 'node:crypto';
import { buildOutcome } from '../domain/build-outcome.ts';
import type { BuildOutcome, BuildPodObserved } from '../domain/build-outcome.ts';
import { Failed } from '../errors.ts';
import { contextFiles } from './build-context.ts';
import { buildLogKey, collectLog } from './build-log.ts';
import type { BuildPodsPort, RegistryPort } from './cluster-ports.ts';
import { splitImage } from './image-name.ts';
import type { Clock, JobContext, JobResult, ObjectStore, OdooPort, VersionWork } from './ports.ts';
import { signGrant } from './push-token.ts';

export interface BuildDeps {
  odoo: OdooPort; store: ObjectStore; registry: RegistryPort; pods: BuildPodsPort; clock: Clock;
  /** the registry in image names, host and port */
  registryName: string;
  /** signs push tokens */
  tokenSecret: string;
}

const ATTEMPTS_MAX = 3;
const BUILD_DEADLINE_SECONDS = 20 * 60;
const POLL_MS = 500;
const LOG_TRIES = 20;
const LOG_PAUSE_MS = 2_000;

/** Brings the build of one version one step further; a build that another process began is taken over. */
export class Build {
  readonly #deps: BuildDeps;
  readonly #asked = new Map<string, number>();

  constructor(deps: BuildDeps) {
    this.#deps = deps;
  }

  async tick(versionId: number, generation: number, context: JobContext): Promise<JobResult> {
    const { odoo, pods } = this.#deps;
    const work = await odoo.call<VersionWork>({ kind: 'service' }, 'mlops.model.version', 'work', { version_id: versionId }, context.requestId);
    if (work.generation !== generation || (work.buildState !== 'wanted' && work.buildState !== 'running')) {
      await pods.remove(versionId, generation);
      return { done: true };
    }
    if (await this.#alreadyBuilt(work)) {
      await this.#report(work, context, { state: 'done', image: work.image, image_digest: work.imageDigest });
      await pods.remove(versionId, generation);
      return { done: true };
    }
    const known = await pods.list(versionId, generation);
    const latest = known.at(-1);
    if (!latest) return this.#start(work, 1, BUILD_DEADLINE_SECONDS, context);
    const log = isOver(latest) ? await collectLog(pods, latest.pod.name) : { text: '', unreadable: null };
    if (log.unreadable !== null && this.#askAgain(latest.pod.name)) return { done: false, againInMs: LOG_PAUSE_MS, why: `the log cannot be read yet: ${log.unreadable}` };
    const outcome = buildOutcome(latest, log.text, this.#deps.clock.now());
    if (outcome.kind === 'running') return { done: false, againInMs: POLL_MS, why: `attempt ${latest.attempt} is running` };
    return this.#settle(work, known, latest, outcome, context);
  }

  /** The log tells whose fault a failure was, so it is worth some patience; a node that is gone takes it along for good. */
  #askAgain(pod: string): boolean {
    const asked = (this.#asked.get(pod) ?? 0) + 1;
    if (asked <= LOG_TRIES) this.#asked.set(pod, asked);
    else this.#asked.delete(pod);
    return asked <= LOG_TRIES;
  }

  async #settle(work: VersionWork, known: BuildPodObserved[], latest: BuildPodObserved, outcome: Exclude<BuildOutcome, { kind: 'running' }>, context: JobContext): Promise<JobResult> {
    const result = outcome.kind === 'done' ? await this.#verified(work, outcome.digest) : outcome;
    if (result.kind === 'failed' && result.retry && latest.attempt < ATTEMPTS_MAX) {
      const began = known[0]?.pod.createdAt.getTime() ?? 0;
      const left = BUILD_DEADLINE_SECONDS - Math.round((this.#deps.clock.now().getTime() - began) / 1000);
      context.log.warn({ versionId: work.versionId, attempt: latest.attempt, reason: result.reason }, 'build.retry');
      if (left > 0) return this.#start(work, latest.attempt + 1, left, context);
    }
    const key = await this.#keepLog(work, known);
    if (result.kind === 'done') await this.#report(work, context, { state: 'done', image: this.#image(work), image_digest: result.digest, log_key: key });
    else await this.#report(work, context, { state: 'failed', reason: result.reason, log_key: key });
    context.log.info({ versionId: work.versionId, outcome: result.kind, attempts: latest.attempt }, 'build.ended');
    await this.#deps.pods.remove(work.versionId, work.generation);
    return { done: true };
  }

  async #start(work: VersionWork, attempt: number, deadlineSeconds: number, context: JobContext): Promise<JobResult> {
    const { pods, clock, registryName, tokenSecret } = this.#deps;
    let contents: Record<string, string>;
    try {
      contents = Object.fromEntries([...contextFiles(work.artifacts)].map(([name, artifact]) => [name, artifact.digest]));
    } catch (error) {
      if (!(error instanceof Failed)) throw error;
      await this.#report(work, context, { state: 'failed', reason: error.message });
      return { done: true };
    }
    const repository = `models/${work.slug}`;
    const expiresAt = Math.ceil(clock.now().getTime() / 1000) + deadlineSeconds + 60;
    await pods.create({
      versionId: work.versionId, generation: work.generation, attempt, deadlineSeconds, contents,
      target: `${registryName}/${repository}:v${work.versionId}-g${work.generation}`,
      token: signGrant({ versionId: work.versionId, generation: work.generation, repository, expiresAt }, tokenSecret),
      labels: {
        'io.creativeflow.model': work.slug, 'io.creativeflow.version-id': String(work.versionId), 'io.creativeflow.generation': String(work.generation),
        'io.creativeflow.contents': contentsDigest(contents),
      },
    });
    await this.#report(work, context, { state: 'running' });
    context.log.info({ versionId: work.versionId, generation: work.generation, attempt }, 'build.started');
    return { done: false, againInMs: POLL_MS, why: `attempt ${attempt} was started` };
  }

  async #alreadyBuilt(work: VersionWork): Promise<boolean> {
    if (!work.imageDigest || !work.image) return false;
    return (await this.#deps.registry.digestOf(splitImage(work.image).repository, work.imageDigest)) === work.imageDigest;
  }

  /** The registry must hold what the pod says that it pushed. */
  async #verified(work: VersionWork, digest: string): Promise<{ kind: 'done'; digest: string } | { kind: 'failed'; retry: boolean; reason: string }> {
    const tag = `v${work.versionId}-g${work.generation}`;
    const stored = await this.#deps.registry.digestOf(`models/${work.slug}`, tag);
    if (stored === digest) return { kind: 'done', digest };
    return { kind: 'failed', retry: true, reason: `PushFailed: the build pushed ${digest}, the registry has ${stored ?? 'nothing'} at ${tag}.` };
  }

  async #keepLog(work: VersionWork, known: BuildPodObserved[]): Promise<string> {
    const key = buildLogKey(work.versionId, work.generation);
    const parts = await Promise.all(known.map(async ({ pod, attempt }) => {
      const { text, unreadable } = await collectLog(this.#deps.pods, pod.name);
      return `${known.length > 1 ? `--- attempt ${attempt}\n` : ''}${text}${unreadable === null ? '' : `\n(the log ends here: ${unreadable})\n`}`;
    }));
    await this.#deps.store.putSmall(key, parts.join('\n'), 'text/plain; charset=utf-8');
    return key;
  }

  #image(work: VersionWork): string {
    return `${this.#deps.registryName}/models/${work.slug}`;
  }

  async #report(work: VersionWork, context: JobContext, facts: Record<string, unknown>): Promise<void> {
    await this.#deps.odoo.call({ kind: 'service' }, 'mlops.model.version', 'report_build', { version_id: work.versionId, generation: work.generation, ...facts }, context.requestId);
  }
}

/** A container ends a moment before its pod's phase says so. */
function isOver({ pod }: BuildPodObserved): boolean {
  return pod.containers.some((container) => container.terminated !== null && container.terminated.exitCode !== 0) || pod.phase === 'Failed' || pod.phase === 'Succeeded';
}

/** One digest over all files of the context, written into the image: the link from the approved artifacts to it. */
function contentsDigest(contents: Record<string, string>): string {
  const lines = Object.entries(contents).map(([name, digest]) => `${digest}  ${name}\n`).sort();
  return `sha256:${createHash('sha256').update(lines.join('')).digest('hex')}`;
}
