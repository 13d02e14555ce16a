import { expect } from 'chai';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { waitFor } from '../stack/process.ts';
import { Client, sample } from './client.ts';
import { closeWindows, openWindow, picture, press, type Window } from './window.ts';

const SCAN_MS = 90_000;
const BUILD_START_MS = 120_000;
const BUILD_MS = 240_000;
const ROLL_OUT_MS = 180_000;
const LARGE_BYTES = 16 * 1024 * 1024;
const SLOW_BYTES_PER_S = 2 * 1024 * 1024;
const EXAMPLES = join(import.meta.dirname, '..', 'examples');
const name = `digits-${randomBytes(2).toString('hex')}`; // so that the story can be told twice
/**
 * The example's files as a person picks them; asked for so little CPU that a small node holds many
 * runs of this story.
 */
const picked = (): { name: string; mimeType: string; buffer: Buffer }[] =>
  ['model.safetensors', 'Dockerfile', 'serve.py', 'metadata.json'].map((file) => {
    const buffer = readFileSync(join(EXAMPLES, 'digits', file));
    return {
      name: file,
      mimeType: 'application/octet-stream',
      buffer:
        file === 'metadata.json'
          ? Buffer.from(buffer.toString().replace('"100m"', '"20m"'))
          : buffer,
    };
  });
const stop = (page: Page, key: string, state: string) =>
  page.locator(`[data-key=${key}][data-state=${state}]`);

