import { httpAnswers, logFile, startDaemon, stopDaemon, stopIfChanged } from '../../process.ts';
import { ODOO_DATABASE, type Server } from '../../server.ts';
import { installAddon } from './addon.ts';
import { launcher, writeConfiguration } from './configuration.ts';
import { createDatabase, grantOutbox } from './database.ts';
import { installOdoo } from './install.ts';
import { seed } from './seed.ts';

const READY_MS = 120_000; // the first start after an update compiles the asset bundles

/**
 * Odoo 19 with the addon, threaded, on loopback; its database is installed and seeded before it
 * serves.
 */
export const odoo: Server = {
  name: 'odoo',
  needs: ['postgres'],
  readyDeadlineMs: READY_MS,
  install: installOdoo,
  async start(context) {
    await stopIfChanged(context, 'odoo', writeConfiguration(context));
    await createDatabase(context);
    await installAddon(context);
    await seed(context);
    startDaemon(context, 'odoo', [launcher(context), '-d', ODOO_DATABASE]);
  },
  ready: (context) => httpAnswers(`http://127.0.0.1:${context.ports.odoo}/web/health`),
  async prepare(context) {
    await grantOutbox(context);
    // the first page builds the bundles: better here than under somebody's eyes
    context.report('warming up');
    await fetch(`http://127.0.0.1:${context.ports.odoo}/web/login`, {
      signal: AbortSignal.timeout(READY_MS),
    }).then((answer) => answer.text());
  },
  stop: (context) => stopDaemon(context, 'odoo'),
  logs: (context) => [logFile(context, 'odoo'), logFile(context, 'odoo-init')],
};
