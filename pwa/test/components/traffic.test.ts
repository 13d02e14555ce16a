import { join } from 'node:path';
import { expect } from 'chai';
import type { EndpointTraffic } from '../../src/api/types.ts';
import {
  axe,
  closeBrowser,
  open,
  overflow,
  shotsFolder,
  TEST_DEADLINE_MS,
  visit,
} from '../browser.ts';
import type { MockServer } from '../mock/server.ts';
import { lastHour } from '../mock/traffic.ts';

describe('pwa: the last hour of an endpoint', function () {
  this.timeout(TEST_DEADLINE_MS);
  let server: MockServer;
  beforeEach(async () => (server = await open()));
  afterEach(() => server.stop());
  after(closeBrowser);
  const hash = (): string => `#/endpoints/${server.world.endpoints[0]!.id}`;

  for (const [colorScheme, locale, words] of [
    ['light', 'en-US', 'Answered by'],
    ['dark', 'fr-FR', 'Répondu par'],
  ] as const) {
    it(`shows requests, errors, p95 and who answered: ${colorScheme}, ${locale}`, async () => {
      const { page, context, faults } = await visit(server, 'vera', hash(), {
        colorScheme,
        locale,
        reducedMotion: 'reduce',
      });
      const panel = page.locator('cf-traffic');
      await panel.getByText(words).waitFor();
      expect(await panel.getByRole('img').count()).to.equal(3);
      for (const width of [360, 1280]) {
        await page.setViewportSize({ width, height: 900 });
        expect(await overflow(page), `${width} px`).to.equal(0);
        expect(await axe(page), `${width} px`).to.deep.equal([]);
        await page.screenshot({ path: join(shotsFolder(), `traffic-${width}-${colorScheme}.png`) });
      }
      expect(faults).to.deep.equal([]);
      await context.close();
    });
  }

  const cases: [string, EndpointTraffic, RegExp][] = [
    [
      'nothing is counted',
      { isCounted: false, since: null, minutes: [], versions: [] },
      /No metrics source is configured/,
    ],
    [
      'the metrics could not be read',
      { isCounted: true, since: null, minutes: [], versions: [] },
      /are not available yet/,
    ],
    [
      'the first minute is not over',
      { ...lastHour(), minutes: [], versions: [] },
      /^Recording since .*; the first minute is not complete\.$/,
    ],
    [
      'nobody asked',
      {
        ...lastHour(),
        minutes: lastHour().minutes.map((one) => ({ ...one, requests: 0, errors: 0, p95Ms: null })),
        versions: [],
      },
      /^No requests since /,
    ],
  ];
  for (const [what, traffic, words] of cases) {
    it(`says when ${what}`, async () => {
      server.world.traffic = traffic;
      const { page, context } = await visit(server, 'vera', hash());
      await page.locator('cf-traffic').getByText(words).waitFor();
      await context.close();
    });
  }
});
