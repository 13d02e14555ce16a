import type { EachChunk } from './chunk-tree.ts';
import type { Cursor } from './cursor.ts';
import type { Hdf5File } from './file.ts';

const CHECKSUM_BYTES = 4;
const BLOCK_HEAD_BYTES = 14;
const FIXED_HEAD_BYTES = 28;
const EXTENSIBLE_HEAD_BYTES = 72;

/**
 * One entry: an address, and for filtered chunks the stored size and which filters were left out.
 */
function readEntries(
  block: Cursor,
  count: number,
  entryBytes: number,
  filtered: boolean,
  each: EachChunk,
): void {
  for (let i = 0; i < count; i++) {
    const at = block.address();
    const bytes = filtered ? block.number(entryBytes - 12) : null;
    const mask = filtered ? block.u32() : 0;
    // places for chunks that were never written
    if (at !== null) each(at, bytes, null, block, mask);
  }
}

function readBlockHead(block: Cursor, mark: string, filtered: boolean, owner: number): void {
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
  readPaged(
    file,
    {
      at: data,
      mark: 'FADB',
      owner: head.base,
      count,
      entryBytes,
      pageBits,
      filtered,
      offsetBytes: 0,
      bitmap: true,
    },
    each,
  );
}

interface Entries {
  at: number;
  mark: string;
  owner: number;
  count: number;
  entryBytes: number;
  pageBits: number;
  filtered: boolean;
  /** bytes in which a block of an extensible array says where it begins */
  offsetBytes: number;
  /** whether the block itself says which of its pages were written */
  bitmap: boolean;
  /** or what the block above says of it */
  written?: (page: number) => boolean;
}

/** Entries in one block, or behind it in pages that each have a checksum. */
function readPaged(
  file: Hdf5File,
  { at, mark, owner, count, entryBytes, pageBits, filtered, offsetBytes, bitmap, written }: Entries,
  each: EachChunk,
): void {
  const pageCount = 2 ** pageBits;
  const headBytes = BLOCK_HEAD_BYTES + offsetBytes;
  if (count <= pageCount) {
    const block = file
      .claim(at, headBytes + count * entryBytes + CHECKSUM_BYTES, 'A block of chunks')
      .checked();
    readBlockHead(block, mark, filtered, owner);
    block.take(offsetBytes);
    return readEntries(block, count, entryBytes, filtered, each);
  }
  const pages = Math.ceil(count / pageCount);
  const bitmapBytes = bitmap ? Math.ceil(pages / 8) : 0;
  const block = file
    .claim(at, headBytes + bitmapBytes + CHECKSUM_BYTES, 'A block of chunks')
    .checked();
  readBlockHead(block, mark, filtered, owner);
  block.take(offsetBytes);
  const bits = block.take(bitmapBytes).bytes;
  let place = at + headBytes + bitmapBytes + CHECKSUM_BYTES;
  for (let page = 0; page < pages; page++) {
    const entries = Math.min(pageCount, count - page * pageCount);
    const bytes = entries * entryBytes + CHECKSUM_BYTES;
    const isWritten =
      written === undefined ? (bits[page >> 3]! & (0x80 >> (page & 7))) !== 0 : written(page);
    if (isWritten)
      readEntries(
        file.claim(place, bytes, 'A page of chunks').checked(),
        entries,
        entryBytes,
        filtered,
        each,
      );
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
  const supers = 1 + countBits - Math.log2(leastEntries);
  const direct = 2 * (leastPointers - 1);
  const offsetBytes = Math.ceil(countBits / 8);
  const first = 2 * Math.log2(leastPointers);
  const block = file
    .claim(
      index,
      BLOCK_HEAD_BYTES +
        inIndex * entryBytes +
        8 * (direct + Math.max(0, supers - first)) +
        CHECKSUM_BYTES,
      'An index of chunks',
    )
    .checked();
  readBlockHead(block, 'EAIB', filtered, head.base);
  readEntries(block, inIndex, entryBytes, filtered, each);
  const common = {
    mark: 'EADB',
    owner: head.base,
    entryBytes,
    pageBits,
    filtered,
    offsetBytes,
    bitmap: false,
  };
  const blocksOf = (level: number): number => 2 ** Math.floor(level / 2);
  const entriesOf = (level: number): number => leastEntries * 2 ** Math.floor((level + 1) / 2);
  for (let level = 0; level < first; level++) {
    for (let i = 0; i < blocksOf(level); i++) {
      const data = block.address();
      if (data !== null)
        readPaged(
          file,
          { ...common, at: data, count: entriesOf(level), written: () => true },
          each,
        );
    }
  }
  for (let level = first; level < supers; level++) {
    const above = block.address();
    if (above === null) continue;
    const pages = entriesOf(level) > 2 ** pageBits ? entriesOf(level) / 2 ** pageBits : 0;
    const bitmapBytes = Math.ceil(pages / 8);
    const superBlock = file
      .claim(
        above,
        BLOCK_HEAD_BYTES + offsetBytes + blocksOf(level) * (bitmapBytes + 8) + CHECKSUM_BYTES,
        'A block of chunks',
      )
      .checked();
    readBlockHead(superBlock, 'EASB', filtered, head.base);
    superBlock.take(offsetBytes);
    const bits = Array.from({ length: blocksOf(level) }, () => superBlock.take(bitmapBytes).bytes);
    for (const bitmap of bits) {
      const data = superBlock.address();
      if (data !== null)
        readPaged(
          file,
          {
            ...common,
            at: data,
            count: entriesOf(level),
            written: (page) => (bitmap[page >> 3]! & (0x80 >> (page & 7))) !== 0,
          },
          each,
        );
    }
  }
}

const isPowerOfTwo = (value: number): boolean => value > 0 && (value & (value - 1)) === 0;