describe('A model goes the whole road in the web app', function () {
  this.timeout(300_000);
  this.bail(true);
  let api: Client;
  let ada: Window;
  let ben: Window;
  let versionUrl = '';
  let adaLoads = 0;
  let benLoads = 0;

  before(async () => {
    api = await Client.as('ada');
    [ada, ben] = [await openWindow(), await openWindow()];
  });
  after(async () => {
    await closeWindows();
    await api?.close();
  });

  async function signIn({ page }: Window, login: string): Promise<void> {
    await page.goto(`${api.facts.publicUrl}/app/`);
    await page.getByLabel('Login').fill(login);
    await page.getByLabel('Password', { exact: true }).fill(api.facts.passwords[login] ?? '');
    await press(
      page.getByRole('button', { name: 'Sign in' }),
      page.getByRole('heading', { name: 'Models', exact: true }),
    );
  }

  it('Given ada signed in, when she uploads a model with its Dockerfile and server, then it is scanned and waits for an approver', async () => {
    const { page } = ada;
    await signIn(ada, 'ada');
    await page.getByRole('link', { name: 'Upload' }).first().click();
    await page.getByRole('heading', { name: 'Upload a model' }).waitFor();
    await page.locator('#files').setInputFiles(picked());
    await page.getByText('sha256:').nth(2).waitFor();
    await page.getByLabel('Model name').fill(name);
    await page.getByLabel('Version', { exact: true }).fill('1.0.0');
    await press(
      page.getByRole('button', { name: 'Upload', exact: true }),
      page.getByRole('heading', { name: `${name} 1.0.0` }),
    );
    // not "Uploading" any more
    await page.getByRole('banner').getByRole('link', { name: 'Upload', exact: true }).waitFor();
    await stop(page, 'approved', 'waiting').waitFor({ timeout: SCAN_MS });
    expect(
      await page
        .getByRole('button', { name: 'Approve for staging' })
        .first()
        .getAttribute('aria-disabled'),
    ).to.equal('true');
    versionUrl = page.url();
    adaLoads = ada.loads();
  });

  it('Given ben at his own browser, when he approves it for staging, then both see it in staging without reloading', async () => {
    const { page } = ben;
    await signIn(ben, 'ben');
    await page.goto(versionUrl);
    await page.getByRole('heading', { name: `${name} 1.0.0` }).waitFor();
    benLoads = ben.loads();
    await page.locator('[data-action=deploy]').click();
    await page.getByText(`Builds the image of ${name} 1.0.0 and starts it in staging.`).waitFor();
    await page.getByLabel(/Comment/).fill('Reads digits well.');
    await press(
      page.locator('cf-sheet').getByRole('button', { name: 'Approve for staging' }),
      stop(page, 'approved', 'done'),
    );
    await page.getByRole('tab', { name: 'Build log' }).click();
    await page
      .locator('cf-build-log')
      .getByText(/STEP 1/)
      .first()
      .waitFor({ timeout: BUILD_START_MS });
    await stop(page, 'staging', 'done').waitFor({ timeout: BUILD_MS });
    await stop(ada.page, 'staging', 'done').waitFor();
    expect([ada.loads(), ben.loads()], 'pages loaded').to.deep.equal([adaLoads, benLoads]);
  });

  it('Given it is in staging, when ben promotes it blue-green, then it becomes live before the eyes of both', async () => {
    const { page } = ben;
    await page.locator('[data-action=promote]').click();
    const sheet = page.locator('cf-sheet');
    await sheet.getByRole('radio', { name: /Blue-green/ }).check();
    await sheet
      .getByText(
        'Starts 1.0.0, tests it, then opens it to production traffic. No version is live yet.',
      )
      .waitFor();
    await press(sheet.getByRole('button', { name: 'Promote' }), stop(page, 'promoted', 'done'));
    await stop(page, 'live', 'done').waitFor({ timeout: ROLL_OUT_MS });
    await stop(ada.page, 'live', 'done').waitFor();
    await ada.page.getByRole('status').getByText('Live', { exact: true }).waitFor();
    expect([ada.loads(), ben.loads()], 'pages loaded').to.deep.equal([adaLoads, benLoads]);
    await picture(ada.page, 'pwa-version');
  });

  it('Given it is live, when ada opens its endpoint and sends the sample, then she sees what it reads and how sure it is', async () => {
    const { page } = ada;
    await page.getByRole('link', { name: 'Open endpoint' }).click();
    await page.getByText('serves 1.0.0').waitFor();
    await page.getByRole('button', { name: 'Use the sample' }).click();
    await press(page.getByRole('button', { name: 'Send' }), page.getByText('Prediction: 1'));
    await page.getByText(/% confidence/).waitFor();
  });

  it('Given a model that runs a command when it is loaded, when ada uploads it, then it is refused with the finding and ben cannot approve it', async () => {
    const ids = await api.upload(sample('malicious', `${name}-evil`));
    expect(ids.status, JSON.stringify(ids.body)).to.equal(202);
    await ben.page.goto(
      `${api.facts.publicUrl}/app/#/models/${ids.body.modelId}/versions/${ids.body.versionId}`,
    );
    await stop(ben.page, 'scanned', 'failed').waitFor({ timeout: SCAN_MS });
    await ben.page.getByText('Validation failed', { exact: true }).first().waitFor();
    await ben.page
      .locator('cf-findings')
      .getByText(/system/)
      .first()
      .waitFor();
    await ben.page.getByText('Remedy').first().waitFor();
    expect(
      await ben.page.locator('[data-action=deploy][aria-disabled=false]').count(),
      'ways to approve it',
    ).to.equal(0);
  });

  it('Given a slow line, when ada uploads a large file, then she sees how far it is, and can pause it', async () => {
    const { page } = ada;
    await page.getByRole('banner').getByRole('link', { name: 'Upload' }).click();
    await page.locator('#files').setInputFiles(picked());
    await page.getByText('sha256:').nth(2).waitFor();
    await page.getByLabel('Model name').fill(`${name}-large`);
    await page.locator('#files').setInputFiles({
      name: 'calibration.npz',
      mimeType: 'application/octet-stream',
      buffer: randomBytes(LARGE_BYTES),
    });
    const line = await ada.context.newCDPSession(page);
    await line.send('Network.emulateNetworkConditions', {
      offline: false,
      latency: 0,
      downloadThroughput: -1,
      uploadThroughput: SLOW_BYTES_PER_S,
    });
    await page.getByRole('button', { name: 'Upload', exact: true }).click();
    const bar = page.getByRole('progressbar', { name: 'calibration.npz' });
    await waitFor(
      'a fifth of the file to be sent',
      60_000,
      async () => Number(await bar.getAttribute('aria-valuenow')) >= 20,
    );
    await page.getByText(/MB\/s/).first().waitFor();
    await page.getByRole('heading', { name: 'Upload a model' }).scrollIntoViewIfNeeded();
    await picture(page, 'pwa-upload');
    await page.getByRole('button', { name: 'Pause', exact: true }).click();
    await page.getByText('Paused').first().waitFor();
    const sent = Number(await bar.getAttribute('aria-valuenow'));
    expect(sent, 'per cent sent').to.be.within(20, 99);
    await page.getByRole('button', { name: 'Remove calibration.npz' }).click();
    await bar.waitFor({ state: 'detached' });
  });

  it('Given all that happened, when ben looks at the models, on a screen or on a phone, then he sees where each stands', async () => {
    await ben.page.goto(`${api.facts.publicUrl}/app/#/models`);
    await ben.page.getByRole('link', { name, exact: true }).first().waitFor();
    await ben.page.getByText('1.0.0 live').first().waitFor();
    await picture(ben.page, 'pwa-models');
    const phone = await openWindow({
      viewport: { width: 360, height: 760 },
      deviceScaleFactor: 2,
      storageState: await ben.context.storageState(),
    });
    await phone.page.goto(versionUrl);
    await stop(phone.page, 'live', 'done').waitFor();
    expect(
      await phone.page.evaluate('document.documentElement.scrollWidth'),
      'width of the page, px',
    ).to.equal(360);
    await picture(phone.page, 'pwa-phone');
    expect([...ada.faults, ...ben.faults, ...phone.faults]).to.deep.equal([]);
  });
});
