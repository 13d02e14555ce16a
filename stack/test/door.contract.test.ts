import { readdirSync, readFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { expect } from 'chai';
import { chromium } from 'playwright-core';
import { WebSocket } from 'ws';
import { readStackFacts, type StackFacts } from '../facts.ts';

interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: string;
}

/** nginx as the only door, in front of the real servers. Needs `npm run stack -- up`. */
describe('the door', function () {
  this.timeout(60_000);
  let facts: StackFacts;
  before(() => {
    facts = readStackFacts();
  });

  const get = (path: string, headers: Record<string, string> = {}): Promise<Answer> =>
    ask('GET', path, headers);
  function ask(
    method: string,
    path: string,
    headers: Record<string, string> = {},
    body?: Buffer,
  ): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const question = request(
        path.startsWith('https:') ? path : `${facts.publicUrl}${path}`,
        { method, headers, ca: readFileSync(facts.caFile), agent: false },
        (answer) => {
          let text = '';
          answer
            .setEncoding('utf8')
            .on('data', (chunk: string) => (text += chunk))
            .on('end', () =>
              resolve({ status: answer.statusCode!, headers: answer.headers, body: text }),
            );
        },
      );
      question.on('error', reject).end(body);
    });
  }

  it('has a certificate that its authority vouches for, by address and by name', async () => {
    expect((await get('/')).status).to.equal(302);
    await new Promise((resolve, reject) =>
      request(
        `https://localhost:${facts.ports.nginxHttps}/`,
        { ca: readFileSync(facts.caFile), agent: false },
        resolve,
      )
        .on('error', reject)
        .end(),
    );
  });

  it('sends plain HTTP to HTTPS', async () => {
    const answer = await fetch(`http://127.0.0.1:${facts.ports.nginxHttp}/app/?a=1`, {
      redirect: 'manual',
    });
    expect([answer.status, answer.headers.get('location')]).to.deep.equal([
      308,
      `${facts.publicUrl}/app/?a=1`,
    ]);
  });

  it('serves the web app: pages checked each time, files with a digest kept for ever', async () => {
    const page = await get('/app/');
    expect(page.headers['content-type']).to.match(/^text\/html/);
    expect(page.headers['cache-control']).to.equal('no-cache');
    expect((await get('/app/models/3')).body).to.equal(page.body);
    const script = readdirSync(join(facts.root, 'pwa/dist/assets')).find((name) =>
      name.endsWith('.js'),
    )!;
    const asset = await get(`/app/assets/${script}`);
    expect(asset.headers['cache-control']).to.equal('public, max-age=31536000, immutable');
    expect(asset.headers['strict-transport-security']).to.be.a('string');
    expect((await get('/app/assets/gone.js')).status).to.equal(404);
    expect((await get('/app/.sources')).status).to.equal(404);
  });

  it('sets the same headers everywhere', async () => {
    for (const path of ['/app/', '/web/login', '/mlops/session', '/endpoints/production/none']) {
      const { headers } = await get(path);
      expect(headers['strict-transport-security'], path).to.match(/^max-age=\d+/);
      expect(headers['x-content-type-options'], path).to.equal('nosniff');
      expect(headers['x-request-id'], path).to.match(/^[\w.-]{8,64}$/);
      expect(headers['server'], path).to.equal('nginx');
    }
  });

  it("keeps the caller's request id, unless it is none", async () => {
    expect((await get('/mlops/session', { 'x-request-id': 'my-request-7' })).body).to.include(
      '"requestId":"my-request-7"',
    );
    expect(
      (await get('/mlops/session', { 'x-request-id': 'a"b{}' })).headers['x-request-id'],
    ).to.match(/^[0-9a-f]{32}$/);
  });

  it('opens the web app without a word from the browser about its policy', async () => {
    const browser = await chromium.launch({
      executablePath: '/usr/bin/chromium',
      args: ['--no-sandbox', '--disable-gpu', '--disable-quic'],
    });
    try {
      const page = await (await browser.newContext({ ignoreHTTPSErrors: true })).newPage();
      const said: string[] = [];
      page.on('console', (message) => said.push(message.text()));
      await page.goto(`${facts.publicUrl}/app/`);
      await page.locator('input[type=password]').waitFor();
      expect(
        said.filter((text) => /Content Security Policy|Refused to|violates/.test(text)),
      ).to.deep.equal([]);
    } finally {
      await browser.close();
    }
  });

  it('lets sockets through, to the bridge and to Odoo', async () => {
    const upgrade = (path: string): Promise<number> =>
      new Promise((resolve) => {
        const socket = new WebSocket(`${facts.publicUrl.replace('https', 'wss')}${path}`, {
          ca: readFileSync(facts.caFile),
          origin: facts.publicUrl,
        });
        socket
          .on('open', () => socket.terminate())
          .on('upgrade', ({ statusCode }) => resolve(statusCode!))
          .on('unexpected-response', (_, { statusCode }) => resolve(statusCode!))
          .on('error', () => undefined);
      });
    expect(await upgrade('/websocket?version=19.0-2')).to.equal(101);
    expect(await upgrade('/mlops/ws')).to.equal(401); // the bridge's own word: nobody is logged in
  });

  it('limits bodies, but not those of uploads', async () => {
    const body = Buffer.alloc(3 * 2 ** 20);
    const refused = await ask('POST', '/mlops/session', {}, body);
    expect(refused.status).to.equal(413);
    const upload = await ask(
      'POST',
      '/mlops/models/upload',
      { 'content-type': 'multipart/form-data; boundary=x', expect: '100-continue' },
      body,
    );
    // refused by the bridge for another reason: nobody is logged in
    expect(upload.status).to.not.equal(413);
    expect(upload.headers['content-type']).to.match(/^application\/problem\+json/);
  });

  it('sends each path to whom it belongs', async () => {
    expect((await get('/health/ready')).status).to.equal(200);
    expect((await get('/web/health')).body).to.include('pass');
    expect((await get('/odoo')).headers['location']).to.include('/web/login?redirect=');
    expect((await get('/endpoints/production/none')).status).to.equal(410);
    const none = await ask('GET', `${facts.endpointsUrl}/endpoints/production/none`);
    expect([none.status, none.headers['content-type']]).to.deep.equal([
      404,
      'text/plain; charset=utf-8',
    ]); // the gateway's
    const rpc = JSON.stringify({
      jsonrpc: '2.0',
      method: 'call',
      id: 1,
      params: { service: 'common', method: 'version', args: [] },
    });
    expect(
      (await ask('POST', '/jsonrpc', { 'content-type': 'application/json' }, Buffer.from(rpc)))
        .body,
    ).to.include('"server_serie": "19.0"');
    expect((await get('/metrics')).status).to.equal(404);
    expect((await get('/web/database/manager')).status).to.equal(404);
  });

  it("marks Odoo's cookie as one for HTTPS alone", async () => {
    expect(String((await get('/web/login')).headers['set-cookie'])).to.match(
      /session_id=.*HttpOnly.*[Ss]ecure/,
    );
  });
});
