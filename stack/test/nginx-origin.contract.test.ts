import { expect } from 'chai';
import { NginxScene, valuesOf, type RawAnswer } from './nginx-scene.ts';

type Listener = 'nginxHttps' | 'nginxEndpoints' | 'nginxHttp';
const FORGED = [
  'evil.example',
  'evil.example:18443',
  '127.0.0.1.evil.example',
  '127.0.0.2',
  'LOCALHOST.evil',
  '127.0.0.1@evil.example',
  '[::1]',
  '0',
  'endpoints.localhost.evil',
];

/** Requests that are refused before any location is chosen, and those that a location refuses. */
const BROKEN: Record<string, string> = {
  'a line that is no request': 'HELLO\r\n\r\n',
  'no request at all': '\r\n\r\n\r\nx\r\n\r\n',
  'a method in small letters': 'get / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n',
  'HTTP/9.9': 'GET / HTTP/9.9\r\nHost: 127.0.0.1\r\n\r\n',
  'no host': 'GET / HTTP/1.1\r\n\r\n',
  'a host that is none': 'GET / HTTP/1.1\r\nHost: a b\r\n\r\n',
  'two hosts': 'GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil\r\n\r\n',
  'a length that is no number': 'POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: x\r\n\r\n',
  'a length and chunks':
    'POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  'an unknown transfer': 'POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: odd\r\n\r\n',
  'a path above the root': 'GET /../.. HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n',
  'a broken escape': 'GET /%zz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n',
  'a zero in the path': 'GET /%00 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n',
  TRACE: 'TRACE / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n',
  CONNECT: 'CONNECT evil:443 HTTP/1.1\r\nHost: evil\r\n\r\n',
  'a header of 40 kB': `GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ${'a'.repeat(40_000)}\r\n\r\n`,
  'headers of 80 kB': `GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n${`X-A: ${'a'.repeat(4_000)}\r\n`.repeat(20)}\r\n`,
  'an address of 40 kB': `GET /${'a'.repeat(40_000)} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`,
};

