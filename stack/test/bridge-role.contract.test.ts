import pg from 'pg';
import { expect } from 'chai';
import { readStackFacts } from '../facts.ts';

const INSUFFICIENT_PRIVILEGE = '42501';
const OUTBOX = 'mlops_event';
const WRITABLE = ['position', 'dispatched_at', 'done_at'];

/**
 * The role cf_bridge on the real server, tried as itself. Each attempt is in a transaction that is
 * rolled back.
 */
describe('the PostgreSQL role of the bridge', function () {
  this.timeout(60_000);
  const facts = readStackFacts();
  let client: pg.Client;

  before(async () => {
    client = new pg.Client({ connectionString: facts.outboxUrl });
    await client.connect();
  });
  after(async () => {
    await client?.end();
  });

  const tried = async (sql: string): Promise<string> => {
    await client.query('BEGIN');
    try {
      await client.query(sql);
      return 'done';
    } catch (error) {
      return (error as pg.DatabaseError).code ?? String(error);
    } finally {
      await client.query('ROLLBACK');
    }
  };
  const rows = async <T>(sql: string): Promise<T[]> => (await client.query(sql)).rows as T[];

  it('does what the bridge needs: reads and marks the outbox, listens, leads by a lock', async () => {
    const needed = [
      `SELECT * FROM ${OUTBOX} LIMIT 1`,
      ...WRITABLE.map((column) => `UPDATE ${OUTBOX} SET ${column} = ${column} WHERE false`),
      'LISTEN mlops_event',
      'SELECT pg_try_advisory_xact_lock(4711)',
    ];
    for (const sql of needed) expect(await tried(sql), sql).to.equal('done');
  });

  const refused: Record<string, string[]> = {
    'makes no table, also no temporary one, and no other object': [
      'CREATE TEMP TABLE t (a int)',
      'SELECT 1 AS a INTO TEMP t',
      'CREATE TEMP VIEW t AS SELECT 1',
      'CREATE TEMP SEQUENCE t',
      'CREATE TABLE public.t (a int)',
      'CREATE VIEW public.t AS SELECT 1',
      'CREATE SEQUENCE public.t',
      "CREATE TYPE public.t AS ENUM ('a')",
      'CREATE FUNCTION public.t() RETURNS int LANGUAGE sql AS $$ SELECT 1 $$',
      'CREATE SCHEMA t',
      'CREATE EXTENSION citext',
      'CREATE COLLATION public.t FROM "C"',
      'CREATE PUBLICATION t',
      'CREATE EVENT TRIGGER t ON ddl_command_start EXECUTE FUNCTION t()',
    ],
    'runs no blocks of code': ['DO $$ BEGIN PERFORM 1; END $$'],
    'is no other role and makes none': [
      'SET ROLE odoo',
      'SET SESSION AUTHORIZATION odoo',
      'CREATE ROLE t',
      'ALTER ROLE cf_bridge SUPERUSER',
      'ALTER ROLE odoo NOLOGIN',
      'GRANT odoo TO cf_bridge',
      'GRANT pg_read_all_data TO cf_bridge',
    ],
    'reads no files, runs no programs, ends nobody, changes no settings of the server': [
      "SELECT pg_read_file('postgresql.conf')",
      "SELECT pg_ls_dir('.')",
      "COPY mlops_event TO '/tmp/t'",
      "COPY (SELECT 1) TO PROGRAM 'cat'",
      "SELECT lo_import('/etc/passwd')",
      'SELECT pg_reload_conf()',
      "SET log_statement = 'all'",
      'SELECT * FROM pg_authid',
      'SELECT * FROM pg_shadow',
      'SELECT * FROM pg_hba_file_rules',
      'SELECT pg_create_restore_point($$t$$)',
      'SELECT pg_switch_wal()',
    ],
    'changes nothing of the outbox but its own three columns': [
      `INSERT INTO ${OUTBOX} DEFAULT VALUES`,
      `DELETE FROM ${OUTBOX} WHERE false`,
      `TRUNCATE ${OUTBOX}`,
      `ALTER TABLE ${OUTBOX} ADD COLUMN t int`,
      `DROP TABLE ${OUTBOX}`,
      `CREATE TRIGGER t BEFORE INSERT ON ${OUTBOX} FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()`,
      `CREATE INDEX ON ${OUTBOX} (id)`,
    ],
  };
  for (const [what, attempts] of Object.entries(refused)) {
    it(what, async () => {
      for (const sql of attempts) expect(await tried(sql), sql).to.equal(INSUFFICIENT_PRIVILEGE);
    });
  }

  it('may call no function of large objects, whatever their names', async () => {
    const found = await rows<{ name: string; may: boolean }>(
      "SELECT oid::regprocedure::text AS name, has_function_privilege(oid, 'EXECUTE') AS may FROM pg_proc WHERE proname ~ '^(lo_|loread$|lowrite$)'",
    );
    expect(found.length).to.be.greaterThan(15);
    expect(found.filter(({ may }) => may).map(({ name }) => name)).to.deep.equal([]);
    for (const sql of [
      'SELECT lo_create(0)',
      'SELECT lo_creat(-1)',
      "SELECT lo_from_bytea(0, 'x')",
      'SELECT lo_get(1)',
      "SELECT lo_put(1, 0, 'x')",
      'SELECT lo_open(1, 262144)',
      'SELECT lo_unlink(1)',
    ]) {
      expect(await tried(sql), sql).to.equal(INSUFFICIENT_PRIVILEGE);
    }
  });

  it('reads no other relation of the database: each one is tried', async () => {
    const relations = await rows<{ name: string; kind: string }>(
      "SELECT c.oid::regclass::text AS name, relkind AS kind FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE relkind IN ('r', 'v', 'm', 'p', 'f', 'S') AND nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') AND nspname NOT LIKE 'pg_temp%'",
    );
    expect(relations.filter(({ kind }) => kind === 'r').length).to.be.greaterThan(100);
    const read: string[] = [];
    for (const { name } of relations)
      if ((await tried(`SELECT * FROM ${name} LIMIT 1`)) !== INSUFFICIENT_PRIVILEGE)
        read.push(name);
    expect(read).to.deep.equal([OUTBOX]);
  });

  it('has no other right on any column, table or sequence, given to it or to everybody', async () => {
    const held = await rows<{ name: string; what: string }>(`
      SELECT c.relname || '.' || a.attname AS name, p.what FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace AND nspname = 'public'
        JOIN pg_attribute a ON attrelid = c.oid AND attnum > 0 AND NOT attisdropped, (VALUES ('SELECT'), ('INSERT'), ('UPDATE'), ('REFERENCES')) p (what)
        WHERE relkind IN ('r', 'v', 'm', 'p', 'f') AND has_column_privilege(c.oid, a.attnum, p.what) AND NOT (relname = '${OUTBOX}' AND what = 'SELECT')
      UNION ALL SELECT c.relname, p.what FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace AND nspname = 'public', (VALUES ('DELETE'), ('TRUNCATE'), ('TRIGGER')) p (what)
        WHERE relkind IN ('r', 'v', 'm', 'p', 'f') AND has_table_privilege(c.oid, p.what)
      UNION ALL SELECT c.relname, 'USAGE' FROM pg_class c WHERE CASE WHEN relkind = 'S' THEN has_sequence_privilege(c.oid, 'USAGE, SELECT, UPDATE') END`);
    expect(held.map(({ name, what }) => `${what} ${name}`)).to.have.members(
      WRITABLE.map((column) => `UPDATE ${OUTBOX}.${column}`),
    );
  });

  it("enters no database of the server's own", async () => {
    for (const database of ['postgres', 'template1']) {
      const url = new URL(facts.outboxUrl);
      url.pathname = `/${database}`;
      const other = new pg.Client({ connectionString: url.href });
      const answer = await other.connect().then(
        () => 'entered',
        (error: pg.DatabaseError) => error.code,
      );
      await other.end().catch(() => undefined);
      expect(answer, database).to.equal(INSUFFICIENT_PRIVILEGE);
    }
  });

  it('leaves Odoo what it needs of the database: tables, temporary ones, blocks of code', async () => {
    const odoo = new pg.Client({
      connectionString: facts.postgresAdminUrl.replace(/\/postgres$/, `/${facts.odooDatabase}`),
    });
    await odoo.connect();
    try {
      await odoo.query(
        'BEGIN; CREATE TEMP TABLE t (a int) ON COMMIT DROP; CREATE TABLE public.bridge_role_test (a int); DO $$ BEGIN PERFORM 1; END $$; SELECT lo_create(0); ROLLBACK',
      );
    } finally {
      await odoo.end();
    }
  });
});
