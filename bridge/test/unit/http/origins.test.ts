import { once } from 'node:events';
import { createServer, request as httpRequest, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { openApiDocument } from '../../../src/contract/openapi.ts';
import { attachSocketHub } from '../../../src/ws/hub.ts';
import { APP_ORIGIN, PWA_ORIGIN, person, startHttpApp, type App } from './http-app.ts';

const APP = { 'x-requested-with': 'creativeflow' };
const FOREIGN = [
  'null',
  'https://endpoints.example',
  'http://mlops.example',
  'https://mlops.example:8443',
  'https://mlops.example.evil.example',
  'https://evil.example',
  'https://mlops.example/',
  'HTTPS://MLOPS.EXAMPLE',
  'https://mlops.example, https://evil.example',
  '',
];

interface Asked {
  method: string;
  path: string;
  headers: Record<string, string>;
}

/** As a browser sends it, also the headers that `fetch` keeps to itself. */
async function ask(
  url: string,
  { method, path, headers }: Asked,
): Promise<{ status: number; code: string; cookies: string[] }> {
  const question = httpRequest(url + path, {
    method,
    headers: { 'content-type': 'application/json', ...headers },
  });
  question.end(method === 'GET' || method === 'DELETE' ? undefined : '{}');
  const [answer] = await once(question, 'response');
  let text = '';
  for await (const chunk of answer) text += String(chunk);
  const code = /"code":"([^"]+)"/.exec(text)?.[1] ?? '';
  return { status: answer.statusCode as number, code, cookies: answer.headers['set-cookie'] ?? [] };
}

/** Every path with every method that changes something, as the document of the API names them. */
function changes(): { method: string; path: string }[] {
  const { paths } = openApiDocument() as { paths: Record<string, object> };
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods)
      .filter((method) => /^(post|put|patch|delete)$/.test(method))
      .map((method) => ({ method: method.toUpperCase(), path: path.replace(/\{\w+\}/g, '3') })),
  );
}

describe('A request that changes something', () => {
  let app: App;
  let cookie: string;
  before(async () => {
    app = await startHttpApp();
    cookie = `__Host-cf_session=${await app.sessions.create({ odooCookie: 'session_id=ada', uid: 7, login: 'ada' })}`;
  });
  after(() => app.close());

  it('is known for more than ten paths', () => expect(changes()).to.have.length.above(10));

  for (const { method, path } of changes()) {
    it(`${method} ${path}: is refused to pages of other origins, before anything is done`, async () => {
      const before = app.odoo.calls.length;
      for (const origin of FOREIGN) {
        const answer = await ask(app.url, {
          method,
          path,
          headers: { ...APP, cookie, origin, host: 'mlops.example' },
        });
        expect([answer.status, answer.code], origin).to.deep.equal([403, 'foreign-origin']);
      }
      for (const site of ['cross-site', 'same-site', 'cross-origin', 'x']) {
        const answer = await ask(app.url, {
          method,
          path,
          headers: { ...APP, cookie, 'sec-fetch-site': site },
        });
        expect([answer.status, answer.code], site).to.deep.equal([403, 'foreign-origin']);
      }
      expect(app.odoo.calls).to.have.length(before);
    });
    it(`${method} ${path}: is open to the app, to its other origins, and to programs`, async () => {
      const own: Record<string, string>[] = [
        { ...APP, cookie, origin: APP_ORIGIN, 'sec-fetch-site': 'same-origin' },
        { ...APP, cookie, origin: PWA_ORIGIN, 'sec-fetch-site': 'cross-site' },
        { ...APP, cookie },
        { authorization: 'Bearer ada' },
        { authorization: 'Bearer ada', origin: 'https://anything.example' },
      ];
      if (method === 'DELETE' && path === '/mlops/session') return; // it would log out
      for (const headers of own) {
        const { code } = await ask(app.url, { method, path, headers });
        expect(code, JSON.stringify(headers)).not.to.be.oneOf(['foreign-origin', 'csrf']);
      }
    });
  }

  it('is one whose method is overridden, too', async () => {
    const headers = { ...APP, cookie, origin: 'null', 'x-http-method-override': 'DELETE' };
    expect((await ask(app.url, { method: 'GET', path: '/mlops/models', headers })).code).to.equal(
      'foreign-origin',
    );
  });

  it('needs the header of the app still, also from its own page', async () => {
    const headers = { cookie, origin: APP_ORIGIN };
    const answer = await ask(app.url, {
      method: 'POST',
      path: '/mlops/models/2/versions/3/rescan',
      headers,
    });
    expect(answer.code).to.equal('csrf');
  });
});

