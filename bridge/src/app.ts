import type { Server } from 'node:http';
import { readFileSync } from 'node:fs';
import { MinioBlobStore } from './adapters/minio/minio-blob-store.ts';
import { Odoo } from './adapters/odoo/odoo.ts';
import { OutboundClient } from './adapters/outbound/outbound-client.ts';
import { openOutbox } from './adapters/postgres/outbox.ts';
import type { PrometheusSettings } from './adapters/prometheus/metrics.ts';
import { openQueues, openRedis } from './adapters/redis/queues.ts';
import { RedisUploadLocks } from './adapters/redis/redis-upload-locks.ts';
import { RedisSessionStore } from './adapters/redis/session-store.ts';
import { RedisThrottle } from './adapters/redis/throttle.ts';
import { systemClock } from './clock.ts';
import { composeDelivery } from './compose/delivery.ts';
import { composeUploads } from './compose/uploads.ts';
import { appOrigins, registryUrlOf, type Config } from './config.ts';
import { secretFor } from './domain/secret-purposes.ts';
import { Metrics } from './http/health.ts';
import { parseAllowList } from './domain/outbound-address.ts';
import { createHttpApp } from './http/index.ts';
import { createListener } from './http/listener.ts';
import { createRequestContext } from './http/request-context.ts';
import { attachUploadLines } from './http/uploads/direct-body.ts';
import { inventoryJob } from './services/scans/inventory.ts';
import { orderAudits } from './services/scans/rescan.ts';
import { startIntegrityRounds } from './jobs/integrity.ts';
import { startWorkers } from './jobs/runner.ts';
import { scanJob } from './services/scans/scan-version.ts';
import { webhookJob } from './services/webhooks/deliver.ts';
import { startRelay } from './relay/relay.ts';
import { artifactBytes } from './services/integrity/artifact-fingerprint.ts';
import type { Logger } from './services/ports/runtime.ts';
import { WorkCache } from './services/rollouts/work-cache.ts';
import { TrafficHistory } from './services/rollouts/traffic-history.ts';
import { attachSocketHub } from './ws/hub.ts';

const COLLECT_EVERY_MS = 3600_000;
/** Odoo may have been away at the start, or had more versions than one round orders */
const AUDIT_EVERY_MS = 3600_000;
const LOGIN_LIMIT = { tries: 10, windowSeconds: 60 };

/**
 * Wires every part and starts it. `stop` ends within 20 s: running requests finish, running jobs
 * are left to another bridge.
 */
