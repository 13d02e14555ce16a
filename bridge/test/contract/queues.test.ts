import { expect } from 'chai';
import { openQueues, type BullQueues } from '../../src/adapters/redis/queues.ts';
import { startWorkers } from '../../src/jobs/runner.ts';
import type { Logger } from '../../src/services/ports/runtime.ts';
import type { JobHandler, JobPayload } from '../../src/services/ports/jobs.ts';
import type { Command, Outbox } from '../../src/services/ports/outbox.ts';
import { readStackFacts } from '../../../stack/facts.ts';

const quiet: Logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => quiet };
const idle: JobHandler = async () => ({ done: true });
const LOOKS = 12;
const DEADLINE_MS = 20_000;
const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms);
  });

/** On a database of the stack's Redis that nobody else uses. */
describe('the queues, on a real Redis', function () {
  this.timeout(4 * DEADLINE_MS);
  let queues: BullQueues;
  let workers: { stop(): Promise<void> } | undefined;
  before(() => {
    const url = new URL(readStackFacts().bridgeEnvironment.REDIS_URL!);
    url.pathname = '/9';
    queues = openQueues(url.href, quiet);
  });
  afterEach(() => workers?.stop());
  after(() => queues.close());

  it('work a newer order off to its end and once at a time, though both the relay and the older one hand it over', async () => {
    const key = `deployment:${process.pid}`;
    const order = (generation: number): JobPayload => ({
      eventId: generation,
      key,
      generation,
      subjectId: process.pid,
    });
    let looks = 0,
      atOnce = 0,
      most = 0;
    let older!: () => void;
    const olderRuns = new Promise<void>((resolve) => {
      older = resolve;
    });
    const reconcile: JobHandler = async ({ generation }) => {
      if (generation === 1) {
        older();
        await newerRuns;
        return { done: true };
      }
      newer();
      most = Math.max(most, (atOnce += 1));
      await pause(20);
      atOnce -= 1;
      looks += 1;
      return looks < LOOKS ? { done: false, againInMs: 5, why: '' } : { done: true };
    };
    let newer!: () => void;
    const newerRuns = new Promise<void>((resolve) => {
      newer = resolve;
    });
    const outbox = {
      finish: async ({ generation }: Command) =>
        generation === 1 ? { command: 'reconcile', key, generation: 2, eventId: 2 } : null,
    } as unknown as Outbox;
    workers = startWorkers({
      queues,
      outbox,
      log: quiet,
      handlers: { scan: idle, build: idle, inventory: idle, webhook: idle, reconcile },
    });
    await queues.add('reconcile', order(1));
    await olderRuns;
    await queues.add('reconcile', order(2));
    for (const deadline = Date.now() + DEADLINE_MS; looks < LOOKS && Date.now() < deadline;)
      await pause(20);
    expect(looks, 'looks at the newer order').to.equal(LOOKS);
    expect(most, 'at the same time').to.equal(1);
  });
});
