/**
 * Runs the stack's Odoo as a program, with a database of its own: for the addon's tests and for
 * measurements.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { freePort } from '../stack/free-port.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const DEADLINE_MS = 25 * 60_000;

/**
 * The launcher: a program that takes Odoo's arguments and knows its configuration. `ODOO_LAUNCHER`
 * names another than the stack's.
 */
export function findLauncher(): string {
  const named = process.env['ODOO_LAUNCHER'];
  const launcher = named || join(ROOT, '.stack/odoo/odoo');
  if (!existsSync(launcher)) {
    throw new Error(
      `There is no Odoo at ${launcher}. Run \`npm run stack -- up\` first, or name a launcher in ODOO_LAUNCHER.`,
    );
  }
  return launcher;
}

/** Odoo's options for one process on this database: its log on the output, ports of its own. */
export async function optionsFor(database: string): Promise<string[]> {
  const ports = ['--http-port', `${await freePort()}`, '--gevent-port', `${await freePort()}`];
  return ['-d', database, '--logfile=', '--workers=0', ...ports];
}

/**
 * Runs Odoo to its end, line by line, killed after 25 minutes; answers the exit code. `input` goes
 * to its standard input.
 */
export function runOdoo(
  launcher: string,
  args: string[],
  onLine: (line: string) => void,
  input?: string,
): Promise<number> {
  return new Promise((done, fail) => {
    const child = spawn(launcher, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    const timer = setTimeout(() => child.kill('SIGKILL'), DEADLINE_MS);
    createInterface({ input: child.stdout }).on('line', onLine);
    createInterface({ input: child.stderr }).on('line', onLine);
    child.on('error', fail);
    // it ended before it read everything; the exit code says so
    child.stdin.on('error', () => undefined);
    child.stdin.end(input ?? '');
    child.on('close', (code) => {
      clearTimeout(timer);
      done(code ?? 1);
    });
  });
}

/** Drops a database of Odoo and its files; none there is no error. Says so when it stays. */
export async function dropDatabase(launcher: string, database: string): Promise<void> {
  const configuration = join(dirname(launcher), 'odoo.conf');
  const folder = mkdtempSync(join(tmpdir(), 'creativeflow-drop-'));
  try {
    // `odoo db` sees no other database than the one that its configuration names
    const own = join(folder, 'odoo.conf');
    if (existsSync(configuration))
      writeFileSync(
        own,
        readFileSync(configuration, 'utf8').replace(/^db_name = .*$/m, `db_name = ${database}`),
        { mode: 0o600 },
      );
    const said: string[] = [];
    const code = await runOdoo(
      launcher,
      ['db', ...(existsSync(own) ? ['-c', own] : []), 'drop', database],
      (line) => void said.push(line),
    );
    if (code !== 0 && !said.some((line) => line.includes('does not exist')))
      console.error(
        `The database ${database} is still there: ${said.at(-1) ?? `Odoo ended with ${code}`}`,
      );
  } finally {
    rmSync(folder, { recursive: true });
  }
}
