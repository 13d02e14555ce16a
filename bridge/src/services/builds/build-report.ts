import { buildLogKey } from './log.ts';
import type { JobContext } from '../ports/jobs.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import type { OdooPort, VersionWork } from '../ports/odoo.ts';
import { SERVICE } from '../ports/odoo.ts';

/** What Odoo is told of a build (docs/odoo-api.md, `report_build`). */
export interface BuildFacts {
  state: 'running' | 'done' | 'failed';
  reason?: string | null;
  image?: string | null;
  image_digest?: string | null;
  log_key?: string;
}
/** What a build is known by. */
export type BuildIdentity = Pick<VersionWork, 'versionId' | 'generation'>;

const LOG_TYPE = 'text/plain; charset=utf-8';

/** Tells what a build came to: facts to Odoo, the log to object storage. */
export class BuildReporter {
  readonly #odoo: OdooPort;
  readonly #store: ObjectStore;
  /** what was told of those that wait for room */
  readonly #waits = new Map<string, string>();

  constructor(odoo: OdooPort, store: ObjectStore) {
    this.#odoo = odoo;
    this.#store = store;
  }

  async report(
    { versionId, generation }: BuildIdentity,
    context: JobContext,
    facts: BuildFacts,
  ): Promise<void> {
    await this.#odoo.call(
      SERVICE,
      'mlops.model.version',
      'report_build',
      { version_id: versionId, generation, ...facts },
      context.requestId,
    );
  }

  /** Why nothing is built yet, and that it goes on: each once. */
  async tellWait(build: BuildIdentity, waiting: string | null, context: JobContext): Promise<void> {
    const key = keyOf(build);
    if ((this.#waits.get(key) ?? null) === waiting) return;
    await this.report(build, context, { state: 'running', reason: waiting });
    if (waiting === null) this.#waits.delete(key);
    else this.#waits.set(key, waiting);
  }

  async end(
    build: BuildIdentity,
    context: JobContext,
    facts: BuildFacts,
    log: string[],
  ): Promise<void> {
    const hasLog = log.length > 0;
    if (hasLog) await this.keepLogOf(build, log);
    await this.report(build, context, {
      ...facts,
      ...(hasLog ? { log_key: buildLogKey(build.versionId, build.generation) } : {}),
    });
    context.log.info(
      { versionId: build.versionId, outcome: facts.state, reason: facts.reason },
      'build.ended',
    );
  }

  keepLogOf({ versionId, generation }: BuildIdentity, log: string[]): Promise<void> {
    return this.keepLog(buildLogKey(versionId, generation), log);
  }

  keepLog(key: string, log: string[]): Promise<void> {
    return this.#store.putSmall(key, log.join('\n'), LOG_TYPE);
  }

  forget(build: BuildIdentity): void {
    this.#waits.delete(keyOf(build));
  }
}

export const keyOf = ({ versionId, generation }: BuildIdentity): string =>
  `${versionId}-${generation}`;
