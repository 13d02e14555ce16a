import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { httpAnswers, logFile, startDaemon, stopDaemon, waitFor } from '../../process.ts';
import { lastLines, run } from '../../run.ts';
import { saveSecrets } from '../../secrets.ts';
import type { Server, StackContext } from '../../server.ts';
import { psql } from '../postgres.ts';
import { installOdoo, odooPrefix } from './install.ts';

export const DATABASE = 'creativeflow';
const ADDON = 'creativeflow_mlops';
const READY_MS = 120_000; // the first start after an update compiles the asset bundles

/** Odoo 19 with the addon, threaded, on loopback; its database is installed and seeded before it serves. */
export const odoo: Server = {
  name: 'odoo',
  needs: ['postgres'],
  readyDeadlineMs: READY_MS,
  install: installOdoo,
  async start(context) {
    writeConfiguration(context);
    await database(context);
    await update(context);
    await seed(context);
    startDaemon(context, 'odoo', [launcher(context), '-d', DATABASE]);
  },
  ready: (context) => httpAnswers(`http://127.0.0.1:${context.ports.odoo}/web/health`),
  async prepare(context) {
    await bridgeRole(context);
    // the first page builds the bundles: better here than under somebody's eyes
    await fetch(`http://127.0.0.1:${context.ports.odoo}/web/login`, { signal: AbortSignal.timeout(READY_MS) }).then((answer) => answer.text());
  },
  stop: (context) => stopDaemon(context, 'odoo'),
  logs: (context) => [logFile(context, 'odoo'), logFile(context, 'odoo-init')],
};

/** The command that runs Odoo with the stack's configuration: `odoo shell -d …`, `odoo -u …`. */
export function launcher(context: StackContext): string {
  return join(context.state, 'odoo', 'odoo');
}

function writeConfiguration(context: StackContext): void {
  const folder = join(context.state, 'odoo');
  const prefix = odooPrefix(context);
  mkdirSync(folder, { recursive: true });
  const options = {
    addons_path: `${prefix}/usr/lib/python3/dist-packages/odoo/addons,${join(context.root, 'odoo_addon')}`,
    data_dir: join(folder, 'data'), db_host: '127.0.0.1', db_port: context.ports.postgres, db_user: 'odoo', db_password: context.secrets['postgresOdooPassword'],
    db_name: DATABASE, http_interface: '127.0.0.1', http_port: context.ports.odoo, gevent_port: context.ports.odooGevent, list_db: false, proxy_mode: true,
    admin_passwd: context.secrets['odooMasterPassword'], max_cron_threads: 1, workers: 0, db_maxconn: 48,
  };
  const text = Object.entries(options).map(([key, value]) => `${key} = ${String(value)}`).join('\n');
  writeFileSync(join(folder, 'odoo.conf'), `[options]\n${text}\n`, { mode: 0o600 });
  writeFileSync(launcher(context), `#!/bin/sh
# Debian's interpreter, never another in PATH: the C extensions are Debian's.
export PYTHONPATH=${prefix}/usr/lib/python3/dist-packages PYTHONDONTWRITEBYTECODE=
sub=; case "$1" in shell|server|db|module|scaffold|neutralize) sub=$1; shift;; esac
exec /usr/bin/python3 ${prefix}/usr/bin/odoo $sub -c ${folder}/odoo.conf "$@"
`);
  chmodSync(launcher(context), 0o755);
}

async function database(context: StackContext): Promise<void> {
  const exists = await psql(context, 'postgres', `SELECT 1 FROM pg_database WHERE datname = '${DATABASE}'`);
  if (exists.trim() === '1') {
    const whole = await psql(context, DATABASE, "SELECT state FROM ir_module_module WHERE name = 'rpc'").catch(() => '');
    if (whole.trim() === 'installed') return;
    await psql(context, 'postgres', `DROP DATABASE ${DATABASE} WITH (FORCE)`); // an installation that was cut off
  }
  context.report('creating the database');
  await init(context, ['-i', 'base,mail,rpc']);
}

