import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { httpAnswers, logFile, startDaemon, stopDaemon, stopIfChanged } from '../process.ts';
import { run, tryRun } from '../run.ts';
import type { Server, StackContext } from '../server.ts';
import { installPackages } from './apt.ts';
import { ensureCertificate, tlsFolder } from './certificate.ts';
import { nginxConfiguration } from './nginx-conf.ts';
import { buildWebApp, webAppFolder } from './web-app.ts';

/**
 * nginx: the only door. What stands behind it may come and go; only Odoo is waited for, whose pages
 * are the first shown.
 */
export const nginx: Server = {
  name: 'nginx',
  needs: ['odoo'],
  readyDeadlineMs: 15_000,
  async install(context) {
    await installPackages(context);
    await buildWebApp(context);
  },
  async start(context) {
    const folder = join(context.state, 'nginx');
    mkdirSync(folder, { recursive: true });
    const certificate = await ensureCertificate(context);
    const configuration = nginxConfiguration({
      folder,
      tls: tlsFolder(context),
      pwa: webAppFolder(context),
      ports: context.ports,
      user: await workersUser(context),
      corsOrigins: corsOrigins(process.env),
    });
    writeFileSync(join(folder, 'nginx.conf'), configuration);
    await run('nginx', ['-t', '-q', '-p', folder, '-c', join(folder, 'nginx.conf')]);
    await stopIfChanged(context, 'nginx', configuration + certificate);
    startDaemon(context, 'nginx', [
      'nginx',
      '-p',
      folder,
      '-c',
      join(folder, 'nginx.conf'),
      '-g',
      'daemon off;',
    ]);
  },
  // over plain HTTP it only redirects: that needs no authority to be trusted
  ready: (context) => httpAnswers(`http://127.0.0.1:${context.ports.nginxHttp}/`),
  stop: (context) => stopDaemon(context, 'nginx'),
  logs: (context) => [logFile(context, 'nginx'), join(context.state, 'nginx', 'access.log')],
};

/**
 * ENDPOINTS_CORS_ORIGINS: origins whose pages may read what endpoints answer, with commas between;
 * nobody's when empty.
 */
export function corsOrigins(env: NodeJS.ProcessEnv): string[] {
  const named = (env['ENDPOINTS_CORS_ORIGINS'] ?? '')
    .split(',')
    .map((one) => one.trim())
    .filter(Boolean);
  for (const one of named) {
    const isOrigin = URL.canParse(one) && new URL(one).origin === one;
    if (!isOrigin)
      throw new Error(
        `ENDPOINTS_CORS_ORIGINS names "${one}"; an origin is like https://app.example.com`,
      );
  }
  return named;
}

/** Debian's user for it, unless the checkout lies where only root may read, such as /root. */
async function workersUser(context: StackContext): Promise<string> {
  const readable = await tryRun(
    'su',
    [
      'www-data',
      '-s',
      '/bin/sh',
      '-c',
      `test -r '${join(webAppFolder(context), 'index.html')}' && test -x '${context.state}'`,
    ],
    { cwd: '/' },
  );
  return readable === null ? 'root' : 'www-data';
}
