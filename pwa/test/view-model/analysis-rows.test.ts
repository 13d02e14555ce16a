import { expect } from 'chai';
import type { FollowedStep, Judgement } from '../../src/api/types.ts';
import { judgedSignals, scaleOf, trendOf } from '../../src/view-model/analysis-rows.ts';

const STEP: FollowedStep = {
  kind: 'judge',
  seconds: 60,
  minRequests: 20,
  maxErrorRate: 0.01,
  maxLatencyRatio: 1.5,
  maxRestarts: 1,
  minAgreement: 0.9,
  signal: { model: 'crm.lead', domain: [], maxIncrease: 2 },
};
const NUMBERS: Judgement['numbers'] = {
  stable: { requests: 100, errors: 2, p95Ms: 40 },
  canary: { requests: 100, errors: 3, p95Ms: 60 },
  restarts: 1,
  signal: { before: 3, during: 5 },
  agreement: { agreed: 18, asked: 20 },
};
const said = (numbers: Partial<Judgement['numbers']> = {}, step = 0): Judgement => ({
  step,
  verdict: 'pass',
  sentence: '',
  numbers: { ...NUMBERS, ...numbers },
});
const of = (name: string, numbers: Partial<Judgement['numbers']> = {}, step = STEP) =>
  judgedSignals(said(numbers), [step]).find((one) => one.name === name)!;

describe('pwa: judged signals', () => {
  it('has for each the limit that the step gives it, and what stands at it is within', () => {
    const limits = Object.fromEntries(
      judgedSignals(said(), [STEP]).map((one) => [one.name, [one.limit?.value, one.standing]]),
    );
    expect(limits).to.deep.equal({
      requests: [20, 'enough'],
      errors: [0.03, 'within'],
      p95: [60, 'within'],
      restarts: [1, 'within'],
      agreement: [0.9, 'within'],
      signal: [5, 'within'],
    });
  });

  const share = NUMBERS.canary!;
  for (const [name, numbers, standing] of [
    ['requests', { canary: { ...share, requests: 19 } }, 'few'],
    ['errors', { canary: { ...share, errors: 4 } }, 'over'],
    ['p95', { canary: { ...share, p95Ms: 61 } }, 'over'],
    ['restarts', { restarts: 2 }, 'over'],
    ['agreement', { agreement: { agreed: 17, asked: 20 } }, 'below'],
    ['agreement', { agreement: { agreed: 0, asked: 0 } }, 'below'],
    ['signal', { signal: { before: 3, during: 6 } }, 'over'],
    ['errors', { canary: { requests: 7, errors: 7, p95Ms: 900 } }, 'early'],
    ['p95', { canary: { requests: 7, errors: 7, p95Ms: 900 } }, 'early'],
    ['p95', { canary: { ...share, p95Ms: null } }, 'early'],
    ['p95', { stable: { requests: 19, errors: 0, p95Ms: 40 } }, 'free'],
    [
      'p95',
      { stable: { requests: 100, errors: 0, p95Ms: 2 }, canary: { ...share, p95Ms: 6.9 } },
      'within',
    ],
  ] as const) {
    it(`says ${standing} of ${name} for ${JSON.stringify(numbers)}`, () =>
      expect(of(name, numbers).standing).to.equal(standing));
  }

  it('judges nothing by a step that it does not know', () => {
    for (const steps of [[], [{ kind: 'wait', seconds: 3 }]])
      expect(new Set(judgedSignals(said(), steps).map((one) => one.standing))).to.deep.equal(
        new Set(['free']),
      );
    expect(of('agreement', {}, { ...STEP, minAgreement: undefined }).standing).to.equal('free');
    expect(of('signal', {}, { ...STEP, signal: null }).standing).to.equal('free');
  });

  it('draws so that the limit is seen, however long a bar is', () => {
    for (const numbers of [
      {},
      {
        canary: { requests: 100_000, errors: 90_000, p95Ms: 60_000 },
        signal: { before: 0, during: 4000 },
        restarts: 90,
      },
    ]) {
      for (const signal of judgedSignals(said(numbers), [STEP])) {
        const { stable, canary, limit } = scaleOf(signal);
        expect(limit, signal.name).to.be.within(0.2, 1);
        for (const bar of [stable, canary])
          if (bar) expect(bar.length, signal.name).to.be.within(0, 1);
        const passed = signal.limit!.least ? canary!.length < limit! : canary!.length > limit!;
        expect(passed, `${signal.name} beyond its limit`).to.equal(
          ['over', 'below'].includes(signal.standing),
        );
      }
    }
    expect(scaleOf(of('errors', { canary: { ...share, errors: 90 } })).canary).to.deep.equal({
      length: 1,
      cut: true,
    });
    expect(scaleOf(of('restarts', { restarts: 0 }, { ...STEP, maxRestarts: 0 }))).to.deep.equal({
      stable: null,
      canary: { length: 0, cut: false },
      limit: 0,
    });
  });

  it('draws a line over the judge steps when there are two, by the newest judgement of each', () => {
    const steps = [STEP, { kind: 'wait', seconds: 1 }, STEP];
    expect(trendOf('p95', [said(), said()], steps)).to.deep.equal([]);
    const points = trendOf(
      'p95',
      [
        said(),
        said({ canary: { ...share, p95Ms: 50 } }),
        said({ canary: { ...share, p95Ms: 99 } }, 2),
      ],
      steps,
    );
    expect(
      points.map(({ step, canary, limit, over }) => [step, canary, limit, over]),
    ).to.deep.equal([
      [0, 50, 60, false],
      [2, 99, 60, true],
    ]);
  });
});
