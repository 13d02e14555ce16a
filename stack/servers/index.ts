import type { Server } from '../server.ts';
import { bridge } from './bridge.ts';
import { images } from './images.ts';
import { containerd } from './kubernetes/containerd.ts';
import { kubernetes } from './kubernetes/index.ts';
import { minio } from './minio.ts';
import { nginx } from './nginx.ts';
import { odoo } from './odoo/index.ts';
import { postgres } from './postgres.ts';
import { redis } from './redis.ts';
import { registry } from './registry.ts';
import { traefik } from './traefik.ts';

/**
 * Every server, in the order in which a person would name them; the order of starting follows from
 * `needs`.
 */
export const SERVERS: readonly Server[] = [
  postgres,
  redis,
  minio,
  registry,
  odoo,
  images,
  containerd,
  kubernetes,
  traefik,
  bridge,
  nginx,
];
