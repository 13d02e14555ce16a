import { Rejected } from '../report.ts';
import type { ByteSource } from '../source.ts';
import type { Cursor } from './cursor.ts';
import type { Hdf5File } from './file.ts';
import { readObjectHeader } from './object-header.ts';
import { readSymbolEntry } from './symbol-table.ts';

const MARK = '\x89HDF\r\n\x1a\n';
const SMALL_BYTES = 12;
const BYTES_V0 = 96;
const BYTES_V1 = 100;
const BYTES_V2 = 48;
/** places, after the front, where the format lets the superblock begin: powers of two */
const USER_BLOCK_MIN = 512;
const TREE_K = 0x13;

/**
 * Where the superblock stands; a file that begins with something else has a user block before it.
 */
export function superblockAt(source: ByteSource, max: number): number | null {
  if (isMark(source, 0)) return 0;
  for (let at = USER_BLOCK_MIN; at + MARK.length <= source.size && at <= max; at *= 2)
    if (isMark(source, at)) return at;
  return null;
}

function isMark(source: ByteSource, at: number): boolean {
  return (
    source.size >= at + MARK.length &&
    Buffer.from(source.read(at, MARK.length)).toString('latin1') === MARK
  );
}

/**
 * Reads the superblock at the front. Answers with the address of the root group, and what the
 * superblock itself says of it.
 */
export function readSuperblock(file: Hdf5File): { root: number; cached?: GroupParts | undefined } {
  const version = file.peek(0, SMALL_BYTES, 'The superblock').bytes[MARK.length]!;
  return version <= 1 ? readOld(file, version) : readNew(file, version);
}

export interface GroupParts {
  tree: number | null;
  heap: number | null;
}

function readOld(
  file: Hdf5File,
  version: number,
): { root: number; cached?: GroupParts | undefined } {
  const block = file.claim(0, version === 0 ? BYTES_V0 : BYTES_V1, 'The superblock');
  block.take(MARK.length + 1);
  // of the free space, of the root entry, reserved, of shared messages
  block.zeros(4);
  readSizes(block);
  block.zeros(1);
  file.leafK = block.u16();
  file.groupK = block.u16();
  if (file.leafK === 0 || file.groupK === 0) block.fail('a node of a group would have no room');
  // two flags that libraries before 1.8 left behind, and that no reader looks at
  if (block.u8() > 3) block.fail('its flags are not those that any library writes');
  block.zeros(3);
  if (version === 1) {
    file.chunkK = block.u16();
    if (file.chunkK === 0) block.fail('a node of chunks would have no room');
    block.zeros(2);
  }
  readBounds(file, block, () => {
    if (block.address() !== null)
      throw new Rejected(
        'hdf5-feature',
        'The file keeps a list of its free space in a form that nobody writes.',
        block.at - 8,
      );
  });
  if (block.address() !== null)
    throw new Rejected(
      'hdf5-external',
      'The file belongs to a driver that spreads it over several files.',
      block.at - 8,
    );
  const { header, cached } = readSymbolEntry(block);
  if (header === null) return block.fail('there is no root group');
  return { root: header, cached };
}

function readNew(file: Hdf5File, version: number): { root: number } {
  if (version > 3)
    throw new Rejected(
      'hdf5-feature',
      `Version ${version} of the superblock is not known.`,
      MARK.length,
    );
  const block = file.claim(0, BYTES_V2, 'The superblock').checked();
  block.take(MARK.length + 1);
  readSizes(block);
  // set while a program writes: it was not closed
  block.zeros(1);
  let extension: number | null = null;
  readBounds(file, block, () => {
    extension = block.address();
  });
  const root = block.address();
  if (root === null) return block.fail('there is no root group');
  if (extension !== null) readExtension(file, extension);
  return { root };
}

function readSizes(block: Cursor): void {
  if (block.u8() !== 8 || block.u8() !== 8)
    throw new Rejected(
      'hdf5-feature',
      'Only files whose addresses and lengths have 8 bytes are read; no library of Python writes others.',
      block.at - 2,
    );
}

/** Where the file begins and ends. */
function readBounds(file: Hdf5File, block: Cursor, between: () => void): void {
  if (block.length() !== 0)
    throw new Rejected(
      'hdf5-user-block',
      'The superblock says that the file begins elsewhere than at its front.',
      block.at - 8,
    );
  between();
  const end = block.length();
  if (end > file.source.size)
    throw new Rejected(
      'hdf5-structure',
      `The file is cut off: it should have ${end} bytes and has ${file.source.size}.`,
      block.at - 8,
    );
  if (end < file.source.size)
    throw new Rejected(
      'format-trailing-data',
      `${file.source.size - end} bytes follow the end of the HDF5 file.`,
      end,
    );
}

function readExtension(file: Hdf5File, at: number): void {
  for (const { type, body } of readObjectHeader(file, at).messages) {
    if (type !== TREE_K)
      throw new Rejected(
        'hdf5-feature',
        `The superblock is continued by a message of type ${type}, which the scanner does not read.`,
        body.base,
      );
    body.version(0);
    file.chunkK = body.u16();
    file.groupK = body.u16();
    file.leafK = body.u16();
    if (file.chunkK * file.groupK * file.leafK === 0) body.fail('a node would have no room');
  }
}
