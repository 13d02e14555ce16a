import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../../src/services/ports/runtime.ts';

export const realClock: Clock = {
  now: () => new Date(),
  async sleep(ms, signal) {
    await sleep(ms, undefined, signal ? { signal } : {});
  },
};
