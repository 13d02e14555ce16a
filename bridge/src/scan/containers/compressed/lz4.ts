import { xxh32 } from './checksums.ts';
import { broken, lying, part, startsWith, unavailable, type Codec } from './codec.ts';
import type { Output } from './output.ts';

const MAGIC = [0x04, 0x22, 0x4d, 0x18];
const VERSION = 0x40;
const VERSION_MASK = 0xc0;
const FLAG_INDEPENDENT = 0x20;
const FLAG_BLOCK_CHECKSUM = 0x10;
const FLAG_CONTENT_SIZE = 0x08;
const FLAG_CONTENT_CHECKSUM = 0x04;
const FLAG_RESERVED = 0x02;
const FLAG_DICTIONARY = 0x01;
const STORED = 0x80000000;
const MIN_MATCH = 4;

/**
 * https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md and lz4_Block_format.md: one frame,
 * without dictionary.
 */
export const lz4: Codec = {
  id: 'lz4',
  title: 'lz4',
  extensions: ['lz4'],
  sniff: (head) => startsWith(head, ...MAGIC),
  unpack(packed, out, doubt) {
    if (!startsWith(packed, ...MAGIC)) return broken('The mark of an lz4 frame is not there.', 0);
    const { flags, blockMax, contentSize, end } = readFrameHeader(packed, doubt);
    let at = end;
    for (;;) {
      const word = part(packed, at, 4).readUInt32LE(0);
      at += 4;
      if (word === 0) break;
      const size = word % STORED;
      if (size > blockMax)
        return lying(`A block has ${size} bytes; the header allows ${blockMax}.`, at - 4);
      const block = part(packed, at, size);
      const before = out.length;
      const reachesFrom = (flags & FLAG_INDEPENDENT) !== 0 ? before : 0;
      if (word >= STORED) out.append(block);
      else unpackBlock({ bytes: block, offset: at, reachesFrom, max: blockMax }, out);
      if (out.length - before > blockMax) return tooLong(blockMax, at);
      at += size;
      if ((flags & FLAG_BLOCK_CHECKSUM) !== 0) at = checksum(packed, at, block, doubt);
    }
    if (contentSize !== null && contentSize !== BigInt(out.length))
      return lying(`The frame unpacks to ${out.length} bytes; its header says ${contentSize}.`, 6);
    return (flags & FLAG_CONTENT_CHECKSUM) === 0 ? at : checksum(packed, at, out.bytes(), doubt);
  },
};

interface FrameHeader {
  readonly flags: number;
  /** bytes that a block may unpack to */
  readonly blockMax: number;
  readonly contentSize: bigint | null;
  /** where the first block begins */
  readonly end: number;
}

function readFrameHeader(
  packed: Uint8Array,
  doubt: (why: string, offset: number) => void,
): FrameHeader {
  const [flags, sizes] = part(packed, 4, 2) as unknown as [number, number];
  if (
    (flags & VERSION_MASK) !== VERSION ||
    (flags & FLAG_RESERVED) !== 0 ||
    (sizes & 0x8f) !== 0 ||
    sizes >> 4 < 4
  )
    return lying('The header of the lz4 frame sets reserved bits or names an unknown version.', 4);
  if ((flags & FLAG_DICTIONARY) !== 0)
    return unavailable('the lz4 frame needs a dictionary that is not in the file', 4);
  let at = 6;
  const contentSize =
    (flags & FLAG_CONTENT_SIZE) === 0 ? null : part(packed, at, 8).readBigUInt64LE(0);
  if (contentSize !== null) at += 8;
  const check = part(packed, at, 1)[0]!;
  const real = (parseInt(xxh32(packed.subarray(4, at)), 16) >>> 8) & 0xff;
  if (check !== real) doubt('The checksum of the lz4 header is wrong.', at);
  return { flags, blockMax: 2 ** (8 + 2 * (sizes >> 4)), contentSize, end: at + 1 };
}

function tooLong(max: number, offset: number): never {
  return lying(`A block unpacks to more than the ${max} bytes that the header allows.`, offset);
}

function checksum(
  packed: Uint8Array,
  at: number,
  bytes: Uint8Array,
  doubt: (why: string, offset: number) => void,
): number {
  const stated = part(packed, at, 4).readUInt32LE(0).toString(16).padStart(8, '0');
  const real = xxh32(bytes);
  if (stated !== real) doubt(`The checksum is ${real}; the file says ${stated}.`, at);
  return at + 4;
}

interface Lz4Block {
  readonly bytes: Uint8Array;
  /** of the block in the file, for findings */
  readonly offset: number;
  /** matches reach back to this place of the output */
  readonly reachesFrom: number;
  /** bytes that it may unpack to */
  readonly max: number;
}

/** A block ends with literals. */
function unpackBlock({ bytes: block, offset, reachesFrom, max }: Lz4Block, out: Output): void {
  const start = out.length;
  const cut = (): never => broken('An lz4 block ends in the middle of a sequence.', offset);
  let at = 0;
  const length = (nibble: number): number => {
    let sum = nibble;
    if (nibble === 15) {
      let more: number;
      do {
        if (at >= block.length) return cut();
        more = block[at++]!;
        sum += more;
      } while (more === 255);
    }
    return out.length - start + sum <= max ? sum : tooLong(max, offset);
  };
  for (;;) {
    if (at >= block.length) return cut();
    const token = block[at++]!;
    const literals = length(token >> 4);
    if (at + literals > block.length) return cut();
    out.append(block.subarray(at, at + literals));
    at += literals;
    if (at === block.length) return;
    if (at + 2 > block.length) return cut();
    const distance = block[at]! | (block[at + 1]! << 8);
    at += 2;
    const match = length(token & 15) + MIN_MATCH;
    if (distance === 0 || distance > out.length - reachesFrom)
      return broken('An lz4 match reaches back before the data.', offset + at - 2);
    out.repeat(distance, match);
  }
}
