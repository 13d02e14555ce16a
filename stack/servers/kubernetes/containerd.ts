import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { registryAccess } from '../../../bridge/src/adapters/registry/registry.ts';
import { writePrivate } from '../../private-file.ts';
import { daemonRunning, logFile, stopDaemon } from '../../process.ts';
import { tryRun } from '../../run.ts';
import { REGISTRY_NAME, type Server, type StackContext } from '../../server.ts';
import { installPackages } from '../apt.ts';
import { registryUrl } from '../registry-access.ts';
import { ensureCgroup } from './cgroup.ts';
import { removeLeftovers } from './leftovers.ts';
import { startPart } from './part.ts';
import { cniFolder, ensurePodNetwork } from './pod-network.ts';

/** What a Unix socket's path may be long, less the longest of ours below the checkout. */
const LONGEST_ROOT = 107 - '/.stack/kubernetes/kubelet/pod-resources/kubelet.sock'.length;

/**
 * containerd with state and socket of its own; it pulls from the local registry by the registry's
 * name.
 */
export const containerd: Server = {
  name: 'containerd',
  needs: ['registry'],
  readyDeadlineMs: 20_000,
  install: installPackages,
  async start(context) {
    if (context.root.length > LONGEST_ROOT)
      throw new Error(
        `The path of the checkout is too long for the sockets in it (${context.root.length} characters, ${LONGEST_ROOT} at most). Move it: ${context.root}`,
      );
    if (!daemonRunning(context, 'containerd')) {
      await removeLeftovers(context, 'start');
      forgetRunningState(context);
    }
    ensureCgroup();
    await ensurePodNetwork(context);
    const folder = containerdFolder(context);
    const registry = `${REGISTRY_NAME}:${context.ports.registry}`;
    mkdirSync(join(folder, 'certs.d', registry), { recursive: true });
    writePrivate(
      join(folder, 'certs.d', registry, 'hosts.toml'),
      mirror(registryUrl(context, 'node')),
    );
    const file = join(folder, 'config.toml');
    await startPart(context, 'containerd', ['containerd', '--config', file], {
      written: { [file]: configuration(folder, registry, cniFolder(context)) },
    });
  },
  ready: async (context) =>
    daemonRunning(context, 'containerd') &&
    (await tryRun('ctr', ['--address', containerdSocket(context), 'version'], {
      deadlineMs: 5000,
    })) !== null,
  async stop(context) {
    await stopDaemon(context, 'containerd');
    await removeLeftovers(context, 'stop');
    forgetRunningState(context);
  },
  logs: (context) => [logFile(context, 'containerd')],
};

export function containerdSocket(context: StackContext): string {
  return join(containerdFolder(context), 'containerd.sock');
}

function containerdFolder(context: StackContext): string {
  return join(context.state, 'containerd');
}

/** Which containers ran; images and snapshots are kept. Only once no mount is left below it. */
function forgetRunningState(context: StackContext): void {
  rmSync(join(containerdFolder(context), 'state'), { recursive: true, force: true });
}

/** Where the registry's name leads, with the node's own login: it is read at each pull. */
export function mirror(url: string): string {
  const { origin, authorization } = registryAccess(url);
  const access = (table: string): string => `[${table}]\n  authorization = "${authorization}"\n`;
  const capabilities = 'capabilities = ["pull", "resolve"]';
  // The server is asked once more after its host: without the login there too, an image that is
  // absent would be told as a refusal.
  return (
    `server = "${origin}"\n${capabilities}\n${access('header')}[host."${origin}"]\n  ${capabilities}\n` +
    access(`host."${origin}".header`)
  );
}

export function configuration(folder: string, registry: string, cni: string): string {
  const cri = 'plugins."io.containerd.grpc.v1.cri"';
  return `version = 2
root = "${folder}/root"
state = "${folder}/state"
[grpc]
  address = "${folder}/containerd.sock"
[${cri}]
  sandbox_image = "${registry}/pause:3.10"
  # without CAP_SYS_RESOURCE no process may lower its score: every sandbox would fail
  restrict_oom_score_adj = true
  # not among the machine's own network namespaces: what is below our state is ours to take away
  netns_mounts_under_state_dir = true
  [${cri}.cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "${cni}"
  [${cri}.registry]
    config_path = "${folder}/certs.d"
  [${cri}.containerd]
    default_runtime_name = "runc"
    [${cri}.containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [${cri}.containerd.runtimes.runc.options]
        Root = "${folder}/state/runc"
        SystemdCgroup = false
`;
}
