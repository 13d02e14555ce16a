import { expect } from 'chai';
import { SERVED_POLICY } from '../servers/nginx-endpoints.ts';
import { NginxScene, valuesOf, type RawAnswer } from './nginx-scene.ts';

const MODEL = '/endpoints/production/hostile';
const MARK = 'mark7f3a';

/**
 * What a visitor's browser or program may send that names them, or that a server behind could
 * believe.
 */
const TELLING = [
  'Cookie',
  'Cookie2',
  'COOKIE',
  'Authorization',
  'Proxy-Authorization',
  'Referer',
  'Origin',
  'From',
  'Via',
  'Forwarded',
  'X-Forwarded-For',
  'X-Forwarded-User',
  'X-Forwarded-Email',
  'X-Forwarded-Access-Token',
  'X-Forwarded-Groups',
  'X-Real-IP',
  'X-Forwarded-Client-Cert',
  'X-Auth-Request-User',
  'X-Remote-User',
  'Remote-User',
  'X-Authenticated-User',
  'X-Client-IP',
  'True-Client-IP',
  'X-Requested-With',
  'X-CSRF-Token',
  'X-CSRFToken',
  'X-XSRF-Token',
  'X-Openerp-Session-Id',
  'X-Openerp-Dbname',
  'X-Odoo-Database',
  'X-Api-Key',
  'Api-Key',
  'X-Auth-Token',
  'X-Access-Token',
  'X-Consumer-Key',
  'X-Amz-Security-Token',
  'Authentication-Info',
  'Sec-Fetch-User',
  'Sec-WebSocket-Key',
  'Sec-WebSocket-Protocol',
  'X-Original-URL',
  'X-Rewrite-URL',
  'X-Http-Method-Override',
  'Connection-Id',
  'Early-Data',
  'DPoP',
  'Sec-Session-Response',
  'Signature',
  'X-Anything',
  'X_Forwarded_For',
  'Authorization_',
];

/** What a browser, a proxy or nginx itself would obey in an answer. */
const OBEYED: Record<string, string> = {
  'Set-Cookie': '__Host-cf_session=evil; Path=/; Secure',
  'Set-Cookie2': 'a=b',
  'Service-Worker-Allowed': '/',
  'Clear-Site-Data': '"*"',
  'Strict-Transport-Security': 'max-age=1',
  'Public-Key-Pins': 'max-age=1',
  'Expect-CT': 'max-age=1',
  Refresh: '0; url=/app/',
  'Alt-Svc': 'h2="evil:443"',
  Link: '</app/>; rel=preload',
  NEL: '{}',
  'Report-To': '{}',
  'Reporting-Endpoints': 'a="https://evil"',
  'Access-Control-Allow-Origin': '*',
  'Access-Control-Allow-Credentials': 'true',
  'Access-Control-Allow-Private-Network': 'true',
  'WWW-Authenticate': 'Basic realm="Odoo"',
  'Proxy-Authenticate': 'Basic',
  'Authentication-Info': 'x',
  'Content-Security-Policy': "default-src * 'unsafe-inline'",
  'Content-Security-Policy-Report-Only': "default-src 'none'",
  'X-Frame-Options': 'ALLOWALL',
  'X-Content-Type-Options': 'sniff',
  'Cross-Origin-Resource-Policy': 'cross-origin',
  'Cross-Origin-Opener-Policy': 'unsafe-none',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Origin-Agent-Cluster': '?0',
  'Document-Policy': 'x',
  'Permissions-Policy': 'camera=*',
  'Feature-Policy': 'camera *',
  'Timing-Allow-Origin': '*',
  'Referrer-Policy': 'unsafe-url',
  'X-DNS-Prefetch-Control': 'on',
  'X-Permitted-Cross-Domain-Policies': 'all',
  SourceMap: '/x',
  'X-SourceMap': '/x',
  'Speculation-Rules': '"/rules"',
  'Supports-Loading-Mode': 'credentialed-prerender',
  'Accept-CH': 'Sec-CH-UA-Full',
  'Critical-CH': 'Sec-CH-UA-Full',
  'Set-Login': 'logged-in',
  'Secure-Session-Registration': '(ES256);path="/x"',
  'Sec-Session-Registration': '(ES256)',
  'Activate-Storage-Access': 'load',
  'Use-As-Dictionary': 'match="/*"',
  'Service-Worker-Navigation-Preload': 'true',
  'Attribution-Reporting-Register-Source': '{}',
  'Observe-Browsing-Topics': '?1',
  'Origin-Trial': 'x',
  'X-Accel-Redirect': '/_problem/404',
  'X-Accel-Charset': 'utf-7',
  'X-Accel-Limit-Rate': '1',
  'X-Accel-Expires': '9',
  'X-Accel-Buffering': 'no',
  'X-Sendfile': '/etc/passwd',
  P3P: 'x',
  'X-UA-Compatible': 'IE=7',
  'Content-Location': 'https://evil/',
  'X-Request-Id': MARK,
  Upgrade: 'h2c',
  'X-Anything': MARK,
};
/** Always there, once, and as they are here. */
const ALWAYS: Record<string, string> = {
  'content-security-policy': SERVED_POLICY,
  'x-content-type-options': 'nosniff',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
};
const ALLOWED = new Set([
  ...Object.keys(ALWAYS),
  'server',
  'date',
  'connection',
  'content-type',
  'content-length',
  'transfer-encoding',
  'x-request-id',
  'location',
  'retry-after',
  'cache-control',
  'etag',
  'last-modified',
  'x-creativeflow-revision',
  'x-ratelimit-remaining',
  'keep-alive',
  'vary', // because an origin may read here
]);