/** Installs or updates the addon when its files changed since the last time. */
async function update(context: StackContext): Promise<void> {
  const folder = join(context.root, 'odoo_addon', ADDON);
  if (!existsSync(join(folder, '__manifest__.py'))) throw new Error(`the addon is missing: ${folder}`);
  const digest = digestOf(folder);
  const marker = join(context.state, 'odoo', 'addon.digest');
  const installed = (await psql(context, DATABASE, `SELECT state FROM ir_module_module WHERE name = '${ADDON}'`)).trim() === 'installed';
  if (installed && existsSync(marker) && readFileSync(marker, 'utf8') === digest) return;
  await stopDaemon(context, 'odoo');
  context.report(installed ? 'updating the addon' : 'installing the addon');
  await init(context, [installed ? '-u' : '-i', ADDON]);
  writeFileSync(marker, digest);
}

/** People, companies, keys. What it generated (API keys) it answers on its last line. */
async function seed(context: StackContext): Promise<void> {
  const script = readFileSync(join(context.root, 'stack/servers/odoo/seed.py'), 'utf8');
  const wanted = {
    people: Object.fromEntries(Object.entries(context.secrets).filter(([name]) => name.startsWith('password_')).map(([name, value]) => [name.slice(9), value])),
    receipt_secret: context.secrets['receiptSecret'], bridge_key: context.secrets['bridgeKey'] ?? '', n8n_key: context.secrets['n8nKey'] ?? '',
    gateway_url: `http://127.0.0.1:${context.ports.traefikWeb}`, public_url: `https://127.0.0.1:${context.ports.nginxHttps}`,
    registry: `registry.creativeflow.internal:${context.ports.registry}`,
  };
  const marker = join(context.state, 'odoo', 'seed.digest');
  const digest = createHash('sha256').update(script).update(JSON.stringify(wanted)).digest('hex');
  if (existsSync(marker) && readFileSync(marker, 'utf8') === digest && wanted.bridge_key && wanted.n8n_key) return;
  context.report('seeding companies, people and keys');
  const output = await run(launcher(context), ['shell', '-d', DATABASE, '--no-http', '--log-level=warn'], { input: script, env: { ...process.env, CREATIVEFLOW_SEED: JSON.stringify(wanted) } });
  const answer = /^SEED (\{.*\})$/m.exec(output)?.[1];
  if (!answer) throw new Error(`seeding Odoo failed:\n${lastLines(output)}`);
  const keys = JSON.parse(answer) as { bridge_key: string; n8n_key: string };
  context.secrets['bridgeKey'] = keys.bridge_key;
  context.secrets['n8nKey'] = keys.n8n_key;
  saveSecrets(context.state, context.secrets);
  writeFileSync(marker, createHash('sha256').update(script).update(JSON.stringify({ ...wanted, ...keys })).digest('hex'));
}

async function init(context: StackContext, args: string[]): Promise<void> {
  const log = logFile(context, 'odoo-init');
  writeFileSync(log, '');
  await run(launcher(context), ['-d', DATABASE, ...args, '--stop-after-init', '--no-http', `--logfile=${log}`], { deadlineMs: 15 * 60_000 }).catch((error: Error) => {
    throw new Error(`${error.message}\n${lastLines(readFileSync(log, 'utf8'))}`);
  });
  const faults = readFileSync(log, 'utf8').split('\n').filter((line) => / (ERROR|CRITICAL) /.test(line));
  if (faults.length > 0) throw new Error(`Odoo could not load the addon:\n${faults.slice(0, 5).join('\n')}`);
}

/** The role with which the bridge reads the outbox. */
async function bridgeRole(context: StackContext): Promise<void> {
  const file = join(context.root, 'odoo_addon', ADDON, 'data', 'bridge_role.sql');
  const sql = readFileSync(file, 'utf8');
  await waitFor('the table of events', 10_000, async () => (await psql(context, DATABASE, "SELECT to_regclass('mlops_event') IS NOT NULL")).trim() === 't');
  await psql(context, DATABASE, `\\set role cf_bridge\n\\set password ${context.secrets['bridgeDbPassword']}\n\\set database ${DATABASE}\n${sql}`);
  await psql(context, DATABASE, `ALTER ROLE cf_bridge LOGIN PASSWORD '${context.secrets['bridgeDbPassword']}'`);
}

function digestOf(folder: string): string {
  const hash = createHash('sha256');
  const walk = (path: string): void => {
    for (const name of readdirSync(path).sort()) {
      if (name === '__pycache__' || name.endsWith('.pyc')) continue;
      const child = join(path, name);
      if (statSync(child).isDirectory()) walk(child);
      else hash.update(child.slice(folder.length)).update(readFileSync(child));
    }
  };
  walk(folder);
  return hash.digest('hex');
}
