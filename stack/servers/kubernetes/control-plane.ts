import { join } from 'node:path';
import { binary, KUBE } from '../../go-build.ts';
import { waitFor } from '../../process.ts';
import { POD_CIDR, SERVICE_CIDR, type StackContext } from '../../server.ts';
import { apiReady } from './api.ts';
import { startPart } from './part.ts';
import { kubeconfig, pkiFolder } from './pki.ts';

const READY_DEADLINE_MS = 90_000; // on two busy cores; 4 s on idle ones

/**
 * etcd, the API server, the controller manager and the scheduler, all on loopback: pods reach none
 * of them.
 */
export async function startControlPlane(context: StackContext): Promise<void> {
  const program = (
    name: string,
    part: string,
    flags: Record<string, string>,
    read: string[],
  ): Promise<void> =>
    startPart(
      context,
      name,
      [
        binary(context, KUBE),
        part,
        ...Object.entries(flags).map(([flag, value]) => `--${flag}=${value}`),
      ],
      { read },
    );
  const certificate = (name: string): string => join(pkiFolder(context), `${name}.crt`);
  await program('etcd', 'etcd', etcdFlags(context), [certificate('etcd')]);
  await program(
    'apiserver',
    'kube-apiserver',
    apiserverFlags(context),
    ['apiserver', 'apiserver-kubelet', 'etcd-client'].map(certificate),
  );
  await waitFor('the API server being ready', READY_DEADLINE_MS, () => apiReady(context));
  await program('controller-manager', 'kube-controller-manager', controllerManagerFlags(context), [
    kubeconfig(context, 'controller-manager'),
  ]);
  await program('scheduler', 'kube-scheduler', schedulerFlags(context), [
    kubeconfig(context, 'scheduler'),
  ]);
}

function etcdFlags(context: StackContext): Record<string, string> {
  const { ports } = context;
  const pki = pkiFolder(context);
  const client = `https://127.0.0.1:${ports.etcd}`;
  const peer = `https://127.0.0.1:${ports.etcdPeer}`;
  return {
    'data-dir': join(context.state, 'kubernetes', 'etcd'),
    'unsafe-no-fsync': 'true',
    'log-level': 'warn',
    'listen-client-urls': client,
    'advertise-client-urls': client,
    'listen-peer-urls': peer,
    'initial-advertise-peer-urls': peer,
    'initial-cluster': `default=${peer}`,
    'cert-file': `${pki}/etcd.crt`,
    'key-file': `${pki}/etcd.key`,
    'trusted-ca-file': `${pki}/etcd-ca.crt`,
    'client-cert-auth': 'true',
    'peer-cert-file': `${pki}/etcd.crt`,
    'peer-key-file': `${pki}/etcd.key`,
    'peer-trusted-ca-file': `${pki}/etcd-ca.crt`,
    'peer-client-cert-auth': 'true',
  };
}

function apiserverFlags(context: StackContext): Record<string, string> {
  const { ports } = context;
  const pki = pkiFolder(context);
  return {
    'bind-address': '127.0.0.1',
    'secure-port': String(ports.apiserver),
    'advertise-address': '127.0.0.1',
    'endpoint-reconciler-type': 'none',
    'etcd-servers': `https://127.0.0.1:${ports.etcd}`,
    'etcd-cafile': `${pki}/etcd-ca.crt`,
    'etcd-certfile': `${pki}/etcd-client.crt`,
    'etcd-keyfile': `${pki}/etcd-client.key`,
    'service-cluster-ip-range': SERVICE_CIDR,
    'client-ca-file': `${pki}/ca.crt`,
    'tls-cert-file': `${pki}/apiserver.crt`,
    'tls-private-key-file': `${pki}/apiserver.key`,
    'anonymous-auth': 'false',
    'kubelet-certificate-authority': `${pki}/ca.crt`,
    'kubelet-client-certificate': `${pki}/apiserver-kubelet.crt`,
    'kubelet-client-key': `${pki}/apiserver-kubelet.key`,
    'kubelet-preferred-address-types': 'InternalIP',
    'service-account-key-file': `${pki}/service-accounts.key`,
    'service-account-signing-key-file': `${pki}/service-accounts.key`,
    'service-account-issuer': 'https://kubernetes.default.svc',
    'authorization-mode': 'Node,RBAC',
    'allow-privileged': 'true',
    // beside those that are on by default, among them ResourceQuota, PodSecurity and
    // ValidatingAdmissionPolicy
    'enable-admission-plugins': 'NodeRestriction,PodSecurity,ValidatingAdmissionPolicy',
  };
}

function controllerManagerFlags(context: StackContext): Record<string, string> {
  const pki = pkiFolder(context);
  return {
    kubeconfig: kubeconfig(context, 'controller-manager'),
    'bind-address': '127.0.0.1',
    'secure-port': String(context.ports.controllerManager),
    'leader-elect': 'false',
    'service-account-private-key-file': `${pki}/service-accounts.key`,
    'root-ca-file': `${pki}/ca.crt`,
    'use-service-account-credentials': 'true',
    'cluster-cidr': POD_CIDR,
  };
}

function schedulerFlags(context: StackContext): Record<string, string> {
  return {
    kubeconfig: kubeconfig(context, 'scheduler'),
    'bind-address': '127.0.0.1',
    'secure-port': String(context.ports.scheduler),
    'leader-elect': 'false',
  };
}
