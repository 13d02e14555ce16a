import fs from 'node:fs';
import path from 'node:path';
import type { ScanFile } from '../types.ts';

/**
 * More files of one folder than this are shown with their folder: each place takes the kernel a few
 * milliseconds.
 */
const ALONE_MAX = 8;

/**
 * What the child must see to read the files: the files themselves and nothing beside them, where
 * they are few.
 */
export function shownOf(files: readonly Pick<ScanFile, 'path'>[]): string[] {
  const folders = new Map<string, string[]>();
  for (const file of files) {
    const place = path.resolve(file.path);
    folders.set(path.dirname(place), [...(folders.get(path.dirname(place)) ?? []), place]);
  }
  const shown = [...folders].flatMap(([folder, inside]) =>
    folder === '/' || (inside.length <= ALONE_MAX && inside.every(isPlain))
      ? inside.filter((place) => fs.existsSync(place))
      : [folder],
  );
  // a folder before what lies in it, or it would cover that
  return [...new Set(shown)].sort();
}

/** A link is shown as the link that it is, so that the scanner sees it and does not follow. */
function isPlain(place: string): boolean {
  return fs.lstatSync(place, { throwIfNoEntry: false })?.isFile() ?? false;
}
