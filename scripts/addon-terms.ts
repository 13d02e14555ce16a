/**
 * Writes the terms of the addon for translators, `i18n/creativeflow_mlops.pot` in its folder,
 * as Odoo exports them from a database of its own.
 *
 *   npm run stack -- up && npm run addon-terms
 *
 * The addon's tests say which terms are missing there or in fr.po.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dropDatabase, findLauncher, optionsFor, runOdoo } from './odoo-launcher.ts';

const MODULE = 'creativeflow_mlops';
const TEMPLATE = join(import.meta.dirname, `../odoo_addon/${MODULE}/i18n/${MODULE}.pot`);

const EXPORT = (file: string): string => `
from odoo.tools.translate import trans_export
with open(${JSON.stringify(file)}, "wb") as template:
    trans_export(None, ["${MODULE}"], template, "po", env)
`;

/** The export names the moment at which it was made; a template that is the same stays the same. */
const withoutDates = (text: string): string =>
  text.replace(/^"(POT-Creation|PO-Revision)-Date.*\n/gm, '');

const launcher = findLauncher();
const database = `addon_terms_${process.pid}`;
const folder = mkdtempSync(join(tmpdir(), 'creativeflow-terms-'));
const file = join(folder, 'terms.pot');
const log: string[] = [];
const take = (line: string): void => void log.push(line);
try {
  const options = await optionsFor(database);
  const installed = await runOdoo(launcher, [...options, '-i', MODULE, '--stop-after-init'], take);
  const code = installed || (await runOdoo(launcher, ['shell', ...options], take, EXPORT(file)));
  if (code !== 0) throw new Error(`Odoo ended with ${code}:\n${log.slice(-20).join('\n')}`);
  writeFileSync(TEMPLATE, withoutDates(readFileSync(file, 'utf8')));
  console.log(`${TEMPLATE} is written.`);
} finally {
  rmSync(folder, { recursive: true, force: true });
  await dropDatabase(launcher, database);
}
