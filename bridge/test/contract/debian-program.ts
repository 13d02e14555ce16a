import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { run } from '../../../stack/run.ts';

const FETCH_DEADLINE_MS = 120_000;

/**
 * The prefix below which `program` (a path from the root) lies: of the machine where it is
 * installed, else of Debian's packages unpacked into the cache and not installed. Throws with the
 * reason where they cannot be had (no Debian, no mirror).
 */
export async function debianProgram(
  name: string,
  program: string,
  packages: readonly string[],
): Promise<string> {
  if (existsSync(join('/', program))) return '/';
  const cache = join(
    process.env['CREATIVEFLOW_CACHE'] ?? join(homedir(), '.cache', 'creativeflow'),
    name,
  );
  const prefix = join(cache, 'unpacked');
  if (existsSync(join(prefix, program))) return prefix;
  mkdirSync(cache, { recursive: true });
  const partial = mkdtempSync(join(cache, 'partial-'));
  try {
    await run('apt-get', ['-qq', 'download', ...packages], {
      cwd: partial,
      deadlineMs: FETCH_DEADLINE_MS,
    });
    for (const deb of readdirSync(partial).filter((file) => file.endsWith('.deb'))) {
      await run('dpkg', ['-x', join(partial, deb), partial]);
      rmSync(join(partial, deb));
    }
    renameSync(partial, prefix);
  } catch (error) {
    rmSync(partial, { recursive: true, force: true });
    throw error;
  }
  return prefix;
}
