import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { binary, KUBE } from '../../go-build.ts';
import { startDaemon } from '../../process.ts';
import { tryRun } from '../../run.ts';
import { POD_BRIDGE_ADDRESS, POD_CIDR, type StackContext } from '../../server.ts';
import { containerdSocket } from './containerd.ts';
import { adminKubectl } from './kubectl.ts';
import { kubeconfig, pkiFolder } from './pki.ts';

export const NODE = 'local';
const GPUS = 8;

/** The kubelet, on the address of the pod bridge because a node's address may not be loopback, and kube-proxy. */
export function startNode(context: StackContext): void {
  const folder = join(context.state, 'kubernetes');
  const pki = pkiFolder(context);
  mkdirSync(join(folder, 'kubelet'), { recursive: true });
  const kubelet = {
    apiVersion: 'kubelet.config.k8s.io/v1beta1', kind: 'KubeletConfiguration',
    authentication: { anonymous: { enabled: false }, webhook: { enabled: true }, x509: { clientCAFile: `${pki}/ca.crt` } }, authorization: { mode: 'Webhook' },
    address: POD_BRIDGE_ADDRESS, port: context.ports.kubelet, healthzPort: context.ports.kubeletHealth, readOnlyPort: 0,
    cgroupDriver: 'cgroupfs', cgroupRoot: '/', failCgroupV1: false, enforceNodeAllocatable: [], failSwapOn: false,
    containerRuntimeEndpoint: `unix://${containerdSocket(context)}`, tlsCertFile: `${pki}/node.crt`, tlsPrivateKeyFile: `${pki}/node.key`,
    // pods find each other by the gateway and services by address; build pods resolve as this machine does
    resolvConf: '/etc/resolv.conf',
    evictionHard: { 'nodefs.available': '1%', 'imagefs.available': '1%', 'memory.available': '100Mi' }, imageGCHighThresholdPercent: 99, imageGCLowThresholdPercent: 95,
    nodeStatusUpdateFrequency: '4s', maxPods: 110,
  };
  writeFileSync(join(folder, 'kubelet.yaml'), stringify(kubelet));
  const kube = binary(context, KUBE);
  startDaemon(context, 'kubelet', [
    kube, 'kubelet', `--config=${folder}/kubelet.yaml`, `--kubeconfig=${kubeconfig(context, 'node')}`, `--root-dir=${folder}/kubelet`, `--hostname-override=${NODE}`,
    `--node-ip=${POD_BRIDGE_ADDRESS}`, `--cert-dir=${folder}/kubelet/pki`,
  ]);
  const proxy = {
    apiVersion: 'kubeproxy.config.k8s.io/v1alpha1', kind: 'KubeProxyConfiguration', clientConnection: { kubeconfig: kubeconfig(context, 'proxy') }, mode: 'iptables',
    clusterCIDR: POD_CIDR, hostnameOverride: NODE, bindAddress: '127.0.0.1', healthzBindAddress: `127.0.0.1:${context.ports.kubeProxyHealth}`, metricsBindAddress: '127.0.0.1:0',
    conntrack: { maxPerCore: 0 }, nodePortAddresses: ['127.0.0.0/8'],
  };
  writeFileSync(join(folder, 'proxy.yaml'), stringify(proxy));
  startDaemon(context, 'kube-proxy', [kube, 'kube-proxy', `--config=${folder}/proxy.yaml`]);
}

export async function nodeReady(context: StackContext): Promise<boolean> {
  const status = await tryRun(binary(context, KUBE), [
    'kubectl', '--kubeconfig', kubeconfig(context, 'admin'), '--request-timeout=3s', 'get', 'node', NODE, '-o', 'jsonpath={.status.conditions[?(@.type=="Ready")].status}',
  ]);
  return status?.trim() === 'True';
}

/** Eight GPUs as an extended resource: pods that ask for them are scheduled, wait and are refused as on a node that has them. */
export async function offerGpus(context: StackContext): Promise<void> {
  const patch = [{ op: 'add', path: '/status/capacity/nvidia.com~1gpu', value: String(GPUS) }];
  await adminKubectl(context, ['patch', 'node', NODE, '--subresource=status', '--type=json', '-p', JSON.stringify(patch)]);
}
