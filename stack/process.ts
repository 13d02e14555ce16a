import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync, readlinkSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { StackContext } from './server.ts';

export interface DaemonOptions {
  env?: NodeJS.ProcessEnv;
  cwd?: string;
}

/**
 * The process notes itself down, then becomes the server: whoever started it may be killed at any moment, and still no
 * server runs that no pid file names. $0 is the pid file, which changes in one step: who reads it meanwhile must not find it empty
 * and take the server for gone. Field 22 of stat is the start time, which exec keeps.
 */
const NOTE_AND_BECOME = `note() { printf '{"pid":%s,"started":"%s"}' "$1" "\${22}" > "$0.own" && mv "$0.own" "$0"; }; note $(cat "/proc/$$/stat"); exec "$@"`;

/** Starts a server in a session of its own, so that it outlives the command that started it. Running already: nothing happens. */
export function startDaemon(context: StackContext, name: string, argv: readonly string[], options: DaemonOptions = {}): void {
  if (daemonRunning(context, name)) return;
  killOrphans(context, name);
  const log = openSync(logFile(context, name), 'a');
  try {
    const file = pidFile(context, name);
    const child = spawn('/bin/sh', ['-c', NOTE_AND_BECOME, file, ...argv], { detached: true, stdio: ['ignore', log, log], cwd: options.cwd ?? context.state, env: options.env ?? process.env });
    child.on('error', () => undefined); // it shows as never ready, with this log
    if (child.pid === undefined) return;
    writeFileSync(`${file}.new`, JSON.stringify({ pid: child.pid, started: startTime(child.pid) }));
    renameSync(`${file}.new`, file);
    child.unref();
  } finally {
    closeSync(log);
  }
}

/** Ends a daemon that runs by another definition (configuration, sources) than the one to be started next. */
export async function stopIfChanged(context: StackContext, name: string, definition: string, graceMs?: number): Promise<void> {
  const file = join(dirname(pidFile(context, name)), `${name}.definition`);
  const digest = createHash('sha256').update(definition).digest('hex');
  if (existsSync(file) && readFileSync(file, 'utf8') === digest) return;
  if (daemonRunning(context, name)) {
    context.report('changed since it was started: starting it again');
    await stopDaemon(context, name, graceMs);
  }
  writeFileSync(file, digest);
}

/** Ends a daemon: SIGTERM to its process group, SIGKILL when it has not gone by the deadline. Not running: nothing happens. */
export async function stopDaemon(context: StackContext, name: string, graceMs = 10_000): Promise<void> {
  const pid = daemonPid(context, name);
  if (pid !== null) {
    signalGroup(pid, 'SIGTERM');
    const gone = await until(graceMs, () => startTime(pid) === null);
    if (!gone) {
      signalGroup(pid, 'SIGKILL');
      await until(5_000, () => startTime(pid) === null);
    }
  }
  killOrphans(context, name);
  rmSync(pidFile(context, name), { force: true });
}

/**
 * A server that was killed leaves its children (nginx: workers that hold its ports). Their process group has its pid;
 * that they work in this checkout's state folder shows that the number did not come round to somebody else.
 */
function killOrphans(context: StackContext, name: string): void {
  const group = notedPid(context, name);
  if (group === null || startTime(group) !== null) return;
  for (const pid of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry)).map(Number)) {
    if (groupOf(pid) === group && workFolder(pid).startsWith(context.state)) signalOne(pid, 'SIGKILL');
  }
}

export function daemonRunning(context: Pick<StackContext, 'state'>, name: string): boolean {
  return daemonPid(context, name) !== null;
}

/** The pid, when that very process still runs: a pid that another program got since is not ours and never signalled. */
export function daemonPid(context: Pick<StackContext, 'state'>, name: string): number | null {
  const file = pidFile(context, name);
  if (!existsSync(file)) return null;
  try {
    const { pid, started } = JSON.parse(readFileSync(file, 'utf8')) as { pid: number; started: string | null };
    const now = startTime(pid);
    return now !== null && now === started ? pid : null;
  } catch {
    return null; // cut off while it was written: that process did not become a server
  }
}

/** Names of the daemons of this checkout that run now. */
export function runningDaemons(context: Pick<StackContext, 'state'>): string[] {
  const folder = join(context.state, 'run');
  if (!existsSync(folder)) return [];
  return readdirSync(folder).filter((file) => file.endsWith('.pid')).map((file) => file.slice(0, -'.pid'.length)).filter((name) => daemonRunning(context, name));
}

/** Waits for a condition, asking every 150 ms. Past the deadline it throws and says what was waited for. */
export async function waitFor(what: string, deadlineMs: number, check: () => Promise<boolean> | boolean): Promise<void> {
  if (await until(deadlineMs, async () => Promise.resolve(check()).catch(() => false))) return;
  throw new Error(`${what} did not happen within ${Math.round(deadlineMs / 1000)} s`);
}

async function until(deadlineMs: number, check: () => Promise<boolean> | boolean): Promise<boolean> {
  const end = Date.now() + deadlineMs;
  for (;;) {
    if (await check()) return true;
    if (Date.now() > end) return false;
    await delay(150);
  }
}

/** Whether something accepts connections there. */
export function portAnswers(port: number, host = '127.0.0.1'): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host });
    const end = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(1000, () => end(false));
    socket.on('connect', () => end(true)).on('error', () => end(false));
  });
}

/** Whether a GET answers with a status below 400. */
export async function httpAnswers(url: string): Promise<boolean> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(2000), redirect: 'manual' }).catch(() => null);
  await answer?.body?.cancel();
  return answer !== null && answer.status < 400;
}

export function logFile(context: StackContext, name: string): string {
  mkdirSync(join(context.state, 'logs'), { recursive: true });
  return join(context.state, 'logs', `${name}.log`);
}

function pidFile(context: Pick<StackContext, 'state'>, name: string): string {
  mkdirSync(join(context.state, 'run'), { recursive: true });
  return join(context.state, 'run', `${name}.pid`);
}

function notedPid(context: Pick<StackContext, 'state'>, name: string): number | null {
  try {
    return (JSON.parse(readFileSync(pidFile(context, name), 'utf8')) as { pid: number }).pid;
  } catch {
    return null; // never started, or cut off while it was written
  }
}

/** The process group (proc(5), field 5); null when the process is gone. */
function groupOf(pid: number): number | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2]);
  } catch {
    return null;
  }
}

function workFolder(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return '';
  }
}

/** Start time of a process in clock ticks since boot (proc(5), field 22); null when it is gone or only a zombie is left. */
export function startTime(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? null : (fields[19] ?? null);
  } catch {
    return null;
  }
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    signalOne(pid, signal);
  }
}

function signalOne(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // gone already
  }
}
