import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../bridge/test/contract/storage/tus-client.ts';
import { freePort } from '../stack/free-port.ts';
import { nginxConfiguration } from '../stack/servers/nginx-conf.ts';
import { resolvePorts } from '../stack/ports.ts';

export interface BenchServer {
  port: number;
  pid: number;
}

/** The upload routes of the bridge in a process of their own, Odoo faked. */
export async function startBridge(settings: {
  minio: object;
  redis: number;
  partBytes: number;
  inFlight: number;
}): Promise<BenchServer> {
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', join(import.meta.dirname, '../bridge/test/fakes/upload-process.ts')],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: {
        ...process.env,
        MINIO: JSON.stringify(settings.minio),
        REDIS: `redis://127.0.0.1:${settings.redis}`,
        PART_BYTES: String(settings.partBytes),
        PARTS_IN_FLIGHT: String(settings.inFlight),
      },
    },
  );
  let output = '';
  child.stdout.on('data', (chunk) => {
    output += String(chunk);
  });
  await until(() => /port \d+/.test(output), 30_000);
  return { port: Number(/port (\d+)/.exec(output)![1]), pid: child.pid! };
}

/** nginx as the stack configures it, with the stack's certificate. */
export async function startNginx(folder: string, bridgePort: number): Promise<BenchServer> {
  const ports = {
    ...resolvePorts(process.env),
    bridge: bridgePort,
    nginxHttp: await freePort(),
    nginxHttps: await freePort(),
  };
  mkdirSync(join(folder, 'temp'), { recursive: true });
  writeFileSync(
    join(folder, 'nginx.conf'),
    nginxConfiguration({
      folder,
      tls: join(import.meta.dirname, '../.stack/tls'),
      pwa: folder,
      ports,
    }),
  );
  const child = spawn(
    'nginx',
    ['-c', join(folder, 'nginx.conf'), '-p', folder, '-g', 'daemon off;'],
    { stdio: 'ignore' },
  );
  await until(() =>
    fetch(`http://127.0.0.1:${ports.nginxHttp}/`, { redirect: 'manual' }).then(
      () => true,
      () => false,
    ),
  );
  return { port: ports.nginxHttps, pid: child.pid! };
}
