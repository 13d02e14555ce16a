import { expect } from 'chai';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { UploadAccepted } from '../bridge/src/contract/requests.ts';
import { waitFor } from '../stack/process.ts';
import { Client, sample } from './client.ts';
import { SCAN_MS, unusedName, uploaded } from './pipeline.ts';
import { closeWindows, openWindow, picture, press, signedInToOdoo, type Window } from './window.ts';

const LIVE_REFRESH_MS = 30_000;
/**
 * Names a class of a known library that nobody has reviewed:
 * `sklearn.cluster._novel.NovelClusters`, with an empty state.
 */
const TO_REVIEW = Buffer.from('\x80\x02csklearn.cluster._novel\nNovelClusters\n)\x81}b.', 'latin1');

describe('What the scanner cannot judge alone, a second person accepts', function () {
  this.timeout(240_000);
  this.bail(true);
  const name = unusedName('review');
  const folder = mkdtempSync(join(tmpdir(), 'creativeflow-review-'));
  let api: Client;
  let ada: Window;
  let ben: Window;
  let ids: UploadAccepted;

  before(async () => {
    [api, ada, ben] = [await Client.as('ada'), await openWindow(), await openWindow()];
    writeFileSync(join(folder, 'model.pkl'), TO_REVIEW);
    ids = await uploaded(api, { ...sample('digits', name), modelFile: join(folder, 'model.pkl') });
    await waitFor(
      'the verdict',
      SCAN_MS,
      async () => (await api.version(ids)).status === 'ValidationFailed',
    );
  });
  after(async () => {
    rmSync(folder, { recursive: true });
    await closeWindows();
    await api?.close();
  });

  it('Given ada uploaded a model with a class that nobody has reviewed, then the version waits and says what for', async () => {
    const version = await api.version(ids);
    expect(version.statusReason).to.match(/^NeedsReview: pickle-global-review in model\.pkl/);
    expect(version.findings[0]).to.include({
      verdict: 'review',
      symbol: 'sklearn.cluster._novel.NovelClusters',
    });
  });

  it('When she asks for a waiver in the web app, then the finding says so', async () => {
    const { page } = ada;
    await page.goto(`${api.facts.publicUrl}/app/#/models/${ids.modelId}/versions/${ids.versionId}`);
    await page.getByLabel('Login').fill('ada');
    await page.getByLabel('Password', { exact: true }).fill(api.facts.passwords.ada ?? '');
    await press(
      page.getByRole('button', { name: 'Sign in' }),
      page.getByRole('heading', { name: `${name} 1.0.0` }),
    );
    await page.locator('[data-action=request-waiver]').first().click();
    await page.getByLabel('Reason').fill('Our own class; its state is a dict of numbers.');
    await page.locator('cf-action-sheet').getByRole('button', { name: 'Request waiver' }).click();
    await page.getByText('requested a waiver').first().waitFor();
    await page.locator('cf-findings').scrollIntoViewIfNeeded();
    await picture(page, 'pwa-findings');
  });

  it('When ben accepts it on Odoo’s own screens, then the version is validated, and ada sees it without reloading', async () => {
    const { page } = ben;
    await signedInToOdoo(ben, 'ben', `/odoo/mlops-versions/${ids.versionId}`);
    await page.locator('.o_form_view .nav-link[name=findings]').click();
    await page
      .locator('.o_field_widget[name=current_finding_ids] .o_data_row')
      .getByText('pickle-global-review')
      .waitFor();
    await picture(page, 'odoo-findings');
    const loads = ada.loads();
    await page.locator('button[name=action_accept_waiver]').click();
    await page.locator('.modal').getByText('Our own class').waitFor();
    await page.locator('.modal button[name=confirm]').click();
    await page
      .locator('.o_form_view .o_arrow_button_current')
      .filter({ hasText: 'Validated' })
      .waitFor({ timeout: LIVE_REFRESH_MS });
    await ada.page.getByText('Accepted by Ben').first().waitFor({ timeout: LIVE_REFRESH_MS });
    expect(ada.loads(), 'pages loaded').to.equal(loads);
    await picture(ada.page, 'pwa-waiver');
    await page.locator('.o_form_view .nav-link[name=waivers]').click();
    await page
      .locator('.o_field_widget[name=waiver_ids] .o_data_row')
      .filter({ hasText: 'Our own class' })
      .getByText('Accepted', { exact: true })
      .waitFor({ timeout: LIVE_REFRESH_MS });
    await picture(page, 'odoo-waiver');
    expect((await api.version(ids)).status).to.equal('Validated');
    expect([...ada.faults, ...ben.faults]).to.deep.equal([]);
  });
});
