import { expect } from 'chai';
import { closeBrowser, open, TEST_DEADLINE_MS, until, urlOf, visit } from '../browser.ts';
import type { MockServer } from '../mock/server.ts';

describe('pwa: the line', function () {
  this.timeout(TEST_DEADLINE_MS);
  let server: MockServer;
  beforeEach(async () => (server = await open()));
  afterEach(() => server.stop());
  after(closeBrowser);

  it('misses nothing that happened while the socket was cut', async () => {
    const { page, context, faults } = await visit(server, 'vera', '#/activity');
    await page.getByText('lead-score 7.4.2').first().waitFor();
    await until('the socket is open', () => server.world.listeners.size === 1);
    const version = server.world.versions.find((one) => one.model.name === 'ticket-router');
    if (!version) throw new Error('seed');
    server.socketsRefused = true;
    server.dropSockets();
    server.world.become(version, 'Validated', null, 'while away, 1');
    server.world.become(version, 'Validating', null, 'while away, 2');
    server.socketsRefused = false;
    await until('the socket is open again', () => server.world.listeners.size === 1);
    server.world.become(version, 'Validated', null, 'after it');
    await page.getByText('after it').waitFor();
    for (const text of ['while away, 1', 'while away, 2', 'after it'])
      expect(await page.getByText(text).count(), text).to.equal(1);
    expect(faults).to.deep.equal([]);
    await context.close();
  });

  it('polls where sockets do not pass, and says so', async () => {
    server.socketsRefused = true;
    const { page, context } = await visit(
      server,
      'vera',
      urlOf(server.world, 'ticket-router', '0.2.0'),
    );
    await page.getByText('Live updates are unavailable').waitFor();
    const version = server.world.versions.find((one) => one.model.name === 'ticket-router');
    if (version) server.world.become(version, 'Validated');
    await page.locator('[data-key=approved][data-state=waiting]').waitFor();
    await context.close();
  });

  it('without a connection shows the last known state with its age, also after a reload, and recovers', async () => {
    const { page, context } = await visit(server, 'ben', '#/models');
    await page.getByText('7 models').waitFor();
    await page.goto(`${server.url}/app/${urlOf(server.world, 'digits', '2.0.0')}`);
    await page.getByText('smoke request answered').waitFor();
    await page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
    await until('the app is kept on the device', () =>
      page.evaluate(
        async () =>
          (await caches.keys()).length > 0 &&
          (await (await caches.open((await caches.keys())[0] as string)).keys()).length > 15,
      ),
    );
    await server.stop();
    await page.getByText(/Offline since/).waitFor();
    await page.reload();
    await page.getByRole('heading', { name: 'digits 2.0.0' }).waitFor();
    await page
      .getByText(/Last known state/)
      .first()
      .waitFor();
    await page.locator('[data-action=promote]').click();
    await page.locator('cf-sheet').getByRole('button', { name: 'Promote' }).click();
    await page.getByText('Nothing was sent').waitFor();
    await page.keyboard.press('Escape');
    await page.goto(`${server.url}/app/#/models`);
    await page.getByText('7 models').waitFor();
    await server.start();
    const retry = page.getByRole('button', { name: 'Try now' });
    await until('the line is back', async () => {
      await retry.click({ timeout: 1_000 }).catch(() => {});
      return (await page.getByText(/Offline since/).count()) === 0;
    });
    await until(
      'nothing old is shown',
      async () => (await page.getByText(/Last known state/).count()) === 0,
    );
    await context.close();
  });

  it('goes back to the sign-in when the session ended, and back to the page after it', async () => {
    const { page, context } = await visit(server, 'ben', urlOf(server.world, 'digits', '2.0.0'));
    await page.getByText('against live 1.0.0').waitFor();
    server.endSessions();
    await page.getByRole('tab', { name: 'Events' }).click();
    await page.getByText('Your session has ended.').waitFor();
    await page.getByLabel('Login').fill('ben');
    await page.getByLabel('Password', { exact: true }).fill('pw');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'digits 2.0.0' }).waitFor();
    await context.close();
  });
});
