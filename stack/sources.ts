import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/**
 * One digest of files and folders below `root`, by relative name and content. Missing ones count as
 * empty; names in `without` are left out at any depth.
 */
export function digestOfFiles(
  root: string,
  paths: readonly string[],
  without: readonly string[] = [],
): string {
  const hash = createHash('sha256');
  const walk = (path: string): void => {
    const whole = join(root, path);
    if (!existsSync(whole)) return;
    if (!statSync(whole).isDirectory()) {
      const content = readFileSync(whole);
      hash.update(`${path}\0${content.length}\0`).update(content);
      return;
    }
    for (const name of readdirSync(whole).sort())
      if (!without.includes(name)) walk(join(path, name));
  };
  paths.forEach(walk);
  return hash.digest('hex');
}
