import { join } from 'node:path';
import { run } from '../../run.ts';
import type { StackContext } from '../../server.ts';
import { adminKubectl } from './kubectl.ts';

/**
 * The resources of Gateway API, standard channel, in the version that the gateway is built with; Go
 * checks what it fetches.
 */
export async function applyGatewayApi(context: StackContext): Promise<void> {
  const module = await run('go', ['mod', 'download', '-json', 'sigs.k8s.io/gateway-api'], {
    cwd: join(context.root, 'stack/go/traefik'),
    env: { ...process.env, GOFLAGS: '-mod=mod' },
  });
  const folder = join((JSON.parse(module) as { Dir: string }).Dir, 'config/crd/standard');
  await adminKubectl(context, ['apply', '--server-side', '--force-conflicts', '-f', folder]);
  await adminKubectl(context, [
    'wait',
    '--for=condition=Established',
    '--timeout=30s',
    '-f',
    folder,
  ]);
}
