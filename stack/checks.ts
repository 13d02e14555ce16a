import { statfsSync } from 'node:fs';
import { createServer } from 'node:net';
import { portVariable, type PortName } from './ports.ts';
import { tryRun } from './run.ts';
import type { Server, StackContext } from './server.ts';

const NEEDED_DISK_BYTES = 6 * 2 ** 30; // images and layers unpacked; a cold start takes 12 GiB with Go's own cache

/** What would make a start fail later, said now, in one sentence each. */
export async function checkMachine(context: StackContext): Promise<void> {
  if (process.getuid?.() !== 0) throw new Error('The stack must run as root: it starts containers and pod networks. Try: sudo npm run stack -- up');
  const disk = statfsSync(context.root);
  const free = disk.bavail * disk.bsize;
  if (free < NEEDED_DISK_BYTES) throw new Error(`The disk of ${context.root} has ${(free / 2 ** 30).toFixed(1)} GiB free; the stack needs ${NEEDED_DISK_BYTES / 2 ** 30} GiB. Make room and try again.`);
}

const PORTS_OF: Record<string, PortName[]> = {
  postgres: ['postgres'], redis: ['redis'], minio: ['minio'], odoo: ['odoo'], registry: ['registry'], kubernetes: ['etcd', 'apiserver', 'kubelet'],
  traefik: ['traefikWeb', 'traefikMetrics'], bridge: ['bridge'], nginx: ['nginxHttps', 'nginxHttp'],
};

/** For a server that is not running: each of its ports must be free. */
export async function checkPorts(context: StackContext, server: Server): Promise<void> {
  for (const name of PORTS_OF[server.name] ?? []) {
    const port = context.ports[name];
    if (await portIsFree(port)) continue;
    const holder = (await tryRun('ss', ['-Hltnp', `sport = :${port}`]))?.match(/users:\(\("([^"]+)",pid=(\d+)/);
    const who = holder ? `${holder[1]} (pid ${holder[2]})` : 'another program';
    throw new Error(`Port ${port} for ${server.name} is taken by ${who}. End it, or choose another: ${portVariable(name)}=PORT npm run stack -- up`);
  }
}

function portIsFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
}
