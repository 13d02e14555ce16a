import { createHash, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';
import { waitFor } from '../process.ts';
import { NginxScene, type Heard } from './nginx-scene.ts';

const PAGE = readFileSync(join(import.meta.dirname, '../../e2e/hostile/page.txt'), 'utf8');
const [SESSION, ODOO] = ['session7f3a', 'odoo7f3a'];
/** the page refreshes itself after a second; whatever it does by itself has happened by then */
const SETTLED_MS = 2_500;
const OBEYED = [
  'Set-Cookie: __Host-cf_session=evil; Path=/; Secure; HttpOnly',
  'Set-Cookie: session_id=evil; Path=/',
  'Service-Worker-Allowed: /',
  'Clear-Site-Data: "cookies", "storage"',
  "Content-Security-Policy: default-src * 'unsafe-inline'",
  'Access-Control-Allow-Origin: *',
];

/**
 * The model: the hostile page, its service worker, and nothing at the addresses with which it tells
 * what it learned.
 */
function model({ path }: Heard): string {
  const [type, body] = path.includes('/page')
    ? ['text/html', page(path)]
    : path.includes('/worker.js')
      ? ['text/javascript', 'onfetch = () => {};']
      : ['text/plain', ''];
  return [
    'HTTP/1.1 200 OK',
    ...OBEYED,
    `Content-Type: ${type}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    '',
    body,
  ].join('\r\n');
}
function page(path: string): string {
  return PAGE.replaceAll(
    '@APP@',
    new URL(path, 'http://x').searchParams.get('app') ?? '',
  ).replaceAll('@HERE@', './');
}

describe('A served page that attacks, in Chromium', function () {
  this.timeout(90_000);
  let scene: NginxScene;
  let browser: Browser;
  let context: BrowserContext;
  let tab: Page;

  before(async () => {
    scene = await NginxScene.start();
    scene.answer = model;
    const key = new X509Certificate(
      readFileSync(join(scene.folder, 'tls/server.crt')),
    ).publicKey.export({ type: 'spki', format: 'der' });
    const trusted = `--ignore-certificate-errors-spki-list=${createHash('sha256').update(key).digest('base64')}`;
    browser = await chromium.launch({
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--no-proxy-server',
        trusted,
      ],
    });
  });
  after(async () => {
    await browser?.close();
    await scene?.stop();
  });
  beforeEach(async () => {
    scene.served.length = scene.app.length = 0;
    context = await browser.newContext({ ignoreHTTPSErrors: true });
    await context.addCookies([
      {
        name: '__Host-cf_session',
        value: SESSION,
        url: scene.appUrl,
        secure: true,
        httpOnly: true,
        sameSite: 'Strict',
      },
      {
        name: 'session_id',
        value: ODOO,
        url: scene.appUrl,
        secure: true,
        httpOnly: true,
        sameSite: 'Lax',
      },
    ]);
    tab = await context.newPage();
  });
  afterEach(() => context.close());

  const address = (host: string): string =>
    `https://${host}:${scene.ports.nginxEndpoints}/endpoints/production/hostile/page?app=${encodeURIComponent(scene.appUrl)}`;
  // the app's own page asks for its own icon, also the page that refuses
  const askedByIt = (): Heard[] => scene.app.filter(({ path }) => path !== '/favicon.ico');
  // what must not happen has no event to wait for
  const settled = (): Promise<void> => tab.waitForTimeout(SETTLED_MS);

  /** Nothing told of the visitor, nothing run, nothing changed. */
  async function unharmed(): Promise<void> {
    expect(
      scene.served
        .map(({ head }) => head)
        .filter((head) => /7f3a|cookie|authorization/i.test(head)),
      'told',
    ).to.deep.equal([]);
    expect(
      scene.served.map(({ path }) => path).filter((path) => /learned|worker/.test(path)),
      'run',
    ).to.deep.equal([]);
    const cookies = (await context.cookies(scene.appUrl)).map(
      ({ name, value }) => `${name}=${value}`,
    );
    expect(cookies).to.have.members([`__Host-cf_session=${SESSION}`, `session_id=${ODOO}`]);
    expect(context.serviceWorkers()).to.deep.equal([]);
    expect(
      scene.app.map(({ method }) => method).filter((method) => method !== 'GET'),
      'changed',
    ).to.deep.equal([]);
    expect(
      scene.app.map(({ path }) => path).filter((path) => /logout|ws$/.test(path)),
      'asked',
    ).to.deep.equal([]);
  }

  it('does run when nothing stands between, so that these tests can tell', async () => {
    await tab.goto(
      `http://127.0.0.1:${scene.ports.traefikWeb}/page?app=${encodeURIComponent(scene.appUrl)}`,
    );
    await waitFor('the script of the page', 20_000, () =>
      scene.served.some(({ path }) => path.includes('learned?script')),
    );
  });

  for (const host of ['127.0.0.1', 'endpoints.localhost']) {
    it(`learns and changes nothing at ${host}, opened by itself`, async () => {
      await tab.goto(address(host));
      await settled();
      await unharmed();
      expect(scene.app, 'nothing of the app is even loaded').to.deep.equal([]);
      expect(tab.url()).to.equal(address(host));
    });
    it(`learns and changes nothing at ${host}, whatever the visitor clicks`, async () => {
      for (const id of ['submit', 'submit-away', 'popup', 'ping', 'script', 'click', 'logout']) {
        await tab.goto(address(host));
        await tab.locator(`#${id}`).click({ noWaitAfter: true });
        await tab.waitForTimeout(700);
        await unharmed();
        for (const { headers } of askedByIt())
          expect(headers['cookie'] ?? '', id).not.to.contain(SESSION);
        scene.app.length = 0;
      }
    });
    it(`learns and changes nothing at ${host}, opened or framed by a page of the app`, async () => {
      await tab.goto(`${scene.appUrl}/web/login`);
      const before = tab.url();
      const popup = context.waitForEvent('page');
      await tab.evaluate(`window.child = window.open(${JSON.stringify(address(host))}); undefined`);
      await popup;
      await tab.evaluate(
        `{ const frame = document.createElement('iframe'); frame.src = ${JSON.stringify(address(host))}; document.body.append(frame); }`,
      );
      await settled();
      await unharmed();
      expect(tab.url()).to.equal(before);
      expect(
        await tab
          .evaluate('try { window.child.document; "read" } catch { "closed" }')
          .catch(() => 'closed'),
      ).to.equal('closed');
    });
  }

  it('is not there under a name that somebody points here, and neither is the app', async () => {
    for (const port of [scene.ports.nginxEndpoints, scene.ports.nginxHttps]) {
      for (const host of ['evil.localhost', 'x.endpoints.localhost']) {
        const answer = await tab.goto(`https://${host}:${port}/endpoints/production/hostile/page`);
        expect(answer!.status(), `${host}:${port}`).to.equal(421);
      }
    }
    expect([scene.served, scene.app]).to.deep.equal([[], []]);
  });
});
