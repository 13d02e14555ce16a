import { expect } from 'chai';
import type { VersionDetail } from '../bridge/src/contract/version.ts';
import {
  HALF_UNTIL_APPROVED,
  allowCanaries,
  inProduction,
  rolloutWaits,
  whoAnswers,
} from './canary-pipeline.ts';
import { Client, sample } from './client.ts';
import {
  LIVE_MS,
  accepted,
  archive,
  broughtToStaging,
  idsOf,
  promote,
  unusedName,
} from './pipeline.ts';
import { closeWindows, openWindow, picture, signedIn } from './window.ts';

describe('A later promotion takes the place of one that is still on its way', () => {
  const name = unusedName('later');
  let ada: Client,
    ben: Client,
    mia: Client,
    live: VersionDetail,
    first: VersionDetail,
    later: VersionDetail;

  before(async () => {
    [ada, ben, mia] = [await Client.as('ada'), await Client.as('ben'), await Client.as('mia')];
    await allowCanaries();
    const before = await broughtToStaging(ada, ben, sample('digits', name));
    await promote(ben, before);
    live = await ben.reaches(idsOf(before), 'Live', LIVE_MS);
    first = await broughtToStaging(ada, ben, sample('digits-v3', name));
    later = await broughtToStaging(ada, ben, sample('digits-v2', name));
  });
  after(async () => {
    for (const version of [first, later]) {
      if (version && !['Live', 'Archived'].includes((await ben.version(idsOf(version))).status))
        await archive(mia, idsOf(version));
    }
    await closeWindows();
    await Promise.all([ada, ben, mia].map((one) => one?.close()));
  });

  it('Given a canary with half of the traffic, when ben opens the promotion of another version, then he reads that the canary would be aborted', async () => {
    await accepted(
      ben.act(idsOf(first), 'promote', {
        target: 'production',
        strategy: 'canary',
        steps: HALF_UNTIL_APPROVED,
        seen: first.lockVersion,
      }),
    );
    await rolloutWaits(ben, first, 'person');
    const window = await openWindow();
    await signedIn(
      window,
      'ben',
      `${ben.facts.publicUrl}/app/#/models/${later.model.id}/versions/${later.id}`,
      `${name} ${later.name}`,
    );
    const { page } = window;
    await page.locator('[data-action=promote]').click();
    await page
      .getByText(`The rollout of ${first.name} that is in progress there is aborted.`)
      .waitFor();
    await picture(page, 'pwa-superseding');
  });

  it('When he promotes it, then the canary gives its traffic back, the other begins after it, and every call is answered meanwhile', async () => {
    const calls = new AbortController();
    const seen = new Set<string>();
    const users = (async () => {
      while (!calls.signal.aborted)
        Object.keys(await whoAnswers(ben, live, 5)).forEach((version) => seen.add(version));
    })();
    await promote(ben, later);
    const ended = await ben.version(idsOf(first));
    expect(ended.status).to.equal('ProdFailed');
    expect(ended.statusReason)
      .to.match(/^Superseded: Ben .*instead\.$/)
      .and.include(later.name);
    expect(inProduction(ended)).to.include({ phase: 'Failed', desired: 'removed' });
    await ben.reaches(idsOf(later), 'Live', LIVE_MS).finally(() => calls.abort());
    await users;
    expect([...seen]).to.include(live.name);
    expect(await whoAnswers(ben, live, 10)).to.deep.equal({ [later.name]: 10 });
  });

  it('Then the first one can be promoted again', async () => {
    const { allowedActions } = await ben.version(idsOf(first));
    expect(allowedActions.find((action) => action.name === 'promote')).to.include({
      allowed: true,
      supersedes: null,
    });
  });
});
