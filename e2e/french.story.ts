import { expect } from 'chai';
import type { VersionDetail } from '../bridge/src/contract/version.ts';
import {
  HALF_UNTIL_APPROVED,
  allowCanaries,
  inProduction,
  rolloutWaits,
} from './canary-pipeline.ts';
import { Client, sample } from './client.ts';
import { OdooEntrance } from './odoo.ts';
import {
  LIVE_MS,
  accepted,
  archive,
  broughtToStaging,
  idsOf,
  promote,
  unusedName,
} from './pipeline.ts';
import { closeWindows, openWindow, signedInToOdoo } from './window.ts';

/** Everybody, the bridge's own account among them, has this language in Odoo. */
async function everybodySpeaks(lang: 'fr_FR' | 'en_US'): Promise<void> {
  const admin = new OdooEntrance('admin');
  const context = { context: { active_test: false } };
  const [language] = await admin.press<number[]>(
    'res.lang',
    'search',
    [[['code', '=', lang]]],
    context,
  );
  const [wizard] = await admin.press<number[]>('base.language.install', 'create', [
    [{ lang_ids: [[6, 0, [language]]], overwrite: true }],
  ]);
  await admin.press('base.language.install', 'lang_install', [[wizard]]);
  const everybody = await admin.press<number[]>('res.users', 'search', [[['share', '=', false]]]);
  await admin.press('res.users', 'write', [everybody, { lang }]);
  await admin.close();
}

describe('Given an Odoo in French', function () {
  this.bail(true);
  const name = unusedName('francais');
  let ada: Client, ben: Client, mia: Client, live: VersionDetail, next: VersionDetail;

  before(async () => {
    await everybodySpeaks('fr_FR');
    [ada, ben, mia] = [await Client.as('ada'), await Client.as('ben'), await Client.as('mia')];
    await allowCanaries();
  });
  after(async () => {
    if (next) await archive(mia, idsOf(next));
    await closeWindows();
    await Promise.all([ada, ben, mia].map((one) => one?.close()));
    await everybodySpeaks('en_US');
  });

  it('When a model is uploaded, approved and promoted, then it is live', async () => {
    const staged = await broughtToStaging(ada, ben, sample('digits', name));
    await promote(ben, staged);
    live = await ben.reaches(idsOf(staged), 'Live', LIVE_MS);
    expect(live.road.map(({ state }) => state)).to.not.include('failed');
  });

  it('When somebody decides on what has changed, then the code is the same and the sentence is French', async () => {
    const stale = await ben.act(idsOf(live), 'rollback', { target: 'production', seen: 0 });
    expect([stale.status, stale.body.code]).to.deep.equal([409, 'stale']);
    expect(stale.body.detail).to.match(/^Cette version a changé/);
  });

  it('When ada looks at what she uploaded, then she reads in French that a second person is needed, and programs read the code', async () => {
    next = await broughtToStaging(ada, ben, sample('digits-v2', name));
    const offer = (await ada.version(idsOf(next))).allowedActions.find(
      (action) => action.name === 'promote',
    );
    expect([offer?.allowed, offer?.code]).to.deep.equal([false, 'role-needed']);
    expect(offer?.reason).to.equal('Requiert le rôle Approbateur.');
  });

  it('When ben lets half of the traffic go to the next version, then the weight is a number', async () => {
    await accepted(
      ben.act(idsOf(next), 'promote', {
        target: 'production',
        strategy: 'canary',
        steps: HALF_UNTIL_APPROVED,
        seen: next.lockVersion,
      }),
    );
    const waiting = inProduction(await rolloutWaits(ben, next, 'person'));
    expect(waiting?.observed?.rollout?.weight).to.equal(50);
  });

  it('When he aborts it, then that is no failure, on Odoo’s screens neither', async () => {
    const deploymentId = inProduction(await ben.version(idsOf(next)))!.id;
    await accepted(ben.act(idsOf(next), 'abort-rollout', { deploymentId, reason: 'Pas encore' }));
    const aborted = await ben.reaches(idsOf(next), 'ProdFailed', LIVE_MS);
    expect(aborted.statusReasonCode).to.equal('Aborted');
    expect(aborted.road.find(({ key }) => key === 'rolling')?.state).to.equal('aborted');
    const window = await openWindow();
    await signedInToOdoo(window, 'ben', `/odoo/mlops-versions/${next.id}`);
    const { page } = window;
    await page.locator('.ribbon', { hasText: 'Interrompu' }).waitFor();
    await page.getByRole('button', { name: 'Promouvoir' }).first().waitFor();
    expect(window.faults).to.deep.equal([]);
  });
});
