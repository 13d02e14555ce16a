import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writePrivate } from '../../private-file.ts';
import { ODOO_DATABASE, type StackContext } from '../../server.ts';
import { odooPrefix } from './install.ts';

/** The command that runs Odoo with the stack's configuration: `odoo shell -d …`, `odoo -u …`. */
export function launcher(context: Pick<StackContext, 'state'>): string {
  return join(odooFolder(context), 'odoo');
}

export function odooFolder(context: Pick<StackContext, 'state'>): string {
  return join(context.state, 'odoo');
}

/** Writes configuration and launcher; answers both as text, so that a change can be seen. */
export function writeConfiguration(context: StackContext): string {
  const folder = odooFolder(context);
  mkdirSync(folder, { recursive: true });
  const configuration = odooConfiguration(context);
  const command = launcherScript(odooPrefix(context), join(folder, 'odoo.conf'));
  writePrivate(join(folder, 'odoo.conf'), configuration);
  writeFileSync(launcher(context), command);
  chmodSync(launcher(context), 0o755);
  return configuration + command;
}

function odooConfiguration(context: StackContext): string {
  const options = {
    addons_path: `${odooPrefix(context)}/usr/lib/python3/dist-packages/odoo/addons,${join(context.root, 'odoo_addon')}`,
    data_dir: join(odooFolder(context), 'data'),
    db_host: '127.0.0.1',
    db_port: context.ports.postgres,
    db_user: 'odoo',
    db_password: context.secrets['postgresOdooPassword'],
    db_name: ODOO_DATABASE,
    db_maxconn: 48,
    http_interface: '127.0.0.1',
    http_port: context.ports.odoo,
    gevent_port: context.ports.odooGevent,
    list_db: false,
    admin_passwd: context.secrets['odooMasterPassword'],
    // nginx tells the caller's address; without it all callers would share one throttle
    proxy_mode: true,
    workers: 0,
    max_cron_threads: 1, // threads: on two cores processes gain nothing and cost 400 MB
  };
  return `[options]\n${Object.entries(options)
    .map(([key, value]) => `${key} = ${String(value)}\n`)
    .join('')}`;
}

function launcherScript(prefix: string, configuration: string): string {
  return `#!/bin/sh
# Debian's interpreter, never another in PATH: the C extensions are Debian's.
export PYTHONPATH=${prefix}/usr/lib/python3/dist-packages PYTHONDONTWRITEBYTECODE=
sub=; case "$1" in shell|server|db|module|scaffold|neutralize) sub=$1; shift;; esac
exec /usr/bin/python3 ${prefix}/usr/bin/odoo $sub -c ${configuration} "$@"
`;
}
