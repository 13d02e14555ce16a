import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { binary, KUBE } from './go-build.ts';
import { keptPorts } from './ports-kept.ts';
import { resolvePorts, type Ports } from './ports.ts';
import { registryUrl } from './servers/registry-access.ts';
import { ODOO_DATABASE, POD_BRIDGE_ADDRESS, REGISTRY_NAME, type StackContext } from './server.ts';

/** What tests, benches and the demo need to know of the running stack. */
export interface StackFacts {
  root: string;
  state: string;
  ports: Ports;
  publicUrl: string;
  /** origin of endpoints and previews */
  endpointsUrl: string;
  bridgeUrl: string;
  odooUrl: string;
  odooDatabase: string;
  gatewayUrl: string;
  gatewayMetricsUrl: string;
  /** login → password */
  passwords: Record<string, string>;
  bridgeKey: string;
  n8nKey: string;
  receiptSecret: string;
  /** superuser of Odoo's database role: tests create their own databases with it */
  postgresAdminUrl: string;
  outboxUrl: string;
  redisUrl: string;
  minio: { endPoint: string; port: number; accessKey: string; secretKey: string; bucket: string };
  /** with the bridge's login in it */
  registryUrl: string;
  registryName: string;
  adminKubeconfig: string;
  bridgeKubeconfig: string;
  kubectl: string;
  odooLauncher: string;
  caFile: string;
  bridgeEnvironment: Record<string, string>;
}

export function stackContext(
  report: (text: string) => void = () => undefined,
): Omit<StackContext, 'secrets'> {
  const root = resolve(import.meta.dirname, '..');
  const cache = process.env['CREATIVEFLOW_CACHE'] ?? join(homedir(), '.cache', 'creativeflow');
  const state = join(root, '.stack');
  return { root, state, cache, ports: resolvePorts(process.env, keptPorts(state)), report };
}

/** Facts of this checkout's stack. Throws when it was never brought up. */
export function readStackFacts(): StackFacts {
  const base = stackContext();
  const file = join(base.state, 'secrets.json');
  if (!existsSync(file))
    throw new Error('The stack was never started here. Run: npm run stack -- up');
  const secrets = JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>;
  const context: StackContext = { ...base, secrets };
  const { ports, state } = context;
  return {
    root: context.root,
    state,
    ports,
    publicUrl: `https://127.0.0.1:${ports.nginxHttps}`,
    endpointsUrl: `https://127.0.0.1:${ports.nginxEndpoints}`,
    bridgeUrl: `http://127.0.0.1:${ports.bridge}`,
    odooUrl: `http://127.0.0.1:${ports.odoo}`,
    odooDatabase: ODOO_DATABASE,
    gatewayUrl: `http://127.0.0.1:${ports.traefikWeb}`,
    gatewayMetricsUrl: `http://127.0.0.1:${ports.traefikMetrics}/metrics`,
    passwords: Object.fromEntries(
      Object.entries(secrets)
        .filter(([name]) => name.startsWith('password_'))
        .map(([name, value]) => [name.slice(9), value]),
    ),
    bridgeKey: secrets['bridgeKey'] ?? '',
    n8nKey: secrets['n8nKey'] ?? '',
    receiptSecret: secrets['receiptSecret'] ?? '',
    postgresAdminUrl: `postgres://odoo:${secrets['postgresOdooPassword']}@127.0.0.1:${ports.postgres}/postgres`,
    outboxUrl: outboxUrl(context),
    redisUrl: redisUrl(context),
    minio: {
      endPoint: '127.0.0.1',
      port: ports.minio,
      accessKey: secrets['minioAccessKey'] ?? '',
      secretKey: secrets['minioSecretKey'] ?? '',
      bucket: 'mlops',
    },
    registryUrl: registryUrl(context, 'bridge'),
    registryName: registryName(ports),
    adminKubeconfig: join(state, 'kubernetes/admin.kubeconfig'),
    bridgeKubeconfig: join(state, 'kubernetes/bridge.kubeconfig'),
    kubectl: binary(context, KUBE),
    odooLauncher: join(state, 'odoo', 'odoo'),
    caFile: join(state, 'tls', 'ca.crt'),
    bridgeEnvironment: bridgeEnvironment(context),
  };
}

