import { Router } from 'express';
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import type { JobHandler, JobName } from '../services/ports/jobs.ts';

export interface Part {
  name: string;
  check(): Promise<unknown>;
}

const CHECK_DEADLINE_MS = 2_000;

/** `/health/live`: the process turns. `/health/ready`: each part it needs answers within 2 s. */
export function healthRouter(parts: Part[]): Router {
  const router = Router();
  router.get('/health/live', (_request, response) => void response.json({ status: 'live' }));
  router.get('/health/ready', async (_request, response) => {
    const answers = await Promise.all(
      parts.map(
        async ({ name, check }) =>
          [name, await withinDeadline(Promise.resolve().then(check))] as const,
      ),
    );
    const ready = answers.every(([, answer]) => answer === 'ok');
    response
      .status(ready ? 200 : 503)
      .json({ status: ready ? 'ready' : 'not ready', parts: Object.fromEntries(answers) });
  });
  return router;
}

async function withinDeadline(check: Promise<unknown>): Promise<string> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>(
    (resolve) => (timer = setTimeout(() => resolve('does not answer'), CHECK_DEADLINE_MS)),
  );
  try {
    return await Promise.race([
      check.then(
        () => 'ok',
        (error: Error) => error.message || 'does not answer',
      ),
      late,
    ]);
  } finally {
    clearTimeout(timer);
  }
}

export class Metrics {
  readonly registry = new Registry();
  readonly sockets = new Gauge({
    name: 'creativeflow_sockets',
    help: 'Connected sockets',
    registers: [this.registry],
  });
  readonly jobs = new Counter({
    name: 'creativeflow_jobs_total',
    help: 'Looks of jobs by queue and outcome',
    labelNames: ['queue', 'outcome'],
    registers: [this.registry],
  });
  readonly #requests = new Histogram({
    name: 'creativeflow_http_request_duration_seconds',
    help: 'Requests by method, route and status',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60],
    registers: [this.registry],
  });

  constructor() {
    collectDefaultMetrics({ register: this.registry });
  }

  observe(method: string, route: string, status: number, seconds: number): void {
    this.#requests.labels(method, route, String(status)).observe(seconds);
  }

  /** The same handlers; each look is counted as `done`, `again` or `failed`. */
  counted(handlers: Record<JobName, JobHandler>): Record<JobName, JobHandler> {
    const count =
      (queue: JobName, handler: JobHandler): JobHandler =>
      async (payload, context) => {
        let outcome = 'failed';
        try {
          const result = await handler(payload, context);
          outcome = result.done ? 'done' : 'again';
          return result;
        } finally {
          this.jobs.labels(queue, outcome).inc();
        }
      };
    return {
      scan: count('scan', handlers.scan),
      build: count('build', handlers.build),
      inventory: count('inventory', handlers.inventory),
      reconcile: count('reconcile', handlers.reconcile),
      webhook: count('webhook', handlers.webhook),
    };
  }

  router(): Router {
    const router = Router();
    router.get('/metrics', async (_request, response) => {
      response.type(this.registry.contentType).send(await this.registry.metrics());
    });
    return router;
  }
}
