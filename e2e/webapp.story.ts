import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { openBrowser, picture, signedIn } from './browser.ts';

const EXAMPLES = join(import.meta.dirname, '..', 'examples', 'digits');
const BUILD_MS = 240_000;

describe('Given ada and ben, each at a browser with the web app', () => {
  const name = `web-${randomBytes(3).toString('hex')}`;
  let browser: Browser;
  let ada: Page;
  let ben: Page;

  before(async () => {
    browser = await openBrowser();
    ada = (await signedIn(browser, 'ada')).page;
    ben = (await signedIn(browser, 'ben')).page;
  });
  after(() => browser?.close());

  it('When ada drops her files, then they are uploaded, scanned and wait for an approver, without a reload', async () => {
    await ada.goto(ada.url().replace(/#.*/, '#/upload'));
    await ada.locator('#files').setInputFiles(['model.safetensors', 'Dockerfile', 'serve.py', 'metadata.json'].map((file) => join(EXAMPLES, file)));
    await ada.getByText('sha256:').nth(2).waitFor();
    await ada.getByLabel('Model name').fill(name);
    await picture(ada, 'pwa-upload');
    await ada.getByRole('button', { name: 'Upload', exact: true }).click();
    await ada.getByRole('heading', { name: `${name} 1.0.0` }).waitFor();
    await ada.locator('[data-key=approved][data-state=waiting]').waitFor();
  });

  it('When ben approves it for staging, then both see it built and serving there', async () => {
    await ben.goto(ada.url());
    await ben.locator('[data-action=deploy]').click();
    await ben.locator('cf-sheet').getByRole('button', { name: 'Approve for staging' }).click();
    await ben.locator('[data-key=staging][data-state=done]').waitFor({ timeout: BUILD_MS });
    await ada.locator('[data-key=staging][data-state=done]').waitFor();
  });

  it('When ben promotes it blue-green, then it is live on both pages', async () => {
    await ben.locator('[data-action=promote]').click();
    await ben.getByRole('radio', { name: /Blue-green/ }).check();
    await ben.locator('cf-sheet').getByRole('button', { name: 'Promote' }).click();
    await ben.locator('[data-key=live][data-state=done]').waitFor({ timeout: 120_000 });
    await ada.locator('[data-key=live][data-state=done]').waitFor();
    await picture(ada, 'pwa-version');
    await ada.goto(ada.url().replace(/#.*/, '#/models'));
    await ada.getByRole('link', { name }).first().waitFor();
    await picture(ada, 'pwa-models');
    const phone = await signedIn(browser, 'ben', { width: 360, height: 740 });
    await phone.page.goto(ben.url());
    await phone.page.locator('[data-key=live][data-state=done]').waitFor();
    await picture(phone.page, 'pwa-phone');
    await phone.context.close();
  });
});
