import { join } from 'node:path';
import { stringify } from 'yaml';
import { binary, KUBE } from '../../go-build.ts';
import { POD_CIDR, type StackContext } from '../../server.ts';
import { NODE } from './node.ts';
import { startPart } from './part.ts';
import { kubeconfig } from './pki.ts';

/** Services, by iptables. */
export async function startKubeProxy(context: StackContext): Promise<void> {
  const file = join(context.state, 'kubernetes', 'kube-proxy.yaml');
  const configuration = stringify({
    apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
    kind: 'KubeProxyConfiguration',
    clientConnection: { kubeconfig: kubeconfig(context, 'proxy') },
    mode: 'iptables',
    clusterCIDR: POD_CIDR,
    hostnameOverride: NODE,
    healthzBindAddress: `127.0.0.1:${context.ports.kubeProxyHealth}`,
    metricsBindAddress: `127.0.0.1:${context.ports.kubeProxyMetrics}`,
    // node ports answer to pods and this machine, not to its neighbours; the machine's connection
    // table stays as it is
    nodePortAddresses: [POD_CIDR],
    conntrack: { maxPerCore: 0, min: 0 },
    iptables: { localhostNodePorts: false },
  });
  await startPart(
    context,
    'kube-proxy',
    [binary(context, KUBE), 'kube-proxy', `--config=${file}`],
    { written: { [file]: configuration }, read: [kubeconfig(context, 'proxy')] },
  );
}
