import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from './services/ports/runtime.ts';

export const systemClock: Clock = {
  now: () => new Date(),
  sleep: async (ms, signal) => {
    await delay(ms, undefined, signal ? { signal } : {});
  },
};
