import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startTime } from './process.ts';

/** Takes the checkout's lock for one command. A second command at the same time is refused; a lock left by a kill is not in the way. */
export function takeLock(state: string, command: string): () => void {
  mkdirSync(state, { recursive: true });
  const file = join(state, 'lock');
  if (existsSync(file)) {
    const holder = JSON.parse(readFileSync(file, 'utf8')) as { pid: number; started: string; command: string };
    if (startTime(holder.pid) === holder.started) {
      throw new Error(`"stack ${holder.command}" is running here already (pid ${holder.pid}). Wait for it, or end it with: kill ${holder.pid}`);
    }
  }
  writeFileSync(file, JSON.stringify({ pid: process.pid, started: startTime(process.pid), command }));
  const release = (): void => rmSync(file, { force: true });
  process.once('exit', release);
  return release;
}
