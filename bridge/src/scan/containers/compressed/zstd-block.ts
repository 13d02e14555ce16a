import { BitsFromEnd } from './bits.ts';
import { broken, part } from './codec.ts';
import type { Output } from './output.ts';
import {
  constantTable,
  readHuffmanStream,
  readHuffmanTable,
  readStateTable,
  stateTable,
  type HuffmanTable,
  type StateTable,
} from './zstd-tables.ts';

const RAW = 0;
const RLE = 1;
const PACKED = 2;

interface Field {
  maxLog: number;
  symbols: number;
  predefined: StateTable;
  extra: number[];
  base: number[];
}

/** Codes stand for a range from `first` on: `base` and as many more bits as `extra` says. */
function field(maxLog: number, extra: number[], first: number, predefined: StateTable): Field {
  let next = first;
  const base = extra.map((bits) => {
    next += 2 ** bits;
    return next - 2 ** bits;
  });
  return { maxLog, symbols: extra.length, predefined, extra, base };
}
const times = (count: number, value: number): number[] =>
  Array.from({ length: count }, () => value);
const upTo = (first: number, last: number): number[] =>
  Array.from({ length: last - first + 1 }, (_, i) => first + i);

const LITERALS = field(
  9,
  [...times(16, 0), 1, 1, 1, 1, 2, 2, 3, 3, 4, ...upTo(6, 16)],
  0,
  stateTable(
    [4, 3, ...times(11, 2), 1, 1, 1, ...times(9, 2), 3, 2, ...times(5, 1), ...times(4, -1)],
    6,
  ),
);
const MATCHES = field(
  9,
  [...times(32, 0), 1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, ...upTo(7, 16)],
  3,
  stateTable([1, 4, 3, ...times(6, 2), ...times(37, 1), ...times(7, -1)], 6),
);
const OFFSETS = field(
  8,
  upTo(0, 31),
  1,
  stateTable([...times(6, 1), 2, 2, 2, ...times(15, 1), ...times(5, -1)], 5),
);
/** in the order in which their tables are written */
const FIELDS = [LITERALS, OFFSETS, MATCHES] as const;

/** `used`: bytes of the block that they take. */
interface Literals {
  readonly literals: Uint8Array;
  readonly used: number;
}

/**
 * Compressed blocks of one frame: tables and the last three offsets live on from block to block.
 * RFC 8878, 3.1.1.3.
 */
export class ZstdBlocks {
  private huffman: HuffmanTable | null = null;
  private tables: (StateTable | null)[] = [null, null, null];
  private readonly offsets: [number, number, number] = [1, 4, 8];
  private readonly out: Output;
  private readonly frameStart: number;
  private readonly window: number;
  private readonly blockMax: number;

  constructor(out: Output, window: number, blockMax: number) {
    this.out = out;
    this.frameStart = out.length;
    this.window = window;
    this.blockMax = blockMax;
  }

  /** `offset`: of the block in the file, for findings. */
  unpack(block: Buffer, offset: number): void {
    const { literals, used } = this.readLiterals(block, offset);
    let at = used;
    let count = part(block, at++, 1)[0]!;
    if (count === 255) {
      count = part(block, at, 2).readUInt16LE(0) + 0x7f00;
      at += 2;
    } else if (count >= 128) {
      count = ((count - 128) << 8) + part(block, at++, 1)[0]!;
    }
    if (count === 0) {
      if (at !== block.length) broken('Bytes of a zstd block belong to nothing.', offset + at);
      this.out.append(literals);
      return;
    }
    at = this.readTables(block, at, offset);
    const input = new BitsFromEnd(block.subarray(at), offset + at);
    this.run(input, count, literals, offset);
  }

  private readLiterals(block: Buffer, offset: number): Literals {
    const head = part(block, 0, 1)[0]!;
    const kind = head & 3;
    const form = (head >> 2) & 3;
    return kind === RAW || kind === RLE
      ? this.readPlainLiterals(block, kind, form, offset)
      : this.readPackedLiterals(block, kind, form, offset);
  }

  /** Literals as they are, or one byte that is repeated. */
  private readPlainLiterals(block: Buffer, kind: number, form: number, offset: number): Literals {
    const headBytes = form % 2 === 0 ? 1 : form === 1 ? 2 : 3;
    const size = part(block, 0, headBytes).readUIntLE(0, headBytes) >> (headBytes === 1 ? 3 : 4);
    this.checkSize(size, offset);
    if (kind === RLE)
      return {
        literals: new Uint8Array(size).fill(part(block, headBytes, 1)[0]!),
        used: headBytes + 1,
      };
    return { literals: part(block, headBytes, size), used: headBytes + size };
  }

