import { expect } from 'chai';
import type { PromotionPlan } from '../../../../src/contract/rollout.ts';
import { Unavailable } from '../../../../src/errors.ts';
import { planRouter } from '../../../../src/http/rollouts/plan.ts';
import type { PlanOf } from '../../../../src/services/rollouts/promotion-plan.ts';
import { startHttpApp, type App } from '../http-app.ts';

const PATH = '/mlops/models/2/versions/3/plan';
const PLAN: PromotionPlan = {
  target: 'production',
  strategy: 'rolling',
  fits: true,
  steps: ['1 of 1 pods of the new version.'],
  obstacle: null,
  strategies: [{ name: 'rolling', fits: true }],
};

describe('GET …/plan', () => {
  let app: App;
  const asked: unknown[] = [];
  let answer: PlanOf = async (caller, ids, query) => {
    asked.push([caller.kind, ids, query]);
    return PLAN;
  };
  before(async () => {
    app = await startHttpApp({
      plan: planRouter({
        planOf: (...args) => answer(...args),
        requestIdOf: () => 'r',
        callerOf: (request) => ({
          kind: 'key',
          key: (request.headers.authorization ?? '').replace('Bearer ', ''),
        }),
      }),
    });
  });
  after(() => app.close());
  const get = (query: string): Promise<Response> =>
    fetch(`${app.url}${PATH}${query}`, { headers: { authorization: 'Bearer ada' } });

  it('answers what a promotion would do', async () => {
    const response = await get('?target=production&strategy=rolling');
    expect([response.status, await response.json()]).to.deep.equal([200, PLAN]);
    expect(asked).to.deep.equal([
      ['key', { modelId: 2, versionId: 3 }, { target: 'production', strategy: 'rolling' }],
    ]);
    expect(response.headers.get('cache-control')).to.equal('no-store');
  });

  for (const query of [
    '',
    '?target=staging&strategy=rolling',
    '?target=production&strategy=big-bang',
  ]) {
    it(`refuses "${query}" with a problem`, async () => {
      const response = await get(query);
      expect(response.status).to.be.within(400, 422);
      expect(response.headers.get('content-type')).to.match(/^application\/problem\+json/);
    });
  }

  it('tells that the cluster is away as a problem', async () => {
    answer = async () => {
      throw new Unavailable('The cluster does not answer.', { code: 'cluster-unavailable' });
    };
    const response = await get('?target=production&strategy=rolling');
    expect([response.status, ((await response.json()) as { code: string }).code]).to.deep.equal([
      503,
      'cluster-unavailable',
    ]);
  });

  it('is described', async () => {
    const { paths } = (await (await fetch(`${app.url}/mlops/openapi.json`)).json()) as {
      paths: Record<string, { get?: { parameters: { name: string; in: string }[] } }>;
    };
    const described = paths['/mlops/models/{modelId}/versions/{versionId}/plan']?.get;
    expect(described?.parameters.map((one) => `${one.in} ${one.name}`)).to.deep.equal([
      'path modelId',
      'path versionId',
      'query target',
      'query strategy',
    ]);
  });
});
