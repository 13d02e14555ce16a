import { posix } from 'node:path';
import type { Arg, Instruction } from 'dockerfile-ast';

/** Values of ARG and ENV that are known at a line; null: declared without a value that is known. */
export type Variables = Map<string, string | null>;
/**
 * A model's file: its name in the context, and the file that a build makes of it. `path` has no
 * leading slash.
 */
export interface ModelFile {
  name: string;
  path: string;
  uid: number;
  gid: number;
  mode: number;
}
export type Reads = 'model' | 'file' | 'folder' | 'unknown';

const VARIABLE = /\$(?:([A-Za-z_][A-Za-z0-9_]*)|\{([A-Za-z_][A-Za-z0-9_]*)\})/g;
/** A file that the pod has fetched: as it lies in the context, so it is copied. */
const FILE_MODE = 0o644;

/** null when a value is not known here, or is written in a form that is not looked into. */
export function expandKnown(text: string, variables: Variables): string | null {
  if (text.includes('\\')) return null;
  let unknown = false;
  const expanded = text.replace(VARIABLE, (_whole, plain?: string, braced?: string) => {
    const value = variables.get(plain ?? braced ?? '');
    if (value == null) unknown = true;
    return value ?? '';
  });
  return unknown || expanded.includes('$') ? null : expanded;
}

/**
 * The words of a COPY or ADD with variables replaced; null for quotes that are not JSON,
 * here-documents, and what is not known.
 */
export function wordsOf(node: Instruction, variables: Variables): string[] | null {
  const raw = (node.getArgumentsContent() ?? '').trim();
  if (raw.includes('<<')) return null;
  let words: unknown = raw.split(/\s+/);
  if (raw.startsWith('[')) {
    try {
      words = JSON.parse(raw);
    } catch {
      return null;
    }
  } else if (/["']/.test(raw)) return null;
  if (
    !Array.isArray(words) ||
    words.length < 2 ||
    !words.every((word) => typeof word === 'string' && word !== '')
  )
    return null;
  const expanded = (words as string[]).map((word) => expandKnown(word, variables));
  return expanded.every((word) => word !== null && /^[^\s"'\\\0]+$/.test(word))
    ? (expanded as string[])
    : null;
}

/** What one source of a COPY stands for, `names` being all files of the context. */
export function reads(source: string, names: string[], models: string[]): Reads {
  const name = source.replace(/^(\.?\/)+/, '');
  if (
    /^[a-z+]+:|^git@/i.test(source) ||
    /[*?[\]]/.test(name) ||
    name === '' ||
    name === '.' ||
    posix.normalize(name) !== name
  )
    return 'unknown';
  if (models.includes(name)) return 'model';
  if (names.includes(name)) return 'file';
  const folder = name.endsWith('/') ? name : `${name}/`;
  if (models.some((model) => model.startsWith(folder))) return 'unknown';
  return 'folder'; // of small files, or not there at all: then the build says so
}

/**
 * The absolute path that a destination stands for; null when it hangs on a working directory that
 * is not known.
 */
export function landing(dest: string, workdir: string | null): string | null {
  if (!dest.startsWith('/') && workdir === null) return null;
  const path = posix.resolve('/', workdir ?? '/', dest);
  return dest.split('/').includes('..') ? null : path;
}

/** null unless owner and rights are told in numbers, as no file of the image can change them. */
export function ownership(
  flags: Map<string, string>,
): { uid: number; gid: number; mode: number } | null {
  const [chown = '0:0', chmod] = [flags.get('chown'), flags.get('chmod')];
  const owner = /^(\d{1,7}):(\d{1,7})$/.exec(chown);
  if (owner === null || (chmod !== undefined && !/^0?[0-7]{3}$/.test(chmod))) return null;
  return {
    uid: Number(owner[1]),
    gid: Number(owner[2]),
    mode: chmod === undefined ? FILE_MODE : parseInt(chmod, 8),
  };
}

export function flagsOf(node: Instruction): Map<string, string> {
  const flags =
    (
      node as Instruction & { getFlags?(): { getName(): string; getValue(): string | null }[] }
    ).getFlags?.() ?? [];
  return new Map(flags.map((flag) => [flag.getName(), flag.getValue() ?? '']));
}

/** An ARG, with its value where one is given or written. */
export function declare(
  node: Arg,
  variables: Variables,
  global: Variables | null,
  buildArgs: Record<string, string>,
): void {
  for (const each of node.getProperties()) {
    const written = each.getValue();
    variables.set(
      each.getName(),
      buildArgs[each.getName()] ??
        (written === null
          ? (global?.get(each.getName()) ?? null)
          : expandKnown(written, variables)),
    );
  }
}
