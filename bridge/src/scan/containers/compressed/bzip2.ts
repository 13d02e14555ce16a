import { BitsFromHigh } from './bits.ts';
import { readBlock, unfoldBlock } from './bzip2-block.ts';
import { broken, startsWith, type Codec } from './codec.ts';

const BLOCK = 0x314159265359;
const END = 0x177245385090;
const LEVEL_BYTES = 100_000;

/** One stream, as libbz2 reads it; what that tolerates from versions before 1.0 is refused. */
export const bzip2: Codec = {
  id: 'bzip2',
  title: 'bzip2',
  extensions: ['bz2', 'tbz', 'tbz2'],
  sniff: (head) =>
    startsWith(head, 0x42, 0x5a, 0x68) &&
    head[3]! >= 0x31 &&
    head[3]! <= 0x39 &&
    (startsWith(head.subarray(4), 0x31, 0x41, 0x59, 0x26, 0x53, 0x59) ||
      startsWith(head.subarray(4), 0x17, 0x72, 0x45, 0x38, 0x50, 0x90)),
  unpack(packed, out, doubt) {
    if (!bzip2.sniff(packed)) return broken('The mark of a bzip2 stream is not there.', 0);
    // one for all blocks: a file can hold millions of small ones
    const column = new Uint32Array((packed[3]! - 0x30) * LEVEL_BYTES);
    const bits = new BitsFromHigh(packed, 4);
    let combined = 0;
    for (;;) {
      const at = bits.offset;
      const mark = bits.read(24) * 2 ** 24 + bits.read(24);
      const stated = (bits.read(16) * 2 ** 16 + bits.read(16)) >>> 0;
      if (mark === END) {
        if (stated !== combined) doubt('The checksum of the bzip2 stream is wrong.', at);
        return bits.alignedEnd();
      }
      if (mark !== BLOCK) return broken('A bzip2 block does not begin with its mark.', at);
      const block = readBlock(bits, column);
      const from = out.length;
      unfoldBlock(block, out);
      const real = crc(out.buffer, from, out.length);
      if (real !== stated)
        doubt(
          `The checksum of a bzip2 block is ${real.toString(16)}; the file says ${stated.toString(16)}.`,
          at,
        );
      combined = (((combined << 1) | (combined >>> 31)) ^ real) >>> 0;
    }
  },
};

const POLYNOMIAL = 0x04c11db7;
const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte << 24;
  for (let i = 0; i < 8; i++) value = (value << 1) ^ (value < 0 ? POLYNOMIAL : 0);
  return value;
});

/** CRC-32 with the highest bit first; that of zlib and gzip is the other way round. */
function crc(bytes: Uint8Array, from: number, to: number): number {
  let value = 0xffffffff;
  for (let i = from; i < to; i++) value = (value << 8) ^ TABLE[(value >>> 24) ^ bytes[i]!]!;
  return ~value >>> 0;
}
