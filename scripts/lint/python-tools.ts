import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { run, tryRun } from '../../stack/run.ts';
import { installMissing } from '../../stack/servers/apt.ts';

const REQUIREMENTS = join(import.meta.dirname, 'requirements.txt');
const INSTALL_DEADLINE_MS = 5 * 60_000;

/** Where linters keep what they may forget: caches and the Python environment. */
export const LINT_CACHE = join(homedir(), '.cache/creativeflow/lint');

/**
 * The folder with the programs of requirements.txt. They are installed on the first call; a change
 * of requirements.txt makes a new environment. Needs python3 only: where Debian leaves venv out,
 * root installs it with apt.
 */
export function pythonTools(): Promise<string> {
  tools ??= installed();
  return tools;
}

let tools: Promise<string> | undefined;

async function installed(): Promise<string> {
  const digest = createHash('sha256').update(readFileSync(REQUIREMENTS)).digest('hex');
  const environment = join(LINT_CACHE, `python-${digest.slice(0, 12)}`);
  // a virtual environment contains its own path, so it is made in place and marked when complete
  const complete = join(environment, 'complete');
  if (!existsSync(complete)) {
    rmSync(environment, { recursive: true, force: true });
    mkdirSync(environment, { recursive: true });
    await makeEnvironment(environment);
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check'];
    await run(join(environment, 'bin/python'), [...pip, '-r', REQUIREMENTS], {
      deadlineMs: INSTALL_DEADLINE_MS,
    });
    writeFileSync(complete, '');
  }
  return join(environment, 'bin');
}

async function makeEnvironment(folder: string): Promise<void> {
  try {
    await run('python3', ['-m', 'venv', folder]);
  } catch (error) {
    if (process.getuid?.() !== 0 || (await tryRun('apt-get', ['--version'])) === null) throw error;
    await installMissing(['python3-venv'], () => undefined);
    // the first try may have left half an environment
    await run('python3', ['-m', 'venv', '--clear', folder]);
  }
}
