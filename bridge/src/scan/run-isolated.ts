import { spawn, type ChildProcess } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import { childBundle } from './isolation/bundle.ts';
import { shownOf } from './isolation/shown.ts';
import { nodeFlags, sandbox, SANDBOX_ENVIRONMENT } from './isolation/sandbox.ts';
import { allowList } from './pickle/allowlist.ts';
import { Report } from './report.ts';
import { RULESET_VERSION, type RuleId } from './rules.ts';
import { DEFAULT_LIMITS, type ScanRequest, type ScanResult } from './types.ts';

export interface IsolationOptions {
  /** the whole scan, from start to answer */
  deadlineMs?: number;
  /** V8's heap in the child */
  heapMegabytes?: number;
  /** everything that the child holds in memory; checked four times a second */
  residentMegabytes?: number;
  signal?: AbortSignal;
  /** for tests: another program in place of the scanner */
  childPath?: string;
}

const DEADLINE_MS = 10 * 60_000;
const HEAP_MEGABYTES = 512;
const RESIDENT_MEGABYTES = 1536;
/** between two looks at what is resident, this much at most can be taken */
const DATA_MORE_MEGABYTES = 512;
const WATCH_EVERY_MS = 250;
const UPLOADS_OF_A_CHILD = 200;
const ANSWER_MAX_BYTES = 64 * 1024 * 1024;
/** unshare's words when what it started was killed */
const KILLED_INSIDE = /^unshare: sigprocmask unblock failed/m;
const STDERR_KEPT_CHARS = 2000;

/**
 * Scans in a child process of its own without network, without a place to write, with limits on
 * memory and time and nothing of our environment, as far as this machine allows
 * (isolation/sandbox.ts); what it does not is told with the tools. A child that crashes, is killed
 * or says nothing sensible is a block with that reason. Throws only when `signal` aborts.
 */
export async function runIsolated(
  request: ScanRequest,
  options: IsolationOptions = {},
): Promise<ScanResult> {
  return (await runEach([request], options))[0]!;
}

/**
 * Many uploads of one person, each judged alone, in few children: to start one takes longer than to
 * scan a small file. Never for uploads of different people, since what one does to the child
 * reaches those behind it. The upload at which a child ends is blocked; those behind it go on in
 * another. The deadline is that of each.
 */
export async function runEach(
  requests: readonly ScanRequest[],
  options: IsolationOptions = {},
): Promise<ScanResult[]> {
  const results: ScanResult[] = [];
  while (results.length < requests.length) {
    options.signal?.throwIfAborted();
    const started = performance.now();
    const part = requests.slice(results.length, results.length + UPLOADS_OF_A_CHILD);
    const end = await watch(await startChild(part, options), part, options);
    options.signal?.throwIfAborted();
    const answers = readAnswers(end, part.length);
    const { missing } = sandbox();
    for (const { details } of answers)
      details.tools.push({
        name: 'isolation',
        status: missing === null ? 'ok' : 'missing',
        detail: missing,
      });
    results.push(...answers);
    if (answers.length < part.length)
      results.push(
        refusal(part[answers.length]!, ...explain(end), Math.round(performance.now() - started)),
      );
  }
  return results;
}

async function startChild(
  requests: readonly ScanRequest[],
  options: IsolationOptions,
): Promise<ChildProcess> {
  const program = options.childPath ?? (await childBundle());
  const files = requests.flatMap((request) => request.files);
  const shown = [program, ...shownOf(files)];
  // of the programs that the scanner starts there is one, and only for a Dockerfile
  const flags = nodeFlags({
    shown,
    startsPrograms: files.some(({ kind }) => kind === 'dockerfile'),
  });
  const node = [
    process.execPath,
    `--max-old-space-size=${options.heapMegabytes ?? HEAP_MEGABYTES}`,
    ...flags,
    program,
  ];
  // as many cores as there are may work at once
  const cpuSeconds = Math.ceil(
    ((options.deadlineMs ?? DEADLINE_MS) / 1000) * os.availableParallelism() * requests.length,
  );
  const [command, ...args] = sandbox().around(node, {
    shown: [process.execPath, ...shown],
    cpuSeconds,
    dataMegabytes: (options.residentMegabytes ?? RESIDENT_MEGABYTES) + DATA_MORE_MEGABYTES,
  });
  // nothing of ours in its environment: no keys, no proxies, no NODE_OPTIONS
  return spawn(command!, args, { env: SANDBOX_ENVIRONMENT, stdio: ['pipe', 'pipe', 'pipe'] });
}

interface End {
  code: number | null;
  signal: NodeJS.Signals | null;
  /** why we killed it, if we did */
  stopped: 'deadline' | 'memory' | 'answer' | null;
  stdout: string;
  stderr: string;
  /** it could not be started */
  error: Error | null;
}

