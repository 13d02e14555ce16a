import type { StackContext } from '../../server.ts';
import { adminKubectl } from './kubectl.ts';
import { NODE } from './kubelet.ts';

const GPUS = 8;

/**
 * Eight GPUs as an extended resource: pods that ask for them are scheduled, wait and are refused as on a node that has
 * them. A kubelet that registers sets what no device plugin vouches for to zero, so this is said again after each start.
 */
export async function offerGpus(context: StackContext): Promise<void> {
  const patch = ['capacity', 'allocatable'].map((kind) => ({ op: 'add', path: `/status/${kind}/nvidia.com~1gpu`, value: String(GPUS) }));
  await adminKubectl(context, ['patch', 'node', NODE, '--subresource=status', '--type=json', '-p', JSON.stringify(patch)]);
}
