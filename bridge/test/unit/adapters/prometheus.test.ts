import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { PrometheusMetrics } from '../../../src/adapters/prometheus/metrics.ts';
import { Unavailable } from '../../../src/errors.ts';

describe('counters from a Prometheus', () => {
  let server: Server;
  let url: string;
  let asked: { query: string; authorization: string | undefined }[];
  let answer: (query: string) => { status: number; body: unknown };
  const vector = (
    ...result: [Record<string, string>, string][]
  ): { status: number; body: unknown } => ({
    status: 200,
    body: {
      status: 'success',
      data: {
        resultType: 'vector',
        result: result.map(([metric, value]) => ({ metric, value: [1_790_000_000.1, value] })),
      },
    },
  });

  beforeEach(async () => {
    asked = [];
    server = createServer((request, response) => {
      const query = new URL(request.url ?? '', 'http://localhost').searchParams.get('query') ?? '';
      asked.push({ query, authorization: request.headers.authorization });
      const { status, body } = answer(query);
      response.writeHead(status).end(typeof body === 'string' ? body : JSON.stringify(body));
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  });
  afterEach(() => {
    server.close();
  });

  it('asks for the service of the revision as Traefik names it, and for nothing that only begins like it', async () => {
    answer = () => vector();
    await new PrometheusMetrics({ url, token: 'T7' }).counters('mlops-production', 'fraud-v7');
    expect(asked).to.have.length(3);
    for (const { query, authorization } of asked) {
      expect(query).to.contain('{service=~"mlops-production-fraud-v7-(http-)?[0-9]+@.+"');
      expect(authorization).to.equal('Bearer T7');
    }
  });

  it('gives requests, errors and buckets in seconds, the last bound as a number', async () => {
    answer = (query) =>
      query.includes('by (le)')
        ? vector([{ le: '+Inf' }, '40'], [{ le: '0.1' }, '30'], [{ le: '0.005' }, '2'])
        : vector([{}, query.includes('code') ? '3' : '40']);
    expect(await new PrometheusMetrics({ url }).counters('n', 'r')).to.deep.equal({
      requests: 40,
      errors: 3,
      buckets: [
        [0.005, 2],
        [0.1, 30],
        [Number.MAX_VALUE, 40],
      ],
    });
  });

  it('takes queries of another gateway, with bounds in milliseconds', async () => {
    answer = (query) =>
      query.startsWith('buckets') ? vector([{ le: '250' }, '4']) : vector([{}, '5']);
    const queries = {
      requests: 'requests{ns="$namespace",to="$revision"}',
      errors: 'errors{to="$revision"}',
      buckets: 'buckets{to="$revision"}',
      bucketUnit: 'ms' as const,
    };
    expect(
      (await new PrometheusMetrics({ url, queries }).counters('production', 'r-v1')).buckets,
    ).to.deep.equal([[0.25, 4]]);
    expect(asked.map(({ query }) => query)).to.have.members([
      'requests{ns="production",to="r-v1"}',
      'errors{to="r-v1"}',
      'buckets{to="r-v1"}',
    ]);
  });

  it('counts nothing of a revision that the gateway has not met', async () => {
    answer = (query) => (query.includes('code') ? vector([{}, 'NaN']) : vector());
    expect(await new PrometheusMetrics({ url }).counters('n', 'r')).to.deep.equal({
      requests: 0,
      errors: 0,
      buckets: [],
    });
  });

  for (const [what, given, said] of [
    [
      'refuses the query',
      { status: 400, body: { status: 'error', error: 'parse error: unexpected end' } },
      'answered 400',
    ],
    ['is something else', { status: 200, body: '<html>' }, 'is not valid JSON'],
    [
      'gives a scalar',
      {
        status: 200,
        body: { status: 'success', data: { resultType: 'scalar', result: [1, '2'] } },
      },
      'does not give a vector',
    ],
    [
      'sums buckets without le',
      {
        status: 200,
        body: {
          status: 'success',
          data: { resultType: 'vector', result: [{ metric: {}, value: [1, '2'] }] },
        },
      },
      'sum them by (le)',
    ],
  ] as const) {
    it(`says that it cannot be asked when it ${what}`, async () => {
      answer = () => given;
      const error: unknown = await new PrometheusMetrics({ url })
        .counters('n', 'r')
        .catch((caught: unknown) => caught);
      expect(error).to.be.instanceOf(Unavailable);
      expect((error as Unavailable).code).to.equal('metrics-unavailable');
      expect((error as Error).message).to.contain(said);
    });
  }
});
