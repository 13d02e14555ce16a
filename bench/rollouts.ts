/**
 * Many models rolling at once through the bridge's own loop (Bull on a Redis of its own, workers,
 * deliver, decisions) on a simulated cluster, gateway and Odoo whose answers take as long as the
 * real ones. Tick lateness: how long after its time a look begins.
 *
 *   npx tsx bench/rollouts.ts [--models 200] [--strategy canary|blue-green]
 *
 * Needs redis-server; no stack.
 */
import { loadavg } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { openQueues } from '../bridge/src/adapters/redis/queues.ts';
import type { Step } from '../bridge/src/domain/rollouts/strategy.ts';
import { reconcileJob } from '../bridge/src/services/rollouts/reconcile.ts';
import { startWorkers } from '../bridge/src/jobs/runner.ts';
import type { Clock, Logger } from '../bridge/src/services/ports/runtime.ts';
import type { JobHandler, JobName, JobPayload } from '../bridge/src/services/ports/jobs.ts';
import type { JobData, Outbox, WorkQueues } from '../bridge/src/services/ports/outbox.ts';
import { ownRedis } from '../bridge/test/contract/storage/servers.ts';
import { quantile } from './quantile.ts';
import {
  DIGEST,
  JUDGED_SECONDS,
  NAMESPACE,
  SimulatedCluster,
  SimulatedGateway,
  SimulatedOdoo,
} from './rollouts-world.ts';
import { deploymentWork } from '../bridge/test/fakes/deployment-work.ts';

const { values: flags } = parseArgs({
  options: {
    models: { type: 'string', default: '200' },
    strategy: { type: 'string', default: 'canary' },
  },
});
const MODELS = Number(flags.models);
const DEADLINE_MS = 300_000;
const STEPS: Step[] = [
  { kind: 'scale', percent: 100 },
  { kind: 'preview' },
  { kind: 'weight', percent: 10 },
  {
    kind: 'judge',
    seconds: JUDGED_SECONDS,
    minRequests: 1,
    maxErrorRate: 0.05,
    maxLatencyRatio: 5,
    maxRestarts: 0,
    tooLittle: 'wait',
    withinSeconds: 60,
    signal: null,
  },
  { kind: 'weight', percent: 50 },
  { kind: 'wait', seconds: JUDGED_SECONDS },
  { kind: 'weight', percent: 100 },
];
const quiet: Logger = {
  debug() {},
  info() {},
  warn: (fields, event) => console.error(event, JSON.stringify(fields)),
  error: (fields, event) => console.error(event, JSON.stringify(fields)),
  child: () => quiet,
};
const clock: Clock = {
  now: () => new Date(),
  sleep: async (ms, signal) => delay(ms, undefined, signal ? { signal } : {}),
};

/** The queues, with a note of when each job was to begin. */
class TimedQueues implements WorkQueues {
  readonly lateness: number[] = [];
  readonly #inner = openQueues(redisUrl, quiet);
  readonly #due = new Map<string, number>();

  async add(name: JobName, payload: JobPayload): Promise<void> {
    this.#due.set(payload.key, Date.now());
    await this.#inner.add(name, payload);
  }

  async addNext(name: JobName, data: JobData, heldId: string, delayMs: number): Promise<void> {
    this.#due.set(data.payload.key, Date.now() + delayMs);
    await this.#inner.addNext(name, data, heldId, delayMs);
  }

  work(
    name: JobName,
    concurrency: number,
    run: (data: JobData, id: string) => Promise<void>,
  ): void {
    this.#inner.work(name, concurrency, (data, id) => {
      const due = this.#due.get(data.payload.key);
      if (due !== undefined) this.lateness.push(Math.max(0, Date.now() - due));
      return run(data, id);
    });
  }

  wereEmptied = (): Promise<boolean> => this.#inner.wereEmptied();
  rest = (): Promise<void> => this.#inner.rest();
  close = (): Promise<void> => this.#inner.close();
}

