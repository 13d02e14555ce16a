import type { BitsFromHigh } from './bits.ts';
import { broken, unavailable } from './codec.ts';
import type { Output } from './output.ts';

const LENGTH_MAX = 20;
const GROUP_SYMBOLS = 50;
const SELECTORS_MAX = 18_002;
const RUN_MAX = 2 ** 21;

export interface Bzip2Block {
  /** the sorted rows' last column below, links of the inverse sort above */
  column: Uint32Array;
  length: number;
  origin: number;
}

/**
 * Reads a block behind its mark and checksum into `column`: Huffman codes, runs and moves to front
 * undone.
 */
export function readBlock(bits: BitsFromHigh, column: Uint32Array): Bzip2Block {
  const at = bits.offset;
  if (bits.bit() === 1) unavailable('a randomised bzip2 block, as versions before 1.0 wrote', at);
  const origin = bits.read(24);
  const front = readAlphabet(bits);
  if (front.length === 0) broken('A bzip2 block uses no byte at all.', at);
  const groups = bits.read(3);
  if (groups < 2 || groups > 6) broken(`A bzip2 block has ${groups} tables.`, at);
  const selectors = readSelectors(bits, groups);
  const tables = Array.from({ length: groups }, () => new Table(bits, front.length + 2));
  const next = (count: number): number => {
    const selector =
      selectors[Math.floor(count / GROUP_SYMBOLS)] ??
      broken('A bzip2 block is longer than it has tables for.', at);
    return tables[selector]!.next(bits);
  };
  const length = readColumn(next, front, column, at);
  if (origin >= length) broken('A bzip2 block begins outside of itself.', at);
  return { column, length, origin };
}

/**
 * Fills the column with what the symbols say: runs of the byte in front, in binary, or which byte
 * comes to the front. `next` gives the symbol behind so many others. Answers how many bytes there
 * are.
 */
function readColumn(
  next: (count: number) => number,
  front: Uint8Array,
  column: Uint32Array,
  at: number,
): number {
  const end = front.length + 1;
  let length = 0;
  let run = 0;
  let weight = 1;
  for (let symbols = 0; ; symbols++) {
    const symbol = next(symbols);
    if (symbol <= 1) {
      run += weight << symbol;
      weight *= 2;
      if (run > RUN_MAX) broken('A run in a bzip2 block is longer than any block.', at);
      continue;
    }
    if (length + run + (symbol === end ? 0 : 1) > column.length)
      broken('A bzip2 block is larger than the header allows.', at);
    if (run > 0) {
      column.fill(front[0]!, length, length + run);
      length += run;
      run = 0;
      weight = 1;
    }
    if (symbol === end) return length;
    const byte = front[symbol - 1]!;
    front.copyWithin(1, 0, symbol - 1);
    front[0] = byte;
    column[length++] = byte;
  }
}

/**
 * Undoes the sort, and the runs that were shortened before it: four equal bytes are followed by how
 * many more there are.
 */
export function unfoldBlock({ column, length, origin }: Bzip2Block, out: Output): void {
  const starts = new Uint32Array(257);
  for (let i = 0; i < length; i++) starts[column[i]! + 1]!++;
  for (let i = 0; i < 256; i++) starts[i + 1]! += starts[i]!;
  for (let i = 0; i < length; i++) column[starts[column[i]! & 0xff]!++]! |= i << 8;
  let position = column[origin]! >>> 8;
  let equal = 0;
  let last = -1;
  for (let i = 0; i < length; i++) {
    const entry = column[position]!;
    const byte = entry & 0xff;
    position = entry >>> 8;
    if (equal === 4) {
      out.reserve(byte);
      out.buffer.fill(last, out.length, out.length + byte);
      out.length += byte;
      equal = 0;
      last = -1;
      continue;
    }
    equal = byte === last ? equal + 1 : 1;
    last = byte;
    out.reserve(1);
    out.buffer[out.length++] = byte;
  }
}

/** The bytes that the block uses, in order. */
function readAlphabet(bits: BitsFromHigh): Uint8Array {
  const used = bits.read(16);
  const bytes: number[] = [];
  for (let high = 0; high < 16; high++) {
    if ((used & (0x8000 >> high)) === 0) continue;
    const row = bits.read(16);
    for (let low = 0; low < 16; low++)
      if ((row & (0x8000 >> low)) !== 0) bytes.push(high * 16 + low);
  }
  return Uint8Array.from(bytes);
}

function readSelectors(bits: BitsFromHigh, groups: number): Uint8Array {
  const count = bits.read(15);
  if (count === 0 || count > SELECTORS_MAX)
    broken(`A bzip2 block has ${count} selectors.`, bits.offset);
  const front = Array.from({ length: groups }, (_, i) => i);
  return Uint8Array.from({ length: count }, () => {
    let place = 0;
    while (bits.bit() === 1)
      if (++place >= groups)
        broken('A bzip2 block chooses a table that it does not have.', bits.offset);
    front.unshift(...front.splice(place, 1));
    return front[0]!;
  });
}

/** A canonical Huffman code of up to 20 bits. */
class Table {
  /**
   * by length: the first code beyond this length, and what to subtract from a code to find its
   * symbol
   */
  private readonly limit = new Int32Array(LENGTH_MAX + 1);
  private readonly base = new Int32Array(LENGTH_MAX + 1);
  private readonly symbols: Uint16Array;

  constructor(bits: BitsFromHigh, count: number) {
    const lengths = new Uint8Array(count);
    let length = bits.read(5);
    for (let i = 0; i < count; i++) {
      for (;;) {
        if (length < 1 || length > LENGTH_MAX)
          broken('A code of a bzip2 block has an impossible length.', bits.offset);
        if (bits.bit() === 0) break;
        length += bits.bit() === 1 ? -1 : 1;
      }
      lengths[i] = length;
    }
    this.symbols = new Uint16Array(count);
    let code = 0;
    let index = 0;
    for (let bitsUsed = 1; bitsUsed <= LENGTH_MAX; bitsUsed++) {
      this.base[bitsUsed] = code - index;
      for (let symbol = 0; symbol < count; symbol++) {
        if (lengths[symbol] !== bitsUsed) continue;
        this.symbols[index++] = symbol;
        code++;
      }
      if (code > 2 ** bitsUsed)
        broken('The codes of a bzip2 block are more than their lengths allow.', bits.offset);
      this.limit[bitsUsed] = code;
      code *= 2;
    }
  }

  next(bits: BitsFromHigh): number {
    let code = 0;
    for (let length = 1; length <= LENGTH_MAX; length++) {
      code = (code << 1) | bits.bit();
      if (code < this.limit[length]!) return this.symbols[code - this.base[length]!]!;
    }
    return broken('A bzip2 block holds a code that means nothing.', bits.offset);
  }
}
