import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { expect } from 'chai';
import { freePort } from '../../../../stack/free-port.ts';
import { readStackFacts } from '../../../../stack/facts.ts';
import { Odoo } from '../../../src/adapters/odoo/odoo.ts';
import { systemClock } from '../../../src/clock.ts';
import { BridgeError } from '../../../src/errors.ts';
import type { Caller } from '../../../src/services/ports/odoo.ts';
import { DatabaseProxy, type DatabaseState } from './database-proxy.ts';

const START_DEADLINE_MS = 90_000;
/** A login alone takes Odoo a quarter of a second of CPU, more on a busy machine. */
const CALL_DEADLINE_MS = 8_000;

/**
 * A second Odoo on the stack's database, whose way to PostgreSQL can be cut while the others work
 * on.
 */
describe('Odoo while PostgreSQL is away', () => {
  let proxy: DatabaseProxy;
  let process: ChildProcess;
  let odoo: Odoo;
  let cookie: string;

  before(async function () {
    this.timeout(START_DEADLINE_MS + 10_000);
    const facts = readStackFacts();
    proxy = new DatabaseProxy(facts.ports.postgres);
    const [database, http, gevent] = [await proxy.listen(), await freePort(), await freePort()];
    process = spawn(
      facts.odooLauncher,
      [
        `--db_port=${database}`,
        `--http-port=${http}`,
        `--gevent-port=${gevent}`,
        '--max-cron-threads=0',
        '--workers=0',
        '--logfile=',
        '--log-level=error',
      ],
      { stdio: 'ignore' },
    );
    odoo = new Odoo(
      {
        url: `http://127.0.0.1:${http}`,
        database: facts.odooDatabase,
        serviceKey: facts.bridgeKey,
        serviceConnections: 2,
        deadlineMs: CALL_DEADLINE_MS,
      },
      systemClock,
    );
    await until(START_DEADLINE_MS, () => codeOf(odoo.whoami({ kind: 'service' })), 'answered');
    const session = await odoo.login('mia', facts.passwords['mia']!, undefined, undefined);
    cookie = 'cookie' in session ? session.cookie : '';
  });
  after(async () => {
    process.kill('SIGKILL');
    await once(process, 'exit');
    await odoo.close();
    await proxy.close();
  });

  const callers = (): Record<string, Caller> => ({
    'a session': { kind: 'session', cookie },
    'the bridge': { kind: 'service' },
    'a key that is not good': { kind: 'key', key: '0' },
  });

  for (const state of ['refuses', 'resets', 'hangs'] as DatabaseState[]) {
    it(`is unavailable to everybody while it ${state}, and knows its sessions again afterwards`, async () => {
      await proxy.become(state);
      const asked: [string, Promise<unknown>][] = Object.entries(callers()).flatMap(
        ([who, caller]) => [
          [who, odoo.whoami(caller)],
          [
            `${who}, for a version`,
            odoo.call(caller, 'mlops.model.version', 'work', { version_id: 1 }),
          ],
        ],
      );
      asked.push(['a login', odoo.login('mia', 'whatever', undefined, undefined)]);
      const codes = await Promise.all(
        asked.map(async ([who, answer]) => `${who}: ${await codeOf(answer)}`),
      );
      expect(codes).to.deep.equal(asked.map(([who]) => `${who}: odoo-unavailable`));
      await proxy.become('up');
      await until(20_000, () => codeOf(odoo.whoami({ kind: 'session', cookie })), 'answered');
      expect(await codeOf(odoo.whoami({ kind: 'key', key: '0' }))).to.equal('login-needed');
    }).timeout(60_000);
  }
});

async function codeOf(asked: Promise<unknown>): Promise<string> {
  return asked.then(
    () => 'answered',
    (error: unknown) => (error instanceof BridgeError ? error.code : String(error)),
  );
}

async function until(
  deadlineMs: number,
  ask: () => Promise<string>,
  wanted: string,
): Promise<void> {
  const end = Date.now() + deadlineMs;
  for (;;) {
    const got = await ask();
    if (got === wanted) return;
    if (Date.now() > end) throw new Error(`still ${got} after ${deadlineMs} ms`);
    await systemClock.sleep(200);
  }
}
