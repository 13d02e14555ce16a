import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { Odoo } from '../../../../src/adapters/odoo/odoo.ts';
import { BridgeError } from '../../../../src/errors.ts';
import type { Caller } from '../../../../src/services/ports/odoo.ts';

interface Reply {
  status?: number;
  cookie?: string;
  body: unknown;
}
const fault = (name: string, message: string) => ({
  name,
  message,
  debug: 'Traceback: File "/usr/lib/odoo/server.py"',
});
const stale = (): Reply => {
  const data = {
    ...fault('odoo.exceptions.UserError', 'A newer one.'),
    context: { code: 'stale' },
  };
  return { body: { jsonrpc: '2.0', error: { code: 0, message: 'Odoo Server Error', data } } };
};
const rpcFault = (name: string, message: string, code = 0): Reply => ({
  body: {
    jsonrpc: '2.0',
    error: { code, message: 'Odoo Server Error', data: fault(name, message) },
  },
});

describe('the Odoo adapter', () => {
  let server: Server;
  let odoo: Odoo;
  let asked: { path: string; headers: IncomingMessage['headers']; body: any }[];
  let replies: Reply[];
  let slept: number[];
  let held: Promise<void> | null;

  beforeEach(async () => {
    [asked, replies, slept, held] = [[], [], [], null];
    server = createServer(async (request, response) => {
      let text = '';
      for await (const chunk of request) text += String(chunk);
      asked.push({ path: request.url!, headers: request.headers, body: JSON.parse(text) });
      if (held && /(work|rollback)$/.test(request.url!)) await held;
      const { status = 200, cookie, body } = replies.length > 1 ? replies.shift()! : replies[0]!;
      // Odoo repeats the header
      if (cookie)
        response.setHeader('set-cookie', [
          `session_id=${cookie}; HttpOnly; Path=/`,
          `session_id=${cookie}; HttpOnly; Path=/`,
        ]);
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    odoo = new Odoo(
      {
        url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
        database: 'db',
        serviceKey: 'the-service-key',
        serviceConnections: 2,
      },
      { now: () => new Date(), sleep: async (ms) => void slept.push(ms) },
    );
  });
  afterEach(async () => {
    await odoo.close();
    server.closeAllConnections();
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
  });
  const failure = async (call: Promise<unknown>): Promise<BridgeError> => {
    const error: unknown = await call.then(
      () => null,
      (reason: unknown) => reason,
    );
    expect(error).to.be.instanceOf(BridgeError);
    return error as BridgeError;
  };

  it('calls as a session through call_kw, with the address of the person, their language and the request id', async () => {
    replies = [{ body: { jsonrpc: '2.0', result: { total: 0 } } }];
    const caller: Caller = {
      kind: 'session',
      cookie: 'session_id=a',
      forwardedFor: '198.51.100.7',
      lang: 'fr_FR',
    };
    expect(
      await odoo.call(caller, 'mlops.model', 'list_page', { limit: 3 }, 'request-0001'),
    ).to.deep.equal({ total: 0 });
    expect(asked[0]!.path).to.equal('/web/dataset/call_kw/mlops.model/list_page');
    expect(asked[0]!.headers).to.include({
      cookie: 'session_id=a',
      'x-forwarded-for': '198.51.100.7',
      'x-request-id': 'request-0001',
    });
    expect(asked[0]!.headers).not.to.have.property('authorization');
    expect(asked[0]!.body.params).to.deep.equal({
      model: 'mlops.model',
      method: 'list_page',
      args: [],
      kwargs: { limit: 3, context: { lang: 'fr_FR' } },
    });
  });

  for (const [caller, key] of [
    [{ kind: 'key', key: 'adas-key' }, 'adas-key'],
    [{ kind: 'service' }, 'the-service-key'],
  ] as [Caller, string][]) {
    it(`calls as a ${caller.kind} through /json/2 with named arguments`, async () => {
      replies = [{ body: null }];
      expect(await odoo.call(caller, 'mlops.model', 'whoami', { a: 1 })).to.equal(null);
      expect(asked[0]!.path).to.equal('/json/2/mlops.model/whoami');
      expect(asked[0]!.headers).to.include({
        authorization: `bearer ${key}`,
        'x-odoo-database': 'db',
      });
      expect(asked[0]!.headers).not.to.have.property('cookie');
      expect(asked[0]!.body).to.deep.equal({ a: 1 });
    });
  }

  it('lets no person wait behind its own work: that has few connections, and takes turns on them', async () => {
    let release!: () => void;
    held = new Promise((resolve) => (release = resolve));
    replies = [{ body: { jsonrpc: '2.0', result: 1 } }];
    const work = [1, 2, 3, 4, 5].map((id) =>
      odoo.call({ kind: 'service' }, 'mlops.deployment', 'work', { id }),
    );
    await odoo.call(
      { kind: 'session', cookie: 'session_id=a' },
      'mlops.model.version',
      'detail',
      {},
    );
    expect(asked.map(({ path }) => path.split('/').at(-1))).to.have.members([
      'work',
      'work',
      'detail',
    ]);
    release();
    await Promise.all(work);
    expect(asked).to.have.length(6);
  });

  it('begins nothing of its own while somebody rolls back, but does not wait for ever', async () => {
    let release!: () => void;
    held = new Promise((resolve) => (release = resolve));
    replies = [{ body: { jsonrpc: '2.0', result: 1 } }];
    const person: Caller = { kind: 'session', cookie: 'session_id=a' };
    const ended: string[] = [];
    const back = odoo
      .call(person, 'mlops.model.version', 'rollback', {})
      .then(() => ended.push('rollback'));
    const own = odoo
      .call({ kind: 'service' }, 'mlops.deployment', 'integrity_round', {})
      .then(() => ended.push('own'));
    await odoo.call(person, 'mlops.model.version', 'detail', {});
    expect(asked.map(({ path }) => path.split('/').at(-1))).to.deep.equal(['rollback', 'detail']);
    await own; // though the rollback hangs
    release();
    await back;
    expect(ended).to.deep.equal(['own', 'rollback']);
  });

  it('hands on a rotated cookie, and is silent about the same one', async () => {
    const seen: string[] = [];
    const caller: Caller = {
      kind: 'session',
      cookie: 'session_id=old',
      onCookie: (cookie) => void seen.push(cookie),
    };
    replies = [
      { cookie: 'old', body: { jsonrpc: '2.0', result: 1 } },
      { cookie: 'new', body: { jsonrpc: '2.0', result: 1 } },
    ];
    await odoo.call(caller, 'm', 'x', {});
    expect(seen).to.deep.equal([]);
    await odoo.call(caller, 'm', 'x', {});
    expect(seen).to.deep.equal(['session_id=new']);
  });

  it('tries a locked record again, and tells only then that somebody is busy with it', async () => {
    replies = [
      { status: 409, body: fault('odoo.exceptions.LockError', 'locked') },
      { status: 409, body: fault('odoo.exceptions.LockError', 'locked') },
      { body: { status: 'Live' } },
    ];
    expect(await odoo.call({ kind: 'service' }, 'm', 'x', {})).to.deep.equal({ status: 'Live' });
    expect(slept).to.have.length(2);
    replies = [rpcFault('odoo.exceptions.LockError', 'locked')];
    asked = [];
    expect(await failure(odoo.call({ kind: 'session', cookie: 'c' }, 'm', 'x', {}))).to.include({
      status: 409,
      code: 'busy',
    });
    expect(asked).to.have.length(4);
  });

  it('tries nothing else twice', async () => {
    replies = [stale()];
    expect(await failure(odoo.call({ kind: 'session', cookie: 'c' }, 'm', 'x', {}))).to.include({
      status: 409,
      code: 'stale',
    });
    expect(asked).to.have.length(1);
  });

  it('knows an ended session by its code', async () => {
    replies = [rpcFault('whatever', 'Odoo Session Expired', 100)];
    expect(await failure(odoo.call({ kind: 'session', cookie: 'c' }, 'm', 'x', {}))).to.include({
      status: 401,
      code: 'session-ended',
    });
  });

  it('lets no traceback through, on either protocol', async () => {
    for (const [caller, reply] of [
      [{ kind: 'service' }, { status: 500, body: fault('builtins.KeyError', 'x') }],
      [{ kind: 'session', cookie: 'c' }, rpcFault('builtins.KeyError', 'x')],
    ] as [Caller, Reply][]) {
      replies = [reply];
      const error = await failure(odoo.call(caller, 'm', 'x', {}));
      expect(error.code).to.equal('odoo-failed');
      expect(
        JSON.stringify([error, error.message, error.stack, String((error.cause as Error).stack)]),
      ).not.to.contain('Traceback');
    }
  });

  it('says that Odoo is away when nobody listens, and when a proxy answers for it', async () => {
    replies = [{ status: 502, body: 'Bad Gateway' }];
    expect(await failure(odoo.call({ kind: 'service' }, 'm', 'x', {}))).to.include({
      status: 503,
      code: 'odoo-unavailable',
    });
    server.closeAllConnections();
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
    const error = await failure(odoo.call({ kind: 'service' }, 'm', 'x', {}));
    expect(error).to.include({ status: 503, code: 'odoo-unavailable', retryAfterSeconds: 5 });
    server.listen(0, '127.0.0.1');
  });
});
