import { expect } from 'chai';
import { Client, sample } from './client.ts';
import { SCAN_MS, STAGING_MS, LIVE_MS, unusedName } from './road.ts';
import { closeWindows, openWindow, picture, type Window } from './window.ts';

/** What a screen of Odoo may lag behind the record it shows. */
const LIVE_REFRESH_MS = 15_000;

describe("A model goes the whole road on Odoo's own screens", function () {
  this.timeout(300_000);
  this.bail(true);
  const name = unusedName('odoo');
  let ada: Client;
  let ben: Window;
  let ids: { modelId: number; versionId: number };
  let loads = 0;
  /** The status that the form shows, as a bar of steps or as a field. */
  const shows = (status: string) =>
    ben.page.locator('.o_form_view .o_arrow_button_current, .o_form_view .o_field_widget[name=status]:not(.o_field_statusbar)').filter({ hasText: new RegExp(`^\\s*${status}\\s*$`) }).first();

  before(async () => {
    [ada, ben] = [await Client.as('ada'), await openWindow()];
    const digits = sample('digits', name);
    digits.metadata.serving = { ...(digits.metadata.serving as object), cpu: '20m' }; // a small node holds many runs of this story
    const answer = await ada.upload(digits);
    expect(answer.status, JSON.stringify(answer.body)).to.equal(202);
    ids = answer.body;
    await ada.reaches(ids, 'Validated', SCAN_MS);
  });
  after(async () => {
    await closeWindows();
    await ada?.close();
  });

  it('Given ada uploaded a model, when ben opens MLOps → Versions in Odoo, then he finds it validated', async () => {
    const { page } = ben;
    await page.goto(`${ada.facts.publicUrl}/web/login`);
    await page.getByLabel('Email').or(page.locator('input[name=login]')).first().fill('ben');
    await page.locator('input[name=password]').fill(ada.facts.passwords.ben ?? '');
    await page.locator('form.oe_login_form button[type=submit]').click();
    await page.locator('.o_main_navbar').waitFor();
    await page.goto(`${ada.facts.publicUrl}/odoo/mlops-versions`);
    await page.locator('.o_main_navbar').getByText('MLOps', { exact: true }).waitFor();
    await page.locator('.o_data_row, .o_kanban_record').filter({ hasText: name }).first().getByText(name).first().click();
    await page.locator('.o_form_view').waitFor();
    await shows('Validated').waitFor();
    loads = ben.loads();
  });

  it('Given it waits for him, when he approves it for staging, then the screen comes to show Staging without reloading', async () => {
    const { page } = ben;
    await page.locator('.o_form_view button[name=action_deploy]').click();
    await page.locator('.modal [name=comment] textarea').fill('Looks right.');
    await page.locator('.modal button[name=confirm]').click();
    await page.locator('.modal').waitFor({ state: 'detached' });
    await ada.reaches(ids, 'Staging', STAGING_MS);
    await shows('Staging').waitFor({ timeout: LIVE_REFRESH_MS });
    expect(ben.loads(), 'pages loaded').to.equal(loads);
  });

  it('Given it is in staging, when he promotes it with the dialog, then the screen comes to show Live without reloading', async () => {
    const { page } = ben;
    await page.locator('.o_form_view button[name=action_promote]').click();
    await page.locator('.modal').getByText('Blue-green').first().waitFor();
    await page.locator('.modal button[name=confirm]').click();
    await page.locator('.modal').waitFor({ state: 'detached' });
    await ada.reaches(ids, 'Live', LIVE_MS);
    await shows('Live').waitFor({ timeout: LIVE_REFRESH_MS });
    expect(ben.loads(), 'pages loaded').to.equal(loads);
    await picture(page, 'odoo-form');
  });

  it('Given it is live, when ben looks at the models as cards, then the model is among them', async () => {
    const { page } = ben;
    await page.goto(`${ada.facts.publicUrl}/odoo/mlops-models`);
    await page.locator('.o_kanban_view').waitFor();
    await page.locator('.o_kanban_record').filter({ hasText: name }).first().waitFor();
    await picture(page, 'odoo-kanban');
    expect(ben.faults).to.deep.equal([]);
  });
});
