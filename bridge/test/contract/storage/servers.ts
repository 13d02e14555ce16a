import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'minio';
import { until } from './tus-client.ts';
import { freePort } from '../../../../stack/free-port.ts';

/** A server of a test's own, which it may kill. State in a folder that `end` removes. */
export interface OwnServer {
  port: number;
  pid(): number;
  kill(): Promise<void>;
  start(): Promise<void>;
  end(): Promise<void>;
}

export const OWN_MINIO = { accessKey: 'faults', secretKey: 'faults-secret' };

export async function ownMinio(): Promise<OwnServer> {
  const cache = join(homedir(), '.cache/creativeflow/bin');
  const binary = readdirSync(cache)
    .filter((name) => name.startsWith('minio-'))
    .sort()
    .at(-1);
  if (!binary) throw new Error(`no MinIO in ${cache}: run \`npm run stack -- up\` once`);
  return own(
    (port, folder) => [
      join(cache, binary),
      ['server', folder, '--address', `127.0.0.1:${port}`, '--quiet'],
    ],
    {
      MINIO_ROOT_USER: OWN_MINIO.accessKey,
      MINIO_ROOT_PASSWORD: OWN_MINIO.secretKey,
      MINIO_BROWSER: 'off',
    },
    async (port) => {
      // its health page says ready before it takes signed requests: those are what counts
      await new Client({
        endPoint: '127.0.0.1',
        port,
        useSSL: false,
        ...OWN_MINIO,
        retryOptions: { disableRetry: true },
      }).listBuckets();
      return true;
    },
  );
}

export async function ownRedis(): Promise<OwnServer> {
  return own(
    (port, folder) => [
      'redis-server',
      ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', folder],
    ],
    {},
    async (port) => {
      const { Redis } = await import('ioredis');
      const redis = new Redis(port, '127.0.0.1', { lazyConnect: true, retryStrategy: () => null });
      redis.on('error', () => undefined);
      try {
        await redis.connect();
        return (await redis.ping()) === 'PONG';
      } finally {
        redis.disconnect();
      }
    },
  );
}

async function own(
  command: (port: number, folder: string) => [string, string[]],
  env: Record<string, string>,
  ready: (port: number) => Promise<boolean>,
): Promise<OwnServer> {
  const folder = mkdtempSync(join(tmpdir(), 'creativeflow-test-'));
  const port = await freePort();
  let child: ChildProcess | null = null;
  const kill = async (): Promise<void> => {
    const running = child;
    child = null;
    if (!running || running.exitCode !== null) return;
    const gone = new Promise((resolve) => {
      running.once('exit', resolve);
    });
    running.kill('SIGKILL');
    await gone;
  };
  const start = async (): Promise<void> => {
    const [program, args] = command(port, folder);
    child = spawn(program, args, { env: { ...process.env, ...env }, stdio: 'ignore' });
    await until(() => ready(port).catch(() => false), 20_000);
  };
  await start();
  return {
    port,
    pid: () => child!.pid!,
    kill,
    start,
    end: async () => {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
