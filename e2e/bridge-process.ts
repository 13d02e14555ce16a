import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { daemonPid, killDaemon, startTime } from '../stack/process.ts';
import type { StackFacts } from '../stack/facts.ts';

/**
 * Ends the stack's bridge as a power cut would, and its supervisor with it: it stays away until it
 * is started.
 */
export async function killBridge({ state }: StackFacts): Promise<void> {
  const pid = daemonPid({ state }, 'bridge');
  if (pid === null) throw new Error('The bridge does not run, so it cannot be killed.');
  await killDaemon({ state }, 'bridge');
  if (startTime(pid) !== null) throw new Error(`The bridge (pid ${pid}) did not end.`);
}

/** Brings it back as whoever runs the stack would. */
export async function startBridge({ root }: StackFacts): Promise<void> {
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', join(root, 'stack/cli.ts'), 'up', 'bridge'],
    { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`The bridge did not come back:\n${said.slice(-2000)}`);
}
