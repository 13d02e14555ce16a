import { expect } from 'chai';
import type { Step } from '../bridge/src/contract/rollout.ts';
import type { VersionDetail } from '../bridge/src/contract/version.ts';
import { allowCanaries, inProduction, rolloutWaits, whoAnswers } from './canary-road.ts';
import { Client, sample } from './client.ts';
import { LIVE_MS, accepted, archive, broughtToStaging, idsOf, promote, unusedName } from './road.ts';
import { closeWindows, openWindow, picture, signedIn } from './window.ts';

const HALF_UNTIL_SOMEBODY_SAYS_SO: Step[] = [
  { kind: 'scale', percent: 100 }, { kind: 'preview' }, { kind: 'weight', percent: 50 }, { kind: 'approve', withinSeconds: 600 }, { kind: 'weight', percent: 100 },
];

describe('A newer promotion takes the place of one that is still on its way', () => {
  const name = unusedName('newer');
  let ada: Client, ben: Client, mia: Client, live: VersionDetail, older: VersionDetail, newer: VersionDetail;

  before(async () => {
    [ada, ben, mia] = [await Client.as('ada'), await Client.as('ben'), await Client.as('mia')];
    await allowCanaries();
    const first = await broughtToStaging(ada, ben, sample('digits', name));
    await promote(ben, first);
    live = await ben.reaches(idsOf(first), 'Live', LIVE_MS);
    older = await broughtToStaging(ada, ben, sample('digits-v2', name));
    newer = await broughtToStaging(ada, ben, sample('digits', name, '9.0.0'));
  });
  after(async () => {
    for (const version of [older, newer]) {
      if (version && !['Live', 'Archived'].includes((await ben.version(idsOf(version))).status)) await archive(mia, idsOf(version));
    }
    await closeWindows();
    await Promise.all([ada, ben, mia].map((one) => one?.close()));
  });

  it('Given a canary with half of the traffic, when ben opens the promotion of a newer version, then he reads that the canary would be aborted', async () => {
    await accepted(ben.act(idsOf(older), 'promote', { target: 'production', strategy: 'canary', steps: HALF_UNTIL_SOMEBODY_SAYS_SO, seen: older.lockVersion }));
    await rolloutWaits(ben, older, 'person');
    const { page } = await openWindow().then(async (window) => {
      await signedIn(window, 'ben', `${ben.facts.publicUrl}/app/#/models/${newer.model.id}/versions/${newer.id}`, ben.facts.passwords['ben']!, `${name} ${newer.name}`);
      return window;
    });
    await page.locator('[data-action=promote]').click();
    await page.getByText(`The rollout of ${older.name}, which is on its way there, is aborted.`).waitFor();
    await picture(page, 'pwa-superseding');
  });

  it('When he promotes it, then the canary gives its traffic back, the newer one begins after it, and every call is answered meanwhile', async () => {
    const calls = new AbortController();
    const seen = new Set<string>();
    const users = (async () => { while (!calls.signal.aborted) Object.keys(await whoAnswers(ben, live, 5)).forEach((version) => seen.add(version)); })();
    await promote(ben, newer);
    const ended = await ben.version(idsOf(older));
    expect([ended.status, ended.statusReason]).to.deep.equal(['ProdFailed', `Superseded: Ben wants ${newer.name} instead.`]);
    expect(inProduction(ended)).to.include({ phase: 'Failed', desired: 'removed' });
    await ben.reaches(idsOf(newer), 'Live', LIVE_MS).finally(() => calls.abort());
    await users;
    expect([...seen]).to.include(live.name);
    expect(await whoAnswers(ben, live, 10)).to.deep.equal({ [newer.name]: 10 });
  });

  it('Then the older one can be promoted again', async () => {
    const { allowedActions } = await ben.version(idsOf(older));
    expect(allowedActions.find((action) => action.name === 'promote')).to.include({ allowed: true, supersedes: null });
  });
});
