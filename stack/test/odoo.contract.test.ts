import { expect } from 'chai';
import { Client } from 'pg';
import { readStackFacts, type StackFacts } from '../facts.ts';

/** What the stack puts into Odoo and PostgreSQL. Needs `npm run stack -- up odoo`. */
describe('what is seeded', function () {
  this.timeout(60_000);
  let facts: StackFacts;
  before(() => {
    facts = readStackFacts();
  });

  async function logIn(login: string): Promise<{ company: string; roles: string[] }> {
    const body = (params: object): string =>
      JSON.stringify({ jsonrpc: '2.0', method: 'call', id: 1, params });
    const post = async (
      path: string,
      params: object,
      cookie = '',
    ): Promise<{ answer: { result?: never }; cookie: string }> => {
      const reply = await fetch(`${facts.odooUrl}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', cookie },
        body: body(params),
      });
      return {
        answer: (await reply.json()) as { result?: never },
        cookie: /session_id=[^;]+/.exec(reply.headers.get('set-cookie') ?? '')?.[0] ?? cookie,
      };
    };
    const { answer, cookie } = await post('/web/session/authenticate', {
      db: facts.odooDatabase,
      login,
      password: facts.passwords[login],
    });
    const session = answer.result as unknown as
      | {
          user_companies: {
            current_company: number;
            allowed_companies: Record<string, { name: string }>;
          };
        }
      | undefined;
    if (!session) throw new Error(`${login} could not log in: ${JSON.stringify(answer)}`);
    const who = await post(
      '/web/dataset/call_kw',
      { model: 'mlops.model', method: 'whoami', args: [], kwargs: {} },
      cookie,
    );
    const { current_company, allowed_companies } = session.user_companies;
    return {
      company: allowed_companies[current_company]!.name,
      roles: (who.answer.result as unknown as { roles: string[] }).roles,
    };
  }

  it('lets each person in, in the role and company that is theirs', async () => {
    const home: Record<string, [company: string, role: string]> = {
      ada: ['CreativeFlow', 'data_scientist'],
      ben: ['CreativeFlow', 'approver'],
      mia: ['CreativeFlow', 'manager'],
      vera: ['CreativeFlow', 'viewer'],
      olga: ['Other Ltd', 'manager'],
    };
    for (const [login, [company, role]] of Object.entries(home)) {
      const { roles, ...found } = await logIn(login);
      expect(found, login).to.deep.equal({ company });
      expect(roles, login).to.include(role);
    }
    expect((await logIn('vera')).roles).to.deep.equal(['viewer']);
  });

  it('gives the services keys that work, and no password', async () => {
    for (const [key, expected] of [
      [facts.bridgeKey, 'bridge'],
      [facts.n8nKey, 'n8n'],
    ] as const) {
      const context = await fetch(`${facts.odooUrl}/json/2/res.users/context_get`, {
        method: 'POST',
        headers: {
          authorization: `bearer ${key}`,
          'content-type': 'application/json',
          'x-odoo-database': facts.odooDatabase,
        },
        body: '{}',
      });
      expect(context.status, expected).to.equal(200);
    }
    const database = await connect(
      facts.postgresAdminUrl.replace(/\/postgres$/, `/${facts.odooDatabase}`),
    );
    const { rows } = await database.query<{ login: string; password: string | null }>(
      "SELECT login, password FROM res_users WHERE login IN ('bridge', 'n8n') ORDER BY login",
    );
    await database.end();
    expect(rows).to.deep.equal([
      { login: 'bridge', password: null },
      { login: 'n8n', password: null },
    ]);
  });

  it('lets the outbox role read the journal and mark what it did, and nothing else', async () => {
    const database = await connect(facts.outboxUrl);
    const refusal = (sql: string): Promise<string> =>
      database.query(sql).then(
        () => 'allowed',
        (error: { code: string }) => error.code,
      );
    const DENIED = '42501';
    expect(await refusal('SELECT * FROM mlops_event LIMIT 1')).to.equal('allowed');
    expect(
      await refusal('UPDATE mlops_event SET dispatched_at = dispatched_at WHERE false'),
    ).to.equal('allowed');
    expect(await refusal('LISTEN mlops_event')).to.equal('allowed');
    for (const sql of [
      "UPDATE mlops_event SET topic = '' WHERE false",
      'DELETE FROM mlops_event WHERE false',
      'INSERT INTO mlops_event (topic) VALUES (1)',
      'SELECT * FROM res_users',
      'SELECT * FROM mlops_model_version',
      'CREATE TABLE t (i int)',
    ]) {
      expect(await refusal(sql), sql).to.equal(DENIED);
    }
    await database.end();
  });

  async function connect(connectionString: string): Promise<Client> {
    const client = new Client({ connectionString });
    await client.connect();
    return client;
  }
});
