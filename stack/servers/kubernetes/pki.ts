import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { closeFiles, privateFolder, writePrivate } from '../../private-file.ts';
import { run, tryRun } from '../../run.ts';
import { POD_BRIDGE_ADDRESS, type StackContext } from '../../server.ts';

/**
 * Two authorities: whoever has a certificate of the cluster's must not therefore get at etcd, past
 * every right.
 */
const AUTHORITIES = { ca: 'creativeflow-cluster', 'etcd-ca': 'creativeflow-etcd' } as const;
type Authority = keyof typeof AUTHORITIES;

interface Identity {
  name: string;
  subject: string;
  usage: string;
  names?: string;
  by?: Authority;
  kubeconfig?: boolean;
}

const CLIENT = 'clientAuth';
const BOTH = 'serverAuth,clientAuth';

/**
 * One for each part, and one for each program that uses the cluster; the rights of bridge and
 * traefik are in k8s/.
 */
const IDENTITIES: readonly Identity[] = [
  {
    name: 'etcd',
    by: 'etcd-ca',
    subject: '/CN=etcd',
    usage: BOTH,
    names: 'IP:127.0.0.1,DNS:localhost',
  },
  { name: 'etcd-client', by: 'etcd-ca', subject: '/CN=kube-apiserver', usage: CLIENT },
  {
    name: 'apiserver',
    subject: '/CN=kube-apiserver',
    usage: 'serverAuth',
    names: 'IP:127.0.0.1,IP:10.96.0.1,DNS:localhost,DNS:kubernetes.default.svc',
  },
  { name: 'apiserver-kubelet', subject: '/CN=kube-apiserver-kubelet-client', usage: CLIENT },
  {
    name: 'kubelet',
    subject: '/O=system:nodes/CN=system:node:local',
    usage: 'serverAuth',
    names: `IP:127.0.0.1,IP:${POD_BRIDGE_ADDRESS},DNS:local`,
  },
  {
    name: 'node',
    subject: '/O=system:nodes/CN=system:node:local',
    usage: CLIENT,
    kubeconfig: true,
  },
  { name: 'admin', subject: '/O=system:masters/CN=admin', usage: CLIENT, kubeconfig: true },
  {
    name: 'controller-manager',
    subject: '/CN=system:kube-controller-manager',
    usage: CLIENT,
    kubeconfig: true,
  },
  { name: 'scheduler', subject: '/CN=system:kube-scheduler', usage: CLIENT, kubeconfig: true },
  { name: 'proxy', subject: '/CN=system:kube-proxy', usage: CLIENT, kubeconfig: true },
  {
    name: 'network-policies',
    subject: '/CN=creativeflow-network-policies',
    usage: CLIENT,
    kubeconfig: true,
  },
  { name: 'bridge', subject: '/CN=creativeflow-bridge', usage: CLIENT, kubeconfig: true },
  { name: 'traefik', subject: '/CN=creativeflow-gateway', usage: CLIENT, kubeconfig: true },
];

const AUTHORITY_DAYS = 3650;
const DAYS = 365;
const RENEW_BEFORE_SECONDS = 30 * 24 * 3600;
const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

export function pkiFolder(context: StackContext): string {
  return join(context.state, 'kubernetes', 'pki');
}

export function kubeconfig(context: StackContext, name: string): string {
  return join(context.state, 'kubernetes', `${name}.kubeconfig`);
}

/**
 * The authorities of this cluster alone, a certificate for each identity, renewed a month before
 * its end, and a kubeconfig for each client.
 */
export async function ensurePki(context: StackContext): Promise<void> {
  const folder = pkiFolder(context);
  privateFolder(folder);
  for (const authority of Object.keys(AUTHORITIES) as Authority[])
    await ensureAuthority(folder, authority);
  if (!existsSync(join(folder, 'service-accounts.key')))
    await writtenWhole(folder, 'service-accounts.key', (file) =>
      run('openssl', ['genrsa', '-out', file, '2048'], { cwd: folder }),
    );
  await Promise.all(IDENTITIES.map((identity) => ensureCertificate(folder, identity)));
  for (const { name } of IDENTITIES.filter((identity) => identity.kubeconfig)) {
    writePrivate(
      kubeconfig(context, name),
      stringify(
        kubeconfigOf(name, `https://127.0.0.1:${context.ports.apiserver}`, (file) =>
          readFileSync(join(folder, file)),
        ),
      ),
    );
  }
  closeFiles(
    readdirSync(folder)
      .filter((name) => name.endsWith('.key'))
      .map((name) => join(folder, name)),
  );
}

export function kubeconfigOf(name: string, server: string, read: (file: string) => Buffer): object {
  const embedded = (file: string): string => read(file).toString('base64');
  return {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'local',
    clusters: [
      { name: 'local', cluster: { server, 'certificate-authority-data': embedded('ca.crt') } },
    ],
    users: [
      {
        name,
        user: {
          'client-certificate-data': embedded(`${name}.crt`),
          'client-key-data': embedded(`${name}.key`),
        },
      },
    ],
    contexts: [{ name: 'local', context: { cluster: 'local', user: name } }],
  };
}

async function ensureAuthority(folder: string, authority: Authority): Promise<void> {
  const certificate = `${authority}.crt`;
  if (await holds(folder, certificate)) return;
  await run(
    'openssl',
    [
      'req',
      '-x509',
      ...NEW_KEY,
      '-days',
      String(AUTHORITY_DAYS),
      '-subj',
      `/CN=${AUTHORITIES[authority]}`,
      '-keyout',
      `${authority}.key`,
      '-out',
      certificate,
    ],
    { cwd: folder },
  );
  // what the former authority signed is worth nothing now
  for (const { name } of IDENTITIES.filter(({ by = 'ca' }) => by === authority))
    rmSync(join(folder, `${name}.crt`), { force: true });
}

async function ensureCertificate(
  folder: string,
  { name, subject, usage, names, by = 'ca' }: Identity,
): Promise<void> {
  if (await holds(folder, `${name}.crt`)) return;
  writeFileSync(
    join(folder, `${name}.ext`),
    `extendedKeyUsage=${usage}\n${names ? `subjectAltName=${names}\n` : ''}`,
  );
  await run(
    'openssl',
    ['req', ...NEW_KEY, '-subj', subject, '-keyout', `${name}.key`, '-out', `${name}.csr`],
    { cwd: folder },
  );
  const serial = String(process.hrtime.bigint());
  await writtenWhole(folder, `${name}.crt`, (file) =>
    run(
      'openssl',
      [
        'x509',
        '-req',
        '-in',
        `${name}.csr`,
        '-CA',
        `${by}.crt`,
        '-CAkey',
        `${by}.key`,
        '-set_serial',
        serial,
        '-days',
        String(DAYS),
        '-extfile',
        `${name}.ext`,
        '-out',
        file,
      ],
      { cwd: folder },
    ),
  );
}

async function holds(folder: string, certificate: string): Promise<boolean> {
  return (
    (await tryRun(
      'openssl',
      ['x509', '-in', certificate, '-noout', '-checkend', String(RENEW_BEFORE_SECONDS)],
      { cwd: folder },
    )) !== null
  );
}

/** A file that a killed run left half written must not be taken for a whole one. */
async function writtenWhole(
  folder: string,
  name: string,
  write: (file: string) => Promise<unknown>,
): Promise<void> {
  await write(`${name}.part`);
  await run('mv', [`${name}.part`, name], { cwd: folder });
}
