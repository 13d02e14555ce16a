import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { binary, buildGo, KUBE, NETWORK_POLICIES } from '../../go-build.ts';
import { daemonRunning, httpAnswers, logFile, stopDaemon, waitFor } from '../../process.ts';
import { REGISTRY_NAME, type Server, type StackContext } from '../../server.ts';
import { GATES_OF_TESTS } from '../../ports.ts';
import { apiReady, askApi } from './api.ts';
import { startControlPlane } from './control-plane.ts';
import { applyGatewayApi } from './gateway-api.ts';
import { offerGpus } from './gpus.ts';
import { startKubeProxy } from './kube-proxy.ts';
import { adminKubectl } from './kubectl.ts';
import { nodeReady, startKubelet } from './kubelet.ts';
import { policiesEnforced, startNetworkPolicies } from './network-policies.ts';
import { ensurePki, kubeconfig } from './pki.ts';

/** In the order of ending; the file of each one's log bears its name. */
const PARTS = [
  'network-policies',
  'kube-proxy',
  'kubelet',
  'scheduler',
  'controller-manager',
  'apiserver',
  'etcd',
];
const CONTROLLERS_DEADLINE_MS = 30_000;

/** Kubernetes 1.34 on one node: every part of it the real one, from one binary. */
export const kubernetes: Server = {
  name: 'kubernetes',
  needs: ['containerd', 'images'],
  readyDeadlineMs: 90_000,
  async install(context) {
    await buildGo(context, KUBE);
    await buildGo(context, NETWORK_POLICIES);
  },
  async start(context) {
    await ensurePki(context);
    await startControlPlane(context);
    await startKubelet(context);
    await startKubeProxy(context);
    await startNetworkPolicies(context);
    writeKubectl(context);
  },
  ready: async (context) =>
    PARTS.every((part) => daemonRunning(context, part)) &&
    (await apiReady(context)) &&
    (await nodeReady(context)) &&
    (await servicesReady(context)) &&
    (await policiesEnforced(context)),
  async prepare(context) {
    await offerGpus(context);
    await applyGatewayApi(context);
    await applyManifests(context);
    // the controllers write this into each namespace; no pod is admitted before
    await waitFor(
      'the controllers of Kubernetes',
      CONTROLLERS_DEADLINE_MS,
      async () =>
        (await askApi(context, '/api/v1/namespaces/mlops-build/serviceaccounts/default')) !== null,
    );
  },
  // pods outlive the kubelet: they are taken away with containerd
  async stop(context) {
    for (const part of PARTS) await stopDaemon(context, part, 5_000);
  },
  logs: (context) => PARTS.map((part) => logFile(context, part)),
};

/** `.stack/kubectl`, for people: the cluster's own kubectl as its administrator. */
function writeKubectl(context: StackContext): void {
  const script = `#!/bin/sh\nexec '${binary(context, KUBE)}' kubectl --kubeconfig '${kubeconfig(context, 'admin')}' "$@"\n`;
  writeFileSync(join(context.state, 'kubectl'), script, { mode: 0o700 });
}

/**
 * What the product needs of a cluster: namespaces, rights, quotas, policies, the gateway. The
 * listener's port and the registry's are this stack's.
 */
async function applyManifests(context: StackContext): Promise<void> {
  const rendered = await adminKubectl(context, [
    'kustomize',
    join(context.root, 'k8s/overlays/local'),
  ]);
  await adminKubectl(
    context,
    ['apply', '--server-side', '--force-conflicts', '-f', '-'],
    withRegistryPort(withListenerPort(rendered, context.ports.traefikWeb), context.ports.registry),
  );
}

/**
 * A Gateway's port must be its entry point's, and the entry point's can be chosen at each start.
 */
export function withListenerPort(manifests: string, port: number): string {
  return manifests.replaceAll(/^(\s+(?:- )?port: )18080$/gm, `$1${port}`);
}

/**
 * Pods are admitted with images of this stack's registry alone, and builds reach the bridge on the
 * registry's port.
 */
export function withRegistryPort(manifests: string, port: number): string {
  const [first, last] = [port, port + GATES_OF_TESTS];
  return manifests
    .replaceAll(`${REGISTRY_NAME}:15000`, `${REGISTRY_NAME}:${port}`)
    .replaceAll(/^(\s+(?:- )?)endPort: 15032$/gm, `$1endPort: ${last}`)
    .replaceAll(/^(\s+(?:- )?)port: 15000$/gm, `$1port: ${first}`);
}

function servicesReady(context: StackContext): Promise<boolean> {
  return httpAnswers(`http://127.0.0.1:${context.ports.kubeProxyHealth}/healthz`);
}
