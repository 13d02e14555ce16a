import { join } from 'node:path';
import { expect } from 'chai';
import type { Page } from 'playwright-core';
import {
  axe,
  closeBrowser,
  EXAMPLES,
  open,
  overflow,
  shotsFolder,
  TEST_DEADLINE_MS,
  until,
  urlOf,
  visit,
} from '../browser.ts';
import type { MockServer } from '../mock/server.ts';
import { aborted, superseded, toReview, worldWith } from '../mock/scenes.ts';
import { World } from '../mock/world.ts';

interface Look {
  name: string;
  as?: string;
  hash(world: World): string;
  world?: () => World;
  act?(page: Page, server: MockServer): Promise<void>;
  ready: string;
  /** a picture of what is on the screen, not of the whole page: for what lies above it */
  screen?: boolean;
}

const endpoint = (world: World): string =>
  `#/endpoints/${world.endpoints.find((one) => one.environmentKind === 'production')?.id}`;
const LOOKS: Look[] = [
  { name: 'login', hash: () => '#/', ready: 'With your Odoo account.' },
  { name: 'models', as: 'ben', hash: () => '#/models', ready: '7 models' },
  {
    name: 'models-empty',
    as: 'ada',
    hash: () => '#/models',
    world: () => new World('empty'),
    ready: 'No models yet',
  },
  {
    name: 'models-none',
    as: 'ada',
    hash: () => '#/models',
    act: (page) => page.getByLabel('Search models').fill('zzz'),
    ready: 'No model matches',
  },
  { name: 'model', as: 'ben', hash: (world) => `#/models/${world.models[0]?.id}`, ready: '2.0.0' },
  {
    name: 'version-staging',
    as: 'ben',
    hash: (world) => urlOf(world, 'digits', '2.0.0'),
    ready: 'smoke request',
  },
  {
    name: 'version-blocked',
    as: 'ada',
    hash: (world) => urlOf(world, 'churn-predictor', '0.9.1'),
    ready: 'Save the weights as safetensors',
  },
  {
    name: 'version-failed',
    as: 'ben',
    hash: (world) => urlOf(world, 'fraud-scorer', '2.2.0'),
    ready: 'CrashLoopBackOff',
  },
  {
    name: 'version-building',
    as: 'vera',
    hash: (world) => urlOf(world, 'receipt-reader', '1.3.0'),
    ready: 'STEP 2/9',
  },
  {
    name: 'version-live',
    as: 'mia',
    hash: (world) => urlOf(world, 'digits', '1.0.0'),
    ready: 'Open endpoint',
  },
  {
    name: 'version-journal',
    as: 'ben',
    hash: (world) => urlOf(world, 'digits', '2.0.0'),
    act: (page) => page.getByRole('tab', { name: 'Events' }).click(),
    ready: 'Better on sevens',
  },
  {
    name: 'promote',
    as: 'ben',
    hash: (world) => urlOf(world, 'digits', '2.0.0'),
    act: (page) => page.locator('[data-action=promote]').click(),
    ready: 'Start the new version next to the live one',
    screen: true,
  },
  {
    name: 'approve',
    as: 'ben',
    hash: (world) => urlOf(world, 'demand-forecast', '4.0.0'),
    act: (page) => page.locator('[data-action=deploy]').click(),
    ready: 'Builds the image of',
    screen: true,
  },
  {
    name: 'reject',
    as: 'ben',
    hash: (world) => urlOf(world, 'demand-forecast', '4.0.0'),
    act: (page) => page.locator('[data-action=reject]').click(),
    ready: 'will not proceed',
    screen: true,
  },
  { name: 'upload', as: 'ada', hash: () => '#/upload', ready: 'What is scanned' },
  {
    name: 'upload-full',
    as: 'ada',
    hash: () => '#/upload',
    act: (page) =>
      page
        .locator('#files')
        .setInputFiles(
          ['model.safetensors', 'Dockerfile', 'serve.py', 'metadata.json'].map((name) =>
            join(EXAMPLES, 'digits', name),
          ),
        )
        .then(() => page.getByText('sha256:').nth(2).waitFor()),
    ready: 'A metadata.json fills in the form.',
  },
  { name: 'endpoints', as: 'vera', hash: () => '#/endpoints', ready: 'digits production' },
  {
    name: 'endpoint',
    as: 'vera',
    hash: endpoint,
    act: async (page) => {
      await page.getByRole('button', { name: 'Use the sample' }).click();
      await page.getByRole('button', { name: 'Send' }).click();
    },
    ready: 'Prediction: 1',
  },
  { name: 'activity', as: 'vera', hash: () => '#/activity', ready: 'was uploaded' },
  {
    name: 'models-filtered',
    as: 'ada',
    hash: () => '#/models',
    ready: 'No model matches',
    act: async (page) => {
      await page.getByLabel('Search models').fill('zzz');
      await page.getByLabel('Status').selectOption('Live');
    },
  },
  {
    name: 'offline',
    as: 'ben',
    hash: () => '#/models',
    ready: 'Offline since',
    screen: true,
    act: async (page, server) => {
      await page.getByRole('link', { name: 'lead-score' }).waitFor();
      await page.evaluate(async () => void (await navigator.serviceWorker.ready));
      await page.context().setOffline(true);
      server.dropSockets();
    },
  },
  {
    name: 'version-superseded',
    as: 'ben',
    hash: (world) => urlOf(world, 'lead-score', '7.4.2'),
    world: () => worldWith(superseded),
    ready: 'Superseded',
  },
  {
    name: 'version-aborted',
    as: 'ben',
    hash: (world) => urlOf(world, 'stopped', '1.0.0'),
    world: () => worldWith(aborted),
    ready: 'Aborted by Ben Okafor',
  },
  {
    name: 'waiver-request',
    as: 'ada',
    hash: (world) => urlOf(world, 'to-review', '1.0.0'),
    world: () => worldWith((world) => toReview(world)),
    ready: 'Request waiver',
  },
  {
    name: 'waiver-approve',
    as: 'ben',
    hash: (world) => urlOf(world, 'to-review', '1.0.0'),
    world: () => worldWith((world) => toReview(world, true)),
    ready: 'Approve waiver',
  },
  { name: 'upload-not-you', as: 'vera', hash: () => '#/upload', ready: 'Uploading requires the' },
  {
    name: 'upload-kept',
    as: 'ada',
    ready: 'Upload a version of fraud-scorer',
    hash: (world) => `#/upload/${world.models.find((one) => one.name === 'fraud-scorer')?.id}`,
    act: async (page) => {
      const text = JSON.stringify({ name: 'other', version: '9.9.9' });
      const file = {
        name: 'metadata.json',
        mimeType: 'application/json',
        buffer: Buffer.from(text),
      };
      await page.locator('#files').setInputFiles(file);
      await page.locator('#other-model').waitFor();
    },
  },
  {
    name: 'help',
    as: 'vera',
    hash: () => '#/models',
    act: (page) => page.keyboard.press('?'),
    ready: 'Close dialog',
    screen: true,
  },
];
const WIDTHS = [360, 768, 1440];

