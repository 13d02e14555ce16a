import Bull from 'bull';
import { Redis } from 'ioredis';
import type { Logger } from '../../services/ports/runtime.ts';
import type { JobName, JobPayload } from '../../services/ports/jobs.ts';
import type { JobData, WorkQueues } from '../../services/ports/outbox.ts';

const JOB_NAMES: readonly JobName[] = ['scan', 'build', 'inventory', 'reconcile', 'webhook'];
const PREFIX = 'creativeflow';
const MARKER = `${PREFIX}:queues-hold-what-was-handed-over`;

/**
 * Bull's queues. A thing being worked on has at most one job waiting: its two possible ids (`…:0`
 * and `…:1`) alternate, so that a running job can ask for its own next look while it still holds
 * its own id.
 */
export class BullQueues implements WorkQueues {
  readonly #queues: Map<JobName, Bull.Queue<JobData>>;
  readonly #redis: Redis;
  readonly #log: Logger;

  constructor(url: string, log: Logger) {
    this.#log = log;
    this.#redis = openRedis(url, log);
    this.#queues = new Map(
      JOB_NAMES.map((name) => {
        const queue = new Bull<JobData>(name, {
          prefix: PREFIX,
          createClient: () => openRedis(url, log),
          // a killed bridge's job is taken over after this long; a living one renews its lock at
          // half of it
          settings: {
            lockDuration: 15_000,
            stalledInterval: 5_000,
            maxStalledCount: 20,
            guardInterval: 2_000,
          },
          defaultJobOptions: { removeOnComplete: true, removeOnFail: true, attempts: 1 },
        });
        queue.on('error', (error) =>
          log.warn({ queue: name, reason: error.message }, 'queue.fault'),
        );
        return [name, queue];
      }),
    );
  }

  work(
    name: JobName,
    concurrency: number,
    run: (data: JobData, id: string) => Promise<void>,
  ): void {
    this.#queue(name)
      .process(concurrency, (job) => run(job.data, String(job.id)))
      .catch((error: Error) =>
        this.#log.error({ queue: name, reason: error.message }, 'queue.workers-fault'),
      );
  }

  async rest(): Promise<void> {
    await Promise.all(
      [...this.#queues.values()].map((queue) => queue.pause(true, true).catch(() => undefined)),
    );
  }

  #queue(name: JobName): Bull.Queue<JobData> {
    return this.#queues.get(name)!;
  }

  async add(name: JobName, payload: JobPayload): Promise<void> {
    const queue = this.#queue(name);
    for (const turn of [0, 1]) if ((await queue.getJob(idOf(name, payload, turn))) !== null) return;
    await queue.add({ payload, attempt: 0 }, { jobId: idOf(name, payload, 0) });
  }

  /** The next look of a running job, under the id that it does not hold. */
  async addNext(name: JobName, data: JobData, heldId: string, delayMs: number): Promise<void> {
    const turn = heldId.endsWith(':0') ? 1 : 0;
    await this.#queue(name).add(data, { jobId: idOf(name, data.payload, turn), delay: delayMs });
  }

  async wereEmptied(): Promise<boolean> {
    return (await this.#redis.set(MARKER, '1', 'NX')) === 'OK';
  }

  async check(): Promise<void> {
    await this.#redis.ping();
  }

  async close(): Promise<void> {
    await Promise.all([...this.#queues.values()].map((queue) => queue.close()));
    this.#redis.disconnect();
  }
}

export function openQueues(url: string, log: Logger): BullQueues {
  return new BullQueues(url, log);
}

/** name:key:generation, the same for the same order however often it is handed over */
function idOf(name: JobName, payload: JobPayload, turn: number): string {
  return `${name}:${payload.key}:${payload.generation}:${turn}`;
}

/** Bull wants its blocking clients without a limit of retries and without the ready check. */
export function openRedis(url: string, log: Logger): Redis {
  const client = new Redis(url, {
    maxRetriesPerRequest: null,
    enableReadyCheck: false,
    connectTimeout: 5_000,
    retryStrategy: (times) => Math.min(times * 200, 2_000),
  });
  client.on('error', (error: Error) => log.debug({ reason: error.message }, 'redis.fault'));
  return client;
}
