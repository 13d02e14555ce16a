import { latin1, Rejected } from '../report.ts';
import type { ByteSource } from '../source.ts';

const EXTENSION_MAX_BYTES = 64 * 1024;
/**
 * what an extended header may say of the next entry; of these only path and size change what is
 * read
 */
const KEYS = new Set(['path', 'size', 'mtime', 'atime', 'ctime', 'uid', 'gid', 'uname', 'gname']);
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export interface TarExtension {
  kind: 'pax' | 'long';
  path?: string;
  size?: number;
}

/**
 * What is said of all entries that follow: git archive notes the commit so, and nobody reads
 * anything into that.
 */
export function readComment(tar: ByteSource, at: number, size: number): void {
  readPax(tar, at, size, new Set(['comment']));
}

/**
 * The extended header of pax: lines of `LENGTH KEY=VALUE`, where the length counts the whole line.
 */
export function readPax(
  tar: ByteSource,
  at: number,
  size: number,
  keys: ReadonlySet<string> = KEYS,
): TarExtension {
  const wrong = (why: string): never => {
    throw new Rejected('tar-structure', why, at);
  };
  const bytes = read(tar, at, size);
  const found = new Map<string, string>();
  for (let position = 0; position < bytes.length;) {
    const digits =
      /^([1-9][0-9]{0,5}) /.exec(latin1(bytes.subarray(position, position + 8)))?.[1] ??
      wrong('A record of an extended header has no length.');
    const end = position + Number(digits);
    if (end > bytes.length || end <= position + digits.length + 1 || bytes[end - 1] !== 0x0a)
      wrong('A record of an extended header does not end where it says.');
    const record = decode(bytes.subarray(position + digits.length + 1, end - 1), at);
    const equals = record.indexOf('=');
    const key = record.slice(0, Math.max(0, equals));
    if (!keys.has(key))
      wrong(
        `An extended header says ${JSON.stringify(key.slice(0, 60))} of an entry, which not all readers understand.`,
      );
    if (found.has(key)) wrong(`An extended header says ${key} twice.`);
    found.set(key, record.slice(equals + 1));
    position = end;
  }
  const stated = found.get('size');
  return {
    kind: 'pax',
    path: found.get('path'),
    size: stated === undefined ? undefined : plainNumber(stated, at),
  };
}

function plainNumber(stated: string, at: number): number {
  if (!/^(0|[1-9][0-9]{0,15})$/.test(stated))
    throw new Rejected(
      'tar-structure',
      'The size in an extended header is not a plain number.',
      at,
    );
  return Number(stated);
}

/** GNU's long name: the content of an entry of its own, with a zero at its end. */
export function readLongName(tar: ByteSource, at: number, size: number): TarExtension {
  const bytes = read(tar, at, size);
  if (bytes.indexOf(0) !== bytes.length - 1)
    throw new Rejected('tar-structure', 'A long name does not end with its only zero.', at);
  return { kind: 'long', path: decode(bytes.subarray(0, -1), at) };
}

function read(tar: ByteSource, at: number, size: number): Uint8Array {
  if (size === 0) throw new Rejected('tar-structure', 'An extension is empty.', at);
  if (size > EXTENSION_MAX_BYTES)
    throw new Rejected(
      'limit-exceeded',
      `An extension of a header has ${size} bytes; ${EXTENSION_MAX_BYTES} are the limit.`,
      at,
    );
  if (at + size > tar.size)
    throw new Rejected('tar-structure', 'An extension reaches beyond the file.', at);
  return Uint8Array.from(tar.read(at, size));
}

function decode(bytes: Uint8Array, at: number): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new Rejected('tar-member-name', 'An extension of a header is not UTF-8.', at);
  }
}
