import { expect } from 'chai';
import type { AllowedAction } from '../../src/api/types.ts';
import { preselectedStrategy } from '../../src/view-model/strategy-choice.ts';
import { closeBrowser, open, TEST_DEADLINE_MS, until, urlOf, visit } from '../browser.ts';
import type { MockServer } from '../mock/server.ts';
import { aborted, superseded, toReview } from '../mock/scenes.ts';

const BACK_MS = 2_000;

describe('pwa: screens say what is', function () {
  this.timeout(TEST_DEADLINE_MS);
  let server: MockServer;
  beforeEach(async () => (server = await open()));
  afterEach(() => server.stop());
  after(closeBrowser);

  it('preselects the default strategy of the environment, wherever it stands in the list', () => {
    const strategies: AllowedAction['strategies'] = ['blue-green', 'rolling', 'canary', 'recreate'];
    for (const strategy of strategies)
      expect(preselectedStrategy({ strategies, strategy })).to.equal(strategy);
    expect(preselectedStrategy({ strategies: ['canary'], strategy: 'rolling' })).to.equal('canary');
  });

  it('opens the promote sheet on the default strategy', async () => {
    server.world.strategy = 'canary';
    const { page, context } = await visit(server, 'ben', urlOf(server.world, 'digits', '2.0.0'));
    await page.locator('[data-action=promote]').click();
    await page.locator('cf-action-sheet input[value=canary]').waitFor();
    expect(await page.locator('cf-action-sheet input[value=canary]').isChecked()).to.equal(true);
    await context.close();
  });

  it('does not say that a superseded version is live', async () => {
    superseded(server.world);
    const { page, context } = await visit(
      server,
      'vera',
      urlOf(server.world, 'lead-score', '7.4.2'),
    );
    await page.locator('cf-pipeline [data-key=live][data-state=over]').waitFor();
    const deployments = page.locator('cf-deployments');
    await deployments.getByText('Superseded').waitFor();
    const claims = deployments.getByText(/serving|ready|100 %/i).filter({ visible: true });
    expect(await claims.count()).to.equal(0);
    await context.close();
  });

  it('comes back by itself within two seconds of the line, with the account menu there all the time', async () => {
    const { page, context } = await visit(server, 'vera', '#/models');
    await page.getByRole('link', { name: 'lead-score' }).waitFor();
    await context.setOffline(true);
    server.dropSockets();
    await page.getByText('Offline since').waitFor();
    await page.getByRole('button', { name: /^Account/ }).waitFor();
    const skip = (await page.getByRole('button', { name: 'Skip to content' }).boundingBox())!;
    expect(skip.y + skip.height, 'the way past the header is out of sight').to.be.at.most(0);
    await context.setOffline(false);
    const at = Date.now();
    await page.getByText('Offline since').waitFor({ state: 'hidden' });
    expect(Date.now() - at).to.be.lessThan(BACK_MS);
    await context.close();
  });

  it('stays where it is when a part of the app is wanted while offline, and fetches it afterwards', async () => {
    const { page, context } = await visit(server, 'vera', '#/models');
    await page.getByRole('link', { name: 'lead-score' }).waitFor();
    await context.setOffline(true);
    await page.getByRole('link', { name: 'Endpoints' }).first().click();
    await page.getByRole('alert').getByText('This page could not be loaded').waitFor();
    await page.getByText('Offline since').waitFor();
    await context.setOffline(false);
    await page.getByRole('heading', { name: 'Endpoints', exact: true }).waitFor();
    await context.close();
  });

  it('leads from a finding to review to the waiver, never to another scan', async () => {
    toReview(server.world);
    const url = urlOf(server.world, 'to-review', '1.0.0');
    const ada = await visit(server, 'ada', url);
    await ada.page.locator('#answer').getByRole('button', { name: 'Request waiver' }).waitFor();
    expect(
      await ada.page.locator('#answer').getByRole('button', { name: 'Scan again' }).count(),
    ).to.equal(0);
    await ada.context.close();
    server.world.versions.pop();
    const asked = toReview(server.world, true);
    const ben = await visit(server, 'ben', urlOf(server.world, 'to-review', asked.name));
    await ben.page.locator('#answer').getByRole('button', { name: 'Approve waiver' }).waitFor();
    await ben.context.close();
  });

  it('keeps the model of “Upload a version” when a metadata file names another, and says so', async () => {
    const model = server.world.models.find((one) => one.name === 'fraud-scorer')!;
    const { page, context } = await visit(server, 'ada', `#/upload/${model.id}`);
    await page.getByRole('heading', { name: 'Upload a version of fraud-scorer' }).waitFor();
    await page.locator('#files').setInputFiles({
      name: 'metadata.json',
      mimeType: 'application/json',
      buffer: Buffer.from('{"name":"other","version":"9.9.9"}'),
    });
    await page.locator('#other-model').getByText('other').waitFor();
    expect(await page.getByLabel('Model name').inputValue()).to.equal('fraud-scorer');
    await context.close();
  });

  it('tells who may not upload before a file is chosen', async () => {
    const { page, context } = await visit(server, 'vera', '#/upload');
    await page.locator('#not-you').waitFor();
    expect(await page.locator('#files').count()).to.equal(0);
    await context.close();
  });

  it('names what was searched for and the status when nothing matches', async () => {
    const { page, context } = await visit(server, 'vera', '#/models');
    await page.getByLabel('Search models').fill('zzz');
    await page.getByLabel('Status').selectOption('Live');
    await page.getByText('No model matches “zzz” with the status Live.').waitFor();
    await context.close();
  });

  it('calls an aborted rollout aborted', async () => {
    aborted(server.world);
    const { page, context } = await visit(server, 'vera', urlOf(server.world, 'stopped', '1.0.0'));
    await until(
      'it says so in the head',
      async () => (await page.locator('.sub .chip').textContent())?.includes('Aborted') === true,
    );
    await page.locator('cf-deployments .chip', { hasText: 'Aborted' }).waitFor();
    await page.locator('cf-pipeline [data-key=rolling][data-state=aborted]').waitFor();
    await context.close();
  });
});