describe("The app's origin", function () {
  this.timeout(60_000);
  let scene: NginxScene;
  before(async () => {
    scene = await NginxScene.start();
  });
  after(() => scene.stop());
  beforeEach(() => {
    scene.served.length = scene.app.length = 0;
  });

  const get = (path: string, lines: string[] = []): Promise<RawAnswer> =>
    scene.get(path, lines, scene.ports.nginxHttps);
  const send = (method: string, path: string, lines: string[]): Promise<RawAnswer> =>
    scene.raw(
      scene.ports.nginxHttps,
      [
        `${method} ${path} HTTP/1.1`,
        'Host: 127.0.0.1',
        ...lines,
        'Content-Length: 2',
        'Connection: close',
        '',
        '{}',
      ].join('\r\n'),
    );
  const problemOf = (
    answer: RawAnswer,
    what: string,
  ): { code: string; status: number; address?: string } => {
    expect(valuesOf(answer, 'content-type'), `${what}: ${answer.text.slice(0, 300)}`).to.deep.equal(
      ['application/problem+json'],
    );
    const body = JSON.parse(answer.body) as { code: string; status: number; address?: string };
    expect(body.status, what).to.equal(answer.status);
    return body;
  };

  for (const path of [
    '/endpoints/production/digits/v2',
    '/previews/staging/digits/',
    '/endpoints/',
    '/endpoints',
    '/previews',
    '//endpoints/x',
    '/app/../endpoints/x',
    '/%65ndpoints/x',
    '/endpoints/x?a="}\\',
  ]) {
    it(`answers 410 for ${path}, and asks nobody`, async () => {
      for (const method of ['GET', 'POST', 'PUT', 'OPTIONS']) {
        const answer = method === 'GET' ? await get(path) : await send(method, path, []);
        expect(problemOf(answer, method).code).to.equal('endpoints-moved');
        expect(answer.status).to.equal(410);
        expect(problemOf(answer, method).address).to.match(new RegExp(`^${scene.endpointsUrl}`));
      }
      expect([scene.served, scene.app]).to.deep.equal([[], []]);
    });
  }
  it('names the whole new address', async () => {
    expect(problemOf(await get('/endpoints/production/digits/v2?a=1'), '').address).to.equal(
      `${scene.endpointsUrl}/endpoints/production/digits/v2?a=1`,
    );
  });

  describe('is called what the configuration says', () => {
    for (const host of FORGED) {
      it(`and not ${host}`, async () => {
        for (const port of [scene.ports.nginxHttps, scene.ports.nginxEndpoints]) {
          for (const path of ['/web/login', '/mlops/session', '/endpoints/production/x', '/app/']) {
            const answer = await scene.get(path, [`Host: ${host}`], port);
            expect(answer.status, `${host} ${path}`).to.be.oneOf([400, 421]);
            problemOf(answer, host);
            expect(answer.text.toLowerCase()).not.to.contain('evil');
          }
        }
        expect([scene.served, scene.app]).to.deep.equal([[], []]);
      });
    }
    it('nor by the first line of a request', async () => {
      const answer = await scene.raw(
        scene.ports.nginxHttps,
        'GET https://evil.example/web/login HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n',
      );
      expect([answer.status, scene.app.length]).to.deep.equal([421, 0]);
    });
    it('in what bridge and Odoo are told, whatever other headers say', async () => {
      const lines = [
        'X-Forwarded-Host',
        'X-Forwarded-Server',
        'X-Host',
        'X_Forwarded_Host',
        'X-Original-URL',
        'X-Rewrite-URL',
        'X-Forwarded-Prefix',
        'X-Forwarded-Port',
        'X-Forwarded-Proto',
      ].map((name) => `${name}: evil.example`);
      for (const path of [
        '/web/login',
        '/web/reset_password',
        '/odoo',
        '/mlops/session',
        '/mlops/models/upload',
        '/jsonrpc',
        '/websocket',
        '/health/ready',
      ]) {
        await get(path, [...lines, 'Forwarded: host=evil.example']);
        await get(path, ['Host: 127.0.0.1:666', 'X-Forwarded-Host: evil.example']);
      }
      expect(scene.app).to.have.length(16);
      for (const { headers } of scene.app) {
        const { 'x-host': _unread, ...read } = headers;
        expect(read).to.include({
          host: `127.0.0.1:${scene.ports.nginxHttps}`,
          'x-forwarded-host': `127.0.0.1:${scene.ports.nginxHttps}`,
          'x-forwarded-proto': 'https',
        });
        expect(JSON.stringify(read), JSON.stringify(read)).not.to.match(/evil|:666/);
      }
    });
    it('in the redirects from plain HTTP', async () => {
      for (const host of ['127.0.0.1', ...FORGED.filter((one) => !one.includes('@'))]) {
        const answer = await scene.raw(
          scene.ports.nginxHttp,
          `GET /app/?a=1 HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`,
          true,
        );
        expect([answer.status, valuesOf(answer, 'location')], host).to.deep.equal([
          308,
          [`${scene.appUrl}/app/?a=1`],
        ]);
      }
      const named = await scene.get('/app/', ['Host: localhost'], scene.ports.nginxHttps);
      expect([named.status, valuesOf(named, 'location')]).to.deep.equal([
        308,
        [`${scene.appUrl}/app/`],
      ]);
    });
  });

  describe('refuses changes that pages of other origins ask for', () => {
    const pages = (): string[][] => [
      ['Origin: null'],
      ['Origin: null', 'Sec-Fetch-Site: same-origin'],
      ['Origin: null', 'Sec-Fetch-Site: cross-site'],
      ...['127.0.0.1', 'localhost', 'endpoints.localhost'].map((name) => [
        `Origin: https://${name}:${scene.ports.nginxEndpoints}`,
        'Sec-Fetch-Site: same-site',
      ]),
    ];
    it('when a served model does, wherever it asks', async () => {
      for (const lines of pages()) {
        for (const path of [
          '/mlops/session',
          '/mlops/models/1/versions/1/promote',
          '/mlops/models/upload',
          '/web/login',
          '/web/dataset/call_kw',
          '/jsonrpc',
          '/anything',
          '/websocket',
        ]) {
          for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
            expect(
              problemOf(await send(method, path, lines), lines.join()).code,
              `${method} ${path}`,
            ).to.equal('foreign-origin');
          }
        }
      }
      expect(scene.app).to.deep.equal([]);
    });
    it('when anybody else does of Odoo', async () => {
      for (const lines of [
        ['Origin: https://evil.example'],
        ['Origin: https://evil.example', 'Sec-Fetch-Site: cross-site'],
        ['Sec-Fetch-Site: cross-site'],
        ['Sec-Fetch-Site: same-site'],
      ]) {
        for (const path of [
          '/web/login',
          '/web/dataset/call_kw',
          '/jsonrpc',
          '/xmlrpc/2/object',
          '/json/2/mlops.model/search',
        ]) {
          expect(problemOf(await send('POST', path, lines), lines.join()).code, path).to.equal(
            'foreign-origin',
          );
        }
      }
      expect(scene.app).to.deep.equal([]);
    });
    it('when a link would log out', async () => {
      for (const site of ['cross-site', 'same-site']) {
        expect(
          problemOf(await get('/web/session/logout', [`Sec-Fetch-Site: ${site}`]), site).code,
        ).to.equal('foreign-origin');
      }
      expect((await get('/web/session/logout', ['Sec-Fetch-Site: same-origin'])).status).to.equal(
        200,
      );
    });
    it('and none of its own pages, of programs, or of links', async () => {
      const own = [
        [],
        [`Origin: ${scene.appUrl}`, 'Sec-Fetch-Site: same-origin'],
        [`Origin: ${scene.appUrl}`],
        ['Authorization: Bearer key'],
      ];
      for (const lines of own)
        for (const path of [
          '/web/login',
          '/jsonrpc',
          '/json/2/x',
          '/mlops/session',
          '/mlops/uploads',
        ])
          expect((await send('POST', path, lines)).status, `${path} ${lines.join()}`).to.equal(200);
      expect((await get('/odoo', ['Sec-Fetch-Site: cross-site'])).status).to.equal(200);
    });
  });

  describe('says what is wrong as a problem', () => {
    for (const listener of ['nginxHttps', 'nginxEndpoints', 'nginxHttp'] as Listener[]) {
      for (const [what, text] of Object.entries(BROKEN)) {
        it(`${listener}: ${what}`, async () => {
          const answer = await scene.raw(
            scene.ports[listener],
            text.replace(/\r\nHost/, '\r\nConnection: close\r\nHost'),
            listener === 'nginxHttp',
          );
          if (answer.status === 308 || answer.text === '')
            return expect(listener === 'nginxHttp' || what.startsWith('no request')).to.equal(true);
          expect(answer.status).to.be.within(400, 505);
          problemOf(answer, what);
          expect(answer.body).not.to.contain('<html');
          if (listener === 'nginxEndpoints')
            expect(valuesOf(answer, 'content-security-policy')[0]).to.match(/^sandbox;/);
        });
      }
    }
    it('plain HTTP on the ports of HTTPS', async () => {
      for (const port of [scene.ports.nginxHttps, scene.ports.nginxEndpoints]) {
        const answer = await scene.raw(
          port,
          'GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n',
          true,
        );
        expect([answer.status, problemOf(answer, '').code]).to.deep.equal([400, 'https-needed']);
      }
    });
    it('a body that is too large, a file that is not there, a method that is none', async () => {
      const cases: [string, string, number][] = [
        ['POST', '/mlops/session', 413],
        ['POST', '/mlops/models/1/versions/1/promote', 413],
        ['POST', '/web/login', 413],
      ];
      for (const [method, path, status] of cases) {
        const answer = await scene.raw(
          scene.ports.nginxHttps,
          `${method} ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 99999999\r\n\r\n`,
        );
        expect([answer.status, problemOf(answer, path).code]).to.deep.equal([
          status,
          'request-too-large',
        ]);
      }
      for (const path of [
        '/app/assets/gone.js',
        '/app/assets/',
        '/app/.git',
        '/metrics',
        '/web/database/manager',
        '/_problem/413',
        '/_problem/foreign',
      ]) {
        expect(
          [(await get(path)).status, problemOf(await get(path), path).code],
          path,
        ).to.deep.equal([404, 'no-such-path']);
      }
      expect(problemOf(await send('POST', '/app/', []), '').code).to.equal('method-not-allowed');
    });
  });
});

