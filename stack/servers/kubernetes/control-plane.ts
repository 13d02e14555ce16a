import { join } from 'node:path';
import { binary, KUBE } from '../../go-build.ts';
import { startDaemon, waitFor } from '../../process.ts';
import { tryRun } from '../../run.ts';
import { POD_CIDR, SERVICE_CIDR, type StackContext } from '../../server.ts';
import { kubeconfig, pkiFolder } from './pki.ts';

const READYZ_DEADLINE_MS = 60_000; // on two busy cores; 4 s on idle ones

/** etcd, the API server, the controller manager and the scheduler. */
export async function startControlPlane(context: StackContext): Promise<void> {
  const kube = binary(context, KUBE);
  const { ports } = context;
  const folder = join(context.state, 'kubernetes');
  const pki = pkiFolder(context);
  const etcd = `http://127.0.0.1:${ports.etcd}`;
  const peer = `http://127.0.0.1:${ports.etcdPeer}`;
  startDaemon(context, 'etcd', [
    kube, 'etcd', '--data-dir', join(folder, 'etcd'), '--unsafe-no-fsync', '--log-level', 'warn', '--listen-client-urls', etcd, '--advertise-client-urls', etcd,
    '--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer, '--initial-cluster', `default=${peer}`,
  ]);
  startDaemon(context, 'apiserver', [
    kube, 'kube-apiserver', `--etcd-servers=${etcd}`, '--bind-address=127.0.0.1', `--secure-port=${ports.apiserver}`, '--advertise-address=127.0.0.1',
    `--service-cluster-ip-range=${SERVICE_CIDR}`, `--client-ca-file=${pki}/ca.crt`, `--tls-cert-file=${pki}/apiserver.crt`, `--tls-private-key-file=${pki}/apiserver.key`,
    `--kubelet-client-certificate=${pki}/apiserver.crt`, `--kubelet-client-key=${pki}/apiserver.key`, `--service-account-key-file=${pki}/service-accounts.key`,
    `--service-account-signing-key-file=${pki}/service-accounts.key`, '--service-account-issuer=https://kubernetes.default.svc', '--authorization-mode=Node,RBAC',
    '--enable-admission-plugins=NodeRestriction', '--allow-privileged=true', '--endpoint-reconciler-type=none', '--kubelet-preferred-address-types=InternalIP',
  ]);
  await waitFor('the API server being ready', READYZ_DEADLINE_MS, () => apiReady(context));
  startDaemon(context, 'controller-manager', [
    kube, 'kube-controller-manager', `--kubeconfig=${kubeconfig(context, 'controller-manager')}`, `--service-account-private-key-file=${pki}/service-accounts.key`,
    `--root-ca-file=${pki}/ca.crt`, '--use-service-account-credentials', '--bind-address=127.0.0.1', `--secure-port=${ports.controllerManager}`, '--leader-elect=false',
    `--cluster-cidr=${POD_CIDR}`,
  ]);
  startDaemon(context, 'scheduler', [
    kube, 'kube-scheduler', `--kubeconfig=${kubeconfig(context, 'scheduler')}`, '--bind-address=127.0.0.1', `--secure-port=${ports.scheduler}`, '--leader-elect=false',
  ]);
}

export async function apiReady(context: StackContext): Promise<boolean> {
  const answer = await tryRun(binary(context, KUBE), ['kubectl', '--kubeconfig', kubeconfig(context, 'admin'), '--request-timeout=3s', 'get', '--raw', '/readyz']);
  return answer?.trim() === 'ok';
}