describe('pwa: looks', function () {
  this.timeout(TEST_DEADLINE_MS);
  let server: MockServer;
  beforeEach(async function () {
    const look = LOOKS.find((one) => this.currentTest?.title.startsWith(`${one.name}:`));
    server = await open(look?.world?.());
  });
  afterEach(() => server.stop());
  after(async () => {
    console.log(`      pictures: ${shotsFolder()}`);
    await closeBrowser();
  });

  for (const look of LOOKS) {
    it(`${look.name}: without a fault for axe in light and dark, and no wider than the screen`, async () => {
      for (const colorScheme of ['light', 'dark'] as const) {
        const { page, context, faults } = await visit(server, look.as, look.hash(server.world), {
          colorScheme,
          reducedMotion: 'reduce',
        });
        if (look.act) {
          await page.getByRole('heading').first().waitFor();
          await look.act(page, server);
        }
        await page.getByText(look.ready).first().waitFor();
        for (const width of WIDTHS) {
          await page.setViewportSize({ width, height: width < 500 ? 780 : 900 });
          await page.evaluate(
            () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))),
          );
          await until(
            `no wider than the screen at ${width} px, ${colorScheme}`,
            async () => (await overflow(page)) === 0,
          );
          await page.screenshot({
            path: join(shotsFolder(), `${look.name}-${width}-${colorScheme}.png`),
            fullPage: !look.screen,
          });
          if (width !== 768)
            expect(await axe(page), `${width} px, ${colorScheme}`).to.deep.equal([]);
        }
        expect(faults).to.deep.equal([]);
        await context.close();
      }
    });
  }
});
