import { MinioBlobStore } from '../adapters/minio/minio-blob-store.ts';
import { Odoo } from '../adapters/odoo/odoo.ts';
import { openOutbox } from '../adapters/postgres/outbox.ts';
import { openQueues, openRedis } from '../adapters/redis/queues.ts';
import type { Config } from '../config.ts';
import type { Clock, Logger } from '../services/ports/runtime.ts';

/** The services that the bridge keeps connections to. */
export interface Connections {
  readonly odoo: Odoo;
  readonly outbox: ReturnType<typeof openOutbox>;
  readonly redis: ReturnType<typeof openRedis>;
  readonly queues: ReturnType<typeof openQueues>;
  readonly blobs: MinioBlobStore;
}

export function openConnections(config: Config, clock: Clock, log: Logger): Connections {
  const odoo = new Odoo(
    {
      url: config.ODOO_URL,
      database: config.ODOO_DB,
      serviceKey: config.ODOO_SERVICE_KEY,
      serviceConnections: config.ODOO_SERVICE_CONNECTIONS,
    },
    clock,
  );
  const blobs = new MinioBlobStore(
    {
      endpoint: config.MINIO_ENDPOINT,
      accessKey: config.MINIO_ACCESS_KEY,
      secretKey: config.MINIO_SECRET_KEY,
      bucket: config.MINIO_BUCKET,
    },
    clock,
  );
  return {
    odoo,
    outbox: openOutbox(config.OUTBOX_DATABASE_URL, log),
    redis: openRedis(config.REDIS_URL, log),
    queues: openQueues(config.REDIS_URL, log),
    blobs,
  };
}
