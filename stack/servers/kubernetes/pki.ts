import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../../run.ts';
import type { StackContext } from '../../server.ts';
import { kubectl } from './kubectl.ts';

interface Identity { name: string; subject: string; extension: string }

const CLIENT = 'extendedKeyUsage=clientAuth\n';
const IDENTITIES: Identity[] = [
  { name: 'apiserver', subject: '/CN=kube-apiserver', extension: 'subjectAltName=IP:127.0.0.1,IP:10.96.0.1,DNS:localhost,DNS:kubernetes.default.svc\nextendedKeyUsage=serverAuth,clientAuth\n' },
  { name: 'admin', subject: '/O=system:masters/CN=admin', extension: CLIENT },
  { name: 'controller-manager', subject: '/CN=system:kube-controller-manager', extension: CLIENT },
  { name: 'scheduler', subject: '/CN=system:kube-scheduler', extension: CLIENT },
  { name: 'node', subject: '/O=system:nodes/CN=system:node:local', extension: 'subjectAltName=IP:127.0.0.1,IP:10.244.0.1,DNS:local\nextendedKeyUsage=clientAuth,serverAuth\n' },
  { name: 'proxy', subject: '/CN=system:kube-proxy', extension: CLIENT },
  // the bridge's rights come from k8s/base/rbac.yaml, traefik's from traefik.yaml there
  { name: 'bridge', subject: '/CN=creativeflow-bridge', extension: CLIENT },
  { name: 'traefik', subject: '/CN=creativeflow-gateway', extension: CLIENT },
];

export function pkiFolder(context: StackContext): string {
  return join(context.state, 'kubernetes', 'pki');
}

export function kubeconfig(context: StackContext, name: string): string {
  return join(context.state, 'kubernetes', `${name}.kubeconfig`);
}

/** An authority of this cluster's own, one certificate for each part, and a kubeconfig for each client. */
export async function ensurePki(context: StackContext): Promise<void> {
  const folder = pkiFolder(context);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const at = { cwd: folder };
  if (!existsSync(join(folder, 'ca.crt'))) {
    await run('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '825', '-subj', '/CN=creativeflow-cluster', '-keyout', 'ca.key', '-out', 'ca.crt'], at);
    await run('openssl', ['genrsa', '-out', 'service-accounts.key', '2048'], at);
  }
  for (const { name, subject, extension } of IDENTITIES) {
    if (existsSync(kubeconfig(context, name))) continue;
    await run('openssl', ['req', '-newkey', 'rsa:2048', '-nodes', '-subj', subject, '-keyout', `${name}.key`, '-out', `${name}.csr`], at);
    writeFileSync(join(folder, `${name}.ext`), extension);
    const sign = ['x509', '-req', '-in', `${name}.csr`, '-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '825', '-extfile', `${name}.ext`, '-out', `${name}.crt`];
    await run('openssl', sign, at);
    await writeKubeconfig(context, name);
  }
}

async function writeKubeconfig(context: StackContext, name: string): Promise<void> {
  const folder = pkiFolder(context);
  const to = (args: string[]): Promise<string> => kubectl(context, ['config', ...args, `--kubeconfig=${kubeconfig(context, name)}`]);
  await to(['set-cluster', 'local', `--server=https://127.0.0.1:${context.ports.apiserver}`, `--certificate-authority=${folder}/ca.crt`, '--embed-certs']);
  await to(['set-credentials', name, `--client-certificate=${folder}/${name}.crt`, `--client-key=${folder}/${name}.key`, '--embed-certs']);
  await to(['set-context', 'local', '--cluster=local', `--user=${name}`]);
  await to(['use-context', 'local']);
}