export async function startBridge(config: Config, log: Logger): Promise<{ stop(): Promise<void> }> {
  const clock = systemClock;
  const odoo = new Odoo(
    {
      url: config.ODOO_URL,
      database: config.ODOO_DB,
      serviceKey: config.ODOO_SERVICE_KEY,
      serviceConnections: config.ODOO_SERVICE_CONNECTIONS,
    },
    clock,
  );
  const outbox = openOutbox(config.OUTBOX_DATABASE_URL, log);
  const redis = openRedis(config.REDIS_URL, log);
  const queues = openQueues(config.REDIS_URL, log);
  const sessions = new RedisSessionStore(redis, config.SESSION_SECRET);
  const context = createRequestContext({
    odoo,
    sessions,
    clock,
    log,
    origins: appOrigins(config),
    rights: outbox,
  });
  const blobs = new MinioBlobStore(
    {
      endpoint: config.MINIO_ENDPOINT,
      accessKey: config.MINIO_ACCESS_KEY,
      secretKey: config.MINIO_SECRET_KEY,
      bucket: config.MINIO_BUCKET,
    },
    clock,
  );
  const uploads = composeUploads({
    blobs,
    locks: new RedisUploadLocks(redis, clock, log),
    odoo,
    clock,
    log,
    receiptSecret: config.ODOO_RECEIPT_SECRET,
    maxBytes: config.UPLOAD_MAX_BYTES,
    callerOf: context.callerOf,
    requestIdOf: context.requestIdOf,
  });
  const recent = new WorkCache(clock);
  const delivery = composeDelivery(
    {
      kubeconfigFile: config.KUBECONFIG,
      gatewayName: config.GATEWAY_NAME,
      gatewayNamespace: config.GATEWAY_NAMESPACE,
      gatewaySources: config.GATEWAY_SOURCES,
      ...(config.GATEWAY_METRICS_URL ? { gatewayMetricsUrl: config.GATEWAY_METRICS_URL } : {}),
      ...(config.GATEWAY_PROMETHEUS_URL
        ? { prometheus: prometheusOf(config, config.GATEWAY_PROMETHEUS_URL) }
        : {}),
      endpointsUrl: config.ENDPOINTS_PUBLIC_URL,
      outboundAllow: `${config.OUTBOUND_ALLOW},${new URL(config.GATEWAY_URL).host}`,
      registryUrl: registryUrlOf(config),
      registryName: config.REGISTRY_NAME,
      buildNamespace: config.BUILD_NAMESPACE,
      buildImage: config.BUILD_IMAGE,
      podHost: config.BRIDGE_POD_HOST,
      podPort: config.BRIDGE_POD_PORT,
      tokenSecret: secretFor('buildGrants', config.SESSION_SECRET),
      recordSecret: secretFor('records', config.SESSION_SECRET),
      ...(config.BUILD_KUBECONFIG ? { buildKubeconfigFile: config.BUILD_KUBECONFIG } : {}),
      ...(config.BUILD_CA_BUNDLE_FILE
        ? { caBundle: readFileSync(config.BUILD_CA_BUNDLE_FILE, 'utf8') }
        : {}),
      ...(config.BUILD_HTTP_PROXY ? { httpProxy: config.BUILD_HTTP_PROXY } : {}),
    },
    {
      odoo,
      store: uploads.store,
      clock,
      log,
      recent,
      callerOf: context.callerOf,
      requestIdOf: context.requestIdOf,
    },
  );
  const traffic =
    delivery.traffic && new TrafficHistory({ gateway: delivery.traffic, clock, log }).start();
  const metrics = new Metrics();
  const app = createHttpApp({
    context,
    odoo,
    sessions,
    throttle: new RedisThrottle(redis, LOGIN_LIMIT),
    journal: outbox,
    log,
    metrics,
    gatewayUrl: config.GATEWAY_URL,
    traffic,
    parts: [
      { name: 'odoo', check: () => odoo.check() },
      { name: 'postgres', check: () => outbox.head() },
      { name: 'redis', check: () => redis.ping() },
      { name: 'minio', check: () => uploads.store.stat('artifacts/none') },
    ],
    uploads: uploads.router,
    buildLog: delivery.router,
    plan: delivery.plan,
  });
  const server = createListener(app);
  attachUploadLines(server);
  const hub = attachSocketHub(server, {
    journal: outbox,
    rights: outbox,
    log,
    origins: appOrigins(config),
    authenticate: context.authenticateUpgrade,
    onCount: (count) => metrics.sockets.set(count),
  });
  const pods = createListener(delivery.podListener);
  const workers = startWorkers({
    queues,
    outbox,
    log,
    concurrency: { scan: config.SCAN_CONCURRENCY },
    handlers: metrics.counted({
      scan: scanJob({ odoo, store: uploads.store, clock, images: imagesAllowed(config) }),
      build: delivery.build,
      inventory: inventoryJob({
        odoo,
        store: uploads.store,
        images: delivery.images,
        attach: delivery.attach,
        clock,
        registryName: config.REGISTRY_NAME,
        osvFolder: config.OSV_FOLDER,
        clamd: clamdAddress(config.CLAMD),
      }),
      reconcile: delivery.reconcile,
      webhook: webhookJob({
        odoo,
        outbound: new OutboundClient(parseAllowList(config.OUTBOUND_ALLOW)),
        clock,
      }),
    }),
  });
  const relay = startRelay({ outbox, queues, clock, log, recent });
  const integrity = startIntegrityRounds({
    ...delivery.integrity,
    odoo,
    artifacts: artifactBytes(blobs),
    clock,
    log,
    everySeconds: config.INTEGRITY_EVERY_SECONDS,
    rereadHours: config.INTEGRITY_REREAD_HOURS,
  });
  const audit = (): void =>
    void orderAudits({ odoo, log }).catch((error: Error) =>
      log.warn({ reason: error.message }, 'audits.failed'),
    );
  const audits = setInterval(audit, AUDIT_EVERY_MS);
  const collect = setInterval(
    () =>
      void uploads.collector
        .run()
        .catch((error: Error) => log.warn({ reason: error.message }, 'collect.failed')),
    COLLECT_EVERY_MS,
  );
  await Promise.all([
    listen(server, config.BRIDGE_PORT, config.BRIDGE_HOST),
    listen(pods, config.BRIDGE_POD_PORT, config.BRIDGE_POD_HOST),
  ]);
  audit();
  log.info(
    {
      host: config.BRIDGE_HOST,
      port: config.BRIDGE_PORT,
      podHost: config.BRIDGE_POD_HOST,
      podPort: config.BRIDGE_POD_PORT,
    },
    'bridge.listening',
  );

  return {
    stop: async () => {
      clearInterval(collect);
      traffic?.stop();
      clearInterval(audits);
      hub.stop();
      await Promise.all([
        close(server),
        close(pods),
        workers.stop(),
        integrity.stop(),
        relay.stop(),
      ]);
      await Promise.allSettled([queues.close(), outbox.close(), uploads.close(), odoo.close()]);
      redis.disconnect();
    },
  };
}

function clamdAddress(
  text: string | undefined,
): { path: string } | { host: string; port: number } | undefined {
  if (text === undefined || text.startsWith('/'))
    return text === undefined ? undefined : { path: text };
  const colon = text.lastIndexOf(':');
  return { host: text.slice(0, colon), port: Number(text.slice(colon + 1)) };
}

function prometheusOf(
  {
    GATEWAY_PROMETHEUS_TOKEN: token,
    GATEWAY_PROMETHEUS_REQUESTS: requests,
    GATEWAY_PROMETHEUS_ERRORS: errors,
    GATEWAY_PROMETHEUS_BUCKETS: buckets,
    GATEWAY_PROMETHEUS_BUCKET_UNIT: bucketUnit,
  }: Config,
  url: string,
): PrometheusSettings {
  return {
    url,
    token,
    queries: requests && errors && buckets ? { requests, errors, buckets, bucketUnit } : undefined,
  };
}

/** Builds take their base images from our registry; where a list is kept, ours is on it. */
function imagesAllowed({ REGISTRY_NAME, SCAN_REGISTRIES }: Config): {
  buildArgs: Record<string, string>;
  registries?: string[];
} {
  const listed = SCAN_REGISTRIES?.split(',')
    .map((name) => name.trim())
    .filter(Boolean);
  return {
    buildArgs: { REGISTRY: REGISTRY_NAME },
    ...(listed === undefined || listed.length === 0
      ? {}
      : { registries: [REGISTRY_NAME, ...listed] }),
  };
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        new Error(
          error.code === 'EADDRINUSE'
            ? `${host}:${port} is taken by another program`
            : `${host}:${port}: ${error.message}`,
        ),
      ),
    );
    server.listen(port, host, resolve);
  });
}

/** No new connections; idle ones end now, busy ones with their request. */
function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
  });
}
