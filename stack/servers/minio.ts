import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'minio';
import { binary, buildGo, MINIO } from '../go-build.ts';
import { daemonRunning, logFile, startDaemon, stopDaemon } from '../process.ts';
import type { Server, StackContext } from '../server.ts';

const BUCKET = 'mlops';

/**
 * MinIO, on loopback only: artifacts, scan reports and build logs leave it through the bridge
 * alone.
 */
export const minio: Server = {
  name: 'minio',
  needs: [],
  readyDeadlineMs: 30_000,
  install: (context) => buildGo(context, MINIO),
  async start(context) {
    const data = join(context.state, 'minio');
    mkdirSync(data, { recursive: true });
    const env = {
      ...process.env,
      MINIO_ROOT_USER: context.secrets['minioAccessKey'],
      MINIO_ROOT_PASSWORD: context.secrets['minioSecretKey'],
      MINIO_BROWSER: 'off',
      MINIO_CALLHOME_ENABLE: 'off',
      MINIO_UPDATE: 'off',
    };
    startDaemon(
      context,
      'minio',
      [binary(context, MINIO), 'server', data, '--address', `127.0.0.1:${context.ports.minio}`],
      { env },
    );
  },
  async ready(context) {
    if (!daemonRunning(context, 'minio')) return false;
    // its health page says ready before it takes signed requests: those are what counts
    await clientOf(context).listBuckets();
    return true;
  },
  async prepare(context) {
    const client = clientOf(context);
    if (!(await client.bucketExists(BUCKET))) await client.makeBucket(BUCKET);
    await client.setBucketVersioning(BUCKET, { Status: 'Enabled' });
  },
  stop: (context) => stopDaemon(context, 'minio'),
  logs: (context) => [logFile(context, 'minio')],
};

function clientOf({ ports, secrets }: StackContext): Client {
  return new Client({
    endPoint: '127.0.0.1',
    port: ports.minio,
    useSSL: false,
    accessKey: secrets['minioAccessKey'] ?? '',
    secretKey: secrets['minioSecretKey'] ?? '',
    retryOptions: { disableRetry: true },
  });
}
