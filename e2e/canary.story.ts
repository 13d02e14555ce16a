import { expect } from 'chai';
import type { Step } from '../bridge/src/contract/rollout.ts';
import type { VersionDetail } from '../bridge/src/contract/version.ts';
import { allowCanaries, inProduction, rolloutWaits, whoAnswers } from './canary-pipeline.ts';
import { Client, sample } from './client.ts';
import {
  closeWindows,
  openWindow,
  picture,
  signedIn,
  signedInToOdoo,
  type Window,
} from './window.ts';
import {
  LIVE_MS,
  accepted,
  archive,
  broughtToStaging,
  idsOf,
  promote,
  unusedName,
} from './pipeline.ts';

const JUDGE: Step = {
  kind: 'judge',
  seconds: 4,
  minRequests: 5,
  maxErrorRate: 0.05,
  maxLatencyRatio: 20,
  maxRestarts: 0,
  tooLittle: 'golden',
  withinSeconds: 60,
  signal: null,
  minAgreement: 0.9,
  tolerance: 0.5,
};
const STEPS: Step[] = [
  { kind: 'scale', percent: 100 },
  { kind: 'preview' },
  { kind: 'weight', percent: 50 },
  { kind: 'approve', withinSeconds: 300 },
  JUDGE,
  { kind: 'approve', withinSeconds: 300 },
  { kind: 'weight', percent: 100 },
];

describe('A canary is let go on by a person and judged by its traffic', () => {
  const name = unusedName('canary');
  let ada: Client,
    ben: Client,
    mia: Client,
    old: VersionDetail,
    next: VersionDetail,
    web: Window,
    odoo: Window;

  before(async () => {
    [ada, ben, mia] = [await Client.as('ada'), await Client.as('ben'), await Client.as('mia')];
    await allowCanaries();
    old = await broughtToStaging(ada, ben, sample('digits', name));
    await promote(ben, old);
    old = await ben.reaches(idsOf(old), 'Live', LIVE_MS);
    next = await broughtToStaging(ada, ben, sample('digits-v2', name));
  });
  after(async () => {
    if (next && (await ben.version(idsOf(next))).status !== 'Live') await archive(mia, idsOf(next));
    await closeWindows();
    await Promise.all([ada, ben, mia].map((one) => one?.close()));
  });

  it('Given a live version, when the next is promoted as a canary with half of the traffic, then exactly half of the calls are answered by it', async () => {
    await accepted(
      ben.act(idsOf(next), 'promote', {
        target: 'production',
        strategy: 'canary',
        steps: STEPS,
        seen: next.lockVersion,
      }),
    );
    const version = await rolloutWaits(ben, next, 'person');
    expect(version.status).to.equal('PendingProdDeployment');
    web = await openWindow();
    await signedIn(
      web,
      'ben',
      `${ben.facts.publicUrl}/app/#/models/${version.model.id}/versions/${version.id}`,
      `${name} ${version.name}`,
    );
    await web.page.getByText('50 %').first().waitFor();
    await picture(web.page, 'pwa-canary');
    expect(await whoAnswers(ben, old, 40)).to.deep.equal({ [old.name]: 20, [next.name]: 20 });
  });

  it('Then its submitter cannot let it go on, and the one who may is told what comes next', async () => {
    const { id } = inProduction(await ada.version(idsOf(next)))!;
    const refused = await ada.act(idsOf(next), 'approve-step', { deploymentId: id, step: 3 });
    expect(refused.status, JSON.stringify(refused.body)).to.equal(403);
    const { allowedActions } = await ben.version(idsOf(next));
    expect(
      allowedActions.filter(({ allowed }) => allowed).map((action) => action.name),
    ).to.include.members(['approve-step', 'pause-rollout', 'abort-rollout']);
  });

  it("Then Odoo's own form of the deployment shows the same share and the step that waits", async () => {
    odoo = await openWindow();
    await signedInToOdoo(
      odoo,
      'ben',
      `/odoo/mlops-deployments/${inProduction(await ben.version(idsOf(next)))!.id}`,
    );
    await odoo.page.locator('.o_mlops_weight').getByText(`50 % ${next.name}`).waitFor();
    await odoo.page.locator('.o_mlops_steps li[data-kind=approve][data-state=now]').waitFor();
    await odoo.page.locator('button[name=action_approve_step]').waitFor();
    await picture(odoo.page, 'odoo-canary');
  });

  it('When it is let go on and its answers are as good as before, then both screens show what was judged beside what is allowed', async () => {
    const { id } = inProduction(await ben.version(idsOf(next)))!;
    await accepted(ben.act(idsOf(next), 'approve-step', { deploymentId: id, step: 3 }));
    await rolloutWaits(ben, next, 'judgement');
    await whoAnswers(ben, old, 30);
    await rolloutWaits(ben, next, 'person');
    const charts = web.page.locator('cf-rollout [data-verdict=pass] .signal');
    await charts.filter({ hasText: 'Prediction agreement' }).getByText('at least 90 %').waitFor();
    await charts.last().scrollIntoViewIfNeeded();
    await picture(web.page, 'pwa-judgement');
    await odoo.page
      .locator(
        '.o_mlops_judgement[data-verdict=pass] [data-signal=agreement][data-standing=within]',
      )
      .getByText('at least 90 %')
      .waitFor();
    await odoo.page.locator('.o_mlops_judgement li').last().scrollIntoViewIfNeeded();
    await picture(odoo.page, 'odoo-judgement');
  });

  it('When it is let go on once more, then it becomes Live and answers every call', async () => {
    const { id } = inProduction(await ben.version(idsOf(next)))!;
    await accepted(ben.act(idsOf(next), 'approve-step', { deploymentId: id, step: 5 }));
    const live = await ben.reaches(idsOf(next), 'Live', LIVE_MS);
    expect(await whoAnswers(ben, old, 10)).to.deep.equal({ [next.name]: 10 });
    expect((await ben.version(idsOf(old))).status).to.equal('Superseded');
    expect(inProduction(live)).to.include({ isLive: true, phase: 'Ready' });
  });
});
