import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { binary, KUBE } from '../../go-build.ts';
import { daemonRunning, startDaemon } from '../../process.ts';
import { POD_CIDR, type StackContext } from '../../server.ts';
import { NODE } from './kubelet.ts';
import { kubeconfig } from './pki.ts';

/** Services, by iptables. */
export function startKubeProxy(context: StackContext): void {
  if (daemonRunning(context, 'kube-proxy')) return; // it ends itself when its file is written again
  const file = join(context.state, 'kubernetes', 'kube-proxy.yaml');
  writeFileSync(file, stringify({
    apiVersion: 'kubeproxy.config.k8s.io/v1alpha1', kind: 'KubeProxyConfiguration', clientConnection: { kubeconfig: kubeconfig(context, 'proxy') }, mode: 'iptables',
    clusterCIDR: POD_CIDR, hostnameOverride: NODE,
    healthzBindAddress: `127.0.0.1:${context.ports.kubeProxyHealth}`, metricsBindAddress: `127.0.0.1:${context.ports.kubeProxyMetrics}`,
    // node ports answer to pods and this machine, not to its neighbours; the machine's connection table stays as it is
    nodePortAddresses: [POD_CIDR], conntrack: { maxPerCore: 0, min: 0 }, iptables: { localhostNodePorts: false },
  }));
  startDaemon(context, 'kube-proxy', [binary(context, KUBE), 'kube-proxy', `--config=${file}`]);
}
