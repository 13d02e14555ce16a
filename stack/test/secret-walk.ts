import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

const LARGEST_BYTES = 8 * 2 ** 20;
const OTHERS_ENTER = 0o001;
const OTHERS_READ = 0o044;

/**
 * A regular file below a folder, and whether users other than its owner can read it where it lies.
 */
export interface Found {
  path: string;
  mode: number;
  open: boolean;
}

/**
 * Every regular file of one file system up to a size; what is mounted below (pods, layers) is
 * somebody else's.
 */
export function* filesBelow(
  root: string,
  skip: readonly string[] = [],
  largest = LARGEST_BYTES,
): Generator<Found> {
  const device = lstatSync(root).dev;
  const walk = function* (folder: string, entered: boolean): Generator<Found> {
    let names: string[];
    try {
      names = readdirSync(folder);
    } catch {
      return; // gone since it was listed
    }
    for (const name of names) {
      const path = join(folder, name);
      if (skip.includes(relative(root, path))) continue;
      const stat = lstatSync(path, { throwIfNoEntry: false });
      if (!stat || stat.dev !== device) continue;
      if (stat.isDirectory()) yield* walk(path, entered && (stat.mode & OTHERS_ENTER) !== 0);
      else if (stat.isFile() && stat.size <= largest)
        yield {
          path: relative(root, path),
          mode: stat.mode & 0o777,
          open: entered && (stat.mode & OTHERS_READ) !== 0,
        };
    }
  };
  yield* walk(root, (lstatSync(root).mode & OTHERS_ENTER) !== 0);
}

/**
 * The names of the secrets that a text holds: as they are, in a URL, in base64 as a password of
 * whatever user, or in hex.
 */
export function secretsIn(bytes: Buffer, secrets: Record<string, string>): string[] {
  const text = bytes.toString('latin1');
  return Object.entries(secrets)
    .filter(([, value]) => value !== '' && shapesOf(value).some((shape) => text.includes(shape)))
    .map(([name]) => name);
}

/**
 * base64 of a text depends on where it begins: of three, only the middle that no neighbour changes
 * is looked for
 */
function shapesOf(value: string): string[] {
  const shifted = [0, 1, 2].map((shift) =>
    Buffer.from('x'.repeat(shift) + value)
      .toString('base64')
      .slice(shift === 0 ? 0 : 4)
      .replace(/.{0,4}$/, ''),
  );
  return [
    ...new Set([
      value,
      encodeURIComponent(value),
      Buffer.from(value).toString('hex'),
      ...shifted.filter((part) => part.length >= 12),
    ]),
  ];
}

export function readIfThere(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch {
    return Buffer.alloc(0); // a process or a file that ended meanwhile
  }
}
