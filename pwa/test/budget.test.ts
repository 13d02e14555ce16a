import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { closeBrowser, open, TEST_DEADLINE_MS, visit } from './browser.ts';
import type { MockServer } from './mock/server.ts';

const FIRST_VIEW_BYTES = 200_000;

describe('pwa: budget', function () {
  this.timeout(TEST_DEADLINE_MS);
  let server: MockServer;
  before(async () => (server = await open()));
  after(async () => {
    await server.stop();
    await closeBrowser();
  });

  // the time of the first paint is told, not judged: it is the machine's as much as ours
  it('shows the list with at most 200 kB of compressed script', async () => {
    // signed in, but nothing of the app on the device: its worker is not let in
    const { page, context } = await visit(server, 'ben', '#/none', { serviceWorkers: 'block' });
    await page.close();
    const fresh = await context.newPage();
    const scripts: Promise<number>[] = [];
    fresh.on('response', (response) => {
      if (/\.js$/.test(response.url()))
        scripts.push(response.body().then((body) => gzipSync(body).length));
    });
    await fresh.goto(`${server.url}/app/#/models`);
    await fresh.getByText('7 models').waitFor();
    const shown = await fresh.evaluate(
      () => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? Infinity,
    );
    const bytes = (await Promise.all(scripts)).reduce((sum, one) => sum + one, 0);
    console.log(
      `      ${scripts.length} scripts, ${bytes} bytes compressed; first paint after ${Math.round(shown)} ms`,
    );
    expect(scripts.length).to.be.greaterThan(0);
    expect(bytes).to.be.at.most(FIRST_VIEW_BYTES);
    await context.close();
  });
});
