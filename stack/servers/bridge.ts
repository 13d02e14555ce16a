import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bridgeEnvironment } from '../facts.ts';
import { httpAnswers, logFile, startDaemon, stopDaemon } from '../process.ts';
import { run } from '../run.ts';
import type { Server, StackContext } from '../server.ts';

/** The bridge itself, run from its sources, and the web app built beside it. */
export const bridge: Server = {
  name: 'bridge',
  needs: ['postgres', 'redis', 'minio', 'odoo', 'registry', 'kubernetes', 'traefik'],
  readyDeadlineMs: 40_000,
  install: buildWebApp,
  async start(context) {
    const environment = bridgeEnvironment(context);
    const text = Object.entries(environment).map(([key, value]) => `${key}=${value}\n`).join('');
    writeFileSync(join(context.state, 'bridge.env'), text, { mode: 0o600 });
    startDaemon(context, 'bridge', bridgeCommand(context), { env: { ...withoutBridgeVariables(), ...environment }, cwd: context.root });
  },
  ready: (context) => httpAnswers(`http://127.0.0.1:${context.ports.bridge}/health/ready`),
  stop: (context) => stopDaemon(context, 'bridge', 25_000), // it lets running requests end for up to 20 s
  logs: (context) => [logFile(context, 'bridge')],
};

export function bridgeCommand(context: StackContext): string[] {
  return [process.execPath, '--import', 'tsx', join(context.root, 'bridge/src/main.ts')];
}

function withoutBridgeVariables(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(BRIDGE|ODOO|MINIO|REGISTRY|BUILD|GATEWAY|OUTBOX|REDIS)_/.test(name)));
}

/** Builds the web app when its sources changed since the last time. */
async function buildWebApp(context: StackContext): Promise<void> {
  const pwa = join(context.root, 'pwa');
  const marker = join(pwa, 'dist', '.sources');
  const digest = sourcesDigest([join(pwa, 'src'), join(pwa, 'index.html'), join(pwa, 'vite.config.ts'), join(pwa, 'public'), join(context.root, 'bridge/src/contract')]);
  if (existsSync(marker) && readFileSync(marker, 'utf8') === digest) return;
  context.report('building the web app');
  await run(join(context.root, 'node_modules/.bin/vite'), ['build', 'pwa'], { cwd: context.root });
  writeFileSync(marker, digest);
}

function sourcesDigest(paths: string[]): string {
  const hash = createHash('sha256');
  const walk = (path: string): void => {
    if (!existsSync(path)) return;
    if (statSync(path).isDirectory()) for (const name of readdirSync(path).sort()) walk(join(path, name));
    else hash.update(path).update(readFileSync(path));
  };
  paths.forEach(walk);
  return hash.digest('hex');
}
