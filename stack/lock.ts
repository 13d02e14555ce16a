import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';

/**
 * Takes the checkout's lock for one command; a second command at the same time is refused. The lock
 * is a socket name that the kernel gives to one process and takes back when that one ends, however
 * it ends: no lock is ever left behind.
 */
export async function takeLock(state: string, command: string): Promise<() => void> {
  mkdirSync(state, { recursive: true });
  const file = join(state, 'lock');
  const holder = createServer();
  const taken = await new Promise<boolean>((resolve) => {
    holder.once('error', () => resolve(false));
    holder.listen(
      `\0creativeflow-stack-${createHash('sha256').update(state).digest('hex').slice(0, 32)}`,
      () => resolve(true),
    );
  });
  if (!taken) throw new Error(refusal(file));
  holder.unref();
  writeFileSync(file, JSON.stringify({ pid: process.pid, command }));
  const release = (): void => {
    rmSync(file, { force: true });
    holder.close();
  };
  process.once('exit', release);
  return release;
}

function refusal(file: string): string {
  try {
    const { pid, command } = JSON.parse(readFileSync(file, 'utf8')) as {
      pid: number;
      command: string;
    };
    return `"stack ${command}" is running here already (pid ${pid}). Wait for it, or end it with: kill ${pid}`;
  } catch {
    return 'Another command of this stack is running here already. Wait for it to end.';
  }
}
