import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { closeFiles, privateFolder } from '../private-file.ts';
import { run } from '../run.ts';
import type { StackContext } from '../server.ts';

const DAYS = '825'; // the longest that browsers accept
/** the endpoints have a host of their own where names below localhost lead here */
const NAMES = 'DNS:localhost,DNS:endpoints.localhost,IP:127.0.0.1';
const RENEW_BEFORE_MS = 30 * 86_400_000;

/** The stack's own authority (`ca.crt`, for clients to trust) and nginx's certificate. */
export function tlsFolder(context: Pick<StackContext, 'state'>): string {
  return join(context.state, 'tls');
}

/** two servers that start side by side want the same one */
const making = new Map<string, Promise<string>>();

/** Makes authority and certificate when they are missing or soon over. Answers the certificate. */
export function ensureCertificate(context: StackContext): Promise<string> {
  const known = making.get(context.state);
  if (known) return known;
  const made = make(context).finally(() => making.delete(context.state));
  making.set(context.state, made);
  return made;
}

async function make(context: StackContext): Promise<string> {
  const tls = tlsFolder(context);
  privateFolder(tls);
  closeFiles(['ca.key', 'server.key'].map((name) => join(tls, name)));
  const file = join(tls, 'server.crt');
  if (existsSync(file) && lasts(readFileSync(file))) return readFileSync(file, 'utf8');
  await makeAuthority(tls);
  await makeServerCertificate(tls);
  return readFileSync(file, 'utf8');
}

async function makeAuthority(tls: string): Promise<void> {
  await run(
    'openssl',
    [
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-days',
      DAYS,
      '-subj',
      '/CN=CreativeFlow local authority',
      '-addext',
      'keyUsage=critical,keyCertSign,cRLSign',
      '-keyout',
      'ca.key',
      '-out',
      'ca.crt',
    ],
    { cwd: tls },
  );
}

async function makeServerCertificate(tls: string): Promise<void> {
  await run(
    'openssl',
    [
      'req',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-subj',
      '/CN=localhost',
      '-keyout',
      'server.key',
      '-out',
      'server.csr',
    ],
    { cwd: tls },
  );
  writeFileSync(
    join(tls, 'server.ext'),
    `subjectAltName=${NAMES}\nextendedKeyUsage=serverAuth\nbasicConstraints=CA:FALSE\n`,
  );
  await run(
    'openssl',
    [
      'x509',
      '-req',
      '-in',
      'server.csr',
      '-CA',
      'ca.crt',
      '-CAkey',
      'ca.key',
      '-CAcreateserial',
      '-days',
      DAYS,
      '-extfile',
      'server.ext',
      '-out',
      'server.crt',
    ],
    { cwd: tls },
  );
}

function lasts(pem: Buffer): boolean {
  const certificate = new X509Certificate(pem);
  return (
    Date.parse(certificate.validTo) - Date.now() > RENEW_BEFORE_MS &&
    certificate.checkHost('endpoints.localhost') !== undefined
  );
}
