import { createHash, X509Certificate } from 'node:crypto';
import { mkdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import {
  chromium,
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  type Locator,
  type Page,
} from 'playwright-core';
import { readStackFacts } from '../stack/facts.ts';
import { waitFor } from '../stack/process.ts';

const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-proxy-server',
];
const PICTURES = join(import.meta.dirname, '..', 'docs', 'screenshots');
const PICTURE_BYTES = 250 * 1024;
/** A click or a page may wait for a bridge that somebody restarts. */
const DEADLINE_MS = 45_000;

let browser: Browser | undefined;

export interface Window {
  page: Page;
  context: BrowserContext;
  /**
   * what the page complained of: uncaught errors and errors on the console, save those of a lost
   * connection
   */
  faults: string[];
  /**
   * documents loaded in the main frame so far: a page that shows news without one more was not
   * reloaded
   */
  loads: () => number;
}

/** One person's browser, empty at first. */
export async function openWindow(options: BrowserContextOptions = {}): Promise<Window> {
  browser ??= await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: [...ARGS, `--ignore-certificate-errors-spki-list=${serverKey()}`],
  });
  const context = await browser.newContext({
    viewport: { width: 1280, height: 900 },
    locale: 'en-US',
    ignoreHTTPSErrors: true,
    ...options,
  });
  context.setDefaultTimeout(DEADLINE_MS);
  const page = await context.newPage();
  const faults: string[] = [];
  const ofTheLine = /Failed to load resource|WebSocket connection|ConnectionLostError/;
  let loads = 0;
  page.on('domcontentloaded', () => (loads += 1));
  page.on('pageerror', (error) => ofTheLine.test(String(error)) || faults.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error' && !ofTheLine.test(message.text())) faults.push(message.text());
  });
  return { page, context, faults, loads: () => loads };
}

/**
 * The one key that is taken without a known authority: also for service workers, which
 * `ignoreHTTPSErrors` leaves out.
 */
function serverKey(): string {
  const { publicKey } = new X509Certificate(
    readFileSync(join(dirname(readStackFacts().caFile), 'server.crt')),
  );
  return createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('base64');
}

/**
 * Presses `button` until `outcome` is seen. A browser cuts its requests whenever an interface comes
 * or goes, as a pod's does on this machine; the app then says that nothing was sent, and a person
 * presses again.
 */
export async function press(button: Locator, outcome: Locator): Promise<void> {
  const nothingSent = button.page().getByText('Nothing was sent; try again').first();
  await button.click();
  await waitFor(
    `what comes of pressing ${String(button)}: ${String(outcome)}`,
    DEADLINE_MS,
    async () => {
      if (await outcome.isVisible()) return true;
      if (await nothingSent.isVisible()) await button.click();
      return false;
    },
  );
}

export async function closeWindows(): Promise<void> {
  await browser?.close();
  browser = undefined;
}

/** Opens a page of the web app as somebody who signs in there. */
export async function signedIn(
  window: Window,
  login: string,
  url: string,
  heading: string,
): Promise<void> {
  const { page } = window;
  await page.goto(url);
  await page.getByLabel('Login').fill(login);
  const password = readStackFacts().passwords[login] ?? '';
  await page.getByLabel('Password', { exact: true }).fill(password);
  await press(
    page.getByRole('button', { name: 'Sign in' }),
    page.getByRole('heading', { name: heading }),
  );
}

/**
 * Opens Odoo's own screens as somebody who signs in there; `path` such as `/odoo/mlops-versions`.
 */
export async function signedInToOdoo(window: Window, login: string, path: string): Promise<void> {
  const { page } = window;
  const { publicUrl, passwords } = readStackFacts();
  await page.goto(`${publicUrl}/web/login`);
  await page.locator('input[name=login]').fill(login);
  await page.locator('input[name=password]').fill(passwords[login] ?? '');
  await page.locator('form.oe_login_form button[type=submit]').click();
  await page.locator('.o_main_navbar').waitFor();
  await page.goto(`${publicUrl}${path}`);
  await page.locator('.o_main_navbar').waitFor();
}

/** Takes a picture for the documentation when `CREATIVEFLOW_SCREENSHOTS=1`; else does nothing. */
export async function picture(page: Page, name: string): Promise<void> {
  if (process.env.CREATIVEFLOW_SCREENSHOTS !== '1') return;
  mkdirSync(PICTURES, { recursive: true });
  const path = join(PICTURES, `${name}.png`);
  await page.evaluate('document.fonts.ready.then(() => undefined)');
  await page.screenshot({ path, animations: 'disabled', caret: 'hide' });
  const { size } = statSync(path);
  if (size > PICTURE_BYTES)
    throw new Error(`${name}.png has ${size} bytes; ${PICTURE_BYTES} are allowed`);
}
