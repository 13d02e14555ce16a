/** Writes nginx.conf.template for docker-compose.yml: npx tsx stack/compose/nginx.ts */
import { join } from 'node:path';
import { writeGenerated } from '../generated-file.ts';
import { resolvePorts } from '../ports.ts';
import { corsOrigins } from '../servers/nginx.ts';
import { ENDPOINTS_ALIASES, nginxConfiguration } from '../servers/nginx-conf.ts';

export const TEMPLATE = join(import.meta.dirname, 'nginx.conf.template');

/**
 * The stack's own configuration with the addresses of containers. The bridge and the gateway live
 * in the cluster's network.
 */
export function composeNginx(corsOrigins: readonly string[] = []): string {
  return nginxConfiguration({
    folder: '/var/cache/nginx',
    tls: '/run/creativeflow/tls',
    pwa: '/srv/app',
    user: 'nginx',
    ports: resolvePorts({}),
    corsOrigins,
    network: {
      listen: '0.0.0.0',
      bridge: 'k3s:18100',
      odoo: 'odoo:8069',
      gateway: 'k3s:18080',
      publicHost: '127.0.0.1',
      publicPort: '${PUBLIC_PORT}',
      endpointsHost: '127.0.0.1',
      endpointsPort: '${ENDPOINTS_PORT}',
      endpointsAliases: ENDPOINTS_ALIASES,
      answersScript: '/etc/nginx/answers.js',
    },
  });
}

if (import.meta.filename === process.argv[1])
  writeGenerated(
    TEMPLATE,
    composeNginx(corsOrigins(process.env)),
    'npx tsx stack/compose/nginx.ts',
  );
