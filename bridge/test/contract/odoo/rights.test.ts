import { expect } from 'chai';
import { readStackFacts, type StackFacts } from '../../../../stack/facts.ts';
import { Odoo } from '../../../src/adapters/odoo/odoo.ts';
import { openOutbox, type PostgresOutbox } from '../../../src/adapters/postgres/outbox.ts';
import { systemClock } from '../../../src/clock.ts';
import { IdentityCache } from '../../../src/http/identity-cache.ts';
import { createLog } from '../../../src/log.ts';
import type { Caller } from '../../../src/services/ports/odoo.ts';
import { OdooEntrance } from '../../../../e2e/odoo.ts';
import { until } from '../storage/tus-client.ts';

const KEPT_MS = 3_600_000;

describe('Rights that are taken', function () {
  this.timeout(60_000);
  let facts: StackFacts;
  let odoo: Odoo;
  let outboxes: PostgresOutbox[];
  let mia: OdooEntrance;
  const team = `Rights ${Date.now()}`;

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
    outboxes = [1, 2].map(() => openOutbox(facts.outboxUrl, createLog('silent')));
    mia = new OdooEntrance('mia');
  });
  after(() => Promise.all([...outboxes.map((one) => one.close()), odoo.close(), mia.close()]));

  it('are known on every bridge as soon as the transaction is over, however long an answer is believed', async () => {
    const answer = await odoo.login('vera', facts.passwords['vera']!, undefined, '10.9.8.7');
    if (!('cookie' in answer)) throw new Error('vera was asked for a second factor');
    const caller: Caller = { kind: 'session', cookie: answer.cookie };
    const { uid } = await odoo.whoami(caller);
    const told: (number | null)[][] = [[], []];
    const bridges = outboxes.map((outbox, index) => {
      outbox.onRights((whose) => told[index]!.push(whose));
      return new IdentityCache((who) => odoo.whoami(who), systemClock, outbox);
    });
    await until(() => outboxes.every((one) => one.attentive()));
    const teams = (): Promise<number[][]> =>
      Promise.all(
        bridges.map(async (one) => (await one.whoami({ caller, name: 'vera' }, KEPT_MS)).teamIds),
      );
    await teams();

    const id = await mia.press<number>('mlops.team', 'create', [
      { name: team, member_ids: [[4, uid]] },
    ]);
    try {
      await until(() => told.every((whose) => whose.includes(uid)));
      await until(async () => (await teams()).every((one) => one.includes(id)));
      told.forEach((whose) => (whose.length = 0));
      await mia.press('mlops.team', 'write', [[id], { member_ids: [[3, uid]] }]);
      await until(() => told.every((whose) => whose.includes(uid)));
      await until(async () => (await teams()).every((one) => !one.includes(id)));
    } finally {
      await mia.press('mlops.team', 'unlink', [[id]]);
      await odoo.logout(caller);
    }
    expect(outboxes.map((one) => one.attentive())).to.deep.equal([true, true]);
  });
});
