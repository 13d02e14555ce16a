import type { EachChunk } from './chunk-tree.ts';
import type { Cursor } from './cursor.ts';
import type { Hdf5File } from './file.ts';

const CHECKSUM_BYTES = 4;
const BLOCK_HEAD_BYTES = 14;
const FIXED_HEAD_BYTES = 28;
const EXTENSIBLE_HEAD_BYTES = 72;

/** What all blocks of one index have in common. */
interface ArrayForm {
  /** the index that they belong to */
  readonly owner: number;
  readonly filtered: boolean;
  readonly entryBytes: number;
  readonly pageBits: number;
  /** bytes in which a block of an extensible array says where it begins */
  readonly offsetBytes: number;
}

/** A block of entries. */
interface EntryBlock {
  readonly mark: string;
  readonly at: number;
  readonly count: number;
  /** which of its pages were written; without it, the block itself says so */
  readonly isWritten?: (page: number) => boolean;
}

/**
 * One entry: an address, and for filtered chunks the stored size and which filters were left out.
 */
function readEntries(
  block: Cursor,
  count: number,
  { entryBytes, filtered }: ArrayForm,
  each: EachChunk,
): void {
  for (let i = 0; i < count; i++) {
    const at = block.address();
    const bytes = filtered ? block.number(entryBytes - 12) : null;
    const mask = filtered ? block.u32() : 0;
    // places for chunks that were never written
    if (at !== null) each({ at, bytes, offset: null, mask, cursor: block });
  }
}

function readBlockHead(block: Cursor, mark: string, { owner, filtered }: ArrayForm): void {
  block.mark(mark);
  block.version(0);
  if (block.u8() !== Number(filtered))
    block.fail('an index of chunks is of another kind than its dataset');
  if (block.address() !== owner) block.fail('a block belongs to another index of chunks');
}

function entrySize(head: Cursor, filtered: boolean): number {
  head.version(0);
  if (head.u8() !== Number(filtered))
    head.fail('an index of chunks is of another kind than its dataset');
  const bytes = head.u8();
  return filtered
    ? bytes < 13 || bytes > 20
      ? head.fail('an entry of an index of chunks has no room')
      : bytes
    : bytes === 8
      ? bytes
      : head.fail('an entry of an index of chunks has no room');
}

/** The index of a dataset that does not grow. */
export function readFixedArray(
  file: Hdf5File,
  at: number | null,
  filtered: boolean,
  each: EachChunk,
): void {
  const head = file.claim(at, FIXED_HEAD_BYTES, 'An index of chunks').checked();
  head.mark('FAHD');
  const entryBytes = entrySize(head, filtered);
  const pageBits = head.u8();
  const count = head.length();
  const data = head.address();
  if (data === null) return;
  const form = { owner: head.base, filtered, entryBytes, pageBits, offsetBytes: 0 };
  readPaged(file, form, { mark: 'FADB', at: data, count }, each);
}

/** Entries in one block, or behind it in pages that each have a checksum. */
function readPaged(
  file: Hdf5File,
  form: ArrayForm,
  { mark, at, count, isWritten }: EntryBlock,
  each: EachChunk,
): void {
  const pageCount = 2 ** form.pageBits;
  const headBytes = BLOCK_HEAD_BYTES + form.offsetBytes;
  if (count <= pageCount) {
    const block = file
      .claim(at, headBytes + count * form.entryBytes + CHECKSUM_BYTES, 'A block of chunks')
      .checked();
    readBlockHead(block, mark, form);
    block.take(form.offsetBytes);
    return readEntries(block, count, form, each);
  }
  const pages = Math.ceil(count / pageCount);
  const bitmapBytes = isWritten === undefined ? Math.ceil(pages / 8) : 0;
  const block = file
    .claim(at, headBytes + bitmapBytes + CHECKSUM_BYTES, 'A block of chunks')
    .checked();
  readBlockHead(block, mark, form);
  block.take(form.offsetBytes);
  const own = block.take(bitmapBytes).bytes;
  let place = at + headBytes + bitmapBytes + CHECKSUM_BYTES;
  for (let page = 0; page < pages; page++) {
    const entries = Math.min(pageCount, count - page * pageCount);
    const bytes = entries * form.entryBytes + CHECKSUM_BYTES;
    if (isWritten?.(page) ?? holdsBit(own, page))
      readEntries(file.claim(place, bytes, 'A page of chunks').checked(), entries, form, each);
    place += bytes;
  }
}

