import { expect } from 'chai';
import { lastResort } from '../../src/last-resort.ts';
import type { Logger } from '../../src/services/ports/runtime.ts';

describe('the last resort', () => {
  const logged: string[] = [];
  const note = (_fields: object, event: string): void => void logged.push(event);
  const log: Logger = { debug: note, info: note, warn: note, error: note, child: () => log };
  const ended = (stop: () => Promise<void>, times = 1): Promise<number> =>
    new Promise((exit) => {
      const handle = lastResort({ log, stop, exit, deadlineMs: 20 });
      for (let n = 0; n < times; n += 1) handle(new Error(`fault ${n}`));
    });

  it('stops gracefully once, logs each fault and ends with 1', async () => {
    logged.length = 0;
    let stops = 0;
    expect(
      await ended(async () => {
        stops += 1;
      }, 3),
    ).to.equal(1);
    expect({ stops, logged }).to.deep.equal({
      stops: 1,
      logged: ['bridge.uncaught', 'bridge.uncaught', 'bridge.uncaught'],
    });
  });
  it('ends within its deadline when stopping hangs', async () => {
    expect(await ended(() => new Promise(() => undefined))).to.equal(1);
  });
  it('ends when stopping fails', async () => {
    expect(await ended(() => Promise.reject(new Error('no')))).to.equal(1);
    expect(
      await ended(() => {
        throw new Error('no');
      }),
    ).to.equal(1);
  });
});
