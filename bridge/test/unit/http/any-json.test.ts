import { expect } from 'chai';
import fc from 'fast-check';
import { loginCounters, networkOf } from '../../../src/http/login-counters.ts';
import { startHttpApp, type App } from './http-app.ts';

const KEY = { authorization: 'Bearer ada', 'content-type': 'application/json' };
const ODD = [
  '"\\u0000"',
  '"\\ud800"',
  '1e999',
  '12345678901234567890',
  `${'['.repeat(5000)}${']'.repeat(5000)}`,
  '{"a":1,"a":2}',
  `"${'x'.repeat(900_000)}"`,
];

/**
 * Every route of the real app, from its own document: a new one is in it without anybody thinking
 * of it.
 */
async function routesOf(app: App): Promise<{ method: string; path: string; fields: string[] }[]> {
  const document: any = await fetch(`${app.url}/mlops/openapi.json`).then((answer) =>
    answer.json(),
  );
  return Object.entries<any>(document.paths).flatMap(([path, operations]) =>
    Object.entries<any>(operations).map(([method, operation]) => {
      const named = JSON.stringify(operation.requestBody ?? {}).match(
        /#\/components\/schemas\/(\w+)/,
      )?.[1];
      const fields = Object.keys(document.components.schemas[named ?? '']?.properties ?? {});
      return { method: method.toUpperCase(), path: path.replace(/\{\w+\}/g, '1'), fields };
    }),
  );
}

describe('any JSON at any route', function () {
  this.timeout(300_000);
  let app: App;
  before(async () => {
    app = await startHttpApp();
  });
  after(() => app.close());

  const send = (method: string, path: string, body: string): Promise<Response> =>
    fetch(app.url + path, { method, headers: KEY, ...(method === 'GET' ? {} : { body }) });

  it('is never answered by 5xx but 503', async () => {
    const routes = await routesOf(app);
    expect(routes.length).to.be.greaterThan(20);
    for (const { method, path, fields } of routes) {
      const given = fc.oneof(
        fc.json({ maxDepth: 5 }),
        fc
          .dictionary(fc.constantFrom('x', ...fields), fc.jsonValue())
          .map((value) => JSON.stringify(value)),
      );
      await fc.assert(
        fc.asyncProperty(given, async (body) => {
          const { status } = await send(method, path, body);
          expect(status < 500 || status === 503, `${method} ${path} ${body} → ${status}`).to.equal(
            true,
          );
        }),
        { numRuns: 8 },
      );
    }
  });

  it('that cannot be kept is refused by 422 with the field, wherever a body is taken', async () => {
    for (const { method, path, fields } of await routesOf(app)) {
      if (fields.length === 0) continue;
      for (const odd of ODD.slice(0, 6)) {
        const answer = await send(method, path, `{"${fields[0]}":${odd}}`);
        const problem: any = await answer.json();
        if (problem.code === 'no-such-path') continue; // uploads are not mounted here
        expect(
          [answer.status, problem.errors?.length > 0],
          `${method} ${path} ${odd.slice(0, 30)}`,
        ).to.deep.equal([422, true]);
        expect(problem.errors[0].field).to.match(new RegExp(`^${fields[0]}`));
      }
    }
  });

  it('names login and password that are too long', async () => {
    for (const field of ['login', 'password']) {
      const answer = await send(
        'POST',
        '/mlops/session',
        JSON.stringify({ login: 'ada', password: 'right', [field]: 'x'.repeat(900_000) }),
      );
      const problem: any = await answer.json();
      expect([answer.status, problem.errors[0].field]).to.deep.equal([422, field]);
    }
  });

  it('is as odd in addresses, and refused there too', async () => {
    const addresses = [
      '/mlops/models?search=%00',
      '/mlops/models/%00',
      `/mlops/models?${'a=1&'.repeat(100)}`,
      `/mlops/models?search=${'w+'.repeat(99)}`,
      '/mlops/models/99999999999',
      '/mlops/models/1e999',
      '/mlops/models?offset=1e999',
    ];
    for (const address of addresses)
      expect((await send('GET', address, '')).status, address).to.equal(422);
  });
});

describe('what logins are counted by', () => {
  it('is one login however it is written', () => {
    const same = ['ada@x.org', ' Ada@X.org ', 'ADA@x.org', 'ad\u200ba@x.org', '\uff41da@x.org'];
    expect(new Set(same.map((login) => loginCounters(login, '1.2.3.4')[0])).size).to.equal(1);
  });
  it('is one network of IPv6, and IPv4 in each form', () => {
    expect(networkOf('2001:db8:1:2::1')).to.equal(networkOf('2001:0db8:1:2:ffff::9'));
    expect(networkOf('2001:db8:1:3::1')).not.to.equal(networkOf('2001:db8:1:2::1'));
    expect(networkOf('::ffff:1.2.3.4')).to.equal(networkOf('1.2.3.4'));
    expect(networkOf('garbage')).to.equal(networkOf(''));
  });
});

describe('guesses from one address', () => {
  it('stay counted when one of them succeeds', async () => {
    const app = await startHttpApp();
    const headers = { 'content-type': 'application/json', 'x-requested-with': 'creativeflow' };
    const tryLogin = async (login: string, password: string): Promise<number> =>
      (
        await fetch(`${app.url}/mlops/session`, {
          method: 'POST',
          headers,
          body: JSON.stringify({ login, password }),
        })
      ).status;
    const statuses = [];
    for (let n = 0; n < 20; n += 1) {
      statuses.push(await tryLogin(`victim${n}`, 'guess'));
      statuses.push(await tryLogin('ada', 'right'));
    }
    expect(statuses).to.include(429);
    await app.close();
  });
});
