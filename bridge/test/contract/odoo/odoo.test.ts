import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createHmac, randomBytes, randomInt } from 'node:crypto';
import { expect } from 'chai';
import pg from 'pg';
import { until } from '../storage/tus-client.ts';
import { readStackFacts, type StackFacts } from '../../../../stack/facts.ts';
import { OdooClient } from '../../../src/adapters/odoo/client.ts';
import { Odoo } from '../../../src/adapters/odoo/odoo.ts';
import { OdooWire } from '../../../src/adapters/odoo/wire.ts';
import { systemClock } from '../../../src/clock.ts';
import { Whoami } from '../../../src/contract/requests.ts';
import { ModelPage } from '../../../src/contract/version.ts';
import { BridgeError } from '../../../src/errors.ts';
import type { Caller } from '../../../src/services/ports/odoo.ts';

const TOTP_STEP_SECONDS = 30;

describe('Odoo of the stack', function () {
  this.timeout(30_000);
  let facts: StackFacts;
  let odoo: Odoo;
  /** Odoo slows an address down that fails often: each run comes from another. */
  const address = `10.${randomInt(256)}.${randomInt(256)}.${randomInt(1, 255)}`;

  before(() => {
    facts = readStackFacts();
    odoo = new Odoo(
      {
        url: facts.odooUrl,
        database: facts.odooDatabase,
        serviceConnections: 2,
        serviceKey: facts.bridgeKey,
      },
      systemClock,
    );
  });
  after(() => odoo.close());

  const sessionOf = async (login: string): Promise<Caller & { kind: 'session' }> => {
    const answer = await odoo.login(login, facts.passwords[login]!, undefined, address);
    if (!('cookie' in answer)) throw new Error(`${login} was asked for a second factor`);
    return { kind: 'session', cookie: answer.cookie, forwardedFor: address };
  };
  const failure = async (call: Promise<unknown>): Promise<BridgeError> => {
    const error: unknown = await call.then(
      () => null,
      (reason: unknown) => reason,
    );
    expect(error).to.be.instanceOf(BridgeError);
    return error as BridgeError;
  };

  it('opens a session that is the person, and ends it', async () => {
    const ada = await sessionOf('ada');
    const whoami = Whoami.parse(await odoo.whoami(ada));
    expect(whoami.login).to.equal('ada');
    expect(whoami.roles).to.include('data_scientist');
    expect(whoami.companyIds).not.to.be.empty;
    ModelPage.parse(await odoo.call(ada, 'mlops.model', 'list_page', { limit: 2 }));
    await odoo.logout(ada);
    expect(await failure(odoo.whoami(ada))).to.include({ status: 401, code: 'session-ended' });
  });

  it('refuses a wrong password and an unknown login alike', async () => {
    const wrong = await failure(odoo.login('ada', 'not it', undefined, address));
    const unknown = await failure(odoo.login('nobody-here', 'not it', undefined, address));
    expect(wrong).to.include({ status: 401, code: 'login-refused' });
    expect(unknown).to.include({ status: 401, code: 'login-refused', message: wrong.message });
  });

  it('knows its own account and keys of others, and refuses what is no key', async () => {
    expect((await odoo.whoami({ kind: 'service' })).roles).to.deep.equal(['bridge']);
    expect((await odoo.whoami({ kind: 'key', key: facts.n8nKey })).login).to.equal('n8n');
    expect(
      await failure(odoo.whoami({ kind: 'key', key: randomBytes(20).toString('hex') })),
    ).to.include({ status: 401, code: 'login-needed' });
  });

  it('gives Forbidden, NotFound and Invalid the same on both protocols, without a traceback', async () => {
    const vera = await sessionOf('vera');
    const ada = await sessionOf('ada');
    const approve = { version_id: 1, target: 'staging' };
    for (const caller of [vera, { kind: 'service' }] as Caller[]) {
      expect(
        await failure(odoo.call(caller, 'mlops.model.version', 'approve_deployment', approve)),
      ).to.include({ status: 403, code: 'forbidden' });
    }
    const unreceipted = {
      idempotencyKey: randomBytes(8).toString('hex'),
      name: 'without a receipt',
      version: '1',
      artifacts: [],
    };
    const errors = [
      await failure(
        odoo.call(vera, 'mlops.model.version', 'detail', { version_id: 2_000_000_000 }),
      ),
      await failure(
        odoo.call({ kind: 'service' }, 'mlops.model.version', 'work', {
          version_id: 2_000_000_000,
        }),
      ),
      await failure(odoo.call(ada, 'mlops.model', 'register_version', { payload: unreceipted })),
    ];
    expect(errors.map((error) => `${error.status} ${error.code}`)).to.deep.equal([
      '404 not-found',
      '404 not-found',
      '422 refused',
    ]);
    for (const error of errors) expect(error.message).not.to.match(/Traceback|\.py/);
    await Promise.all([odoo.logout(vera), odoo.logout(ada)]);
  });

  it('serves the helpers of odoo-await through a session and through a key alike', async () => {
    const wire = new OdooWire({
      url: facts.odooUrl,
      database: facts.odooDatabase,
      serviceConnections: 2,
    });
    const ada = await sessionOf('ada');
    try {
      for (const caller of [ada, { kind: 'key', key: facts.n8nKey }] as Caller[]) {
        const client = new OdooClient(wire, caller, {
          baseUrl: facts.odooUrl,
          db: facts.odooDatabase,
          serviceKey: 'unused',
        });
        await client.connect();
        const rows = (await client.searchRead('mlops.endpoint', [['id', '>', 0]], ['name'])) as {
          id: number;
          name: string;
        }[];
        const ids = (await client.search('mlops.endpoint', [['id', '>', 0]])) as number[];
        expect(rows.map((row) => row.id)).to.have.members(ids);
        expect(await client.getFields('mlops.endpoint', ['type'])).to.have.nested.property(
          'is_available.type',
          'boolean',
        );
      }
    } finally {
      await odoo.logout(ada);
      await wire.close();
    }
  });

  it('makes a change again at once that collided with another transaction', async () => {
    const mia = await sessionOf('mia');
    const open = async (): Promise<pg.Client> => {
      const client = new pg.Client({
        connectionString: facts.postgresAdminUrl.replace(/\/postgres$/, `/${facts.odooDatabase}`),
      });
      await client.connect();
      return client;
    };
    const wire = new OdooWire({
      url: facts.odooUrl,
      database: facts.odooDatabase,
      serviceConnections: 2,
    });
    const mias = new OdooClient(wire, mia, {
      baseUrl: facts.odooUrl,
      db: facts.odooDatabase,
      serviceKey: 'unused',
    });
    const [blocker, other] = [await open(), await open()];
    const log = join(facts.state, 'logs/odoo.log');
    const before = statSync(log).size;
    const name = `Collision ${randomBytes(6).toString('hex')}`;
    try {
      // the call has read its first row and waits before its insert; meanwhile a row that the
      // insert refers to changes
      await blocker.query('BEGIN; LOCK TABLE mlops_team IN SHARE MODE');
      const created = mias.create('mlops.team', { name });
      await until(
        async () =>
          (
            await other.query(
              `SELECT 1 FROM pg_locks WHERE relation = 'mlops_team'::regclass AND NOT granted`,
            )
          ).rowCount === 1,
      );
      await other.query(
        `BEGIN; SELECT 1 FROM res_company FOR UPDATE; UPDATE res_company SET write_date = now(); COMMIT`,
      );
      await blocker.query('COMMIT');
      const id = await created;
      expect(
        (await other.query('SELECT id FROM mlops_team WHERE name = $1', [name])).rows,
      ).to.deep.equal([{ id }]);
      await mias.delete('mlops.team', id);
      const said = readFileSync(log).subarray(before).toString();
      expect(said)
        .to.match(/collided with another transaction, again at once/)
        .and.not.match(/tries left, try again in/);
    } finally {
      await Promise.all([blocker.end(), other.end(), odoo.logout(mia)]);
      await wire.close();
    }
  });

  it('asks for the second factor, refuses a wrong code and takes the right one', async () => {
    const admin = await sessionOf('admin');
    const [login, password] = [
      `totp-${randomBytes(6).toString('hex')}`,
      randomBytes(12).toString('hex'),
    ];
    const key = randomBytes(20);
    const wire = new OdooWire({
      url: facts.odooUrl,
      database: facts.odooDatabase,
      serviceConnections: 2,
    });
    const admins = new OdooClient(wire, admin, {
      baseUrl: facts.odooUrl,
      db: facts.odooDatabase,
      serviceKey: 'unused',
    });
    const uid = await admins.create('res.users', { name: login, login, password });
    const database = new pg.Client({
      connectionString: facts.postgresAdminUrl.replace(/\/postgres$/, `/${facts.odooDatabase}`),
    });
    await database.connect();
    try {
      await database.query('UPDATE res_users SET totp_secret = $1 WHERE id = $2', [
        base32(key),
        uid,
      ]);
      expect(await odoo.login(login, password, undefined, address)).to.deep.equal({
        totpRequired: true,
      });
      expect(await failure(odoo.login(login, password, wrongCode(key), address))).to.include({
        status: 401,
        code: 'totp-wrong',
      });
      const answer = await odoo.login(login, password, totp(key, 0), address);
      if (!('cookie' in answer)) throw new Error('no session after the right code');
      const { result } = await wire.rpc(
        '/web/session/get_session_info',
        {},
        { cookie: answer.cookie },
      );
      expect(result).to.include({ uid, username: login });
    } finally {
      await database.end();
      const people = await admins.search('res.partner', [['name', '=', login]]);
      await admins.update('res.users', uid, { active: false });
      await admins.delete('res.users', uid);
      for (const id of people) await admins.delete('res.partner', id);
      await odoo.logout(admin);
      await wire.close();
    }
  });
});

/** RFC 6238 with SHA-1 and six digits; `offset` in steps of 30 s. */
function totp(key: Buffer, offset: number): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 1000 / TOTP_STEP_SECONDS) + offset));
  const hash = createHmac('sha1', key).update(counter).digest();
  const at = hash.at(-1)! & 15;
  return String((hash.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

/** One that no neighbouring step would accept either. */
function wrongCode(key: Buffer): string {
  const near = new Set([-2, -1, 0, 1, 2].map((offset) => totp(key, offset)));
  return ['000000', '111111', '222222', '333333', '444444', '555555'].find(
    (code) => !near.has(code),
  )!;
}

function base32(bytes: Buffer): string {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  return bits
    .match(/.{5}/g)!
    .map((five) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'[parseInt(five, 2)])
    .join('');
}
