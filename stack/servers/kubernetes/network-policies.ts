import { join } from 'node:path';
import { binary, NETWORK_POLICIES } from '../../go-build.ts';
import { httpAnswers, waitFor } from '../../process.ts';
import { SERVICE_CIDR, type StackContext } from '../../server.ts';
import { askApi } from './api.ts';
import { adminKubectl } from './kubectl.ts';
import { NODE } from './node.ts';
import { startPart } from './part.ts';
import { kubeconfig } from './pki.ts';

const NODE_DEADLINE_MS = 60_000;

/**
 * Who makes NetworkPolicies into rules of this machine's firewall: the bridge plugin of CNI does
 * not.
 */
export async function startNetworkPolicies(context: StackContext): Promise<void> {
  // its rights come before it does; everything else of k8s/ is applied once the cluster is ready,
  // which takes it
  await adminKubectl(context, [
    'apply',
    '--server-side',
    '--force-conflicts',
    '-f',
    join(context.root, 'k8s/overlays/local/network-policies-controller.yaml'),
  ]);
  await waitFor(
    'the node being registered',
    NODE_DEADLINE_MS,
    async () => (await askApi(context, `/api/v1/nodes/${NODE}`)) !== null,
  );
  const file = kubeconfig(context, 'network-policies');
  const flags = [
    `--kubeconfig=${file}`,
    `--hostname-override=${NODE}`,
    `--service-cluster-ip-range=${SERVICE_CIDR}`,
    `--health-port=${context.ports.networkPoliciesHealth}`,
  ];
  await startPart(context, 'network-policies', [binary(context, NETWORK_POLICIES), ...flags], {
    read: [file],
  });
}

export function policiesEnforced(context: StackContext): Promise<boolean> {
  return httpAnswers(`http://127.0.0.1:${context.ports.networkPoliciesHealth}/healthz`);
}
