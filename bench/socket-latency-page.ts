import type { Client } from '../e2e/client.ts';
import { closeWindows, openWindow } from '../e2e/window.ts';

export interface WatchedPage {
  /** when the page had changed to this status and the change was drawn, epoch ms */
  shows(status: string): Promise<{ changed: number; drawn: number }>;
  close(): Promise<void>;
}

interface Shown {
  text: string;
  changed: number;
  drawn: number;
}

/** Runs in the page: tells when the version's chip changed, and when the browser had drawn that. */
const WATCH = `(() => {
  const now = () => performance.timeOrigin + performance.now();
  const root = (function find(node) {
    for (const one of node.querySelectorAll('*')) {
      if (one.localName === 'cf-version-page') return one.shadowRoot;
      const inner = one.shadowRoot && find(one.shadowRoot);
      if (inner) return inner;
    }
  })(document);
  const text = () => root.querySelector('[role=status]')?.textContent.trim();
  let last = text();
  new MutationObserver(() => {
    if (text() === last) return;
    last = text();
    const shown = { text: last, changed: now() };
    const drawn = new MessageChannel();
    drawn.port1.onmessage = () => tellBench({ ...shown, drawn: now() });
    requestAnimationFrame(() => drawn.port2.postMessage(0)); // its turn comes when the frame is done
  }).observe(root, { subtree: true, childList: true, characterData: true });
})()`;

/** what people read for a status */
const WORDS: Record<string, string> = {
  Validated: 'Validated',
  ValidationFailed: 'Validation failed',
};

/** A person's browser with the page of one version open. */
export async function watchedPage(
  client: Client,
  login: string,
  ids: { modelId: number; versionId: number },
): Promise<WatchedPage> {
  const { facts } = client;
  const { page } = await openWindow();
  const shown: Shown[] = [];
  let look: () => void = () => undefined;
  await page.exposeFunction('tellBench', (one: Shown) => {
    shown.push(one);
    look();
  });
  await page.goto(`${facts.publicUrl}/app/`);
  await page.getByLabel('Login').fill(login);
  await page.getByLabel('Password', { exact: true }).fill(facts.passwords[login] ?? '');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('heading', { name: 'Models', exact: true }).waitFor();
  await page.goto(`${facts.publicUrl}/app/#/models/${ids.modelId}/versions/${ids.versionId}`);
  await page.locator('cf-version-page [role=status]').first().waitFor();
  await page.evaluate(WATCH);
  return {
    shows: (status) =>
      new Promise((resolve) => {
        look = () => {
          const found = shown.find((one) => one.text === WORDS[status]);
          if (!found) return;
          shown.length = 0;
          resolve(found);
        };
        look();
      }),
    close: closeWindows,
  };
}
