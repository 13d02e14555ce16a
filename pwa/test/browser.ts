import { existsSync, mkdirSync, mkdtempSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  chromium,
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  type Page,
} from 'playwright-core';
import { build } from 'vite';
import { MockServer } from './mock/server.ts';
import { World } from './mock/world.ts';

const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
/**
 * How long anything may take to come. Long, since nothing is said by it: a busy machine is slow,
 * and only what never comes is a fault.
 */
const DEADLINE_MS = 60_000;
/** For a whole test: its waits end it, each saying what did not come. */
export const TEST_DEADLINE_MS = 5 * DEADLINE_MS;
export const EXAMPLES = join(import.meta.dirname, '..', '..', 'examples');
const axeSource = readFileSync(
  createRequire(import.meta.url).resolve('axe-core/axe.min.js'),
  'utf8',
);

let browser: Browser | undefined;
let built: Promise<unknown> | undefined;
let shots: string | undefined;

/** Where pictures go: `PWA_SHOTS`, or a new folder under the system's temporary one. */
export function shotsFolder(): string {
  shots ??= process.env.PWA_SHOTS ?? mkdtempSync(join(tmpdir(), 'creativeflow-pwa-'));
  mkdirSync(shots, { recursive: true });
  return shots;
}

/** The built app on a mock bridge with a world of its own. */
export async function open(world = new World()): Promise<MockServer> {
  if (
    process.env.PWA_BUILT !== '1' ||
    !existsSync(join(import.meta.dirname, '..', 'dist', 'index.html'))
  ) {
    built ??= build({ root: join(import.meta.dirname, '..'), logLevel: 'error' });
    await built;
  }
  return new MockServer(world).start();
}

export interface Visit {
  page: Page;
  context: BrowserContext;
  /** what the page complained of: errors on the console and uncaught ones */
  faults: string[];
}

/** A person at a fresh browser, signed in when `login` is given, looking at `hash`. */
export async function visit(
  server: MockServer,
  login: string | undefined,
  hash: string,
  options: BrowserContextOptions = {},
): Promise<Visit> {
  browser ??= await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ARGS,
  });
  const context = await browser.newContext({
    viewport: { width: 1280, height: 900 },
    locale: 'en-US',
    permissions: ['clipboard-read', 'clipboard-write'],
    ...options,
  });
  context.setDefaultTimeout(DEADLINE_MS);
  if (login)
    await context.request.post(`${server.url}/mlops/session`, {
      data: { login, password: 'pw' },
      headers: { 'x-requested-with': 'creativeflow' },
    });
  const page = await context.newPage();
  const faults: string[] = [];
  // What the network did is no fault of the page. Chromium drops what is under way when any
  // interface of the machine comes or goes, as those of pods do; the app asks again, or loads
  // itself anew when it was a part of its own.
  const ofNetwork =
    /Failed to load resource|WebSocket connection|Failed to fetch dynamically imported module/;
  const note = (text: string): void => void (ofNetwork.test(text) || faults.push(text));
  page.on('pageerror', (error) => note(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') note(message.text());
  });
  await page.goto(`${server.url}/app/${hash}`);
  return { page, context, faults };
}

export async function closeBrowser(): Promise<void> {
  await browser?.close();
  browser = undefined;
}

export interface AxeFault {
  rule: string;
  where: string[];
  why: string;
}

/** What axe finds wrong with the page as it is. */
export async function axe(page: Page): Promise<AxeFault[]> {
  await page.evaluate(axeSource);
  return page.evaluate(async () => {
    const { axe: run } = window as unknown as {
      axe: {
        run(o: object): Promise<{
          violations: { id: string; nodes: { target: unknown[]; failureSummary?: string }[] }[];
        }>;
      };
    };
    const { violations } = await run.run({
      runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
    });
    return violations.map((one) => ({
      rule: one.id,
      where: one.nodes.map((node) => node.target.flat().join(' ')),
      why: one.nodes[0]?.failureSummary ?? '',
    }));
  });
}

/** How far the page is wider than the screen, px. */
export const overflow = (page: Page): Promise<number> =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

/** Waits until `condition` holds; says what was awaited when it does not come. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
): Promise<void> {
  const end = Date.now() + DEADLINE_MS;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`Waited ${DEADLINE_MS} ms in vain: ${what}`);
    await new Promise((done) => setTimeout(done, 25));
  }
}

export const urlOf = (world: World, model: string, version: string): string => {
  const found = world.versions.find((one) => one.model.name === model && one.name === version);
  if (!found) throw new Error(`no ${model} ${version}`);
  return `#/models/${found.model.id}/versions/${found.id}`;
};
