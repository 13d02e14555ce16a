import { expect } from 'chai';
import type { Step } from '../bridge/src/contract/rollout.ts';
import type { VersionDetail } from '../bridge/src/contract/version.ts';
import { allowCanaries, inProduction, rolloutWaits, whoAnswers } from './canary-road.ts';
import { Client, sample } from './client.ts';
import { closeWindows, openWindow, picture, signedIn } from './window.ts';
import { LIVE_MS, accepted, archive, broughtToStaging, idsOf, promote, unusedName } from './road.ts';

const JUDGE: Step = { kind: 'judge', seconds: 4, minRequests: 5, maxErrorRate: 0.05, maxLatencyRatio: 20, maxRestarts: 0, tooLittle: 'golden', withinSeconds: 60, signal: null, minAgreement: 0.9, tolerance: 0.5 };
const STEPS: Step[] = [
  { kind: 'scale', percent: 100 }, { kind: 'preview' }, { kind: 'weight', percent: 50 }, { kind: 'approve', withinSeconds: 300 }, JUDGE, { kind: 'weight', percent: 100 },
];

describe('A canary is let go on by a person and judged by its traffic', () => {
  const name = unusedName('canary');
  let ada: Client, ben: Client, mia: Client, old: VersionDetail, next: VersionDetail;

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
    await accepted(ben.act(idsOf(next), 'promote', { target: 'production', strategy: 'canary', steps: STEPS, seen: next.lockVersion }));
    const version = await rolloutWaits(ben, next, 'person');
    expect(version.status).to.equal('PendingProdDeployment');
    const window = await openWindow();
    await signedIn(window, 'ben', `${ben.facts.publicUrl}/app/#/models/${version.model.id}/versions/${version.id}`, ben.facts.passwords['ben']!, `${name} ${version.name}`);
    await window.page.getByText('50 %').first().waitFor();
    await picture(window.page, 'pwa-canary');
    expect(await whoAnswers(ben, old, 40)).to.deep.equal({ [old.name]: 20, [next.name]: 20 });
  });

  it('Then its submitter cannot let it go on, and the one who may is told what comes next', async () => {
    const { id } = inProduction(await ada.version(idsOf(next)))!;
    const refused = await ada.act(idsOf(next), 'approve-step', { deploymentId: id, step: 3 });
    expect(refused.status, JSON.stringify(refused.body)).to.equal(403);
    const { allowedActions } = await ben.version(idsOf(next));
    expect(allowedActions.filter(({ allowed }) => allowed).map((action) => action.name)).to.include.members(['approve-step', 'pause-rollout', 'abort-rollout']);
  });

  it('When it is let go on and its answers are as good as before, then it becomes Live and answers every call', async () => {
    const { id } = inProduction(await ben.version(idsOf(next)))!;
    await accepted(ben.act(idsOf(next), 'approve-step', { deploymentId: id, step: 3 }));
    await rolloutWaits(ben, next, 'judgement');
    await whoAnswers(ben, old, 30);
    const live = await ben.reaches(idsOf(next), 'Live', LIVE_MS);
    expect(await whoAnswers(ben, old, 10)).to.deep.equal({ [next.name]: 10 });
    expect((await ben.version(idsOf(old))).status).to.equal('Superseded');
    expect(inProduction(live)).to.include({ isLive: true, phase: 'Ready' });
  });
});
