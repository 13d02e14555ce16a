import { join } from 'node:path';
import { binary, buildGo, KUBE } from '../../go-build.ts';
import { daemonRunning, logFile, stopDaemon, waitFor } from '../../process.ts';
import { run, tryRun } from '../../run.ts';
import type { Server, StackContext } from '../../server.ts';
import { apiReady, startControlPlane } from './control-plane.ts';
import { adminKubectl } from './kubectl.ts';
import { NODE, nodeReady, offerGpus, startNode } from './node.ts';
import { ensurePki, kubeconfig } from './pki.ts';

const PARTS = ['kube-proxy', 'kubelet', 'scheduler', 'controller-manager', 'apiserver', 'etcd'];

/** One-node Kubernetes 1.34: every part of it the real one, from one binary. */
export const kubernetes: Server = {
  name: 'kubernetes',
  needs: ['containerd', 'images'],
  readyDeadlineMs: 90_000,
  install: (context) => buildGo(context, KUBE),
  async start(context) {
    await ensurePki(context);
    await startControlPlane(context);
    startNode(context);
  },
  ready: async (context) => PARTS.every((part) => daemonRunning(context, part)) && (await apiReady(context)) && (await nodeReady(context)),
  async prepare(context) {
    // the API server's identity towards the kubelet: without it logs and exec are forbidden
    await apply(context, {
      apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRoleBinding', metadata: { name: 'apiserver-to-kubelet' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'system:kubelet-api-admin' },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'kube-apiserver' }],
    });
    await offerGpus(context);
    await gatewayApi(context);
    await waitFor('the namespace controller', 30_000, async () => (await tryRun(binary(context, KUBE), ['kubectl', '--kubeconfig', kubeconfig(context, 'admin'), 'get', 'serviceaccount', 'default'])) !== null);
    await adminKubectl(context, ['apply', '--server-side', '--force-conflicts', '-k', join(context.root, 'k8s/overlays/local')]);
  },
  async stop(context) {
    // pods first, while the kubelet is there to end them; what is left is taken away with containerd
    if (await apiReady(context).catch(() => false)) {
      await tryRun(binary(context, KUBE), ['kubectl', '--kubeconfig', kubeconfig(context, 'admin'), 'drain', NODE, '--ignore-daemonsets', '--force', '--delete-emptydir-data', '--disable-eviction', '--grace-period=1', '--timeout=10s'], { deadlineMs: 15_000 });
    }
    for (const part of PARTS) await stopDaemon(context, part, 5_000);
  },
  logs: (context) => PARTS.map((part) => logFile(context, part)),
};

/** The custom resources of Gateway API, from the version that the gateway's module pins. */
async function gatewayApi(context: StackContext): Promise<void> {
  const module = await run('go', ['list', '-mod=mod', '-m', '-json', 'sigs.k8s.io/gateway-api'], { cwd: join(context.root, 'stack/go/traefik') });
  let folder = (JSON.parse(module) as { Dir?: string }).Dir;
  if (!folder) {
    const fetched = await run('go', ['mod', 'download', '-json', 'sigs.k8s.io/gateway-api'], { cwd: join(context.root, 'stack/go/traefik') });
    folder = (JSON.parse(fetched) as { Dir: string }).Dir;
  }
  await adminKubectl(context, ['apply', '--server-side', '--force-conflicts', '-f', join(folder, 'config/crd/standard')]);
  await adminKubectl(context, ['wait', '--for=condition=Established', '--timeout=30s', 'crd/httproutes.gateway.networking.k8s.io', 'crd/gateways.gateway.networking.k8s.io', 'crd/gatewayclasses.gateway.networking.k8s.io']);
}

async function apply(context: StackContext, object: object): Promise<void> {
  await adminKubectl(context, ['apply', '--server-side', '--force-conflicts', '-f', '-'], JSON.stringify(object));
}