const redis = await ownRedis();
await redis.start();
const redisUrl = `redis://127.0.0.1:${redis.port}/0`;
const cluster = new SimulatedCluster();
const gateway = new SimulatedGateway(cluster);
const odoo = new SimulatedOdoo();
const queues = new TimedQueues();
const reconcile = reconcileJob({
  recent: { take: () => null },
  odoo: odoo.port,
  cluster,
  gateway,
  metrics: gateway,
  registry: { digestOf: async () => DIGEST },
  endpointsUrl: 'https://people',
  registryName: 'registry.test:5000',
  clock,
});
const none: JobHandler = async () => ({ done: true });
const outbox = { finish: async () => null } as unknown as Outbox;
const workers = startWorkers({
  queues,
  outbox,
  handlers: { reconcile, scan: none, build: none, inventory: none, webhook: none },
  log: quiet,
});

for (let model = 1; model <= MODELS; model += 1) {
  const slug = `m${model}`;
  cluster.revisions.set(`${slug}-v1`, {
    seen: {
      name: `${slug}-v1`,
      image: `registry.test:5000/models/${slug}@${DIGEST}`,
      wantedReplicas: 2,
      readyReplicas: 2,
      upToDate: true,
      appliedAt: new Date(),
      creationFailure: null,
      pods: [],
    },
    waiting: new Set(),
  });
  cluster.routes.set(slug, {
    backends: [{ revision: `${slug}-v1`, weight: 100 }],
    changedBy: null,
    before: null,
    accepted: true,
    takenAt: 0,
  });
  odoo.works.set(
    model,
    deploymentWork(
      {
        deploymentId: model,
        modelId: model,
        slug,
        image: `registry.test:5000/models/${slug}`,
        imageDigest: DIGEST,
        strategy: flags.strategy as 'canary',
        steps: flags.strategy === 'canary' ? STEPS : null,
        generation: 1,
        deadlineAt: new Date(Date.now() + DEADLINE_MS).toISOString(),
        previous: { deploymentId: 0, versionId: 1 },
        stable: {
          deploymentId: 0,
          versionId: 1,
          version: '1.0.0',
          image: `registry.test:5000/models/${slug}`,
          imageDigest: DIGEST,
          serving: { replicas: 2 },
        },
      },
      { namespace: NAMESPACE, readyDeadlineSeconds: 600 },
    ),
  );
}
const began = Date.now();
await Promise.all(
  [...odoo.works.keys()].map((id) =>
    queues.add('reconcile', { eventId: id, key: `deployment:${id}`, generation: 1, subjectId: id }),
  ),
);
while (odoo.liveAt.size + odoo.failed.length < MODELS && Date.now() - began < DEADLINE_MS)
  await delay(100);
const seconds = (Date.now() - began) / 1000;
await workers.stop();
await queues.close();
await redis.end();

const lived = [...odoo.liveAt.values()].map((time) => (time - began) / 1000);
console.log(
  `load of the machine ${loadavg()[0]!.toFixed(1)}; ${MODELS} models, ${flags.strategy}\n`,
);
console.log(
  '| live | failed | s until live: p50, last | looks | lateness of a look, ms: p50, p99, longest | calls a second: cluster, Odoo | resident MB |\n|---|---|---|---|---|---|---|',
);
console.log(
  `| ${lived.length} | ${odoo.failed.length} | ${quantile(lived, 0.5).toFixed(1)}, ${quantile(lived, 1).toFixed(1)} | ${queues.lateness.length} | ${quantile(queues.lateness, 0.5)}, ${quantile(queues.lateness, 0.99)}, ${quantile(queues.lateness, 1)} | ${(cluster.calls / seconds).toFixed(0)}, ${(odoo.calls / seconds).toFixed(0)} | ${(process.memoryUsage().rss / 1e6).toFixed(0)} |`,
);
for (const reason of odoo.failed.slice(0, 3)) console.error(reason);
process.exit(0);
