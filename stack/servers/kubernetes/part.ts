import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { startDaemon, stopIfChanged } from '../../process.ts';
import type { StackContext } from '../../server.ts';

export interface PartFiles {
  /**
   * path → content of configuration files, written while the part does not run: kube-proxy ends
   * itself when its file is touched
   */
  written?: Record<string, string>;
  /** files that the part reads once, at its start: certificates, kubeconfigs */
  read?: readonly string[];
  /** a program to run beside the part whenever it was started again by its supervisor */
  afterRestart?: string;
}

/**
 * Starts a part of the cluster; one that runs with other flags or other files is started again.
 * Pods live through it.
 */
export async function startPart(
  context: StackContext,
  name: string,
  argv: readonly string[],
  { written = {}, read = [], afterRestart }: PartFiles,
): Promise<void> {
  await stopIfChanged(
    context,
    name,
    JSON.stringify([argv, written, read.map((file) => readFileSync(file, 'utf8'))]),
  );
  for (const [file, text] of Object.entries(written)) {
    if (!existsSync(file) || readFileSync(file, 'utf8') !== text) writeFileSync(file, text);
  }
  startDaemon(context, name, argv, afterRestart === undefined ? {} : { afterRestart });
}
