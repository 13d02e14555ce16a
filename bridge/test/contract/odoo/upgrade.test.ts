import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect } from 'chai';
import {
  dropDatabase,
  findLauncher,
  optionsFor,
  runOdoo,
} from '../../../../scripts/odoo-launcher.ts';
import { run } from '../../../../stack/run.ts';

const FOLDER = join(import.meta.dirname, 'upgrade');
const RELEASE = '19.0.1.0.0';
const DEADLINE_MS = 300_000;

/** What the seed left behind, by status; see upgrade/seed.py. */
const STATUSES: Record<string, number> = {
  Validating: 1,
  Validated: 2,
  ValidationFailed: 2,
  PendingStagingDeployment: 1,
  Staging: 1,
  StagingFailed: 1,
  PendingProdDeployment: 2,
  Live: 3,
  ProdFailed: 1,
  Superseded: 1,
  Archived: 1,
};

interface Seen {
  versions: Record<
    string,
    { status: string; code: string | false; detail: { status: string; actions: unknown[] } }
  >;
  waivers: string[];
  deployments: Record<string, [phase: string, desired: string, strategy: string]>;
  webhooks: string[];
  policies: number;
  production_environments: number;
}

describe(`a database of ${RELEASE} after an upgrade of the addon`, function () {
  this.timeout(DEADLINE_MS);
  const database = `upgrade_test_${process.pid}`;
  const launcher = findLauncher();
  const lines: string[] = [];
  let seen: Seen;

  before(async () => {
    await restore(launcher, database, join(FOLDER, `${RELEASE}.sql.gz`));
    const code = await odoo(['server', '-u', 'creativeflow_mlops', '--stop-after-init'], lines);
    expect(code, lines.slice(-20).join('\n')).to.equal(0);
    const shown: string[] = [];
    await odoo(['shell'], shown, readFileSync(join(FOLDER, 'inspect.py'), 'utf8'));
    const found = shown.find((line) => line.startsWith('SEEN '));
    expect(found, shown.slice(-20).join('\n')).to.not.equal(undefined);
    seen = JSON.parse(found!.slice('SEEN '.length)) as Seen;
  });

  after(() => dropDatabase(launcher, database));

  it('came up without an error in the log', () => {
    expect(lines.filter((line) => / (ERROR|CRITICAL) /.test(line))).to.deep.equal([]);
  });

  it('keeps every version at its status, and each opens', () => {
    const counts: Record<string, number> = {};
    for (const { status, detail } of Object.values(seen.versions)) {
      counts[status] = (counts[status] ?? 0) + 1;
      expect(detail.status).to.equal(status);
    }
    expect(counts).to.deep.equal(STATUSES);
  });

  it('has the code of each reason in a field of its own', () => {
    const codes = Object.values(seen.versions).map(({ code }) => code);
    expect([...new Set(codes.filter(Boolean))].sort()).to.deep.equal([
      'BuildFailed',
      'NeedsReview',
      'ScanBlocked',
    ]);
  });

  it('keeps the canary that is under way, and everything that serves', () => {
    const all = Object.values(seen.deployments);
    expect(all.filter(([, , strategy]) => strategy === 'canary')).to.deep.equal([
      ['Progressing', 'serving', 'canary'],
    ]);
    expect(
      all.filter(([phase, desired]) => phase === 'Ready' && desired === 'serving'),
    ).to.have.length(9);
  });

  it('keeps waivers and webhooks', () => {
    expect(seen.waivers).to.deep.equal(['accepted', 'requested']);
    expect(seen.webhooks).to.deep.equal(['https://n8n.test/hook']);
  });

  it('has a first snapshot of the policy of every production environment', () => {
    expect(seen.policies).to.equal(seen.production_environments);
  });

  async function odoo(args: string[], output: string[], input?: string): Promise<number> {
    const take = (line: string): void => void output.push(line);
    return runOdoo(launcher, [...args, ...(await optionsFor(database))], take, input);
  }
});

/** Creates the database with the rights of Odoo's own role and loads the dump into it. */
async function restore(launcher: string, database: string, dump: string): Promise<void> {
  const configuration = readFileSync(join(dirname(launcher), 'odoo.conf'), 'utf8');
  const setting = (name: string): string =>
    new RegExp(`^${name} = (.*)$`, 'm').exec(configuration)?.[1] ?? '';
  const env = {
    ...process.env,
    PGHOST: setting('db_host'),
    PGPORT: setting('db_port'),
    PGUSER: setting('db_user'),
    PGPASSWORD: setting('db_password'),
  };
  const load = (into: string, input: string): Promise<string> =>
    run('psql', ['-q', '-o', '/dev/null', '-v', 'ON_ERROR_STOP=1', '-d', into], { env, input });
  await load('postgres', `CREATE DATABASE ${database};`);
  await load(database, gunzipSync(readFileSync(dump)).toString());
}
