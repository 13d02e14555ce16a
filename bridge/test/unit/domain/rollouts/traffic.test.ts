import { expect } from 'chai';
import { trafficOf, type Sample } from '../../../../src/domain/rollouts/traffic.ts';
import type { Counters } from '../../../../src/domain/rollouts/types.ts';
import { Unavailable } from '../../../../src/errors.ts';
import { TrafficHistory } from '../../../../src/services/rollouts/traffic-history.ts';
import type { Logger } from '../../../../src/services/ports/runtime.ts';

const at = (minute: number): Date => new Date(Date.UTC(2026, 0, 1, 9, minute));
const counted = (requests: number, errors: number, fast = requests): Counters => ({
  requests,
  errors,
  buckets: [
    [0.1, fast],
    [0.3, requests],
    [Number.MAX_VALUE, requests],
  ],
});
const SERVED = [
  { versionId: 2, version: '2.0.0', key: 'prod-digits-v2' },
  { versionId: 1, version: '1.0.0', key: 'prod-digits-v1' },
];
const sample = (minute: number, counters: Record<string, Counters>): Sample => ({
  at: at(minute),
  counters: new Map(Object.entries(counters)),
});

describe('traffic of an endpoint', () => {
  it('is what was counted between two samples, of every version that served', () => {
    const { minutes, versions } = trafficOf(
      [
        sample(0, { 'prod-digits-v1': counted(100, 5), 'staging-digits-v1': counted(7, 7) }),
        sample(1, {
          'prod-digits-v1': counted(110, 6),
          'prod-digits-v2': counted(30, 0, 0),
          'staging-digits-v1': counted(900, 900),
        }),
        sample(3, { 'prod-digits-v1': counted(110, 6), 'prod-digits-v2': counted(30, 0, 0) }),
      ],
      SERVED,
    );
    expect(
      minutes.map(({ at: end, seconds, requests, errors }) => [end, seconds, requests, errors]),
    ).to.deep.equal([
      ['2026-01-01T09:01:00.000Z', 60, 40, 1],
      ['2026-01-01T09:03:00.000Z', 120, 0, 0],
    ]);
    expect(minutes[0]!.p95Ms).to.be.within(100, 300);
    expect(minutes[1]!.p95Ms).to.equal(null);
    expect(versions).to.deep.equal([
      { versionId: 2, version: '2.0.0', requests: 30, errors: 0 },
      { versionId: 1, version: '1.0.0', requests: 10, errors: 1 },
    ]);
  });

  it('counts a gateway that was started anew from zero, and nothing without two samples', () => {
    expect(
      trafficOf(
        [
          sample(0, { 'prod-digits-v1': counted(100, 5) }),
          sample(1, { 'prod-digits-v1': counted(4, 1) }),
        ],
        SERVED,
      ).minutes[0],
    ).to.include({ requests: 4, errors: 1 });
    for (const samples of [[], [sample(0, { 'prod-digits-v1': counted(100, 5) })]])
      expect(trafficOf(samples, SERVED)).to.deep.equal({ minutes: [], versions: [] });
  });

  it('keeps an hour, and a gateway that does not answer is told once', async () => {
    const warned: string[] = [];
    const note = (_fields: object, event: string): void => void warned.push(event);
    const log: Logger = { debug: note, info: note, warn: note, error: note, child: () => log };
    let minute = 0;
    let away = false;
    const history = new TrafficHistory({
      gateway: {
        all: async () => {
          if (away) throw new Unavailable('gone', { code: 'metrics-unavailable' });
          return new Map();
        },
      },
      log,
      clock: { now: () => at(minute++), sleep: async () => undefined },
    });
    for (let i = 0; i < 70; i += 1) await history.sample();
    expect([history.samples.length, history.samples[0]!.at]).to.deep.equal([61, at(9)]);
    away = true;
    for (let i = 0; i < 3; i += 1) await history.sample();
    expect([history.samples.length, warned]).to.deep.equal([61, ['traffic.no-metrics']]);
  });
});
