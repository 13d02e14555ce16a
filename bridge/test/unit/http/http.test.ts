import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import express from 'express';
import { NotFound } from '../../../src/errors.ts';
import { tryUrl } from '../../../src/services/endpoints/try-endpoint.ts';
import { person, startHttpApp, type App } from './http-app.ts';

const APP = { 'x-requested-with': 'creativeflow' };
const KEY = { authorization: 'Bearer ada' };

describe('the public listener', () => {
  let app: App;
  beforeEach(async () => {
    const broken = express.Router();
    broken.get('/mlops/broken', () => {
      throw new Error('secret detail');
    });
    app = await startHttpApp({ buildLog: broken });
  });
  afterEach(() => app.close());

  const ask = async (
    method: string,
    path: string,
    headers: Record<string, string> = {},
    body?: unknown,
  ) => {
    const answer = await fetch(app.url + path, {
      method,
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined
        ? {}
        : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await answer.text();
    return {
      status: answer.status,
      headers: answer.headers,
      body: (text ? JSON.parse(text) : null) as any,
    };
  };
  const login = async (): Promise<Record<string, string>> => {
    const { headers } = await ask('POST', '/mlops/session', APP, {
      login: 'ada',
      password: 'right',
    });
    return { cookie: headers.get('set-cookie')!.split(';')[0]! };
  };

  describe('problems', () => {
    it('names the unknown path, under the request id that was given', async () => {
      const { status, headers, body } = await ask('GET', '/mlops/nowhere', {
        'x-request-id': 'request-0001',
      });
      expect(status).to.equal(404);
      expect(headers.get('content-type')).to.match(/^application\/problem\+json/);
      expect(headers.get('x-request-id')).to.equal('request-0001');
      expect(body).to.include({
        code: 'no-such-path',
        requestId: 'request-0001',
        type: '/mlops/problems/no-such-path',
        instance: '/mlops/nowhere',
      });
      expect(body.detail).to.contain('GET /mlops/nowhere');
    });
    it('replaces a request id that could break a log line', async () => {
      const { headers } = await ask('GET', '/mlops/nowhere', { 'x-request-id': 'a b"c\\d e f g' });
      expect(headers.get('x-request-id')).to.match(/^[0-9a-f-]{36}$/);
    });
    it('names each bad field', async () => {
      const { status, body } = await ask('GET', '/mlops/models?limit=0&order=odd', KEY);
      expect(status).to.equal(422);
      expect(body.errors.map((error: any) => error.field)).to.have.members(['limit', 'order']);
    });
    it('answers 400 to broken JSON, 413 to a large body, 400 to a broken address', async () => {
      expect((await ask('POST', '/mlops/session', APP, '{"login":')).body).to.include({
        status: 400,
        code: 'invalid-json',
      });
      expect(
        (await ask('POST', '/mlops/session', APP, { login: 'x'.repeat(1100 * 1024) })).body,
      ).to.include({ status: 413, code: 'body-too-large' });
      expect((await ask('GET', '/mlops/models/%E0%A4%A', KEY)).body).to.include({
        status: 400,
        code: 'request-unreadable',
      });
    });
    it('keeps what is unknown to itself and logs it once', async () => {
      const { status, body } = await ask('GET', '/mlops/broken');
      expect(status).to.equal(500);
      expect(JSON.stringify(body)).not.to.contain('secret detail');
      const failures = app.logged.filter(({ event }) => event === 'http.failed');
      expect(failures).to.have.length(1);
      expect(failures[0]!.fields).to.include({
        requestId: body.requestId,
        reason: 'secret detail',
      });
    });
  });

  describe('session', () => {
    it('logs in with a cookie that scripts cannot read, and out for good', async () => {
      const { status, headers, body } = await ask('POST', '/mlops/session', APP, {
        login: 'ada',
        password: 'right',
      });
      expect([status, body.login]).to.deep.equal([200, 'ada']);
      const set = headers.get('set-cookie')!;
      for (const part of ['HttpOnly', 'Secure', 'SameSite=Strict', 'Path=/', 'Max-Age=604800'])
        expect(set).to.contain(part);
      expect(set, 'the cookie of Odoo stays here').not.to.contain('session_id');
      const cookie = { cookie: set.split(';')[0]! };
      expect((await ask('GET', '/mlops/session', cookie)).status).to.equal(200);
      const out = await ask('DELETE', '/mlops/session', { ...cookie, ...APP });
      expect(out.status).to.equal(204);
      expect(out.headers.get('set-cookie')).to.contain('Max-Age=0');
      expect([...app.odoo.ended]).to.deep.equal(['session_id=ada']);
      expect((await ask('GET', '/mlops/session', cookie)).body).to.include({
        status: 401,
        code: 'login-needed',
      });
      expect(
        (await ask('DELETE', '/mlops/session', { ...cookie, ...APP })).status,
        'a second time',
      ).to.equal(204);
    });
    it('asks for the second factor', async () => {
      expect(
        (await ask('POST', '/mlops/session', APP, { login: 'mia', password: 'right' })).body,
      ).to.include({ status: 401, code: 'totp-required' });
      expect(
        (
          await ask('POST', '/mlops/session', APP, {
            login: 'mia',
            password: 'right',
            totp: '123456',
          })
        ).status,
      ).to.equal(200);
    });
    it('stops guessing, also when the password is right at last', async () => {
      for (let i = 0; i < 3; i++)
        expect(
          (await ask('POST', '/mlops/session', APP, { login: 'ada', password: 'wrong' })).status,
        ).to.equal(401);
      const { headers, body } = await ask('POST', '/mlops/session', APP, {
        login: 'ada',
        password: 'right',
      });
      expect(body).to.include({ status: 429, code: 'login-throttled' });
      expect(headers.get('retry-after')).to.equal('60');
    });
    it('keeps the cookie that Odoo rotates, and uses it in the same request', async () => {
      const cookie = await login();
      const used: string[] = [];
      app.odoo.methods['mlops.model.version.detail'] = (_kwargs, caller) => {
        used.push(caller.kind === 'session' ? caller.cookie : '');
        return { id: 3, model: { id: 2 } };
      };
      app.odoo.methods['mlops.event.list_page'] = app.odoo.methods['mlops.model.version.detail']!;
      app.odoo.rotateTo = 'session_id=ada.2';
      expect((await ask('GET', '/mlops/models/2/versions/3/events', cookie)).status).to.equal(200);
      expect(used).to.deep.equal(['session_id=ada.2', 'session_id=ada.2']);
      expect([...app.sessions.records.values()].map((record) => record.odooCookie)).to.deep.equal([
        'session_id=ada.2',
      ]);
    });
  });

  it('refuses what changes something with a cookie and without the header of the app, and lets a key pass', async () => {
    const cookie = await login();
    const path = '/mlops/models/2/versions/3/rescan';
    app.odoo.methods['mlops.model.version.rescan'] = () => ({
      status: 'Validating',
      lockVersion: 2,
    });
    expect((await ask('POST', path, cookie, {})).body).to.include({ status: 403, code: 'csrf' });
    expect(app.odoo.calls).to.deep.equal([]);
    expect((await ask('POST', path, { ...cookie, ...APP }, { seen: 1 })).status).to.equal(202);
    expect((await ask('POST', path, KEY, {})).status).to.equal(202);
    expect((await ask('DELETE', '/mlops/session', cookie)).body).to.include({ code: 'csrf' });
  });

  it('does not act on a version of another model', async () => {
    app.odoo.methods['mlops.model.version.rescan'] = ({ of }) => {
      if (of !== 9) throw new NotFound('Version not found.', { code: 'not-found' });
      return {};
    };
    expect((await ask('POST', '/mlops/models/2/versions/3/rescan', KEY, {})).body).to.include({
      status: 404,
      code: 'not-found',
    });
    expect(app.odoo.calls).to.deep.equal([
      { name: 'mlops.model.version.rescan', kwargs: { version_id: 3, of: 2 } },
    ]);
  });

  it('shows of the journal what the person may see, and says how far it has read', async () => {
    app.odoo.people['ada'] = person('ada', { teamIds: [5] });
    const event = (position: number, more: object = {}) => ({
      position,
      id: position,
      at: '2026-01-01T00:00:00Z',
      topic: 'version.status',
      companyId: 1,
      teamId: null,
      modelId: 2,
      versionId: 3,
      deploymentId: null,
      endpointId: null,
      command: null,
      payload: {},
      ...more,
    });
    app.journal.push(
      event(1),
      event(2, { companyId: 2 }),
      event(3, { teamId: 6 }),
      event(4, { teamId: 5 }),
      event(5, { command: 'scan' }),
    );
    const all = await ask('GET', '/mlops/events', KEY);
    expect(all.body.items.map((item: any) => item.position)).to.deep.equal([1, 4]);
    expect(all.body.position, 'the last one looked at').to.equal(5);
    const first = await ask('GET', '/mlops/events?limit=1', KEY);
    expect([first.body.items.length, first.body.position]).to.deep.equal([1, 1]);
    expect((await ask('GET', `/mlops/events?after=${all.body.position}`, KEY)).body).to.deep.equal({
      items: [],
      position: 5,
    });
    expect((await ask('GET', '/mlops/events')).status).to.equal(401);
  });

  it('describes itself as OpenAPI 3.1 with every reference resolved', async () => {
    const { body } = await ask('GET', '/mlops/openapi.json');
    expect(body.openapi).to.equal('3.1.0');
    for (const [, name] of JSON.stringify(body.paths).matchAll(/#\/components\/schemas\/(\w+)/g))
      expect(body.components.schemas).to.have.property(name!);
  });
});

describe('health', () => {
  it('is ready only when every part is, and names the one that is not', async () => {
    const app = await startHttpApp({
      parts: [
        { name: 'odoo', check: async () => undefined },
        {
          name: 'redis',
          check: () => {
            throw new Error('is away');
          },
        },
      ],
    });
    try {
      const answer = await fetch(`${app.url}/health/ready`);
      expect(answer.status).to.equal(503);
      expect(await answer.json()).to.deep.equal({
        status: 'not ready',
        parts: { odoo: 'ok', redis: 'is away' },
      });
      expect((await fetch(`${app.url}/health/live`)).status).to.equal(200);
    } finally {
      await app.close();
    }
  });
});

describe('trying an endpoint', () => {
  const url = 'https://mlops.example:18443/endpoints/production/digits';
  const target = (path: string): string => tryUrl('http://127.0.0.1:18080', url, path).href;

  it('goes to the path of the endpoint at the gateway', () => {
    expect(target('/')).to.equal('http://127.0.0.1:18080/endpoints/production/digits/');
    expect(target('/v2/models/digits/infer?next=//a/../b')).to.equal(
      'http://127.0.0.1:18080/endpoints/production/digits/v2/models/digits/infer?next=//a/../b',
    );
  });
  for (const path of [
    '/../other',
    '/a/../../other',
    '/./x',
    '//evil.example/',
    '/a//b',
    'http://evil.example/',
    '@evil.example/',
    '/%2e%2e/other',
    '/%252e%252e/x',
    '/a%2fb',
    '/a\\b',
    '/..%5cother',
    '/.\t./other',
    '/.\n./x',
    '',
  ]) {
    it(`refuses ${JSON.stringify(path)}`, () => {
      expect(() => target(path))
        .to.throw()
        .with.property('code', 'path-leaves-endpoint');
    });
  }
  it('refuses an endpoint that would be the whole gateway', () => {
    expect(() => tryUrl('http://127.0.0.1:18080', 'https://mlops.example/', '/x'))
      .to.throw()
      .with.property('code', 'endpoint-address');
  });

  it("tells the traffic of an endpoint's own versions in its own namespace, as far as it was counted", async () => {
    const counters = (requests: number) => ({ requests, errors: 0, buckets: [] });
    const sample = (minute: number, requests: number) => ({
      at: new Date(Date.UTC(2026, 0, 1, 9, minute)),
      counters: new Map([
        ['prod-digits-v4', counters(requests)],
        ['staging-digits-v4', counters(900 * minute)],
        ['prod-digits-v5', counters(900 * minute)],
      ]),
    });
    for (const [traffic, expected] of [
      [
        { samples: [sample(0, 100), sample(1, 140)] },
        {
          isCounted: true,
          since: '2026-01-01T09:00:00.000Z',
          minutes: [
            { at: '2026-01-01T09:01:00.000Z', seconds: 60, requests: 40, errors: 0, p95Ms: null },
          ],
          versions: [{ versionId: 4, version: '1.0.0', requests: 40, errors: 0 }],
        },
      ],
      [{ samples: [] }, { isCounted: true, since: null, minutes: [], versions: [] }],
      [null, { isCounted: false, since: null, minutes: [], versions: [] }],
    ] as const) {
      const app = await startHttpApp({ traffic });
      app.odoo.methods['mlops.endpoint.served_by'] = ({ endpoint_id: id }) => ({
        namespace: 'prod',
        versions: id === 7 ? [{ versionId: 4, version: '1.0.0', slug: 'digits' }] : [],
      });
      expect(
        await (await fetch(`${app.url}/mlops/endpoints/7/traffic`, { headers: KEY })).json(),
      ).to.deep.equal(expected);
      await app.close();
    }
  });

  it('brings back the answer, also an error of the model, and refuses one that is too large', async () => {
    const gateway: Server = createServer((request, response) => {
      if (request.url!.endsWith('/large')) return void response.end(Buffer.alloc(1024 * 1024 + 1));
      response
        .writeHead(418, { 'content-type': 'application/json' })
        .end(JSON.stringify({ at: request.url }));
    });
    await new Promise<void>((resolve) => gateway.listen(0, '127.0.0.1', resolve));
    const app = await startHttpApp({
      gatewayUrl: `http://127.0.0.1:${(gateway.address() as AddressInfo).port}`,
    });
    try {
      app.odoo.methods['mlops.endpoint.list_page'] = ({ offset }) => ({
        total: 501,
        items: offset === 500 ? [{ id: 4, name: 'digits', url }] : [{ id: 1 }],
      });
      const attempt = async (path: string) => {
        const answer = await fetch(`${app.url}/mlops/endpoints/4/try`, {
          method: 'POST',
          headers: { ...KEY, 'content-type': 'application/json' },
          body: JSON.stringify({ path }),
        });
        return (await answer.json()) as Record<string, unknown>;
      };
      const answer = await attempt('/v2');
      expect(answer).to.include({ status: 418, contentType: 'application/json' });
      expect(answer['body']).to.deep.equal({ at: '/endpoints/production/digits/v2' });
      expect(await attempt('/large')).to.include({ code: 'answer-too-large' });
    } finally {
      await app.close();
      gateway.closeAllConnections();
      gateway.close();
    }
  });
});