/**
 * The environment of the bridge in the local stack; the names are those of docs/configuration.md.
 */
export function bridgeEnvironment(context: StackContext): Record<string, string> {
  const { ports, secrets, state } = context;
  return {
    NODE_ENV: 'production',
    LOG_LEVEL: 'info',
    BRIDGE_HOST: '127.0.0.1',
    BRIDGE_PORT: String(ports.bridge),
    BRIDGE_POD_HOST: POD_BRIDGE_ADDRESS,
    BRIDGE_POD_PORT: String(ports.registry),
    BRIDGE_PUBLIC_URL: `https://127.0.0.1:${ports.nginxHttps}`,
    ENDPOINTS_PUBLIC_URL: `https://127.0.0.1:${ports.nginxEndpoints}`,
    ODOO_URL: `http://127.0.0.1:${ports.odoo}`,
    ODOO_DB: ODOO_DATABASE,
    ODOO_SERVICE_KEY: secrets['bridgeKey'] ?? '',
    ODOO_RECEIPT_SECRET: secrets['receiptSecret'] ?? '',
    OUTBOX_DATABASE_URL: outboxUrl(context),
    REDIS_URL: redisUrl(context),
    MINIO_ENDPOINT: `http://127.0.0.1:${ports.minio}`,
    MINIO_ACCESS_KEY: secrets['minioAccessKey'] ?? '',
    MINIO_SECRET_KEY: secrets['minioSecretKey'] ?? '',
    MINIO_BUCKET: 'mlops',
    REGISTRY_URL: `http://127.0.0.1:${ports.registry}`,
    REGISTRY_NAME: registryName(ports),
    REGISTRY_USER: 'bridge',
    REGISTRY_PASSWORD: secrets['registryPassword'] ?? '',
    KUBECONFIG: join(state, 'kubernetes/bridge.kubeconfig'),
    BUILD_NAMESPACE: 'mlops-build',
    BUILD_IMAGE: `${registryName(ports)}/creativeflow/builder:1`,
    GATEWAY_NAME: 'mlops',
    GATEWAY_NAMESPACE: 'mlops-gateway',
    GATEWAY_SOURCES: `${POD_BRIDGE_ADDRESS}/32`,
    GATEWAY_URL: `http://127.0.0.1:${ports.traefikWeb}`,
    GATEWAY_METRICS_URL: `http://127.0.0.1:${ports.traefikMetrics}/metrics`,
    SESSION_SECRET: secrets['sessionSecret'] ?? '',
    // what somebody changes by hand is seen while whoever tries the product still looks
    INTEGRITY_EVERY_SECONDS: '10',
    ...passedOn(
      'INTEGRITY_EVERY_SECONDS',
      'BUILD_CA_BUNDLE_FILE',
      'BUILD_HTTP_PROXY',
      'UPLOAD_MAX_BYTES',
      'LOG_LEVEL',
      'OSV_FOLDER',
      'CLAMD',
      'OUTBOUND_ALLOW',
      'SCAN_REGISTRIES',
    ),
  };
}

/** What a person may set for the bridge when bringing the stack up. */
function passedOn(...names: string[]): Record<string, string> {
  return Object.fromEntries(
    names.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])),
  );
}

function outboxUrl({ ports, secrets }: StackContext): string {
  return `postgres://cf_bridge:${secrets['bridgeDbPassword']}@127.0.0.1:${ports.postgres}/${ODOO_DATABASE}`;
}

function redisUrl({ ports, secrets }: StackContext): string {
  return `redis://:${secrets['redisPassword']}@127.0.0.1:${ports.redis}/0`;
}

function registryName(ports: Ports): string {
  return `${REGISTRY_NAME}:${ports.registry}`;
}
