import { mkdirSync, writeFileSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { daemonRunning, logFile, startDaemon, stopDaemon } from '../../process.ts';
import { tryRun } from '../../run.ts';
import { REGISTRY_NAME, type Server, type StackContext } from '../../server.ts';
import { installPackages } from '../apt.ts';
import { cniFolder, ensurePodNetwork, mountsUnder, removePodNetwork } from './pod-network.ts';

/** containerd with state and socket of its own; it pulls through the local registry by the registry's name. */
export const containerd: Server = {
  name: 'containerd',
  needs: ['registry'],
  readyDeadlineMs: 20_000,
  install: installPackages,
  async start(context) {
    if (!daemonRunning(context, 'containerd')) await removeLeftovers(context);
    await ensurePodNetwork(context);
    const folder = containerdFolder(context);
    const registry = `${REGISTRY_NAME}:${context.ports.registry}`;
    const hosts = join(folder, 'certs.d', registry);
    mkdirSync(hosts, { recursive: true });
    const local = `http://127.0.0.1:${context.ports.registry}`;
    writeFileSync(join(hosts, 'hosts.toml'), `server = "${local}"\n[host."${local}"]\n  capabilities = ["pull", "resolve"]\n`);
    writeFileSync(join(folder, 'config.toml'), configuration(context, registry));
    startDaemon(context, 'containerd', ['containerd', '--config', join(folder, 'config.toml')]);
  },
  ready: async (context) => daemonRunning(context, 'containerd') && (await tryRun('ctr', ['--address', containerdSocket(context), 'version'], { deadlineMs: 5000 })) !== null,
  async stop(context) {
    await stopDaemon(context, 'containerd');
    await removeLeftovers(context);
  },
  logs: (context) => [logFile(context, 'containerd')],
};

export function containerdSocket(context: StackContext): string {
  return join(containerdFolder(context), 'containerd.sock');
}

function containerdFolder(context: StackContext): string {
  return join(context.state, 'containerd');
}

function configuration(context: StackContext, registry: string): string {
  const folder = containerdFolder(context);
  const cri = 'plugins."io.containerd.grpc.v1.cri"';
  return `version = 2
root = "${folder}/root"
state = "${folder}/state"
[grpc]
  address = "${containerdSocket(context)}"
[${cri}]
  sandbox_image = "${registry}/pause:3.10"
  # without CAP_SYS_RESOURCE no process may lower its score: every sandbox would fail
  restrict_oom_score_adj = true
  [${cri}.cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "${cniFolder(context)}"
  [${cri}.registry]
    config_path = "${folder}/certs.d"
  [${cri}.containerd]
    default_runtime_name = "runc"
    [${cri}.containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [${cri}.containerd.runtimes.runc.options]
        SystemdCgroup = false
`;
}

/**
 * Pods outlive containerd (each has a shim of its own), so ending containerd is not enough: shims and their
 * containers are killed, mounts taken away, then the network. Only processes whose command line names our socket are touched.
 */
async function removeLeftovers(context: StackContext): Promise<void> {
  for (let round = 0; round < 40; round++) {
    const shims = processes((line) => line.includes('containerd-shim') && line.includes(containerdSocket(context)));
    if (shims.length === 0) break;
    for (const shim of shims) for (const pid of [...descendants(shim), shim]) kill(pid);
    await delay(100);
  }
  for (const folder of [containerdFolder(context), join(context.state, 'kubernetes', 'kubelet')]) {
    for (const point of mountsUnder(folder)) await tryRun('umount', ['-l', point]);
  }
  await removePodNetwork(context);
  rmSync(join(containerdFolder(context), 'state'), { recursive: true, force: true });
}

function processes(wanted: (commandLine: string) => boolean): number[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number).filter((pid) => {
    try {
      return wanted(readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' '));
    } catch {
      return false; // gone meanwhile
    }
  });
}

function descendants(pid: number): number[] {
  try {
    const children = readdirSync(`/proc/${pid}/task`).flatMap((task) => readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number));
    return children.flatMap((child) => [...descendants(child), child]);
  } catch {
    return [];
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // gone meanwhile
  }
}
