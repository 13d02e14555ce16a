import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { debianProgram } from '../debian-program.ts';

const PACKAGES = ['clamav-daemon', 'libclamav12', 'libmspack0'];
const LIBRARIES = `usr/lib/${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu`;
const START_DEADLINE_MS = 30_000;

/**
 * A real clamd with signatures of our own (`name.ndb` → its lines), from Debian's packages unpacked
 * and not installed.
 */
export interface Clamd {
  path: string;
  stop(): void;
}

export const clamdProgram = (): Promise<string> =>
  debianProgram('clamav', 'usr/sbin/clamd', PACKAGES);

export async function startClamd(
  prefix: string,
  signatures: Record<string, string>,
  settings: readonly string[] = [],
): Promise<Clamd> {
  const folder = mkdtempSync(join(tmpdir(), 'creativeflow-clamd-'));
  const path = join(folder, 'clamd.sock');
  mkdirSync(join(folder, 'db'));
  for (const [name, text] of Object.entries(signatures))
    writeFileSync(join(folder, 'db', name), text);
  writeFileSync(
    join(folder, 'clamd.conf'),
    [
      `DatabaseDirectory ${join(folder, 'db')}`,
      `LocalSocket ${path}`,
      'Foreground yes',
      'AlertExceedsMax yes',
      ...settings,
    ].join('\n'),
  );
  const child = spawn(
    'setpriv',
    [
      '--pdeathsig=KILL',
      '--',
      join(prefix, 'usr/sbin/clamd'),
      '--config-file',
      join(folder, 'clamd.conf'),
    ],
    {
      env: { PATH: '/usr/bin:/bin', LD_LIBRARY_PATH: join(prefix, LIBRARIES) },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => (said = (said + String(chunk)).slice(-2000)));
  const stop = (): void => {
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  };
  for (const deadline = Date.now() + START_DEADLINE_MS; !existsSync(path);) {
    if (child.exitCode !== null || Date.now() > deadline) {
      stop();
      throw new Error(`clamd does not start: ${said}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return { path, stop };
}