async function watch(
  child: ChildProcess,
  requests: readonly ScanRequest[],
  options: IsolationOptions,
): Promise<End> {
  const end: End = { code: null, signal: null, stopped: null, stdout: '', stderr: '', error: null };
  const stop = (why: End['stopped']): void => {
    end.stopped ??= why;
    child.kill('SIGKILL');
  };
  const chunks: Buffer[] = [];
  let received = 0;
  child.stdout!.on('data', (chunk: Buffer) => {
    received += chunk.length;
    if (received > ANSWER_MAX_BYTES) stop('answer');
    else chunks.push(chunk);
    if (requests.length > 1) deadline.refresh();
  });
  child.stderr!.on('data', (chunk: Buffer) => {
    end.stderr = (end.stderr + chunk.toString('utf8')).slice(-STDERR_KEPT_CHARS);
  });
  // a child that dies before it reads is told by its exit, not by the broken pipe
  child.stdin!.on('error', () => undefined);
  child.stdin!.end(requests.map((request) => `${JSON.stringify(request)}\n`).join(''));
  const deadline = setTimeout(() => stop('deadline'), options.deadlineMs ?? DEADLINE_MS);
  let inside: number | undefined;
  const memory = setInterval(() => {
    inside ??= childOf(child.pid);
    if (residentMegabytes([child.pid, inside]) > (options.residentMegabytes ?? RESIDENT_MEGABYTES))
      stop('memory');
  }, WATCH_EVERY_MS);
  const abort = (): void => void child.kill('SIGKILL');
  options.signal?.addEventListener('abort', abort, { once: true });
  if (options.signal?.aborted === true) abort(); // while the child was being started
  try {
    await new Promise<void>((resolve) => {
      child.once('error', (error) => {
        end.error = error;
        resolve();
      });
      child.once('close', (code, signal) => {
        Object.assign(end, { code, signal });
        resolve();
      });
    });
  } finally {
    clearTimeout(deadline);
    clearInterval(memory);
    options.signal?.removeEventListener('abort', abort);
  }
  end.stdout = Buffer.concat(chunks).toString('utf8');
  return end;
}

function explain(end: End): [RuleId, string] {
  if (end.stopped === 'deadline')
    return ['scan-timeout', 'The scan did not end before its deadline and was stopped.'];
  if (
    end.stopped === 'memory' ||
    /heap out of memory|Array buffer allocation failed/.test(end.stderr)
  )
    return ['scan-out-of-memory', 'The scan needed more memory than it may have and was stopped.'];
  const last =
    end.stderr
      .trim()
      .split('\n')
      .findLast((line) => /Error|error/.test(line)) ?? '';
  const how =
    end.error !== null
      ? `could not be started (${end.error.message})`
      : end.signal !== null
        ? `was ended by ${end.signal}`
        : KILLED_INSIDE.test(end.stderr) || end.code === 128 + 9
          ? 'was killed by the system'
          : `ended with code ${end.code} and no answer`;
  return ['scan-crashed', `The scanner ${how}. ${last}`.trim()];
}

/**
 * A line for each upload, in order. Of a child that did not end well the last upload that it may
 * have been at does not count.
 */
function readAnswers(end: End, wanted: number): ScanResult[] {
  const answers: ScanResult[] = [];
  for (const line of end.stdout.split('\n').slice(0, -1)) {
    const answer = readAnswer(line);
    if (answer === null || answers.length === wanted) break;
    answers.push(answer);
  }
  const endedWell = end.stopped === null && end.code === 0;
  return endedWell ? answers : answers.slice(0, wanted - 1);
}

function readAnswer(text: string): ScanResult | null {
  try {
    const answer = JSON.parse(text) as ScanResult;
    const sane =
      ['pass', 'review', 'block'].includes(answer.verdict) &&
      Array.isArray(answer.findings) &&
      typeof answer.rulesetVersion === 'string' &&
      typeof answer.details === 'object';
    return sane ? answer : null;
  } catch {
    return null;
  }
}

/** The result of a scan that could not be made. */
export function refusal(
  request: ScanRequest,
  rule: RuleId,
  why: string,
  durationMs = 0,
): ScanResult {
  const limits = { ...DEFAULT_LIMITS, ...request.limits };
  const report = new Report(limits);
  report.add(rule, { file: request.files[0]?.name ?? '', why });
  const { version, date } = allowList();
  return {
    verdict: report.verdict,
    rulesetVersion: `${RULESET_VERSION}+${version}`,
    findings: report.findings,
    details: {
      formats: {},
      digests: {},
      limits,
      findingsLeftOut: 0,
      allowList: { version, date },
      tools: [],
      durationMs,
      bytes: request.files.reduce((sum, { size }) => sum + size, 0),
    },
    serving: {},
  };
}

/**
 * Of the process itself, and of the one that it became in the sandbox. 0 where the system does not
 * tell (no /proc, or it is gone).
 */
function residentMegabytes(pids: (number | undefined)[]): number {
  return pids.reduce<number>(
    (sum, pid) =>
      sum +
      (pid === undefined
        ? 0
        : Number(/^VmRSS:\s+([0-9]+) kB$/m.exec(readProc(`${pid}/status`))?.[1] ?? 0) / 1024),
    0,
  );
}

function childOf(parent: number | undefined): number | undefined {
  return Number(readProc(`${parent}/task/${parent}/children`).split(' ')[0]) || undefined;
}

function readProc(name: string): string {
  try {
    return fs.readFileSync(`/proc/${name}`, 'utf8');
  } catch {
    return '';
  }
}
