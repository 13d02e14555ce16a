import type { EndpointTraffic } from '../../src/api/types.ts';

const MINUTES = 60;

/** An hour with a wave of requests, a quiet while in it, a few errors and two versions. */
export function lastHour(): EndpointTraffic {
  const end = Date.now();
  const minutes = Array.from({ length: MINUTES }, (_, index) => {
    const requests = index > 20 && index < 26 ? 0 : Math.round(40 + 30 * Math.sin(index / 6));
    return {
      at: new Date(end - 60_000 * (MINUTES - 1 - index)).toISOString(),
      seconds: 60,
      requests,
      errors: index === 40 ? 6 : 0,
      p95Ms: requests ? 14 + 5 * Math.cos(index / 4) : null,
    };
  });
  const requests = minutes.reduce((sum, one) => sum + one.requests, 0);
  return {
    isCounted: true,
    since: new Date(end - 60_000 * MINUTES).toISOString(),
    minutes,
    versions: [
      { versionId: 1, version: '1.0.0', requests: requests - 400, errors: 6 },
      { versionId: 2, version: '0.9.0', requests: 400, errors: 0 },
    ],
  };
}
