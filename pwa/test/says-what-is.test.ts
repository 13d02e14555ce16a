import { expect } from 'chai';
import type { AllowedAction, DeploymentView, VersionDetail } from '../src/api/types.ts';
import { preselectedStrategy } from '../src/components/strategy-choice.ts';
import { closeBrowser, open, shotsFolder, TEST_DEADLINE_MS, until, urlOf, visit } from './browser.ts';
import type { MockServer } from './mock-server.ts';

const BACK_MS = 2_000;

describe('pwa: screens say what is', function () {
  this.timeout(TEST_DEADLINE_MS);
  let server: MockServer;
  beforeEach(async () => (server = await open()));
  afterEach(() => server.stop());
  after(closeBrowser);

  it('preselects the default strategy of the environment, wherever it stands in the list', () => {
    const strategies: AllowedAction['strategies'] = ['blue-green', 'rolling', 'canary', 'recreate'];
    for (const strategy of strategies) expect(preselectedStrategy({ strategies, strategy })).to.equal(strategy);
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
    for (const width of [360, 1440]) {
      const { page, context } = await visit(server, 'vera', urlOf(server.world, 'lead-score', '7.4.2'), { viewport: { width, height: 900 } });
      await page.locator('cf-road [data-key=live][data-state=over]').waitFor();
      await page.screenshot({ path: `${shotsFolder()}/superseded-${width}.png`, fullPage: true });
      await context.close();
    }
  });

  it('comes back by itself within two seconds of the line, with the account menu there all the time', async () => {
    const { page, context } = await visit(server, 'vera', '#/models');
    await page.getByRole('link', { name: 'lead-score' }).waitFor();
    await context.setOffline(true);
    server.dropSockets();
    await page.getByText('No connection since').waitFor();
    await page.getByRole('button', { name: /^Account/ }).waitFor();
    await context.setOffline(false);
    const at = Date.now();
    await page.getByText('No connection since').waitFor({ state: 'hidden' });
    expect(Date.now() - at).to.be.lessThan(BACK_MS);
    await context.close();
  });

  it('leads from a finding to review to the waiver, never to another scan', async () => {
    const finding = { rule: 'dockerfile.user.root', severity: 'medium', verdict: 'review', file: 'Dockerfile', line: 9, why: 'Root.', remedy: 'Use 65532.' } as VersionDetail['findings'][number];
    const version = server.world.add('to-review', '1.0.0', 'ValidationFailed', 3, 'Ada Byron', { statusReason: 'NeedsReview: root', findings: [finding] });
    const url = urlOf(server.world, 'to-review', '1.0.0');
    const ada = await visit(server, 'ada', url);
    await ada.page.locator('#answer').getByRole('button', { name: 'Request waiver' }).waitFor();
    expect(await ada.page.locator('#answer').getByRole('button', { name: 'Scan again' }).count()).to.equal(0);
    await ada.context.close();
    version.findings = [{ ...finding, waiver: { id: 1, state: 'requested', reason: 'known', requestedBy: 'Ada Byron', expiresOn: '2027-01-01' } }];
    const ben = await visit(server, 'ben', url);
    await ben.page.locator('#answer').getByRole('button', { name: 'Approve waiver' }).waitFor();
    await ben.page.screenshot({ path: `${shotsFolder()}/waiver-1280.png`, fullPage: true });
    await ben.context.close();
  });

  it('keeps the model of “Upload a version” when a metadata file names another, and says so', async () => {
    const model = server.world.models.find((one) => one.name === 'fraud-scorer')!;
    const { page, context } = await visit(server, 'ada', `#/upload/${model.id}`);
    await page.getByRole('heading', { name: 'Upload a version of fraud-scorer' }).waitFor();
    await page.locator('#files').setInputFiles({ name: 'metadata.json', mimeType: 'application/json', buffer: Buffer.from('{"name":"other","version":"9.9.9"}') });
    await page.locator('#other-model').getByText('other').waitFor();
    expect(await page.getByLabel('Model name').inputValue()).to.equal('fraud-scorer');
    await page.screenshot({ path: `${shotsFolder()}/upload-kept.png`, fullPage: true });
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
    const reason = 'Aborted by Ben Okafor: enough';
    const version = server.world.add('stopped', '1.0.0', 'ProdFailed', 2, 'Ada Byron', { statusReason: reason });
    const made: DeploymentView = server.world.deployment(version, 'production', 'canary', 'Failed', 'Ben Okafor', reason);
    Object.assign(made, { desired: 'removed' });
    const { page, context } = await visit(server, 'vera', urlOf(server.world, 'stopped', '1.0.0'));
    await until('it says so in the head', async () => (await page.locator('.sub .chip').textContent())?.includes('Aborted') === true);
    await page.locator('cf-deployments .chip', { hasText: 'Aborted' }).waitFor();
    await page.screenshot({ path: `${shotsFolder()}/aborted.png`, fullPage: true });
    await context.close();
  });
});