describe('nginx, when nobody stands behind it', function () {
  this.timeout(60_000);
  it('says so as a problem at each path', async () => {
    const scene = await NginxScene.start();
    try {
      await scene.stopBehind();
      const cases: [string, number, string][] = [
        ['/mlops/session', scene.ports.nginxHttps, 'bridge-unavailable'],
        ['/mlops/models', scene.ports.nginxHttps, 'bridge-unavailable'],
        ['/mlops/ws', scene.ports.nginxHttps, 'bridge-unavailable'],
        ['/mlops/uploads', scene.ports.nginxHttps, 'bridge-unavailable'],
        ['/health/ready', scene.ports.nginxHttps, 'bridge-unavailable'],
        ['/odoo', scene.ports.nginxHttps, 'part-unavailable'],
        ['/web/login', scene.ports.nginxHttps, 'part-unavailable'],
        ['/jsonrpc', scene.ports.nginxHttps, 'part-unavailable'],
        ['/websocket', scene.ports.nginxHttps, 'part-unavailable'],
        ['/endpoints/production/x/', scene.ports.nginxEndpoints, 'part-unavailable'],
        ['/previews/staging/x/', scene.ports.nginxEndpoints, 'part-unavailable'],
      ];
      for (const [path, port, code] of cases) {
        const answer = await scene.get(path, [], port);
        expect(
          [answer.status, valuesOf(answer, 'content-type'), valuesOf(answer, 'retry-after')],
          path,
        ).to.deep.equal([503, ['application/problem+json'], ['5']]);
        expect(JSON.parse(answer.body), path).to.include({ code });
        if (port === scene.ports.nginxEndpoints)
          expect(valuesOf(answer, 'content-security-policy')[0]).to.match(/^sandbox;/);
      }
    } finally {
      await scene.stop();
    }
  });
});