describe('The origin of endpoints', function () {
  this.timeout(60_000);
  let scene: NginxScene;
  before(async () => {
    scene = await NginxScene.start(['https://shop.example']);
  });
  after(() => scene.stop());
  beforeEach(() => {
    scene.served.length = scene.app.length = 0;
    scene.answer = () => 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
  });

  function guarded(answer: RawAnswer, what: string): void {
    for (const [name, value] of Object.entries(ALWAYS))
      expect(valuesOf(answer, name), `${what}: ${name}`).to.deep.equal([value]);
    expect(
      answer.headers.map(([name]) => name).filter((name) => !ALLOWED.has(name)),
      what,
    ).to.deep.equal([]);
    expect(answer.text.replace(/^HTTP[^]*?\r\n\r\n/, ''), what).not.to.contain('HTTP/1.1 ');
  }
  function isProblem(answer: RawAnswer, status: number, code: string, what = code): void {
    expect([answer.status, valuesOf(answer, 'content-type')], what).to.deep.equal([
      status,
      ['application/problem+json'],
    ]);
    expect(JSON.parse(answer.body), what).to.include({ status, code });
  }

  describe('hands a model nothing that names its visitor', () => {
    for (const prefix of [MODEL, '/previews/staging/hostile']) {
      it(`below ${prefix}`, async () => {
        const lines = TELLING.map((name) => `${name}: ${MARK}`);
        await scene.get(`${prefix}/v2/x`, lines);
        expect(scene.served.map(({ path }) => path)).to.deep.equal([`${prefix}/v2/x`]);
        expect(scene.served[0]!.head).not.to.match(
          new RegExp(`${MARK}|cookie|authorization|forwarded|127\\.0\\.0\\.1:?\\d* *$`, 'i'),
        );
      });
    }
    it('one header at a time, written in each of three ways', async () => {
      for (const name of TELLING) {
        for (const line of [
          `${name}: ${MARK}`,
          `${name.toLowerCase()}:${MARK}`,
          `${name.toUpperCase()}:\t${MARK}\r\n${name}: ${MARK}`,
        ]) {
          await scene.get(`${MODEL}/x`, [line]);
        }
      }
      expect(
        scene.served.map(({ head }) => head).filter((head) => head.includes(MARK)),
      ).to.deep.equal([]);
    });
    it('and hands on what says how to answer, with the body whole', async () => {
      const body = 'x'.repeat(70_000);
      const lines = [
        'Host: 127.0.0.1',
        'Content-Type: application/json',
        'Accept: application/json',
        'Inference-Header-Content-Length: 12',
        `Content-Length: ${body.length}`,
      ];
      let received = 0;
      scene.answer = ({ headers }) => {
        received = Number(headers['content-length']);
        return 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
      };
      const answer = await scene.raw(
        scene.ports.nginxEndpoints,
        [`POST ${MODEL}/infer HTTP/1.1`, ...lines, 'Connection: close', '', body].join('\r\n'),
      );
      expect([answer.status, received]).to.deep.equal([200, body.length]);
      expect(scene.served[0]!.headers).to.include({
        'content-type': 'application/json',
        accept: 'application/json',
        'inference-header-content-length': '12',
      });
    });
    it('save the side of a canary, from a header or from the cookie of that name', async () => {
      await scene.get(`${MODEL}/x`, [
        'Cookie: session_id=s; creativeflow-session=abc123; creativeflow-traffic=canary; z=1',
      ]);
      await scene.get(`${MODEL}/x`, ['Creativeflow-Session: def456']);
      expect(scene.served[0]!.headers).to.include({
        'creativeflow-session': 'abc123',
        'creativeflow-traffic': 'canary',
      });
      expect(scene.served[1]!.headers).to.include({ 'creativeflow-session': 'def456' });
    });
  });

  describe('takes from the answer of a model what a browser would obey', () => {
    for (const status of [
      200, 201, 206, 301, 302, 303, 307, 308, 400, 401, 403, 404, 407, 418, 429, 500, 502, 503, 511,
    ]) {
      it(`when it answers ${status}`, async () => {
        const headers = Object.entries(OBEYED)
          .map(([name, value]) => `${name}: ${value}\r\n`)
          .join('');
        scene.answer = () =>
          `HTTP/1.1 ${status} Said\r\n${headers}Content-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>`;
        const answer = await scene.get(`${MODEL}/`);
        expect([answer.status, answer.body]).to.deep.equal([status, '<html>']);
        guarded(answer, String(status));
        expect(answer.text).not.to.contain(MARK);
      });
    }
    it('each by itself, twice and in small letters', async () => {
      for (const [name, value] of Object.entries(OBEYED)) {
        scene.answer = () =>
          `HTTP/1.1 200 OK\r\n${name}: ${value}\r\n${name.toLowerCase()}: ${value}\r\nContent-Length: 2\r\n\r\nok`;
        const answer = await scene.get(`${MODEL}/`);
        expect(answer.status, name).to.equal(200);
        guarded(answer, name);
      }
    });
    it('also where there is no body: 204 and 304', async () => {
      for (const status of [204, 304]) {
        scene.answer = () =>
          `HTTP/1.1 ${status} x\r\nSet-Cookie: a=b\r\nContent-Security-Policy: x\r\n\r\n`;
        guarded(await scene.get(`${MODEL}/`), String(status));
      }
    });
    for (const status of [100, 101, 102, 103, 199]) {
      it(`an interim answer ${status} carries nothing past it`, async () => {
        scene.answer = () =>
          `HTTP/1.1 ${status} Early\r\nLink: </x>; rel=preload\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nHTTP/1.1 200 OK\r\nSet-Cookie: late=1\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\nok`;
        const answer = await scene.get(`${MODEL}/`);
        expect(answer.text).not.to.match(/late|rel=preload|HTTP\/1\.1 200|upgrade/i);
      });
    }
    it('trailers, and a second answer behind the first', async () => {
      scene.answer = () =>
        'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: Set-Cookie\r\n\r\n2\r\nok\r\n0\r\nSet-Cookie: late=1\r\n\r\nHTTP/1.1 200 OK\r\nSet-Cookie: later=1\r\n\r\n';
      expect((await scene.get(`${MODEL}/`)).text).not.to.contain('late');
    });
    it('types whose parts have headers of their own, and two types at once', async () => {
      for (const type of [
        'multipart/x-mixed-replace; boundary=x',
        'Multipart/Mixed; boundary=x',
        ' multipart/form-data',
      ]) {
        scene.answer = () =>
          `HTTP/1.1 200 OK\r\nContent-Type: ${type}\r\nContent-Length: 2\r\n\r\nok`;
        expect(valuesOf(await scene.get(`${MODEL}/`), 'content-type'), type).to.deep.equal([
          'application/octet-stream',
        ]);
      }
      scene.answer = () => 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
      expect(valuesOf(await scene.get(`${MODEL}/`), 'content-type')).to.deep.equal([
        'application/octet-stream',
      ]);
      scene.answer = () =>
        'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\nok';
      expect(valuesOf(await scene.get(`${MODEL}/`), 'content-type')).to.have.length(1);
    });
    for (const location of [
      'https://evil.example/',
      '//evil.example/',
      '/\\evil.example',
      'https://127.0.0.1/app/',
      '/app/',
      '/web/session/logout',
      '/mlops/x',
      'javascript:alert(1)',
      'data:text/html,x',
      '\\\\evil.example',
      '/endpoints\\..\\x',
      'http:/evil',
      '/',
      '',
    ]) {
      it(`a redirect to ${JSON.stringify(location)}`, async () => {
        scene.answer = () =>
          `HTTP/1.1 302 Found\r\nLocation: ${location}\r\nContent-Length: 0\r\n\r\n`;
        expect(valuesOf(await scene.get(`${MODEL}/`), 'location')).to.deep.equal([]);
      });
    }
    it('and lets a redirect stay that stays below endpoints', async () => {
      for (const location of [
        `${MODEL}/v2/`,
        'next',
        'v2/jobs/7?x=1',
        '?page=2',
        '/previews/staging/hostile/a',
      ]) {
        scene.answer = () =>
          `HTTP/1.1 302 Found\r\nLocation: ${location}\r\nContent-Length: 0\r\n\r\n`;
        expect(valuesOf(await scene.get(`${MODEL}/`), 'location')).to.deep.equal([location]);
      }
    });
    it('and leaves what an answer needs', async () => {
      scene.answer = () =>
        'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nETag: "a"\r\nX-Creativeflow-Revision: digits-v2\r\nX-RateLimit-Remaining: 4\r\nCache-Control: no-store\r\nContent-Length: 2\r\n\r\n{}';
      const answer = await scene.get(`${MODEL}/`);
      guarded(answer, 'json');
      for (const name of [
        'etag',
        'x-creativeflow-revision',
        'x-ratelimit-remaining',
        'cache-control',
      ])
        expect(valuesOf(answer, name), name).to.have.length(1);
      expect(valuesOf(answer, 'content-type')).to.deep.equal(['application/json']);
    });
  });

  it('opens no tunnel, whoever asks for one and whatever the model says', async () => {
    scene.answer = () =>
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nsecret';
    for (const protocol of ['websocket', 'WebSocket', 'h2c', 'creativeflow-upload', 'tcp']) {
      const answer = await scene.get(`${MODEL}/ws`, [
        `Upgrade: ${protocol}`,
        'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
        'Sec-WebSocket-Version: 13',
      ]);
      isProblem(answer, 400, 'no-upgrade', protocol);
      guarded(answer, protocol);
    }
    expect(scene.served).to.deep.equal([]);
  });

  describe('serves nothing else', () => {
    for (const path of [
      '/',
      '/app/',
      '/app/index.html',
      '/mlops/session',
      '/mlops/ws',
      '/mlops/endpoints',
      '/odoo',
      '/web/login',
      '/websocket',
      '/jsonrpc',
      '/health/ready',
      '/metrics',
      '/_problem/404',
      '/_problem/preflight',
      '/endpoints',
      '/previews',
      '/endpointsx/',
      '/Endpoints/x',
      '/x/endpoints/y',
      '/endpoints/../app/',
      '/endpoints/%2e%2e/mlops/session',
      '/favicon.ico',
      '/docs/problems.md',
      '//app/',
    ]) {
      it(path, async () => {
        const answer = await scene.get(path);
        isProblem(answer, 404, 'no-such-path', path);
        guarded(answer, path);
        expect([scene.served, scene.app]).to.deep.equal([[], []]);
      });
    }
  });

  describe('lets pages of the origins in ENDPOINTS_CORS_ORIGINS read, and no others', () => {
    const preflight = (origin: string): Promise<RawAnswer> =>
      scene.raw(
        scene.ports.nginxEndpoints,
        `OPTIONS ${MODEL}/infer HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: ${origin}\r\nAccess-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: content-type\r\nConnection: close\r\n\r\n`,
      );
    for (const origin of [
      'null',
      'https://evil.example',
      'https://shop.example.evil',
      'http://shop.example',
      'https://127.0.0.1:18443',
      'https://SHOP.example/',
      '*',
    ]) {
      it(`not ${origin}`, async () => {
        const asked = await preflight(origin);
        isProblem(asked, 403, 'cors-closed', origin);
        guarded(asked, origin);
        guarded(await scene.get(`${MODEL}/`, [`Origin: ${origin}`]), origin);
      });
    }
    it('those named may, without credentials', async () => {
      for (const answer of [
        await preflight('https://shop.example'),
        await scene.get(`${MODEL}/`, ['Origin: https://shop.example']),
      ]) {
        expect(valuesOf(answer, 'access-control-allow-origin')).to.deep.equal([
          'https://shop.example',
        ]);
        expect(valuesOf(answer, 'vary')).to.deep.equal(['Origin']);
        expect(valuesOf(answer, 'access-control-allow-credentials')).to.deep.equal([]);
        expect(valuesOf(answer, 'content-security-policy')).to.deep.equal([SERVED_POLICY]);
      }
      expect((await preflight('https://shop.example')).status).to.equal(204);
      expect(scene.served, 'nginx answers itself').to.have.length(1);
    });
  });

  it('guards the answer when nobody stands behind it, when the body is too large, and when the answer is none', async () => {
    const large = await scene.raw(
      scene.ports.nginxEndpoints,
      `POST ${MODEL}/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 99999999\r\n\r\n`,
    );
    isProblem(large, 413, 'request-too-large');
    guarded(large, 'too large');
    for (const broken of [
      '',
      'HTTP/1.1 ',
      '\u0000\u0001',
      '<script>evil()</script>',
      '\r\nSet-Cookie: a=b\r\n\r\n',
      'HTTP/1.1 200 OK\r\nX',
    ]) {
      scene.answer = () => broken;
      const answer = await scene.get(`${MODEL}/`);
      if (broken.startsWith('HTTP') || broken === '') guarded(answer, JSON.stringify(broken));
      else expect(answer.text, 'nothing without a head').to.equal('');
    }
  });

  it('is at a name below localhost, too', async () => {
    for (const name of ['endpoints.localhost', 'localhost']) {
      expect(
        (await scene.get(`${MODEL}/`, [`Host: ${name}:${scene.ports.nginxEndpoints}`])).status,
        name,
      ).to.equal(200);
    }
    expect(scene.served.map(({ headers }) => headers['host'])).to.deep.equal([
      '127.0.0.1',
      '127.0.0.1',
    ]);
  });
});
