import type { Server } from 'node:http';
import { OutboundClient } from './adapters/outbound/outbound-client.ts';
import { RedisUploadLocks } from './adapters/redis/redis-upload-locks.ts';
import { RedisSessionStore } from './adapters/redis/session-store.ts';
import { RedisThrottle } from './adapters/redis/throttle.ts';
import { systemClock } from './clock.ts';
import { openConnections, type Connections } from './compose/connections.ts';
import { composeDelivery, type Delivery } from './compose/delivery.ts';
import { startHourly } from './compose/hourly.ts';
import { close, listen } from './compose/listening.ts';
import { clamdAddress, deliverySettings, imagesAllowed } from './compose/settings.ts';
import { composeUploads } from './compose/uploads.ts';
import { appOrigins, type Config } from './config.ts';
import { Metrics } from './http/health.ts';
import { parseAllowList } from './domain/outbound-address.ts';
import { createHttpApp } from './http/index.ts';
import { createListener } from './http/listener.ts';
import { createRequestContext, type RequestContext } from './http/request-context.ts';
import { attachUploadLines } from './http/uploads/direct-body.ts';
import { inventoryJob } from './services/scans/inventory.ts';
import { startIntegrityRounds } from './jobs/integrity.ts';
import { startWorkers, type WorkerDeps } from './jobs/runner.ts';
import { scanJob } from './services/scans/scan-version.ts';
import { webhookJob } from './services/webhooks/deliver.ts';
import { startRelay } from './relay/relay.ts';
import { artifactBytes } from './services/integrity/artifact-fingerprint.ts';
import type { Clock, Logger } from './services/ports/runtime.ts';
import type { SessionStore } from './services/ports/sessions.ts';
import { WorkCache } from './services/rollouts/work-cache.ts';
import { TrafficHistory } from './services/rollouts/traffic-history.ts';
import { attachSocketHub } from './ws/hub.ts';

const LOGIN_LIMIT = { tries: 10, windowSeconds: 60 };

/** What the bridge is made of, before any of it is started. */
interface Composed {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Logger;
  readonly connections: Connections;
  readonly sessions: SessionStore;
  readonly context: RequestContext;
  readonly uploads: ReturnType<typeof composeUploads>;
  readonly delivery: Delivery;
  readonly recent: WorkCache;
  readonly metrics: Metrics;
}

/**
 * Wires every part and starts it. `stop` ends within 20 s: running requests finish, running jobs
 * are left to another bridge.
 */
export async function startBridge(config: Config, log: Logger): Promise<{ stop(): Promise<void> }> {
  const composed = compose(config, log);
  const { clock, connections, uploads, delivery, recent } = composed;
  const { odoo, outbox, redis, queues, blobs } = connections;
  const { server, stop: stopPublic } = publicListener(composed);
  const pods = createListener(delivery.podListener);
  const workers = startWorkers(workersOf(composed));
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
  await Promise.all([
    listen(server, config.BRIDGE_PORT, config.BRIDGE_HOST),
    listen(pods, config.BRIDGE_POD_PORT, config.BRIDGE_POD_HOST),
  ]);
  const hourly = startHourly({ odoo, collector: uploads.collector, log });
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
      hourly.stop();
      stopPublic();
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

function compose(config: Config, log: Logger): Composed {
  const clock = systemClock;
  const connections = openConnections(config, clock, log);
  const { odoo, outbox, redis, blobs } = connections;
  const sessions = new RedisSessionStore(redis, config.SESSION_SECRET);
  const origins = appOrigins(config);
  const context = createRequestContext({ odoo, sessions, clock, log, origins, rights: outbox });
  const { callerOf, requestIdOf } = context;
  const uploads = composeUploads({
    blobs,
    locks: new RedisUploadLocks(redis, clock, log),
    odoo,
    clock,
    log,
    receiptSecret: config.ODOO_RECEIPT_SECRET,
    maxBytes: config.UPLOAD_MAX_BYTES,
    callerOf,
    requestIdOf,
  });
  const recent = new WorkCache(clock);
  const delivery = composeDelivery(deliverySettings(config), {
    odoo,
    store: uploads.store,
    clock,
    log,
    recent,
    callerOf,
    requestIdOf,
  });
  return {
    config,
    clock,
    log,
    connections,
    sessions,
    context,
    uploads,
    delivery,
    recent,
    metrics: new Metrics(),
  };
}

/** Pages, programs and sockets come in here. `stop` leaves the listener itself open. */
function publicListener(composed: Composed): { server: Server; stop(): void } {
  const { config, clock, log, connections, sessions, context, uploads, delivery, metrics } =
    composed;
  const { odoo, outbox, redis } = connections;
  const traffic =
    delivery.traffic && new TrafficHistory({ gateway: delivery.traffic, clock, log }).start();
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
  const stop = (): void => {
    traffic?.stop();
    hub.stop();
  };
  return { server, stop };
}

function workersOf({
  config,
  clock,
  log,
  connections,
  uploads,
  delivery,
  metrics,
}: Composed): WorkerDeps {
  const { odoo, outbox, queues } = connections;
  const { store } = uploads;
  return {
    queues,
    outbox,
    log,
    concurrency: { scan: config.SCAN_CONCURRENCY },
    handlers: metrics.counted({
      scan: scanJob({ odoo, store, clock, images: imagesAllowed(config) }),
      build: delivery.build,
      inventory: inventoryJob({
        odoo,
        store,
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
  };
}
