import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { registryAccess } from '../../bridge/src/adapters/registry/registry.ts';
import { logFile, startDaemon, stopDaemon, stopIfChanged } from '../process.ts';
import { writePrivate } from '../private-file.ts';
import type { Server, StackContext } from '../server.ts';
import { installPackages } from './apt.ts';
import { htpasswd, registryUrl } from './registry-access.ts';

/**
 * The container registry, on loopback only, and only for who has a login: build pods push through
 * the bridge's gate, containerd pulls from here.
 */
export const registry: Server = {
  name: 'registry',
  needs: [],
  readyDeadlineMs: 15_000,
  install: installPackages,
  async start(context) {
    const folder = join(context.state, 'registry');
    mkdirSync(folder, { recursive: true });
    const users = await htpasswd(context.secrets);
    const config = stringify(registryConfiguration(context, folder));
    await stopIfChanged(context, 'registry', config + users);
    writePrivate(join(folder, 'htpasswd'), users);
    writePrivate(join(folder, 'config.yml'), config);
    // OTEL_TRACES_EXPORTER: Debian's build looks for a collector otherwise
    startDaemon(context, 'registry', ['docker-registry', 'serve', join(folder, 'config.yml')], {
      env: { ...process.env, OTEL_TRACES_EXPORTER: 'none' },
    });
  },
  /** it lets the bridge in, and nobody without a login */
  async ready(context) {
    const { origin, authorization } = registryAccess(registryUrl(context, 'bridge'));
    const status = async (headers: Record<string, string>): Promise<number> => {
      const answer = await fetch(`${origin}/v2/`, { headers, signal: AbortSignal.timeout(2000) });
      await answer.body?.cancel();
      return answer.status;
    };
    return (await status({ authorization: authorization! })) === 200 && (await status({})) === 401;
  },
  stop: (context) => stopDaemon(context, 'registry'),
  logs: (context) => [logFile(context, 'registry')],
};

function registryConfiguration(
  { ports, secrets }: Pick<StackContext, 'ports' | 'secrets'>,
  folder: string,
): object {
  return {
    version: 0.1,
    log: { level: 'warn' },
    storage: { filesystem: { rootdirectory: join(folder, 'data') }, delete: { enabled: true } },
    auth: { htpasswd: { realm: 'registry', path: join(folder, 'htpasswd') } },
    // signs the state of uploads in their addresses, and nothing else
    http: { addr: `127.0.0.1:${ports.registry}`, secret: secrets['registryHttpSecret'] },
  };
}
