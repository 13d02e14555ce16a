import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { mountPoints, unmountUnder } from '../../mounts.ts';
import { waitFor } from '../../process.ts';
import type { StackContext } from '../../server.ts';
import { cgroupProcesses, removeCgroup } from './cgroup.ts';
import { removeFirewallRules } from './firewall.ts';
import { removePodBridge } from './pod-network.ts';

const GONE_DEADLINE_MS = 15_000;
const PARTS = [
  'etcd',
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kubelet',
  'kube-proxy',
];
/** The names of the cluster's daemons in `.stack/run`. */
const SUPERVISED = [
  'containerd',
  'etcd',
  'apiserver',
  'controller-manager',
  'scheduler',
  'kubelet',
  'kube-proxy',
  'network-policies',
];

/**
 * A process that belongs to the cluster of some checkout: `state` is that checkout's state folder.
 */
export interface ClusterProcess {
  pid: number;
  state: string;
  part: string;
}

/**
 * Takes away what a cluster leaves when its processes were killed: shims and containers, mounts,
 * network, firewall rules, cgroups. What another checkout left is taken away too, unless its
 * cluster runs: then `start` refuses and `stop` leaves everything that the two share.
 *
 * Ours is: a path under the state folder of a checkout, the cgroup and the interface that carry our
 * name, and the chains of kube-proxy and kubelet while no other of them runs on this machine.
 */
export async function removeLeftovers(
  context: StackContext,
  when: 'start' | 'stop',
): Promise<void> {
  const found = clusterProcesses();
  const running = runningElsewhere(found, context.state, existsSync);
  if (running !== null && when === 'start') {
    throw new Error(
      `The cluster of another checkout runs on this machine (${running}). Only one can: stop it with \`npm run stack -- down\` in that checkout.`,
    );
  }
  const alone = running === null;
  const doomed = found
    .filter(({ state, part }) =>
      state === context.state ? part === 'shim' || when === 'start' : alone,
    )
    // who would start the others again goes first
    .sort((one, other) => Number(other.part === 'supervisor') - Number(one.part === 'supervisor'));
  const containers = alone ? cgroupProcesses() : [];
  for (const pid of [...containers, ...doomed.map(({ pid }) => pid)]) kill(pid);
  await waitFor('the end of containers', GONE_DEADLINE_MS, () => {
    const rest = [...doomed.map(({ pid }) => pid), ...(alone ? cgroupProcesses() : [])].filter(
      isAlive,
    );
    rest.forEach(kill);
    return rest.length === 0;
  });
  const states = new Set([context.state, ...(alone ? statesOfMounts(mountPoints()) : [])]);
  for (const state of states)
    for (const part of ['containerd', 'kubernetes']) await unmountUnder(join(state, part));
  removeShimSockets(doomed);
  if (!alone) return;
  await removePodBridge(context);
  await removeFirewallRules();
  removeCgroup();
  removeLogLinks(states);
}

/**
 * The state folder of a checkout, other than this one, whose cluster runs and which was not deleted
 * under it; null when there is none. Shims alone are no running cluster.
 */
export function runningElsewhere(
  processes: readonly ClusterProcess[],
  state: string,
  exists: (path: string) => boolean,
): string | null {
  // mounts keep a deleted folder's skeleton; the file that every stack begins with tells the two
  // apart
  return (
    processes.find(
      (process) =>
        process.state !== state &&
        process.part !== 'shim' &&
        exists(join(process.state, 'secrets.json')),
    )?.state ?? null
  );
}

/**
 * What a command line says: which part of which checkout's cluster; null for any other program,
 * also for one that only names our files.
 */
export function clusterPart(
  argv: readonly string[],
): Pick<ClusterProcess, 'state' | 'part'> | null {
  const [path = '', command = '', pidFile = ''] = argv;
  const program = basename(path);
  if (program === 'sh' && basename(command) === 'supervise.sh') return supervisorOf(pidFile);
  const part = partOf(program, command);
  if (part === null) return null;
  const state = /(?:^|=|unix:\/\/)(\/.*?\/\.stack)\/(?:containerd|kubernetes)\//.exec(
    argv.slice(1).find((word) => /\/\.stack\/(containerd|kubernetes)\//.test(word)) ?? '',
  )?.[1];
  return state ? { state, part } : null;
}

function supervisorOf(pidFile: string): Pick<ClusterProcess, 'state' | 'part'> | null {
  const [, state, name] = /^(\/.*?\/\.stack)\/run\/([a-z-]+)\.pid$/.exec(pidFile) ?? [];
  return state !== undefined && SUPERVISED.includes(name!) ? { state, part: 'supervisor' } : null;
}

function partOf(program: string, command: string): string | null {
  if (program === 'containerd') return 'containerd';
  if (program.startsWith('containerd-shim')) return 'shim';
  if (program.startsWith('network-policies-v')) return 'network-policies';
  return program.startsWith('kube-v') && PARTS.includes(command) ? command : null;
}

/** State folders of checkouts, ours or not, with mounts of a cluster under them. */
export function statesOfMounts(points: readonly string[]): string[] {
  return [
    ...new Set(
      points.flatMap(
        (point) => /^(\/.*?\/\.stack)\/(?:containerd|kubernetes)\//.exec(point)?.[1] ?? [],
      ),
    ),
  ];
}

function clusterProcesses(): ClusterProcess[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const found = clusterPart(readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0'));
        return found && isAlive(Number(name)) ? [{ pid: Number(name), ...found }] : [];
      } catch {
        return []; // gone meanwhile
      }
    });
}

/**
 * A killed shim leaves its socket, named after containerd's address, the namespace and the
 * container.
 */
function removeShimSockets(shims: readonly ClusterProcess[]): void {
  const folder = '/run/containerd/s';
  if (shims.length === 0 || !existsSync(folder)) return;
  const listening = readFileSync('/proc/net/unix', 'utf8');
  for (const name of readdirSync(folder))
    if (!listening.includes(`${folder}/${name}`)) rmSync(join(folder, name), { force: true });
}

/** The kubelet links each container's log here, whatever folder it was given. */
function removeLogLinks(states: ReadonlySet<string>): void {
  const folder = '/var/log/containers';
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder)) {
    const link = join(folder, name);
    if (
      lstatSync(link).isSymbolicLink() &&
      [...states].some((state) => readlinkSync(link).startsWith(`${state}/`))
    )
      rmSync(link, { force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3) !== 'Z';
  } catch {
    return false;
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // gone meanwhile
  }
}
