import { Rejected, latin1 } from '../../report.ts';
import type { ByteSource } from '../../source.ts';

export const TABLE_FOOTER_BYTES = 48;
const MARK = [0x57, 0xfb, 0x80, 0x8b, 0x24, 0x75, 0x47, 0xdb];
/** how the block is packed, and a checksum */
const TRAILER_BYTES = 5;
const NOT_PACKED = 0;

/** The last eight bytes of a table as LevelDB and TensorFlow write it. */
export function hasTableMark(source: ByteSource): boolean {
  const bytes = source.read(source.size - MARK.length, MARK.length);
  return MARK.every((byte, i) => bytes[i] === byte);
}

/**
 * Reads a sorted table (https://github.com/google/leveldb/blob/main/doc/table_format.md), not
 * packed, as TensorFlow writes it: blocks of data from the first byte on, a block that says
 * nothing, the index, the footer, and nothing in between. `each` is given every key with the place
 * of its value.
 */
export function readTable(
  bytes: Uint8Array,
  each: (key: string, start: number, end: number) => void,
): void {
  const footer = bytes.length - TABLE_FOOTER_BYTES;
  const cursor = new Cursor(bytes, footer, bytes.length - MARK.length);
  const [metaStart, metaEnd] = handle(cursor);
  const [indexStart, indexEnd] = handle(cursor);
  if (bytes.subarray(cursor.position, bytes.length - MARK.length).some((byte) => byte !== 0))
    wrong('The footer holds something behind its places.', cursor.position);
  let position = 0;
  let last: string | null = null;
  readBlock(bytes, indexStart, indexEnd, (_key, start, end) => {
    const [blockStart, blockEnd] = handle(new Cursor(bytes, start, end));
    if (blockStart !== position) wrong('The blocks of data do not follow each other.', start);
    readBlock(bytes, blockStart, blockEnd, (key, valueStart, valueEnd) => {
      if (last !== null && key <= last)
        wrong('The names are not in order, or one stands twice.', valueStart);
      last = key;
      each(key, valueStart, valueEnd);
    });
    position = blockEnd + TRAILER_BYTES;
  });
  if (
    metaStart !== position ||
    indexStart !== metaEnd + TRAILER_BYTES ||
    footer !== indexEnd + TRAILER_BYTES
  )
    wrong('There are bytes between the parts of the table.', position);
  readBlock(bytes, metaStart, metaEnd, (_key, start) =>
    wrong('The table has filters, which checkpoints do not have.', start),
  );
}

/**
 * Entries whose keys share beginnings with those before; then the places where they do not, and how
 * many.
 */
function readBlock(
  bytes: Uint8Array,
  start: number,
  end: number,
  each: (key: string, start: number, end: number) => void,
): void {
  if (start < 0 || end > bytes.length - TRAILER_BYTES || end - start < 4)
    wrong('A block lies outside of the file.', Math.min(start, bytes.length));
  if (bytes[end] !== NOT_PACKED) wrong('A block is packed; TensorFlow does not pack them.', end);
  const restarts = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).readUInt32LE(
    end - 4,
  );
  const limit = end - 4 - 4 * restarts;
  if (limit < start) wrong('A block has more restarts than room.', end - 4);
  const cursor = new Cursor(bytes, start, limit);
  let key = '';
  while (cursor.position < limit) {
    const at = cursor.position;
    const [shared, own, size] = [cursor.varint(), cursor.varint(), cursor.varint()];
    if (shared > key.length || cursor.position + own + size > limit)
      wrong('An entry reaches beyond its block.', at);
    key = key.slice(0, shared) + latin1(bytes.subarray(cursor.position, cursor.position + own));
    cursor.position += own + size;
    each(key, cursor.position - size, cursor.position);
  }
}

function handle(cursor: Cursor): [number, number] {
  const start = cursor.varint();
  return [start, start + cursor.varint()];
}

class Cursor {
  position: number;
  private readonly bytes: Uint8Array;
  private readonly end: number;

  constructor(bytes: Uint8Array, start: number, end: number) {
    this.bytes = bytes;
    this.position = start;
    this.end = end;
  }

  /** At most 49 bits, which no file is longer than. */
  varint(): number {
    let value = 0;
    for (let i = 0; i < 7; i++) {
      if (this.position >= this.end) break;
      const byte = this.bytes[this.position++]!;
      value += (byte & 0x7f) * 2 ** (7 * i);
      if (byte < 0x80) return value;
    }
    return wrong('A number reaches beyond its place.', this.position);
  }
}

function wrong(why: string, at: number): never {
  throw new Rejected('tensorflow-checkpoint', why, at);
}
