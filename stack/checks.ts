import { readdirSync, readFileSync, readlinkSync, statfsSync } from 'node:fs';
import { portIsFree } from './free-port.ts';
import { portVariable, type PortName } from './ports.ts';
import { daemonPid, groupOf, runningDaemons, supervisorPid } from './process.ts';
import type { Server, StackContext } from './server.ts';

// images and layers unpacked; a cold start takes 12 GiB with Go's own cache
const NEEDED_DISK_BYTES = 6 * 2 ** 30;

/** Only root may start containers and pod networks. */
export function checkRoot(command: string, uid = process.getuid?.()): void {
  if (uid !== 0)
    throw new Error(
      `The stack must run as root: it starts containers and pod networks. Try: sudo npm run stack -- ${command}`,
    );
}

/** A full disk would stop a start half-way, with whatever message the server that met it has. */
export function checkDisk(folder: string, free = freeBytes(folder)): void {
  if (free >= NEEDED_DISK_BYTES) return;
  throw new Error(
    `The disk of ${folder} has ${(free / 2 ** 30).toFixed(1)} GiB free; the stack needs ${NEEDED_DISK_BYTES / 2 ** 30} GiB. Make room and try again.`,
  );
}

function freeBytes(folder: string): number {
  const disk = statfsSync(folder);
  return disk.bavail * disk.bsize;
}

/** Which ports a server listens on. */
export const PORTS_OF: Record<string, readonly PortName[]> = {
  postgres: ['postgres'],
  redis: ['redis'],
  minio: ['minio'],
  registry: ['registry'],
  odoo: ['odoo'],
  kubernetes: [
    'etcd',
    'etcdPeer',
    'apiserver',
    'controllerManager',
    'scheduler',
    'kubelet',
    'kubeletHealth',
    'kubeProxyHealth',
    'kubeProxyMetrics',
    'networkPoliciesHealth',
  ],
  traefik: ['traefikWeb', 'traefikMetrics'],
  bridge: ['bridge'],
  nginx: ['nginxHttps', 'nginxEndpoints', 'nginxHttp'],
};

/**
 * For a server that is not ready: each of its ports must be free, or be held by a daemon of ours
 * that is still starting.
 */
export async function checkPorts(context: StackContext, server: Server): Promise<void> {
  for (const name of PORTS_OF[server.name] ?? []) {
    const port = context.ports[name];
    if (await portIsFree(port)) continue;
    const holder = holderOf(port);
    if (holder !== null && groupsOf(context).has(holder.group)) continue;
    const who = holder === null ? 'another program' : `${holder.name} (pid ${holder.pid})`;
    throw new Error(
      `Port ${port} for ${server.name} is taken by ${who}. End it, or choose another port: ${portVariable(name)}=PORT npm run stack -- up`,
    );
  }
}

function groupsOf(context: StackContext): Set<number | null> {
  const pids = runningDaemons(context).flatMap((name) => [
    daemonPid(context, name),
    supervisorPid(context, name),
  ]);
  return new Set(pids.filter((pid) => pid !== null).map(groupOf));
}

/**
 * The process that listens on a TCP port: proc(5) names the socket's inode, and each process its
 * sockets.
 */
export function holderOf(port: number): { pid: number; name: string; group: number } | null {
  const inodes = listeningInodes(port);
  for (const pid of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    try {
      if (!readdirSync(`/proc/${pid}/fd`).some((fd) => inodes.has(linkOf(`/proc/${pid}/fd/${fd}`))))
        continue;
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      return {
        pid: Number(pid),
        name: stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')')),
        group: Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2]),
      };
    } catch {
      // it ended meanwhile
    }
  }
  return null;
}

function listeningInodes(port: number): Set<string> {
  const wanted = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const LISTEN = '0A';
  const rows = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((file) =>
    readFileSync(file, 'utf8')
      .split('\n')
      .map((line) => line.trim().split(/\s+/)),
  );
  return new Set(
    rows
      .filter((row) => row[1]?.endsWith(wanted) && row[3] === LISTEN)
      .map((row) => `socket:[${row[9]}]`),
  );
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
