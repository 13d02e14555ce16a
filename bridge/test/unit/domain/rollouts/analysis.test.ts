import { expect } from 'chai';
import { countersOf } from '../../../../src/adapters/traefik/metrics.ts';
import { judge, quantile } from '../../../../src/domain/rollouts/analysis.ts';
import type { Evidence } from '../../../../src/domain/rollouts/analysis.ts';
import type { Baseline, Counters } from '../../../../src/domain/rollouts/types.ts';
import type { Judge } from '../../../../src/domain/rollouts/strategy.ts';

const STEP: Judge = {
  kind: 'judge',
  seconds: 60,
  minRequests: 50,
  maxErrorRate: 0.02,
  maxLatencyRatio: 1.5,
  maxRestarts: 1,
  tooLittle: 'golden',
  withinSeconds: 600,
  signal: null,
};
const counted = (requests: number, errors = 0, p95Seconds = 0.05): Counters => ({
  requests,
  errors,
  buckets: [
    [p95Seconds / 2, 0],
    [p95Seconds, requests],
    [Number.MAX_VALUE, requests],
  ],
});
const BEFORE: Baseline = { stable: counted(1000, 100), canary: counted(0), restarts: 3 };
const SIGNAL = { model: 'sale.order', domain: [['state', '=', 'cancel']], maxIncrease: 2 };
const evidence = (over: Partial<Evidence>): Evidence => ({
  now: { stable: counted(2000, 110), canary: counted(100, 1) },
  restarts: 3,
  golden: null,
  signal: null,
  ...over,
});
const golden = { asked: 20, answered: 20, agreed: 18, p95Ms: 12, message: '' };

const TABLE: [
  name: string,
  evidence: Partial<Evidence>,
  verdict: string,
  sentence: RegExp,
  step?: Partial<Judge>,
][] = [
  [
    'as good as before',
    {},
    'pass',
    /^1 % of 100 requests failed, of the stable version's 1 % of 1000, p95/,
  ],
  [
    'fails as often as the one before always did',
    { now: { stable: counted(2000, 200), canary: counted(100, 10) } },
    'pass',
    /10 % of 100/,
  ],
  [
    'fails more often',
    { now: { stable: counted(2000, 110), canary: counted(100, 4) } },
    'fail',
    /^4 % of 100 requests failed, of the stable version's 1 % of 1000; 2 % more is allowed/,
  ],
  [
    'slower',
    { now: { stable: counted(2000, 110), canary: counted(100, 0, 0.2) } },
    'fail',
    /p95 is 19\d ms/,
  ],
  [
    'slower by less than the weather',
    { now: { stable: counted(2000, 100, 0.002), canary: counted(100, 0, 0.004) } },
    'pass',
    /./,
  ],
  [
    'slower than nobody',
    { now: { stable: counted(1000, 100), canary: counted(100, 0, 5) } },
    'pass',
    /./,
  ],
  ['one restart', { restarts: 4 }, 'pass', /./],
  ['two restarts', { restarts: 5 }, 'fail', /restarted 2 times; 1 are allowed/],
  [
    'too little traffic, waits',
    { now: { stable: counted(2000), canary: counted(49) } },
    'wait',
    /^49 requests reached the new version; 50 are needed/,
    { tooLittle: 'wait' },
  ],
  [
    'too little traffic, the example answered',
    { now: { stable: counted(2000), canary: counted(3) }, golden },
    'pass',
    /answered 20 of 20 times, p95 12 ms; 18 answers were the same as before/,
  ],
  [
    'too little traffic, the example refused',
    {
      now: { stable: counted(2000), canary: counted(3) },
      golden: { ...golden, answered: 19, message: 'answered 500' },
    },
    'fail',
    /answered 19 of 20 times: answered 500/,
  ],
  [
    'too little traffic, the example not sent',
    { now: { stable: counted(2000), canary: counted(3) } },
    'wait',
    /./,
  ],
  [
    'the examples answered as before',
    { golden: { ...golden, agreed: 19 } },
    'pass',
    /19 of 20 examples answered as before\.$/,
    { minAgreement: 0.95 },
  ],
  [
    'the examples answered otherwise',
    { golden },
    'fail',
    /^18 of 20 examples got the stable version's answer \(90 %\); 95 % is needed\.$/,
    { minAgreement: 0.95 },
  ],
  [
    'the examples not answered',
    { golden: { ...golden, answered: 10, agreed: 10, message: 'answered 500' } },
    'fail',
    /10 of 20 .* is needed: answered 500\.$/,
    { minAgreement: 0.95 },
  ],
  ['no example to ask', {}, 'wait', /no example/, { minAgreement: 0.95 }],
  [
    'the examples answered as before, too little traffic',
    { now: { stable: counted(2000), canary: counted(3) }, golden: { ...golden, agreed: 20 } },
    'pass',
    /20 answers were the same as before/,
    { minAgreement: 1 },
  ],
  [
    'too few examples alike, though there is too little traffic',
    { now: { stable: counted(2000), canary: counted(3) }, golden },
    'fail',
    /90 %/,
    { minAgreement: 1 },
  ],
  ['a gateway without metrics', { now: null }, 'wait', /could not be read/],
  ['a gateway without metrics, the example answered', { now: null, golden }, 'pass', /20 of 20/],
  [
    'a gateway that was started anew counts from zero',
    { now: { stable: counted(60, 1), canary: counted(80, 1) } },
    'pass',
    /of 80 requests.* of 60/,
  ],
  [
    'the business suffers',
    { signal: { before: 3, during: 6 } },
    'fail',
    /sale.order: 6 records in the window, 3 in the one before; 2 more/,
    { signal: SIGNAL },
  ],
  [
    'the business does not mind',
    { signal: { before: 3, during: 5 } },
    'pass',
    /./,
    { signal: SIGNAL },
  ],
  ['the business was not asked', {}, 'wait', /sale.order could not be counted/, { signal: SIGNAL }],
];