describe('The session cookie under its old name', () => {
  it('is not believed, and the browser is told to forget it', async () => {
    const app = await startHttpApp();
    try {
      const id = await app.sessions.create({ odooCookie: 'session_id=ada', uid: 7, login: 'ada' });
      const old = await ask(app.url, {
        method: 'GET',
        path: '/mlops/session',
        headers: { cookie: `cf_session=${id}` },
      });
      expect([old.status, old.code]).to.deep.equal([401, 'login-needed']);
      expect(old.cookies).to.have.length(1);
      expect(old.cookies[0])
        .to.match(/^cf_session=;.*Max-Age=0/)
        .and.match(/Path=\//);
      const both = await ask(app.url, {
        method: 'GET',
        path: '/mlops/session',
        headers: { cookie: `cf_session=x; __Host-cf_session=${id}` },
      });
      expect([both.status, both.cookies.length]).to.deep.equal([200, 1]);
    } finally {
      await app.close();
    }
  });
  it('is replaced by one that only this host can set', async () => {
    const app = await startHttpApp();
    try {
      const answer = await fetch(`${app.url}/mlops/session`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', cookie: 'cf_session=x' },
        body: JSON.stringify({ login: 'ada', password: 'right' }),
      });
      const [forgotten, set] = answer.headers.getSetCookie();
      expect(forgotten).to.match(/^cf_session=;/);
      expect(set)
        .to.match(/^__Host-cf_session=session-1;/)
        .and.contain('Secure')
        .and.contain('Path=/')
        .and.not.match(/domain/i);
    } finally {
      await app.close();
    }
  });
});

describe('A socket', () => {
  let server: Server;
  let hub: { stop(): void };
  before(async () => {
    server = createServer();
    const log = { debug() {}, info() {}, warn() {}, error() {}, child: () => log };
    hub = attachSocketHub(server, {
      journal: { after: async () => [], head: async () => 0, onAppend: () => () => undefined },
      log,
      origins: [APP_ORIGIN, PWA_ORIGIN],
      authenticate: async () => ({ whoami: person('ada'), stillGood: async () => true }),
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  after(() => {
    hub.stop();
    server.closeAllConnections();
    server.close();
  });

  const upgrade = async (headers: Record<string, string>): Promise<number> => {
    const { port } = server.address() as AddressInfo;
    const question = httpRequest(`http://127.0.0.1:${port}/mlops/ws`, {
      headers: {
        connection: 'upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
        ...headers,
      },
    });
    question.end();
    return new Promise((resolve) =>
      question
        .on('upgrade', (answer, socket) => (socket.destroy(), resolve(answer.statusCode!)))
        .on('response', (answer) => (answer.resume(), resolve(answer.statusCode!))),
    );
  };

  it('opens to pages of the origins in the configuration', async () => {
    for (const origin of [APP_ORIGIN, PWA_ORIGIN])
      expect(await upgrade({ origin }), origin).to.equal(101);
    expect(await upgrade({}), 'a program').to.equal(101);
  });
  for (const origin of FOREIGN.filter(Boolean)) {
    it(`stays closed to a page of ${origin}, whatever the request calls this host`, async () => {
      const host = URL.canParse(origin) ? new URL(origin).host : 'null';
      expect(
        await upgrade({ origin, host, 'x-forwarded-host': host, forwarded: `host=${host}` }),
      ).to.equal(403);
    });
  }
});
