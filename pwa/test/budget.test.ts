import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { closeBrowser, open, visit } from './browser.ts';
import type { MockServer } from './mock-server.ts';

const FIRST_VIEW_BYTES = 200_000;
const SHOWN_WITHIN_MS = 1_000;

describe('pwa: budget', function () {
  this.timeout(60_000);
  let server: MockServer;
  before(async () => (server = await open()));
  after(async () => {
    await server.stop();
    await closeBrowser();
  });

  it('shows the list with at most 200 kB of compressed script, within a second', async () => {
    // signed in, but nothing of the app on the device: its worker is not let in
    const { page, context } = await visit(server, 'ben', '#/none', { serviceWorkers: 'block' });
    await page.close();
    const fresh = await context.newPage();
    const scripts: Promise<number>[] = [];
    fresh.on('response', (response) => {
      if (/\.js$/.test(response.url())) scripts.push(response.body().then((body) => gzipSync(body).length));
    });
    await fresh.goto(`${server.url}/app/#/models`);
    await fresh.getByText('7 models').waitFor();
    const shown = await fresh.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? Infinity);
    const bytes = (await Promise.all(scripts)).reduce((sum, one) => sum + one, 0);
    console.log(`      ${scripts.length} scripts, ${bytes} bytes compressed; first paint after ${Math.round(shown)} ms`);
    expect(scripts.length).to.be.greaterThan(0);
    expect(bytes).to.be.at.most(FIRST_VIEW_BYTES);
    expect(shown).to.be.lessThan(SHOWN_WITHIN_MS);
    await context.close();
  });
});
