import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { relative } from 'node:path';

/**
 * Writes a generated file. With `--check` on the command line nothing is written: the process ends
 * with 1 and the command to run when the file differs from its source.
 */
export function writeGenerated(file: string, text: string, command: string): void {
  if (!process.argv.includes('--check')) return writeFileSync(file, text);
  if (existsSync(file) && readFileSync(file, 'utf8') === text) return;
  process.stderr.write(`${relative(process.cwd(), file)} is out of date. Run: ${command}\n`);
  process.exitCode = 1;
}
