import { appendFileSync, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { daemonRunning, logFile, startDaemon, stopDaemon } from '../process.ts';
import { run, tryRun } from '../run.ts';
import type { Server, StackContext } from '../server.ts';
import { installPackages } from './apt.ts';
import { scramVerifier } from './scram.ts';

const BIN = '/usr/lib/postgresql/15/bin';
const AS_POSTGRES = ['setpriv', '--reuid=postgres', '--regid=postgres', '--init-groups', '--'];
const GRACE_MS = 30_000;

/**
 * PostgreSQL 15 with a cluster of its own; it refuses to run as root, so it runs as Debian's user
 * postgres.
 */
export const postgres: Server = {
  name: 'postgres',
  needs: [],
  readyDeadlineMs: 30_000,
  install: installPackages,
  async start(context) {
    const data = dataFolder(context);
    if (!existsSync(join(data, 'PG_VERSION'))) {
      await traversable(context);
      const partial = `${data}.new`; // appears whole or not at all
      rmSync(partial, { recursive: true, force: true });
      mkdirSync(partial, { recursive: true });
      await run('chown', ['postgres', partial]);
      await asPostgres(
        `${BIN}/initdb -D '${partial}' -A scram-sha-256 --auth-local=peer -E UTF8 --locale=C.UTF-8`,
      );
      const settings = {
        port: context.ports.postgres,
        listen_addresses: "'127.0.0.1'",
        unix_socket_directories: `'${data}'`,
        max_connections: 200,
        shared_buffers: "'256MB'",
      };
      appendFileSync(
        join(partial, 'postgresql.conf'),
        Object.entries(settings)
          .map(([key, value]) => `${key} = ${value}\n`)
          .join(''),
      );
      rmSync(data, { recursive: true, force: true });
      renameSync(partial, data);
    }
    // one that runs without a note of ours was started by pg_ctl, or lost its note
    if (!daemonRunning(context, 'postgres') && (await running(context)))
      await stopByItsOwnFile(context);
    startDaemon(context, 'postgres', [
      ...AS_POSTGRES,
      `${BIN}/postgres`,
      '-D',
      data,
      '-p',
      String(context.ports.postgres),
    ]);
  },
  ready: async (context) =>
    (await tryRun(`${BIN}/pg_isready`, [
      '-q',
      '-h',
      '127.0.0.1',
      '-p',
      String(context.ports.postgres),
    ])) !== null && running(context),
  async prepare(context) {
    const verifier = scramVerifier(context.secrets['postgresOdooPassword'] ?? '');
    await psql(
      context,
      'postgres',
      `DO $$ BEGIN CREATE ROLE odoo LOGIN CREATEDB; EXCEPTION WHEN duplicate_object THEN NULL; END $$; ALTER ROLE odoo PASSWORD '${verifier}'`,
    );
    // Odoo asks them for its databases; nobody else has anything to do there
    for (const database of ['postgres', 'template1'])
      await psql(
        context,
        'postgres',
        `REVOKE ALL ON DATABASE ${database} FROM PUBLIC; GRANT CONNECT, TEMPORARY ON DATABASE ${database} TO odoo`,
      );
  },
  async stop(context) {
    // fast: it ends its clients' sessions instead of waiting for them
    await stopDaemon(context, 'postgres', GRACE_MS, 'SIGINT');
    if (existsSync(dataFolder(context)) && (await running(context)))
      await stopByItsOwnFile(context);
  },
  logs: (context) => [logFile(context, 'postgres')],
};

/** Runs SQL as the superuser over the cluster's own socket. */
export function psql(context: StackContext, database: string, sql: string): Promise<string> {
  const data = dataFolder(context);
  return run(
    'su',
    [
      'postgres',
      '-s',
      '/bin/sh',
      '-c',
      `psql -h '${data}' -p ${context.ports.postgres} -v ON_ERROR_STOP=1 -qAt ${database}`,
    ],
    { input: sql, cwd: '/' },
  );
}

function dataFolder(context: StackContext): string {
  return join(context.state, 'postgres');
}

function stopByItsOwnFile(context: StackContext): Promise<string> {
  return asPostgres(`${BIN}/pg_ctl -D '${dataFolder(context)}' -m fast -w stop`);
}

async function running(context: StackContext): Promise<boolean> {
  return (
    (await tryRun(
      'su',
      ['postgres', '-s', '/bin/sh', '-c', `${BIN}/pg_ctl -D '${dataFolder(context)}' status`],
      { cwd: '/' },
    )) !== null
  );
}

function asPostgres(command: string): Promise<string> {
  return run('su', ['postgres', '-s', '/bin/sh', '-c', `${command} > /dev/null`], { cwd: '/' });
}

async function traversable(context: StackContext): Promise<void> {
  for (let folder = context.state; folder !== '/'; folder = dirname(folder)) {
    if (
      (await tryRun('su', ['postgres', '-s', '/bin/sh', '-c', `test -x '${folder}'`], {
        cwd: '/',
      })) === null
    ) {
      throw new Error(
        `PostgreSQL runs as the user postgres, who may not enter ${folder}. Allow it with: chmod o+x ${folder}`,
      );
    }
  }
}
