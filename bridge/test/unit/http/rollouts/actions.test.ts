import { expect } from 'chai';
import { startHttpApp, type App } from '../http-app.ts';

const VERSION = '/mlops/models/2/versions/3';
const ACCEPTED = { status: 'PendingProdDeployment', lockVersion: 7, deploymentId: 5 };
const JUDGE = {
  kind: 'judge',
  seconds: 60,
  minRequests: 20,
  maxErrorRate: 0.01,
  maxLatencyRatio: 1.5,
  maxRestarts: 0,
  tooLittle: 'golden',
  withinSeconds: 600,
  signal: null,
};
const STEPS = [
  { kind: 'scale', percent: 100 },
  { kind: 'preview' },
  { kind: 'weight', percent: 1 },
  JUDGE,
  { kind: 'weight', percent: 100 },
];

// action → body → what Odoo is asked, or null where the body is refused
const CASES: [string, object, string | null, object?][] = [
  ['pause-rollout', { deploymentId: 5 }, 'pause', {}],
  ['pause-rollout', { deploymentId: 5, reason: 'slow' }, 'pause', { reason: 'slow' }],
  ['resume-rollout', { deploymentId: 5 }, 'resume', {}],
  ['approve-step', { deploymentId: 5, step: 4 }, 'approve_step', { step: 4 }],
  [
    'skip-step',
    { deploymentId: 5, step: 3, reason: ' known ' },
    'skip_step',
    { step: 3, reason: 'known' },
  ],
  ['abort-rollout', { deploymentId: 5, reason: 'errors' }, 'abort', { reason: 'errors' }],
  ['pause-rollout', {}, null],
  ['approve-step', { deploymentId: 5 }, null],
  ['approve-step', { deploymentId: 5, step: -1 }, null],
  ['skip-step', { deploymentId: 5, step: 3 }, null],
  ['skip-step', { deploymentId: 5, step: 3, reason: '  ' }, null],
  ['abort-rollout', { deploymentId: 5 }, null],
  ['abort-rollout', { deploymentId: 5, reason: 'x', model: 'res.users' }, null],
];

describe('what a person says to a rollout', () => {
  let app: App;
  beforeEach(async () => {
    app = await startHttpApp();
  });
  afterEach(() => app.close());

  const post = async (path: string, body: unknown) => {
    const answer = await fetch(app.url + path, {
      method: 'POST',
      headers: { authorization: 'Bearer ada', 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
  };

  for (const [action, body, method, kwargs] of CASES) {
    it(`${action} ${JSON.stringify(body)} → ${method ?? 'refused'}`, async () => {
      if (method) app.odoo.methods[`mlops.deployment.${method}`] = () => ACCEPTED;
      const answer = await post(`${VERSION}/${action}`, body);
      if (!method) {
        expect([answer.status, app.odoo.calls.length]).to.deep.equal([422, 0]);
        return;
      }
      expect(answer).to.deep.equal({ status: 202, body: ACCEPTED });
      expect(app.odoo.calls, 'one call: each counts when somebody aborts').to.deep.equal([
        { name: `mlops.deployment.${method}`, kwargs: { deployment_id: 5, ...kwargs, of: [2, 3] } },
      ]);
    });
  }

  it('rolls back in one call of Odoo, which looks itself whether the version is this model’s', async () => {
    app.odoo.methods['mlops.model.version.rollback'] = () => ACCEPTED;
    expect(
      await post(`${VERSION}/rollback`, { target: 'production', reason: 'worse' }),
    ).to.deep.equal({ status: 202, body: ACCEPTED });
    expect(app.odoo.calls).to.deep.equal([
      {
        name: 'mlops.model.version.rollback',
        kwargs: { version_id: 3, target: 'production', reason: 'worse', of: 2 },
      },
    ]);
  });

  it('promotes as a canary, with steps of its own or the environment’s', async () => {
    app.odoo.methods['mlops.model.version.approve_promotion'] = () => ACCEPTED;
    const given = { target: 'production', strategy: 'canary', seen: 4 };
    expect((await post(`${VERSION}/promote`, given)).status).to.equal(202);
    expect((await post(`${VERSION}/promote`, { ...given, steps: STEPS })).status).to.equal(202);
    const asked = app.odoo.calls
      .filter(({ name }) => name.endsWith('approve_promotion'))
      .map(({ kwargs }) => kwargs);
    expect(asked).to.deep.equal([
      { version_id: 3, of: 2, ...given },
      { version_id: 3, of: 2, ...given, steps: STEPS },
    ]);
    for (const steps of [
      [],
      [{ kind: 'dance' }],
      [{ kind: 'weight', percent: 101 }],
      [{ ...JUDGE, signal: { model: 'x' } }],
      [{ kind: 'shrink', pods: 0 }],
    ]) {
      expect(
        (await post(`${VERSION}/promote`, { ...given, steps })).status,
        JSON.stringify(steps),
      ).to.equal(422);
    }
  });
});
