import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stopDaemon } from '../../process.ts';
import { ODOO_DATABASE, type StackContext } from '../../server.ts';
import { digestOfFiles } from '../../sources.ts';
import { psql } from '../postgres.ts';
import { odooFolder } from './configuration.ts';
import { runInit } from './database.ts';

const ADDON = 'creativeflow_mlops';

/** Installs the addon, or updates it when its files changed since the last time. */
export async function installAddon(context: StackContext): Promise<void> {
  const folder = join(context.root, 'odoo_addon', ADDON);
  if (!existsSync(join(folder, '__manifest__.py')))
    throw new Error(`the addon is missing: there is no ${folder}/__manifest__.py`);
  const digest = digestOfFiles(folder, ['.'], ['tests', 'readme', 'README.rst', '__pycache__']);
  const marker = join(odooFolder(context), 'addon.digest');
  const state = (
    await psql(context, ODOO_DATABASE, `SELECT state FROM ir_module_module WHERE name = '${ADDON}'`)
  ).trim();
  // the second: an update that was cut off
  const there = state === 'installed' || state === 'to upgrade';
  if (there && existsSync(marker) && readFileSync(marker, 'utf8') === digest) return;
  await stopDaemon(context, 'odoo'); // it would go on with the code of before
  context.report(there ? 'updating the addon' : 'installing the addon');
  await runInit(context, [there ? '-u' : '-i', ADDON]);
  writeFileSync(marker, digest);
}
