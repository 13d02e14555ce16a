import { join } from 'node:path';
import { expect } from 'chai';
import {
  axe,
  closeBrowser,
  open,
  overflow,
  shotsFolder,
  TEST_DEADLINE_MS,
  until,
  urlOf,
  visit,
} from '../browser.ts';
import { reach } from '../mock/rollout.ts';
import { underWay } from '../mock/rollout-offers.ts';
import type { MockServer } from '../mock/server.ts';

const STEPS_IN_ALL = 9;

describe('pwa: a rollout', function () {
  this.timeout(TEST_DEADLINE_MS);
  let server: MockServer;
  beforeEach(async () => {
    server = await open();
    server.world.byHand = true;
  });
  afterEach(() => server.stop());
  after(closeBrowser);

  const version = () =>
    server.world.versions.find((one) => one.model.name === 'digits' && one.name === '2.0.0')!;
  const begin = async (login = 'ben', options = {}) => {
    const visited = await visit(server, 'ben', urlOf(server.world, 'digits', '2.0.0'), options);
    const { page } = visited;
    await page.locator('[data-action=promote]').click();
    await page.getByRole('radio', { name: /Canary/ }).check();
    await page.locator('cf-sheet').getByText('Send 1% of traffic to 2.0.0.').waitFor();
    await page
      .locator('cf-sheet')
      .getByText('Sends 2.0.0 a small share of the traffic of 1.0.0')
      .waitFor();
    await page.locator('cf-sheet').getByRole('button', { name: 'Promote' }).click();
    await page.locator('cf-rollout').getByText('About to start.').waitFor();
    expect(server.bodies.at(-1)).to.include({ target: 'production', strategy: 'canary' });
    if (login === 'ben') return visited;
    await visited.context.close();
    return visit(server, login, urlOf(server.world, 'digits', '2.0.0'), options);
  };

  it('shows each step as it comes: the share of the traffic, the numbers, what is next and when', async () => {
    const { page, context, faults } = await begin();
    const panel = page.locator('cf-rollout');
    reach(server.world, version(), 3);
    await panel.getByText('1% of traffic goes to 2.0.0').waitFor();
    await panel.getByText('99% stays with 1.0.0').waitFor();
    expect(await panel.locator('[data-state=done]').count()).to.equal(3);
    expect(await panel.locator('[aria-current=step]').textContent()).to.match(/1\smin/);
    expect(await panel.getByRole('timer').textContent()).to.match(/\d+\s(s|min).* left/);
    await panel.getByText('Then: compare with the stable version over 1 min of traffic').waitFor();
    reach(server.world, version(), 4);
    await panel.getByText('Analysing').waitFor();
    await panel.locator('[data-verdict=wait]').getByText('7 of 20 requests so far.').waitFor();
    await panel
      .getByRole('img', { name: 'Requests: 1.0.0 4,059, 2.0.0 7; at least 20; not enough yet.' })
      .waitFor();
    await panel
      .getByRole('img', {
        name: /^p95: 1.0.0 12.ms, 2.0.0 14.ms; at most 18.ms \(×1.5\); not analysed yet\.$/,
      })
      .waitFor();
    await panel
      .getByRole('img', {
        name: 'Business metric: before 3, during 4; at most 5 (+2); within the limit.',
      })
      .waitFor();
    reach(server.world, version(), 6, 'pass');
    await panel
      .getByRole('img', {
        name: /^p95 over the steps: Step 5: 1.0.0 12.ms, 2.0.0 14.ms; Step 7: 1.0.0 13.ms, 2.0.0 16.ms\.$/,
      })
      .waitFor();
    expect(await panel.locator('details').count(), 'earlier judgements').to.equal(1);
    reach(server.world, version(), 8, 'pass');
    await panel.getByText('100% of traffic goes to 2.0.0').waitFor();
    await panel.getByText('Then: live.').waitFor();
    expect(await panel.locator('.steps li').count()).to.equal(STEPS_IN_ALL);
    expect(faults).to.deep.equal([]);
    await context.close();
  });

  it('is steered with the keyboard: paused, resumed, a step skipped with a reason, let go on', async () => {
    const { page, context, faults } = await begin();
    const panel = page.locator('cf-rollout');
    reach(server.world, version(), 4);
    await panel.getByRole('button', { name: 'Pause' }).focus();
    await page.keyboard.press('Enter');
    await panel.getByText('Paused', { exact: true }).waitFor();
    await until(
      'the same button has the focus and resumes',
      async () =>
        (await page.evaluate(() => {
          let at: Element | null = document.activeElement;
          while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
          return at?.textContent?.trim();
        })) === 'Resume',
    );
    await page.keyboard.press('Enter');
    await panel.getByText('Analysing').waitFor();
    await panel.getByRole('button', { name: 'Skip step' }).click();
    const sheet = page.locator('cf-sheet');
    await sheet.getByText('Compare with the stable version over 1 min of traffic.').waitFor();
    await sheet.getByRole('button', { name: 'Skip step' }).click();
    await sheet.getByText('Give a reason').waitFor();
    await sheet.getByLabel('Reason').fill('Known good.');
    await sheet.getByRole('button', { name: 'Skip step' }).click();
    await panel.getByText('50% of traffic goes to 2.0.0').waitFor();
    expect(server.bodies.at(-1)).to.deep.equal({
      deploymentId: underWay(version())!.id,
      step: 4,
      reason: 'Known good.',
    });
    reach(server.world, version(), 7, 'pass');
    await panel.getByText('Awaiting approval').waitFor();
    await panel.getByRole('button', { name: 'Approve step' }).click();
    await panel.getByText('100% of traffic goes to 2.0.0').waitFor();
    expect(faults).to.deep.equal([]);
    await context.close();
  });

  it('is aborted with a reason, which stays to be read with the step and the numbers', async () => {
    const { page, context } = await begin();
    const panel = page.locator('cf-rollout');
    await panel.getByRole('button', { name: 'Abort' }).focus();
    reach(server.world, version(), 4, 'fail');
    await panel.getByRole('button', { name: 'Skip step' }).waitFor();
    expect(
      await panel
        .getByRole('button', { name: 'Abort' })
        .evaluate((button) => button.matches(':focus')),
    ).to.equal(true);
    await page.keyboard.press('Enter');
    await page
      .locator('cf-sheet')
      .getByText('1.0.0 keeps serving and takes all traffic back.')
      .waitFor();
    await page.locator('cf-sheet').getByLabel('Reason').fill('Too many errors.');
    await page.locator('cf-sheet').getByRole('button', { name: 'Abort' }).click();
    await page.locator('#answer').getByText('Aborted by Ben Okafor: Too many errors.').waitFor();
    await panel.getByText('0% of traffic goes to 2.0.0').waitFor();
    await panel.locator('[data-verdict=fail]').getByText('22 % errors against 0 %').waitFor();
    await panel
      .getByRole('img', {
        name: /^Errors: 1.0.0 0.05.%, 2.0.0 21.95.%; at most 1.05.% \(\+1.%\); over the limit\.$/,
      })
      .waitFor();
    expect(await panel.getByRole('button').count()).to.equal(0);
    await page.goto(`${server.url}/app/#/activity`);
    await page.getByLabel('Filter', { exact: true }).selectOption('deployment');
    await page.locator('.event').getByText('rollout aborted').waitFor();
    await context.close();
  });

  it('lets one who may not steer it see why', async () => {
    const { page, context } = await begin('vera');
    reach(server.world, version(), 4);
    const panel = page.locator('cf-rollout');
    await panel.getByText('Needs the role Approver.').waitFor();
    expect(
      await panel.getByRole('button', { name: 'Abort' }).getAttribute('aria-disabled'),
    ).to.equal('true');
    await context.close();
  });

  for (const [colorScheme, locale, words] of [
    ['light', 'en-US', 'over the limit'],
    ['dark', 'fr-FR', 'au-delà de la limite'],
  ] as const) {
    it(`fits a phone and says nothing that axe minds: ${colorScheme}, ${locale}`, async () => {
      const first = await begin();
      await first.context.close();
      reach(server.world, version(), 6, 'fail');
      const { page, context } = await visit(server, 'ben', urlOf(server.world, 'digits', '2.0.0'), {
        viewport: { width: 360, height: 800 },
        colorScheme,
        locale,
        reducedMotion: 'reduce',
      });
      const panel = page.locator('cf-rollout');
      await panel.getByText(words, { exact: true }).first().waitFor();
      await panel.locator('summary').click();
      for (const width of [360, 1280]) {
        await page.setViewportSize({ width, height: 2400 });
        expect(await overflow(page), `${width} px`).to.equal(0);
        await panel.screenshot({
          path: join(shotsFolder(), `rollout-${width}-${colorScheme}.png`),
        });
        expect(await axe(page), `${width} px`).to.deep.equal([]);
      }
      await context.close();
    });
  }
});
