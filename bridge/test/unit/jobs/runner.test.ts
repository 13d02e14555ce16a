import { expect } from 'chai';
import { startWorkers } from '../../../src/jobs/runner.ts';
import type { Logger } from '../../../src/services/ports/runtime.ts';
import type { JobHandler, JobName } from '../../../src/services/ports/jobs.ts';
import type { Outbox, WorkQueues } from '../../../src/services/ports/outbox.ts';

const quiet: Logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => quiet };
const done: JobHandler = async () => ({ done: true });

describe('workers', () => {
  it('take so many jobs of a kind at once as is said, and the usual number of the others', async () => {
    const asked = new Map<JobName, number>();
    const queues = {
      work: (name: JobName, concurrency: number) => void asked.set(name, concurrency),
      rest: async () => undefined,
    } as unknown as WorkQueues;
    const workers = startWorkers({
      queues,
      outbox: {} as Outbox,
      log: quiet,
      concurrency: { scan: 7 },
      handlers: { scan: done, build: done, inventory: done, reconcile: done, webhook: done },
    });
    await workers.stop();
    expect(asked.get('scan')).to.equal(7);
    expect(asked.get('build')).to.equal(2);
    expect(asked.size).to.equal(5);
  });
});
