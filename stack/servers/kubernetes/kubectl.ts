import { join } from 'node:path';
import { binary, KUBE } from '../../go-build.ts';
import { run } from '../../run.ts';
import type { StackContext } from '../../server.ts';

/** kubectl with the given arguments, without any configuration of its own. */
function kubectl(context: StackContext, args: string[], input?: string): Promise<string> {
  return run(binary(context, KUBE), ['kubectl', ...args], {
    deadlineMs: 120_000,
    ...(input === undefined ? {} : { input }),
  });
}

/** kubectl as the cluster's administrator. */
export function adminKubectl(
  context: StackContext,
  args: string[],
  input?: string,
): Promise<string> {
  return kubectl(
    context,
    ['--kubeconfig', join(context.state, 'kubernetes/admin.kubeconfig'), ...args],
    input,
  );
}
