import { spawn } from 'node:child_process';

export interface RunOptions {
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  input?: string;
  /** every command has a deadline; the default is ten minutes */
  deadlineMs?: number;
  onLine?: (line: string) => void;
  /** goes on when this command ends early: a package manager cut off leaves work for a person */
  outlives?: boolean;
}

const TEN_MINUTES_MS = 600_000;

/**
 * util-linux: the kernel ends the command when this process ends, also when it is killed: nothing
 * goes on unseen.
 */
const DIE_WITH_US = ['setpriv', '--pdeathsig', 'SIGKILL', '--'];

/**
 * Runs a command to its end and gives its standard output. A failure throws with the command's last
 * lines.
 */
export function run(
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const [program, ...rest] = options.outlives
      ? [command, ...args]
      : [...DIE_WITH_US, command, ...args];
    const child = spawn(program!, rest, {
      cwd: options.cwd,
      env: options.env ?? process.env,
      stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    });
    const deadlineMs = options.deadlineMs ?? TEN_MINUTES_MS;
    const failed = (how: string): Error =>
      new Error(`${[command, ...args].join(' ').slice(0, 300)} ${how}\n${lastLines(tail)}`);
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      // not at the end of its output: a child of its own may hold that open
      reject(failed(`did not end within ${deadlineMs / 1000} s`));
    }, deadlineMs);
    const out: Buffer[] = [];
    let tail = '';
    const follow = (chunk: Buffer): void => {
      const text = chunk.toString();
      tail = (tail + text).slice(-6000);
      if (options.onLine)
        for (const line of text.split('\n')) if (line.trim()) options.onLine(line.trim());
    };
    child.stdout?.on('data', (chunk: Buffer) => {
      out.push(chunk);
      follow(chunk);
    });
    child.stderr?.on('data', follow);
    child.on('error', (error) => {
      clearTimeout(timer);
      reject(new Error(`${command} could not be started: ${error.message}`));
    });
    // it ended before it read everything; its exit code says so
    child.stdin?.on('error', () => undefined);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      if (code === 0) resolve(Buffer.concat(out).toString());
      else if (code === 127 && tail.includes(`failed to execute ${command}`))
        reject(new Error(`${command} could not be started: there is no such program`));
      else reject(failed(`ended with ${signal ?? `exit code ${code}`}`));
    });
    if (options.input !== undefined) child.stdin?.end(options.input);
  });
}

/** Like `run`, answering null instead of throwing: for questions whose answer may be no. */
export async function tryRun(
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<string | null> {
  return run(command, args, options).catch(() => null);
}

export function lastLines(text: string, count = 12): string {
  return text.trimEnd().split('\n').slice(-count).join('\n');
}