describe('judgement of a canary', () => {
  for (const [name, over, verdict, sentence, step] of TABLE) {
    it(`${name}: ${verdict}`, () => {
      const judgement = judge(4, { ...STEP, ...step }, BEFORE, evidence(over));
      expect(judgement.verdict, judgement.sentence).to.equal(verdict);
      expect(judgement.sentence).to.match(sentence);
      expect(judgement.step).to.equal(4);
    });
  }

  it('finds a quantile inside of its bucket', () => {
    expect(
      quantile(
        [
          [0.1, 50],
          [0.3, 100],
          [1.2, 100],
        ],
        0.75,
      ),
    ).to.be.closeTo(200, 0.001);
    expect(quantile([], 0.95)).to.equal(null);
    expect(
      quantile(
        [
          [0.1, 0],
          [Number.MAX_VALUE, 10],
        ],
        0.95,
      ),
    ).to.equal(100);
  });

  it("reads Traefik's metrics of one service, and not of one whose name goes on", () => {
    const text = [
      '# TYPE traefik_service_requests_total counter',
      'traefik_service_requests_total{code="200",method="GET",protocol="http",service="mlops-production-digits-v1-http-80@kubernetesgateway"} 7',
      'traefik_service_requests_total{code="503",method="GET",protocol="http",service="mlops-production-digits-v1-http-80@kubernetesgateway"} 2',
      'traefik_service_requests_total{code="429",method="POST",protocol="http",service="mlops-production-digits-v1-http-80@kubernetesgateway"} 1',
      'traefik_service_requests_total{code="200",method="GET",protocol="http",service="mlops-production-digits-v1-v2-http-80@kubernetesgateway"} 99',
      'traefik_service_requests_total{code="200",method="GET",protocol="http",service="mlops-production-digits-v12-http-80@kubernetesgateway"} 99',
      'traefik_service_request_duration_seconds_bucket{code="200",method="GET",protocol="http",service="mlops-production-digits-v1-http-80@kubernetesgateway",le="0.1"} 6',
      'traefik_service_request_duration_seconds_bucket{code="200",method="GET",protocol="http",service="mlops-production-digits-v1-http-80@kubernetesgateway",le="+Inf"} 7',
    ].join('\n');
    expect(countersOf(text, 'mlops-production-digits-v1')).to.deep.equal({
      requests: 10,
      errors: 3,
      buckets: [
        [0.1, 6],
        [Number.MAX_VALUE, 7],
      ],
    });
  });
});
