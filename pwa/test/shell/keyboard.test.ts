import { expect } from 'chai';
import { closeBrowser, open, TEST_DEADLINE_MS, until, urlOf, visit } from '../browser.ts';
import type { MockServer } from '../mock/server.ts';

describe('pwa: keyboard', function () {
  this.timeout(TEST_DEADLINE_MS);
  let server: MockServer;
  before(async () => (server = await open()));
  after(async () => {
    await server.stop();
    await closeBrowser();
  });

  it('goes to pages by keys, searches with /, and helps with ?', async () => {
    const { page, context } = await visit(server, 'ben', '#/models');
    await page.getByText('7 models').waitFor();
    await page.keyboard.press('u');
    await page.getByRole('heading', { name: 'Upload a model' }).waitFor();
    // the second key must follow soon: as the page's clock has it, on a busy machine too
    await page.clock.setFixedTime(Date.now());
    await page.keyboard.press('g');
    await page.keyboard.press('e');
    await page.getByRole('heading', { name: 'Endpoints', exact: true }).waitFor();
    await page.keyboard.press('/');
    await page.getByRole('heading', { name: 'Models', exact: true }).waitFor();
    await page.keyboard.type('digu');
    await until(
      'what is typed is searched, and no key went astray',
      async () => (await page.getByLabel('Search models').inputValue()) === 'digu',
    );
    expect(page.url()).to.match(/#\/models$/);
    await page.getByLabel('Search models').fill('');
    await page.getByLabel('Search models').blur();
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor();
    await page.keyboard.press('u');
    await page.keyboard.press('Escape');
    // while it is open, keys belong to the dialog
    await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor({ state: 'hidden' });
    expect(page.url()).to.match(/#\/models$/);
    await page.keyboard.press('g');
    await page.keyboard.press('a');
    await page.getByRole('heading', { name: 'Activity' }).waitFor();
    await context.close();
  });

  it('approves with the keyboard alone, and gives the focus back', async () => {
    const { page, context } = await visit(
      server,
      'ben',
      urlOf(server.world, 'demand-forecast', '4.0.0'),
    );
    const approve = page.locator('[data-action=deploy]');
    await approve.focus();
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor();
    await page.keyboard.press('Escape');
    await until('focus is back', () =>
      approve.evaluate((button) => (button.getRootNode() as ShadowRoot).activeElement === button),
    );
    const tabs = page.getByRole('tab');
    await tabs.first().focus();
    await page.keyboard.press('ArrowRight');
    await page.getByRole('tab', { name: 'Build log', selected: true }).waitFor();
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('ArrowLeft');
    await page.getByRole('tab', { name: 'Events', selected: true }).waitFor();
    await context.close();
  });

  it('shows where the focus is', async () => {
    const { page, context } = await visit(server, 'ben', '#/models');
    await page.getByText('7 models').waitFor();
    for (let i = 0; i < 12; i++) {
      await page.keyboard.press('Tab');
      const outlined = await page.evaluate(() => {
        let at: Element | null = document.activeElement;
        while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
        if (!at || at === document.body) return true;
        return (
          getComputedStyle(at).outlineStyle !== 'none' ||
          getComputedStyle(at, '::after').outlineStyle !== 'none'
        );
      });
      expect(outlined, `focus ${i}`).to.equal(true);
    }
    await context.close();
  });
});