/**
 * The index of a dataset that grows in one dimension: entries in the index block, then blocks, then
 * blocks of blocks.
 */
export function readExtensibleArray(
  file: Hdf5File,
  at: number | null,
  filtered: boolean,
  each: EachChunk,
): void {
  const head = file.claim(at, EXTENSIBLE_HEAD_BYTES, 'An index of chunks').checked();
  head.mark('EAHD');
  const entryBytes = entrySize(head, filtered);
  const countBits = head.u8();
  const inIndex = head.u8();
  const leastEntries = head.u8();
  const leastPointers = head.u8();
  const pageBits = head.u8();
  head.take(8 * 6);
  const index = head.address();
  if (
    !isPowerOfTwo(leastEntries) ||
    !isPowerOfTwo(leastPointers) ||
    countBits > 64 ||
    pageBits > 32
  )
    head.fail('an index of chunks has blocks of no size');
  if (index === null) return;
  const offsetBytes = Math.ceil(countBits / 8);
  const form = { owner: head.base, filtered, entryBytes, pageBits, offsetBytes };
  const levels = 1 + countBits - Math.log2(leastEntries);
  const direct = 2 * (leastPointers - 1);
  const firstAbove = 2 * Math.log2(leastPointers);
  const block = file
    .claim(
      index,
      BLOCK_HEAD_BYTES +
        inIndex * entryBytes +
        8 * (direct + Math.max(0, levels - firstAbove)) +
        CHECKSUM_BYTES,
      'An index of chunks',
    )
    .checked();
  readBlockHead(block, 'EAIB', form);
  readEntries(block, inIndex, form, each);
  for (let level = 0; level < Math.max(firstAbove, levels); level++) {
    const blocks = blocksOf(level);
    const count = leastEntries * 2 ** Math.floor((level + 1) / 2);
    if (level >= firstAbove) {
      const above = block.address();
      if (above !== null) readBlockOfBlocks(file, form, { at: above, blocks, count }, each);
      continue;
    }
    for (let i = 0; i < blocks; i++) {
      const data = block.address();
      if (data !== null)
        readPaged(file, form, { mark: 'EADB', at: data, count, isWritten: () => true }, each);
    }
  }
}

const blocksOf = (level: number): number => 2 ** Math.floor(level / 2);

/** It names so many blocks of `count` entries each, and says which of their pages were written. */
interface BlockOfBlocks {
  readonly at: number;
  readonly blocks: number;
  readonly count: number;
}

function readBlockOfBlocks(
  file: Hdf5File,
  form: ArrayForm,
  { at, blocks, count }: BlockOfBlocks,
  each: EachChunk,
): void {
  const pageCount = 2 ** form.pageBits;
  const bitmapBytes = count > pageCount ? Math.ceil(count / pageCount / 8) : 0;
  const block = file
    .claim(
      at,
      BLOCK_HEAD_BYTES + form.offsetBytes + blocks * (bitmapBytes + 8) + CHECKSUM_BYTES,
      'A block of chunks',
    )
    .checked();
  readBlockHead(block, 'EASB', form);
  block.take(form.offsetBytes);
  const bitmaps = Array.from({ length: blocks }, () => block.take(bitmapBytes).bytes);
  for (const bitmap of bitmaps) {
    const data = block.address();
    if (data !== null)
      readPaged(
        file,
        form,
        { mark: 'EADB', at: data, count, isWritten: (page) => holdsBit(bitmap, page) },
        each,
      );
  }
}

const holdsBit = (bitmap: Buffer, index: number): boolean =>
  (bitmap[index >> 3]! & (0x80 >> (index & 7))) !== 0;
const isPowerOfTwo = (value: number): boolean => value > 0 && (value & (value - 1)) === 0;