  /** Literals in a Huffman code, which stands in front of them or is that of a block before. */
  private readPackedLiterals(block: Buffer, kind: number, form: number, offset: number): Literals {
    const headBytes = form < 2 ? 3 : form + 2;
    const width = form < 2 ? 10 : form === 2 ? 14 : 18;
    const sizes = Math.floor(part(block, 0, headBytes).readUIntLE(0, headBytes) / 16);
    const size = sizes % 2 ** width;
    const packedSize = Math.floor(sizes / 2 ** width);
    this.checkSize(size, offset);
    let packed = part(block, headBytes, packedSize);
    if (kind === PACKED) {
      const { table, used } = readHuffmanTable(packed);
      this.huffman = table;
      packed = packed.subarray(used);
    }
    const huffman =
      this.huffman ?? broken('A zstd block uses a Huffman code that was never given.', offset);
    const literals = new Uint8Array(size);
    if (form === 0) readHuffmanStream(huffman, packed, literals, offset);
    else readFourStreams(huffman, packed, literals, offset);
    return { literals, used: headBytes + packedSize };
  }

  private checkSize(size: number, offset: number): void {
    if (size > this.blockMax)
      broken('A zstd block is larger than the header of its frame allows.', offset);
  }

  private readTables(block: Buffer, start: number, offset: number): number {
    const modes = part(block, start, 1)[0]!;
    if ((modes & 3) !== 0) broken('A zstd block sets reserved bits.', offset + start);
    let at = start + 1;
    this.tables = FIELDS.map((own, i) => {
      const mode = (modes >> (6 - 2 * i)) & 3;
      if (mode === 0) return own.predefined;
      if (mode === 3)
        return (
          this.tables[i] ??
          broken('A zstd block uses a table that was never given.', offset + start)
        );
      if (mode === 2) {
        const { table, used } = readStateTable(block.subarray(at), own.maxLog, own.symbols);
        at += used;
        return table;
      }
      const symbol = part(block, at++, 1)[0]!;
      return symbol < own.symbols
        ? constantTable(symbol)
        : broken('A table of zstd has more symbols than there are.', offset + at);
    });
    return at;
  }

  private run(input: BitsFromEnd, count: number, literals: Uint8Array, offset: number): void {
    const { out } = this;
    const end = out.length + this.blockMax;
    const [literalTable, offsetTable, matchTable] = this.tables as [
      StateTable,
      StateTable,
      StateTable,
    ];
    let literalState = input.read(literalTable.log);
    let offsetState = input.read(offsetTable.log);
    let matchState = input.read(matchTable.log);
    let taken = 0;
    for (let i = 1; i <= count; i++) {
      const offsetCode = offsetTable.symbols[offsetState]!;
      const matchCode = matchTable.symbols[matchState]!;
      const literalCode = literalTable.symbols[literalState]!;
      const value = 2 ** offsetCode + input.read(offsetCode);
      const match = MATCHES.base[matchCode]! + input.read(MATCHES.extra[matchCode]!);
      const length = LITERALS.base[literalCode]! + input.read(LITERALS.extra[literalCode]!);
      if (i < count) {
        literalState =
          literalTable.base[literalState]! + input.read(literalTable.bits[literalState]!);
        matchState = matchTable.base[matchState]! + input.read(matchTable.bits[matchState]!);
        offsetState = offsetTable.base[offsetState]! + input.read(offsetTable.bits[offsetState]!);
      }
      if (input.left < 0) broken('The sequences of a zstd block are cut off.', offset);
      if (taken + length > literals.length)
        broken('A zstd block uses more literals than it has.', offset);
      if (out.length + length + match > end)
        broken('A zstd block is larger than the header of its frame allows.', offset);
      out.append(literals.subarray(taken, taken + length));
      taken += length;
      const distance = this.distance(value, length);
      if (distance === 0 || distance > this.window || distance > out.length - this.frameStart)
        broken('A zstd match reaches back before the data or its window.', offset);
      out.repeat(distance, match);
    }
    if (input.left !== 0)
      broken('The sequences of a zstd block do not end where they should.', offset);
    if (out.length + literals.length - taken > end)
      broken('A zstd block is larger than the header of its frame allows.', offset);
    out.append(literals.subarray(taken));
  }

  /**
   * Values 1 to 3 name one of the last three offsets; without literals before them, the next one.
   */
  private distance(value: number, literals: number): number {
    const { offsets } = this;
    const which = value > 3 ? 3 : value - 1 + (literals === 0 ? 1 : 0);
    const distance = value > 3 ? value - 3 : which === 3 ? offsets[0] - 1 : offsets[which]!;
    if (which >= 2) offsets[2] = offsets[1];
    if (which >= 1) offsets[1] = offsets[0];
    offsets[0] = distance;
    return distance;
  }
}

/** Three sizes, then four streams, each for a quarter of the literals. */
function readFourStreams(
  table: HuffmanTable,
  packed: Buffer,
  to: Uint8Array,
  offset: number,
): void {
  const sizes = part(packed, 0, 6);
  const quarter = Math.ceil(to.length / 4);
  if (to.length < 6) broken('A zstd block splits too few literals.', offset);
  let at = 6;
  for (let i = 0; i < 4; i++) {
    const size = i < 3 ? sizes.readUInt16LE(i * 2) : packed.length - at;
    if (size < 0) broken('A stream of Huffman codes is cut off.', offset);
    readHuffmanStream(
      table,
      part(packed, at, size),
      to.subarray(i * quarter, i < 3 ? (i + 1) * quarter : to.length),
      offset,
    );
    at += size;
  }
}
