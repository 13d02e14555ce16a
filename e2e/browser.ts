import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';
import { readStackFacts } from '../stack/facts.ts';

const ARGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
const SCREENSHOTS = join(import.meta.dirname, '..', 'docs', 'screenshots');

export function openBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium', args: ARGS });
}

/** A person at a browser of their own, signed in to the web app by its own form. The certificate is the stack's. */
export async function signedIn(browser: Browser, login: string, viewport = { width: 1280, height: 900 }): Promise<{ page: Page; context: BrowserContext }> {
  const facts = readStackFacts();
  const context = await browser.newContext({ ignoreHTTPSErrors: true, viewport, locale: 'en-US' });
  context.setDefaultTimeout(30_000);
  const page = await context.newPage();
  await page.goto(`${facts.publicUrl}/app/#/models`);
  await page.getByLabel('Login').fill(login);
  await page.getByLabel('Password', { exact: true }).fill(facts.passwords[login] ?? '');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Models', exact: true }).waitFor();
  return { page, context };
}

/** A picture for the documentation, when `CREATIVEFLOW_SCREENSHOTS=1` asks for them. */
export async function picture(page: Page, name: string): Promise<void> {
  if (process.env['CREATIVEFLOW_SCREENSHOTS'] !== '1') return;
  mkdirSync(SCREENSHOTS, { recursive: true });
  await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`) });
}
