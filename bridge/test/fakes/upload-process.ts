// The upload routes in a process of their own, so that a test can kill it and a bench can weigh it.
// Prints its port.
import { Redis } from 'ioredis';
import { MinioBlobStore } from '../../src/adapters/minio/minio-blob-store.ts';
import { RedisUploadLocks } from '../../src/adapters/redis/redis-upload-locks.ts';
import { realClock } from './real-clock.ts';
import { startUploadApp } from './upload-app.ts';

const { MINIO, PART_BYTES, PARTS_IN_FLIGHT, REDIS } = process.env;
const blobs = new MinioBlobStore(JSON.parse(MINIO!), realClock);
await blobs.ensureBucket();
const log = { debug() {}, info() {}, warn() {}, error() {}, child: () => log };
const redis = REDIS ? new Redis(REDIS, { maxRetriesPerRequest: 1 }) : null;
redis?.on('error', () => undefined); // the locks say so themselves
const locks = redis ? new RedisUploadLocks(redis, realClock, log) : undefined;
const app = await startUploadApp({
  blobs,
  ...(locks ? { locks } : {}),
  ...(PART_BYTES ? { partBytes: Number(PART_BYTES) } : {}),
  ...(PARTS_IN_FLIGHT ? { partsInFlight: Number(PARTS_IN_FLIGHT) } : {}),
});
process.stdout.write(`port ${app.port}\n`);
process.on('SIGTERM', () => process.exit(0)); // so that a profile of this process gets written
