import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { BRIDGE_NODE_OPTIONS, bundleBridge } from '../../bridge/bundle.ts';
import { bridgeEnvironment } from '../facts.ts';
import { writePrivate } from '../private-file.ts';
import { httpAnswers, logFile, startDaemon, stopDaemon, stopIfChanged } from '../process.ts';
import type { Server } from '../server.ts';
import { digestOfFiles } from '../sources.ts';

const GRACE_MS = 25_000; // it lets running requests end for up to 20 s

/**
 * The bridge, bundled from its sources as in production; started again when they or its environment
 * changed.
 */
export const bridge: Server = {
  name: 'bridge',
  needs: ['postgres', 'redis', 'minio', 'odoo', 'registry', 'images', 'kubernetes', 'traefik'],
  readyDeadlineMs: 120_000, // a busy machine builds the web app at the same time
  install: async () => undefined,
  async start(context) {
    if (!existsSync(join(context.root, 'bridge/src/main.ts')))
      throw new Error('this checkout has no bridge/src/main.ts');
    const environment = bridgeEnvironment(context);
    const text = Object.entries(environment)
      .map(([name, value]) => `${name}=${value}\n`)
      .join('');
    writePrivate(join(context.state, 'bridge.env'), text);
    await stopIfChanged(
      context,
      'bridge',
      text + digestOfFiles(context.root, ['bridge/src', 'bridge/bundle.ts', 'package-lock.json']),
      GRACE_MS,
    );
    startDaemon(
      context,
      'bridge',
      [process.execPath, ...BRIDGE_NODE_OPTIONS, await bundleBridge()],
      { env: { ...foreignEnvironment(), ...environment }, cwd: context.root },
    );
  },
  ready: (context) => httpAnswers(`http://127.0.0.1:${context.ports.bridge}/health/ready`),
  stop: (context) => stopDaemon(context, 'bridge', GRACE_MS),
  logs: (context) => [logFile(context, 'bridge')],
};

/** The caller's environment less what would configure the bridge: that is the stack's alone. */
function foreignEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) =>
        !/^(BRIDGE|ODOO|MINIO|REGISTRY|BUILD|GATEWAY|OUTBOX|REDIS|SESSION|UPLOAD|PWA|ENDPOINTS)_|^KUBECONFIG$/.test(
          name,
        ),
    ),
  );
}
