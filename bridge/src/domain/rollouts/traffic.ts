import { p95Ms, since } from './analysis.ts';
import { NOTHING_COUNTED } from './types.ts';
import type { Counters } from './types.ts';

/** What every revision has counted at a moment: `<namespace>-<revision>` → its counters. */
export interface Sample {
  at: Date;
  counters: Map<string, Counters>;
}
export interface Served {
  versionId: number;
  version: string;
  /** `<namespace>-<revision>` */
  key: string;
}

interface Minute {
  at: string;
  seconds: number;
  requests: number;
  errors: number;
  p95Ms: number | null;
}
export interface Traffic {
  minutes: Minute[];
  versions: { versionId: number; version: string; requests: number; errors: number }[];
}

/**
 * The requests of an endpoint between each two samples, and which of its versions answered them.
 * Pure.
 */
export function trafficOf(samples: Sample[], served: Served[]): Traffic {
  const versions = served.map(({ versionId, version }) => ({
    versionId,
    version,
    requests: 0,
    errors: 0,
  }));
  const minutes = samples.slice(1).map((sample, index) => {
    const before = samples[index]!;
    const counted = served.map(({ key }, which) => {
      const now = sample.counters.get(key) ?? NOTHING_COUNTED;
      // a revision that was not there counted from zero
      const some = since(before.counters.get(key) ?? NOTHING_COUNTED, now);
      versions[which]!.requests += some.requests;
      versions[which]!.errors += some.errors;
      return some;
    });
    return {
      at: sample.at.toISOString(),
      seconds: Math.round((sample.at.getTime() - before.at.getTime()) / 1000),
      requests: sum(counted.map((one) => one.requests)),
      errors: sum(counted.map((one) => one.errors)),
      p95Ms: p95Ms(merged(counted)),
    };
  });
  return {
    minutes,
    versions: versions
      .filter(({ requests }) => requests > 0)
      .sort((a, b) => b.requests - a.requests),
  };
}

/** All revisions are counted by one gateway, so their buckets have the same bounds. */
function merged(all: Counters[]): Counters['buckets'] {
  const buckets = new Map<number, number>();
  for (const [bound, count] of all.flatMap((one) => one.buckets))
    buckets.set(bound, (buckets.get(bound) ?? 0) + count);
  return [...buckets];
}

const sum = (values: number[]): number => values.reduce((total, one) => total + one, 0);
