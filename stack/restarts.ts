import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { StackContext } from './server.ts';

type State = Pick<StackContext, 'state'>;

/** What a daemon's supervisor notes down each time that the daemon ended (supervise.sh). */
export interface Ends {
  ends: number;
  /** `SIGKILL`, `exit code 1`; `unknown` of a server that ran before its supervisor */
  why: string;
  /** seconds since 1970 */
  endedAt: number;
  /** from there until the next try */
  gapMs: number;
}

/** Null when it never ended since it was started on purpose. */
export function endsOf(context: State, name: string): Ends | null {
  try {
    return JSON.parse(readFileSync(endsFile(context, name), 'utf8')) as Ends;
  } catch {
    return null;
  }
}

export function forgetEnds(context: State, name: string): void {
  rmSync(endsFile(context, name), { force: true });
}

/** How a daemon is kept running, in a sentence; null when there is nothing to say. */
export function restartsSaid(
  name: string,
  now: { running: boolean; supervised: boolean; ends: Ends | null },
  at = Date.now(),
): string | null {
  const { running, supervised, ends } = now;
  if (running && !supervised)
    return `${name} runs, but nothing would start it again. Mend it with: npm run stack -- up`;
  if (ends === null) return null;
  const last = `${new Date(ends.endedAt * 1000).toISOString().slice(11, 19)} UTC (${ends.why})`;
  if (running) return `${name} was started again ${times(ends.ends)}; it ended last at ${last}`;
  if (!supervised) return null;
  const seconds = Math.max(0, ends.endedAt + ends.gapMs / 1000 - at / 1000);
  return `${name} ended ${times(ends.ends)}, last at ${last}; the next try is in ${seconds.toFixed(0)} s`;
}

function times(count: number): string {
  return count === 1 ? 'once' : `${count} times`;
}

function endsFile({ state }: State, name: string): string {
  return join(state, 'run', `${name}.restarts`);
}
