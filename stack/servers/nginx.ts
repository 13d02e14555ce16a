import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { logFile, portAnswers, startDaemon, stopDaemon } from '../process.ts';
import { run } from '../run.ts';
import type { Server, StackContext } from '../server.ts';
import { installPackages } from './apt.ts';
import { nginxConfiguration } from './nginx-conf.ts';

/** nginx: the only door. TLS with a certificate of the stack's own authority, kept in `.stack/tls`. */
export const nginx: Server = {
  name: 'nginx',
  needs: ['odoo'],
  readyDeadlineMs: 15_000,
  install: installPackages,
  async start(context) {
    const folder = join(context.state, 'nginx');
    mkdirSync(join(folder, 'temp'), { recursive: true });
    await certificates(context);
    writeFileSync(join(folder, 'nginx.conf'), nginxConfiguration({ folder, tls: tlsFolder(context), pwa: join(context.root, 'pwa', 'dist'), ports: context.ports }));
    await run('nginx', ['-t', '-q', '-p', folder, '-c', join(folder, 'nginx.conf')]);
    startDaemon(context, 'nginx', ['nginx', '-p', folder, '-c', join(folder, 'nginx.conf'), '-g', 'daemon off;']);
  },
  ready: (context) => portAnswers(context.ports.nginxHttps),
  stop: (context) => stopDaemon(context, 'nginx'),
  logs: (context) => [logFile(context, 'nginx'), join(context.state, 'nginx', 'access.log')],
};

export function tlsFolder(context: StackContext): string {
  return join(context.state, 'tls');
}

async function certificates(context: StackContext): Promise<void> {
  const tls = tlsFolder(context);
  mkdirSync(tls, { recursive: true, mode: 0o700 });
  if (existsSync(join(tls, 'server.crt'))) return;
  const at = { cwd: tls };
  await run('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '825', '-subj', '/CN=CreativeFlow local authority', '-keyout', 'ca.key', '-out', 'ca.crt'], at);
  await run('openssl', ['req', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=localhost', '-keyout', 'server.key', '-out', 'server.csr'], at);
  writeFileSync(join(tls, 'server.ext'), 'subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1\nextendedKeyUsage=serverAuth\n');
  await run('openssl', ['x509', '-req', '-in', 'server.csr', '-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '825', '-extfile', 'server.ext', '-out', 'server.crt'], at);
}
