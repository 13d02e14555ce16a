import { BridgeError, Forbidden, NotFound } from '../errors.ts';
import type { Logger } from '../services/ports/runtime.ts';
import type { JobHandler, JobName } from '../services/ports/jobs.ts';
import type { JobData, Outbox, WorkQueues } from '../services/ports/outbox.ts';

export interface WorkerDeps {
  queues: WorkQueues;
  outbox: Outbox;
  handlers: Record<JobName, JobHandler>;
  log: Logger;
  /** how many at once of some kinds, instead of the usual number */
  concurrency?: Partial<Record<JobName, number>>;
}

/**
 * A look at a deployment mostly waits for Odoo, which has a limit of its own
 * (adapters/odoo/wire.ts): 200 that roll at once all get their first in a second.
 */
const CONCURRENCY: Record<JobName, number> = {
  scan: 1,
  build: 2,
  inventory: 1,
  reconcile: 128,
  webhook: 4,
};
/** About half an hour of trying; the deadline in Odoo says so to people long before. */
const ATTEMPTS = 24;
const BACKOFF_FIRST_MS = 500;
const BACKOFF_LAST_MS = 120_000;
/** One look may take as long as a large artifact takes to fetch and scan. */
const RUN_DEADLINE_MS = 30 * 60_000;
const STOP_DEADLINE_MS = 15_000;

/**
 * Works off the queues. Handlers can be killed at any line: a job whose bridge died is taken over
 * by another.
 */
export function startWorkers(deps: WorkerDeps): { stop(): Promise<void> } {
  const stopping = new AbortController();
  const running = new Set<Promise<void>>();
  for (const name of Object.keys(deps.handlers) as JobName[]) {
    deps.queues.work(name, deps.concurrency?.[name] ?? CONCURRENCY[name], (data, id) => {
      const work: Promise<void> = runJob(deps, { name, data, id }, stopping.signal).finally(() =>
        running.delete(work),
      );
      running.add(work);
      return work;
    });
  }
  return {
    stop: async () => {
      await deps.queues.rest();
      stopping.abort(); // what does not end now is taken over by another bridge, as after a kill
      await Promise.race([
        Promise.allSettled(running),
        new Promise((resolve) => setTimeout(resolve, STOP_DEADLINE_MS)),
      ]);
    },
  };
}

/** One job as the queue hands it out. */
interface Job {
  name: JobName;
  data: JobData;
  id: string;
}

async function runJob(deps: WorkerDeps, job: Job, stopping: AbortSignal): Promise<void> {
  const { name, data, id } = job;
  const { payload } = data;
  const requestId = payload.requestId ?? `job-${id}`;
  const log = deps.log.child({
    job: name,
    key: payload.key,
    generation: payload.generation,
    requestId,
  });
  const signal = AbortSignal.any([stopping, AbortSignal.timeout(RUN_DEADLINE_MS)]);
  try {
    const result = await deps.handlers[name](payload, { log, signal, requestId });
    if (result.done) {
      await finish(deps, job);
      log.info({}, 'job.done');
      return;
    }
    log.debug({ why: result.why, againInMs: result.againInMs }, 'job.again');
    await deps.queues.addNext(name, { payload, attempt: 0 }, id, result.againInMs);
  } catch (error) {
    await failed(deps, job, error, log);
  }
}

async function failed(deps: WorkerDeps, job: Job, error: unknown, log: Logger): Promise<void> {
  const { name, data, id } = job;
  const { payload, attempt } = data;
  const reason = error instanceof Error ? error.message : String(error);
  const hopeless =
    error instanceof NotFound || error instanceof Forbidden || attempt + 1 >= ATTEMPTS;
  const code = error instanceof BridgeError ? error.code : 'unexpected';
  if (!hopeless) {
    const delayMs = Math.min(BACKOFF_FIRST_MS * 2 ** attempt, BACKOFF_LAST_MS);
    log.warn(
      {
        reason,
        code,
        attempt,
        againInMs: delayMs,
        ...(error instanceof BridgeError ? {} : { stack: (error as Error)?.stack }),
      },
      'job.retry',
    );
    await deps.queues.addNext(name, { payload, attempt: attempt + 1 }, id, delayMs);
    return;
  }
  log.error({ reason, code, attempt }, 'job.given-up');
  await finish(deps, job);
}

/** A newer order for the same thing may have come while this one ran. */
async function finish(deps: WorkerDeps, { name, data, id }: Job): Promise<void> {
  const { payload } = data;
  const newer = await deps.outbox.finish({
    command: name,
    key: payload.key,
    generation: payload.generation,
    eventId: payload.eventId,
  });
  if (newer === null) return;
  const next = {
    ...payload,
    eventId: newer.eventId,
    generation: newer.generation,
    requestId: `event-${newer.eventId}`,
  };
  // Of another generation the relay may have handed it over already: a second one beside it would
  // take its ids, and one of both be lost.
  if (newer.generation === payload.generation)
    await deps.queues.addNext(name, { payload: next, attempt: 0 }, id, 0);
  else await deps.queues.add(name, next);
}
