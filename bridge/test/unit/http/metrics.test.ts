import { expect } from 'chai';
import { Unavailable } from '../../../src/errors.ts';
import { Metrics } from '../../../src/http/health.ts';
import type { JobContext, JobHandler } from '../../../src/services/ports/jobs.ts';

describe('metrics of jobs', () => {
  it('counts each look by queue and outcome, and hands the outcome on', async () => {
    const metrics = new Metrics();
    const away = new Unavailable('away', { code: 'away' });
    const handlers: Record<string, JobHandler> = {
      scan: async () => ({ done: true }),
      build: async () => ({ done: false, againInMs: 5, why: 'running' }),
      reconcile: async () => {
        throw away;
      },
      webhook: async () => ({ done: true }),
    };
    const counted = metrics.counted(handlers as Parameters<Metrics['counted']>[0]);
    const payload = { eventId: 1, key: 'version:1', generation: 1, subjectId: 1 };
    const context = {} as JobContext;
    expect(await counted.scan(payload, context)).to.deep.equal({ done: true });
    expect(await counted.build(payload, context)).to.include({ againInMs: 5 });
    expect(await counted.build(payload, context)).to.include({ done: false });
    expect(await counted.reconcile(payload, context).catch((error: unknown) => error)).to.equal(
      away,
    );
    const text = await metrics.registry.metrics();
    const lines = text.split('\n').filter((line) => line.startsWith('creativeflow_jobs_total{'));
    expect(lines).to.have.members([
      'creativeflow_jobs_total{queue="scan",outcome="done"} 1',
      'creativeflow_jobs_total{queue="build",outcome="again"} 2',
      'creativeflow_jobs_total{queue="reconcile",outcome="failed"} 1',
    ]);
  });
});
