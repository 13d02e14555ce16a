import { spawn, type StdioOptions } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { forgetEnds } from './restarts.ts';
import type { StackContext } from './server.ts';

export interface DaemonOptions {
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  /** a program to run beside each server that was started again: what must be said anew then */
  afterRestart?: string;
}

const SUPERVISE = join(import.meta.dirname, 'supervise.sh');

/**
 * Starts a server and whoever starts it again when it ends, in a session of their own: they outlive
 * the command.
 */
export function startDaemon(
  context: StackContext,
  name: string,
  argv: readonly string[],
  options: DaemonOptions = {},
): void {
  const runs = daemonRunning(context, name);
  if (runs && supervisorPid(context, name) !== null) return;
  if (!runs) {
    // it is between two tries, or was killed: the next try is now, and by these arguments
    signalGroups(context, name, 'SIGKILL');
    killOrphans(context, name);
    forgetEnds(context, name);
  }
  const log = openSync(logFile(context, name), 'a');
  try {
    const command = [SUPERVISE, pidFile(context, name), options.afterRestart ?? '', ...argv];
    const stdio: StdioOptions = ['ignore', log, log];
    const { cwd = context.state, env = process.env } = options;
    const child = spawn('/bin/sh', command, { detached: true, stdio, cwd, env });
    child.on('error', () => undefined); // it shows as never ready, with this log
    if (child.pid === undefined) return;
    // it notes itself down too, in case that we are killed here
    const file = supervisorFile(context, name);
    writeFileSync(`${file}.new`, JSON.stringify({ pid: child.pid, started: startTime(child.pid) }));
    renameSync(`${file}.new`, file);
    child.unref();
  } finally {
    closeSync(log);
  }
}

/**
 * Ends a daemon that runs by another definition (configuration, sources) than the one to be started
 * next.
 */
export async function stopIfChanged(
  context: StackContext,
  name: string,
  definition: string,
  graceMs?: number,
): Promise<void> {
  const file = join(dirname(pidFile(context, name)), `${name}.definition`);
  const digest = createHash('sha256').update(definition).digest('hex');
  if (existsSync(file) && readFileSync(file, 'utf8') === digest) return;
  if (daemonRunning(context, name)) {
    context.report('changed since it was started: starting it again');
    await stopDaemon(context, name, graceMs);
  }
  writeFileSync(file, digest);
}

/**
 * Ends a daemon and its supervisor: SIGTERM, then SIGKILL when they have not gone by the deadline.
 * Not running: nothing happens.
 */
export async function stopDaemon(
  context: StackContext,
  name: string,
  graceMs = 10_000,
  signal: NodeJS.Signals = 'SIGTERM',
): Promise<void> {
  const pids = signalGroups(context, name, signal);
  await until(graceMs, () => pids.every((pid) => startTime(pid) === null));
  await killDaemon(context, name);
}

/** Ends a daemon as a power cut would: no signal handler runs, and nobody starts it again. */
export async function killDaemon(
  context: Pick<StackContext, 'state'>,
  name: string,
): Promise<void> {
  const pids = signalGroups(context, name, 'SIGKILL');
  await until(5_000, () => pids.every((pid) => startTime(pid) === null));
  killOrphans(context, name);
  for (const file of [pidFile(context, name), supervisorFile(context, name)])
    rmSync(file, { force: true });
  forgetEnds(context, name);
}

/**
 * Signals the groups of a daemon and of its supervisor: one, unless it ran before its supervisor.
 * Answers who they are.
 */
function signalGroups(
  context: Pick<StackContext, 'state'>,
  name: string,
  signal: NodeJS.Signals,
): number[] {
  const pids = [supervisorPid(context, name), daemonPid(context, name)].filter(
    (pid) => pid !== null,
  );
  for (const group of new Set(pids.map(groupOf))) if (group !== null) signalOne(-group, signal);
  return pids;
}

/**
 * A server that was killed together with its supervisor leaves its children (nginx: workers that
 * hold its ports). Their process group is one of the two; that they work in this checkout's state
 * folder shows that the number did not come round to somebody else.
 */
function killOrphans(context: Pick<StackContext, 'state'>, name: string): void {
  const noted = [supervisorFile(context, name), pidFile(context, name)].map(
    (file) => readNote(file)?.pid,
  );
  const groups = noted.filter((pid) => pid !== undefined && startTime(pid) === null);
  if (groups.length === 0) return;
  for (const pid of readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)) {
    if (groups.includes(groupOf(pid) ?? undefined) && workFolder(pid).startsWith(context.state))
      signalOne(pid, 'SIGKILL');
  }
}

export function daemonRunning(context: Pick<StackContext, 'state'>, name: string): boolean {
  return daemonPid(context, name) !== null;
}

/**
 * The pid, when that very process still runs: a pid that another program got since is not ours and
 * never signalled.
 */
export function daemonPid(context: Pick<StackContext, 'state'>, name: string): number | null {
  return alive(pidFile(context, name));
}

/** Of whoever starts the daemon again when it ends; null when nobody would. */
export function supervisorPid(context: Pick<StackContext, 'state'>, name: string): number | null {
  return alive(supervisorFile(context, name));
}

function alive(file: string): number | null {
  const note = readNote(file);
  const now = note === null ? null : startTime(note.pid);
  return note !== null && now !== null && now === note.started ? note.pid : null;
}

function readNote(file: string): { pid: number; started: string | null } | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as { pid: number; started: string | null };
  } catch {
    // never started, or cut off while it was written: that process did not become a server
    return null;
  }
}

/** Names of the daemons of this checkout that run now or will be started again. */
export function runningDaemons(context: Pick<StackContext, 'state'>): string[] {
  const folder = join(context.state, 'run');
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder).flatMap(
    (file) => /^(.*)\.(?:pid|supervisor)$/.exec(file)?.[1] ?? [],
  );
  return [...new Set(names)].filter(
    (name) => daemonRunning(context, name) || supervisorPid(context, name) !== null,
  );
}

/**
 * Waits for a condition, asking every 150 ms. Past the deadline it throws and says what was waited
 * for.
 */
export async function waitFor(
  what: string,
  deadlineMs: number,
  check: () => Promise<boolean> | boolean,
): Promise<void> {
  if (await until(deadlineMs, async () => Promise.resolve(check()).catch(() => false))) return;
  throw new Error(`${what} did not happen within ${Math.round(deadlineMs / 1000)} s`);
}

async function until(
  deadlineMs: number,
  check: () => Promise<boolean> | boolean,
): Promise<boolean> {
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
  const answer = await fetch(url, { signal: AbortSignal.timeout(2000), redirect: 'manual' }).catch(
    () => null,
  );
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

function supervisorFile(context: Pick<StackContext, 'state'>, name: string): string {
  return pidFile(context, name).replace(/\.pid$/, '.supervisor');
}

/** The process group (proc(5), field 5); null when the process is gone. */
export function groupOf(pid: number): number | null {
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

/**
 * Start time of a process in clock ticks since boot (proc(5), field 22); null when it is gone or
 * only a zombie is left.
 */
export function startTime(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? null : (fields[19] ?? null);
  } catch {
    return null;
  }
}

function signalOne(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // gone already
  }
}
