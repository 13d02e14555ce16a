import { Rejected } from '../report.ts';
import type { ByteSource } from '../source.ts';
import { isPlainPath } from './member-name.ts';
import { readComment, readLongName, readPax, type TarExtension } from './tar-extensions.ts';
import { BLOCK_BYTES, readTarHeader, type TarHeader } from './tar-header.ts';

export interface TarMember {
  /** without `./` in front; a folder ends with a slash */
  name: string;
  dataOffset: number;
  size: number;
}

const END_BLOCKS = 2;
/** tar fills up to records of twenty blocks */
const RECORD_BYTES = 20 * BLOCK_BYTES;

/** What the letters stand for, for findings. */
const KINDS: Record<string, string> = {
  1: 'a hard link',
  2: 'a symbolic link',
  3: 'a device',
  4: 'a device',
  6: 'a pipe',
  7: 'a file of a kind of its own',
  S: 'a file with holes',
  K: 'a long link',
};

/**
 * Reads a tar as only one reader could: plain files and folders under plain names, each once,
 * checksums right, padding and the two blocks at the end of zeros, and nothing behind. Extended
 * headers may give a long name and nothing that surprises.
 */
export function readTarDirectory(tar: ByteSource, maxMembers: number): TarMember[] {
  const members: TarMember[] = [];
  const names: Names = new Map();
  let extension: TarExtension | null = null;
  let at = 0;
  for (let entries = 0; ; entries++) {
    const header = readTarHeader(tar, at);
    if (header === null) break;
    if (entries >= maxMembers)
      throw new Rejected('limit-exceeded', `The tar has more than ${maxMembers} entries.`, at);
    const dataOffset = at + BLOCK_BYTES;
    if (header.type === 'g' && extension === null) readComment(tar, dataOffset, header.size);
    else if (header.type === 'x' || header.type === 'L') {
      if (extension !== null)
        throw new Rejected('tar-structure', 'Two extensions are for one entry.', at);
      extension =
        header.type === 'x'
          ? readPax(tar, dataOffset, header.size)
          : readLongName(tar, dataOffset, header.size);
    } else {
      const member = toMember(header, extension, at);
      extension = null;
      if (member !== null) {
        enter(names, member.name, at);
        members.push(member);
      }
    }
    at = passData(tar, dataOffset, header.size);
  }
  if (extension !== null)
    throw new Rejected('tar-structure', 'An extension is for an entry that does not follow.', at);
  checkEnd(tar, at);
  return members;
}

/** Answers null for the folder that was packed. */
function toMember(header: TarHeader, extension: TarExtension | null, at: number): TarMember | null {
  checkEntry(header, extension, at);
  const folder = header.type === '5';
  const full = fullName(header, extension, at);
  const name = full.replace(/^\.\//, '').replace(/\/$/, '');
  if (folder && (name === '' || name === '.')) return null;
  if (!isPlainPath(name) || name.includes('\ufffd') || (!folder && full.endsWith('/')))
    throw new Rejected(
      'tar-member-name',
      `An entry is called ${JSON.stringify(full.slice(0, 120))}.`,
      at,
    );
  return { name: folder ? `${name}/` : name, dataOffset: at + BLOCK_BYTES, size: header.size };
}

function fullName(header: TarHeader, extension: TarExtension | null, at: number): string {
  const own = Buffer.from(header.name, 'latin1').toString('utf8');
  const full = extension?.path ?? own;
  if (extension?.kind === 'long' && !full.startsWith(own)) {
    throw new Rejected(
      'tar-structure',
      'A long name and the short one before it are not the same.',
      at,
    );
  }
  return full;
}

/** A plain file or an empty folder, about whose size nobody disagrees. */
function checkEntry(header: TarHeader, extension: TarExtension | null, at: number): void {
  if (header.type !== '0' && header.type !== '5') {
    throw new Rejected(
      'tar-entry',
      `Entry ${JSON.stringify(header.name.slice(0, 120))} is ${KINDS[header.type] ?? `of the unknown kind ${JSON.stringify(header.type)}`}.`,
      at,
    );
  }
  if (extension?.size !== undefined && extension.size !== header.size) {
    throw new Rejected(
      'tar-structure',
      `Two headers give an entry ${header.size} and ${extension.size} bytes; readers that know one of them only would find other entries.`,
      at,
    );
  }
  if (header.type === '5' && header.size !== 0)
    throw new Rejected('tar-structure', 'A folder has content.', at);
}

/** implied: a folder that only what lies in it names */
type Names = Map<string, 'file' | 'folder' | 'implied'>;

/** Each name once, and no file where another entry needs a folder. */
function enter(names: Names, name: string, at: number): void {
  const path = name.replace(/\/$/, '');
  const duplicate = (): never => {
    throw new Rejected(
      'tar-duplicate-member',
      `Two entries are called ${JSON.stringify(path)}, or one lies in the other.`,
      at,
    );
  };
  const known = names.get(path);
  const folder = path !== name;
  if (known !== undefined && !(folder && known === 'implied')) duplicate();
  names.set(path, folder ? 'folder' : 'file');
  for (let slash = path.lastIndexOf('/'); slash > 0; slash = path.lastIndexOf('/', slash - 1)) {
    const parent = path.slice(0, slash);
    if (names.get(parent) === 'file') duplicate();
    if (names.has(parent)) return;
    names.set(parent, 'implied');
  }
}

/** Answers where the next header begins, after the zeros that fill up the last block. */
function passData(tar: ByteSource, start: number, size: number): number {
  const end = start + size;
  const next = start + Math.ceil(size / BLOCK_BYTES) * BLOCK_BYTES;
  if (next > tar.size)
    throw new Rejected('tar-structure', 'An entry reaches beyond the file.', start);
  if (tar.read(end, next - end).some((byte) => byte !== 0))
    throw new Rejected('tar-structure', 'Bytes behind the end of an entry are not zero.', end);
  return next;
}

function checkEnd(tar: ByteSource, at: number): void {
  const rest = tar.size - at;
  if (rest < END_BLOCKS * BLOCK_BYTES || rest % BLOCK_BYTES !== 0)
    throw new Rejected('tar-structure', 'The archive does not end with two blocks of zeros.', at);
  if (rest > RECORD_BYTES + END_BLOCKS * BLOCK_BYTES)
    throw new Rejected(
      'format-trailing-data',
      `${rest} bytes follow the last entry; tar fills up to ${RECORD_BYTES}.`,
      at,
    );
  const odd = tar.read(at, rest).findIndex((byte) => byte !== 0);
  if (odd >= 0)
    throw new Rejected(
      'format-trailing-data',
      'Something follows the end of the archive; some readers read on.',
      at + odd,
    );
}
