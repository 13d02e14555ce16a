import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { binary, KUBE } from '../../go-build.ts';
import type { StackContext } from '../../server.ts';
import { adminKubectl } from './kubectl.ts';
import { NODE } from './node.ts';
import { kubeconfig } from './pki.ts';

const GPUS = 8;

/**
 * Eight GPUs as an extended resource: pods that ask for them are scheduled, wait and are refused as
 * on a node that has them. A kubelet that registers sets what no device plugin vouches for to zero,
 * so this is said again after each start.
 */
export async function offerGpus(context: StackContext): Promise<void> {
  await adminKubectl(context, ['patch', 'node', NODE, ...OFFER]);
}

const PATCH = ['capacity', 'allocatable'].map((kind) => ({
  op: 'add',
  path: `/status/${kind}/nvidia.com~1gpu`,
  value: String(GPUS),
}));
const OFFER = ['--subresource=status', '--type=json', '-p', JSON.stringify(PATCH)];

/**
 * For the kubelet's supervisor: says it again when the kubelet has registered, which is some time
 * within this half minute.
 */
export function offerGpusProgram(context: StackContext): string {
  const file = join(context.state, 'kubernetes', 'offer-gpus');
  const kubectl = `'${binary(context, KUBE)}' kubectl --kubeconfig '${kubeconfig(context, 'admin')}'`;
  writeFileSync(
    file,
    `#!/bin/sh
for second in $(seq 30); do
  [ "$(${kubectl} get node ${NODE} -o 'jsonpath={.status.capacity.nvidia\\.com/gpu}')" = ${GPUS} ] ||
    ${kubectl} patch node ${NODE} ${OFFER.map((word) => `'${word}'`).join(' ')}
  sleep 1
done > /dev/null 2>&1
`,
    { mode: 0o700 },
  );
  return file;
}
