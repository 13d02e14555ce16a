import { expect } from 'chai';
import { Client, sample } from './client.ts';
import { LIVE_MS, SCAN_MS, STAGING_MS, unusedName, uploaded } from './pipeline.ts';
import { closeWindows, openWindow, picture, signedInToOdoo, type Window } from './window.ts';

/**
 * What a screen of Odoo may lag behind the record it shows, on a machine that is busy with a
 * rollout.
 */
const LIVE_REFRESH_MS = 30_000;

describe("A model goes the whole road on Odoo's own screens", function () {
  this.timeout(300_000);
  this.bail(true);
  const name = unusedName('odoo');
  let ada: Client;
  let ben: Window;
  let ids: { modelId: number; versionId: number };
  let loads = 0;
  const shows = (status: string) =>
    ben.page
      .locator('.o_form_view .o_arrow_button_current')
      .filter({ hasText: new RegExp(`^\\s*${status}\\s*$`) })
      .first();
  const stop = (key: string, state: string) =>
    ben.page.locator(`.o_mlops_road li[data-key=${key}][data-state=${state}]`);

  before(async () => {
    [ada, ben] = [await Client.as('ada'), await openWindow()];
    ids = await uploaded(ada, sample('digits', name));
    await ada.reaches(ids, 'Validated', SCAN_MS);
  });
  after(async () => {
    await closeWindows();
    await ada?.close();
  });

  it('Given ada uploaded a model, when ben opens MLOps → Versions in Odoo, then it waits in the column of the validated', async () => {
    const { page } = ben;
    await signedInToOdoo(ben, 'ben', '/odoo/mlops-versions');
    await page.locator('.o_main_navbar').getByText('MLOps', { exact: true }).waitFor();
    await page
      .locator('.o_kanban_group')
      .filter({ hasText: 'Validated' })
      .locator('.o_kanban_record')
      .filter({ hasText: name })
      .click();
    await shows('Validated').waitFor();
    await stop('approved', 'waiting').waitFor();
    loads = ben.loads();
  });

  it('Given it waits for him, when he approves it for staging, then the screen comes to show Staging without reloading', async () => {
    const { page } = ben;
    await page.locator('.o_form_view button[name=action_deploy]').click();
    await page
      .locator('.modal')
      .getByText(`Builds the image of ${name} 1.0.0 and starts it in staging.`)
      .waitFor();
    await page.locator('.modal [name=comment] textarea').fill('Looks right.');
    await page.locator('.modal button[name=confirm]').click();
    await page.locator('.modal').waitFor({ state: 'detached' });
    await stop('built', 'running').waitFor();
    await ada.reaches(ids, 'Staging', STAGING_MS);
    await shows('Staging').waitFor({ timeout: LIVE_REFRESH_MS });
    expect(ben.loads(), 'pages loaded').to.equal(loads);
  });

  it('Given it is in staging, when he promotes it with the dialog, then the screen comes to show Live without reloading', async () => {
    const { page } = ben;
    await page.locator('.o_form_view button[name=action_promote]').click();
    await page.locator('.modal').getByText('No version is live yet.').waitFor();
    await page.locator('.modal').getByText('Blue-green').first().waitFor();
    await page.locator('.modal button[name=confirm]').click();
    await page.locator('.modal').waitFor({ state: 'detached' });
    await ada.reaches(ids, 'Live', LIVE_MS);
    await shows('Live').waitFor({ timeout: LIVE_REFRESH_MS });
    await stop('live', 'done').waitFor();
    expect(ben.loads(), 'pages loaded').to.equal(loads);
    await picture(page, 'odoo-form');
  });

  it('Given he looks at the cards, when ada uploads a next version, then its card appears and moves without reloading', async () => {
    const { page } = ben;
    await page.goto(`${ada.facts.publicUrl}/odoo/mlops-versions`);
    await page.locator('.o_kanban_record').filter({ hasText: name }).first().waitFor();
    loads = ben.loads();
    await uploaded(ada, sample('digits', name, '1.1.0'));
    await page
      .locator('.o_kanban_group')
      .filter({ hasText: 'Validated' })
      .locator('.o_kanban_record')
      .filter({ hasText: name })
      .filter({ hasText: '1.1.0' })
      .waitFor({ timeout: SCAN_MS });
    expect(ben.loads(), 'pages loaded').to.equal(loads);
    await picture(page, 'odoo-kanban');
    expect(ben.faults).to.deep.equal([]);
  });
});
