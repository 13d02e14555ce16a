/** Writes nginx.conf.template for docker-compose.yml: npx tsx stack/compose/nginx.ts */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { resolvePorts } from '../ports.ts';
import { nginxConfiguration } from '../servers/nginx-conf.ts';

export const TEMPLATE = join(import.meta.dirname, 'nginx.conf.template');

/** The stack's own configuration with the addresses of containers. The bridge and the gateway live in the cluster's network. */
export function composeNginx(): string {
  return nginxConfiguration({
    folder: '/var/cache/nginx', tls: '/run/creativeflow/tls', pwa: '/srv/app', user: 'nginx', ports: resolvePorts({}),
    network: { listen: '0.0.0.0', bridge: 'k3s:18100', odoo: 'odoo:8069', gateway: 'k3s:18080', publicPort: '${PUBLIC_PORT}' },
  });
}

if (import.meta.filename === process.argv[1]) writeFileSync(TEMPLATE, composeNginx());
