import fs from 'node:fs';

/**
 * A file of this folder. The only place of the scanner that asks where it lies: in the child's
 * bundle that is told by the one who makes it.
 */
export function readData<T>(name: string): T {
  return JSON.parse(fs.readFileSync(new URL(name, import.meta.url), 'utf8')) as T;
}
