import { expect } from 'chai';
import { readStackFacts, type StackFacts } from '../../../../stack/facts.ts';

interface Row {
  id: number;
  model: string;
  version: string;
  name: string;
  can_deploy: boolean;
}
interface Refusal {
  name: string;
  message: string;
  debug?: string;
}
interface Answer<T> {
  result?: T;
  refusal?: Refusal;
  status: number;
}

const VALIDATION = 'odoo.exceptions.ValidationError';

describe('the two versions of node Odoo of n8n, on Odoo of the stack', function () {
  this.timeout(30_000);
  let facts: StackFacts;
  let uid: number;

  /** Node v1: JSON-RPC, positional arguments, the key as password. */
  const v1 = async <T>(model: string, method: string, ...args: unknown[]): Promise<Answer<T>> => {
    return call('object', 'execute', [
      facts.odooDatabase,
      uid,
      facts.n8nKey,
      model,
      method,
      ...args,
    ]);
  };
  const call = async <T>(service: string, method: string, args: unknown[]): Promise<Answer<T>> => {
    const body = JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'call',
      params: { service, method, args },
    });
    const answer = await fetch(`${facts.odooUrl}/jsonrpc`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    });
    const { result, error } = (await answer.json()) as { result?: T; error?: { data: Refusal } };
    return {
      status: answer.status,
      ...(error ? { refusal: error.data } : { result: result as T }),
    };
  };
  /** Node v2: /json/2 with the key as bearer, named arguments. */
  const v2 = async <T>(model: string, method: string, named: object): Promise<Answer<T>> => {
    const headers = { authorization: `bearer ${facts.n8nKey}`, 'content-type': 'application/json' };
    const answer = await fetch(`${facts.odooUrl}/json/2/${model}/${method}`, {
      method: 'POST',
      headers,
      body: JSON.stringify(named),
    });
    const body: unknown = await answer.json();
    return answer.ok
      ? { status: answer.status, result: body as T }
      : { status: answer.status, refusal: body as Refusal };
  };

  before(async () => {
    facts = readStackFacts();
    uid = (await call<number>('common', 'login', [facts.odooDatabase, 'n8n', facts.n8nKey]))
      .result!;
    expect(uid).to.be.a('number');
  });

  it('lists exactly the models that the account may use', async () => {
    const wanted = ['mlops.endpoint', 'mlops.request', 'mlops.version.catalogue'];
    const fields = ['name', 'model', 'modules'];
    const listed = [
      await v1<{ model: string }[]>('ir.model', 'search_read', [], fields),
      await v2<{ model: string }[]>('ir.model', 'search_read', { domain: [], fields }),
    ];
    for (const { result } of listed)
      expect(result!.map(({ model }) => model).sort()).to.deep.equal(wanted);
  });

  it('describes the fields of each of them, and reads the catalogue', async () => {
    for (const model of ['mlops.endpoint', 'mlops.request', 'mlops.version.catalogue']) {
      const attributes = ['string', 'type', 'required', 'readonly', 'selection'];
      expect((await v1<object>(model, 'fields_get', [], attributes)).result).to.have.property(
        'display_name',
      );
      expect((await v2<object>(model, 'fields_get', { attributes })).result).to.have.property(
        'display_name',
      );
    }
    const { result: rows } = await v2<Row[]>('mlops.version.catalogue', 'search_read', {
      domain: [],
      limit: 5,
    });
    for (const row of rows!)
      expect(row)
        .to.include.keys('name', 'status', 'can_deploy')
        .and.not.have.any.keys('params', 'metrics', 'image_digest');
  });

  it('refuses what names no version with 422 and the field, without a fault of the server', async () => {
    for (const version_id of [
      '2000000000',
      'no such model 9.9',
      [2_000_000_000, 'x'],
      true,
      {},
      '\u0000',
      1.5,
      '9'.repeat(40),
    ]) {
      const wish = { action: 'promote', version_id };
      const second = await v2('mlops.request', 'create', { vals_list: [wish] });
      expect([second.status, second.refusal?.name], JSON.stringify(version_id)).to.deep.equal([
        422,
        VALIDATION,
      ]);
      expect(second.refusal?.message).to.match(/version_id/);
      const first = await v1('mlops.request', 'create', wish);
      expect(first.refusal?.name, JSON.stringify(version_id)).to.equal(VALIDATION);
      expect(first.refusal?.message).to.equal(second.refusal?.message);
    }
  });

  it('names the same version by number, digits, pair and text', async function () {
    // one that cannot be rolled back changes nothing: its request is refused by its state, and is
    // made anew each time
    const { result: rows } = await v2<Row[]>('mlops.version.catalogue', 'search_read', {
      domain: [['can_roll_back', '=', false]],
      limit: 1,
    });
    const row = rows?.[0];
    if (!row) return this.skip();
    for (const version_id of [
      row.id,
      String(row.id),
      [row.id, row.name],
      row.name,
      row.name.toUpperCase(),
    ]) {
      const wish = { action: 'Rollback', version_id };
      const ids = [
        (await v1<number>('mlops.request', 'create', wish)).result,
        ...(await v2<number[]>('mlops.request', 'create', { vals_list: [wish] })).result!,
      ];
      const { result: read } = await v2<{ state: string; version_id: [number, string] }[]>(
        'mlops.request',
        'read',
        { ids, fields: ['state', 'version_id'] },
      );
      expect(read!.map((one) => [one.state, one.version_id[0]])).to.deep.equal(
        ids.map(() => ['refused', row.id]),
      );
    }
  });
});
