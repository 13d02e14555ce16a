import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { httpAnswers, logFile, startDaemon, stopDaemon } from '../process.ts';
import type { Server } from '../server.ts';
import { installPackages } from './apt.ts';

/** The container registry, on loopback only: build pods push through the bridge's gate, containerd pulls from here. */
export const registry: Server = {
  name: 'registry',
  needs: [],
  readyDeadlineMs: 15_000,
  install: installPackages,
  async start(context) {
    const folder = join(context.state, 'registry');
    mkdirSync(folder, { recursive: true });
    const config = {
      version: 0.1,
      log: { level: 'warn' },
      storage: { filesystem: { rootdirectory: join(folder, 'data') }, delete: { enabled: true } },
      http: { addr: `127.0.0.1:${context.ports.registry}`, secret: context.secrets['sessionSecret'] },
    };
    writeFileSync(join(folder, 'config.yml'), stringify(config));
    // OTEL_TRACES_EXPORTER: Debian's build looks for a collector otherwise
    startDaemon(context, 'registry', ['docker-registry', 'serve', join(folder, 'config.yml')], { env: { ...process.env, OTEL_TRACES_EXPORTER: 'none' } });
  },
  ready: (context) => httpAnswers(`http://127.0.0.1:${context.ports.registry}/v2/`),
  stop: (context) => stopDaemon(context, 'registry'),
  logs: (context) => [logFile(context, 'registry')],
};
