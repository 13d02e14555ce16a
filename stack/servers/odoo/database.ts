import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { logFile } from '../../process.ts';
import { lastLines, run } from '../../run.ts';
import { ODOO_DATABASE, type StackContext } from '../../server.ts';
import { psql } from '../postgres.ts';
import { scramVerifier } from '../scram.ts';
import { launcher, odooFolder } from './configuration.ts';

const INIT_DEADLINE_MS = 15 * 60_000;

/** The database with Odoo's base. Only one whose creation was cut off is dropped and made again. */
export async function createDatabase(context: StackContext): Promise<void> {
  const unfinished = join(odooFolder(context), 'database.unfinished');
  const exists =
    (
      await psql(
        context,
        'postgres',
        `SELECT 1 FROM pg_database WHERE datname = '${ODOO_DATABASE}'`,
      )
    ).trim() === '1';
  if (exists && !existsSync(unfinished)) return;
  if (exists) await psql(context, 'postgres', `DROP DATABASE ${ODOO_DATABASE} WITH (FORCE)`);
  writeFileSync(unfinished, '');
  context.report('creating the database');
  await runInit(context, ['-i', 'base,mail,rpc']);
  rmSync(unfinished);
}

/**
 * Runs Odoo to its end to install or update modules; a line of its log that says ERROR is a
 * failure.
 */
export async function runInit(context: StackContext, args: string[]): Promise<void> {
  const log = logFile(context, 'odoo-init');
  writeFileSync(log, '');
  await run(
    launcher(context),
    ['-d', ODOO_DATABASE, ...args, '--stop-after-init', '--no-http', `--logfile=${log}`],
    { deadlineMs: INIT_DEADLINE_MS },
  ).catch((error: Error) => {
    throw new Error(`${error.message}\n${lastLines(readFileSync(log, 'utf8'))}`);
  });
  const faults = readFileSync(log, 'utf8')
    .split('\n')
    .filter((line) => / (ERROR|CRITICAL) /.test(line));
  if (faults.length > 0)
    throw new Error(`Odoo could not load a module:\n${faults.slice(0, 5).join('\n')}`);
}

/**
 * The role with which the bridge reads the outbox and marks what it did, and may do nothing else.
 */
export async function grantOutbox(context: StackContext): Promise<void> {
  const sql = readFileSync(
    join(context.root, 'odoo_addon/creativeflow_mlops/data/bridge_role.sql'),
    'utf8',
  );
  await psql(
    context,
    ODOO_DATABASE,
    `\\set role cf_bridge\n\\set password '${scramVerifier(context.secrets['bridgeDbPassword'] ?? '')}'\n${sql}`,
  );
}
