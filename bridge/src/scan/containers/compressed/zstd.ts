import { xxh64 } from './checksums.ts';
import { broken, lying, part, startsWith, unavailable, type Codec } from './codec.ts';
import type { Output } from './output.ts';
import { ZstdBlocks } from './zstd-block.ts';

const MAGIC = [0x28, 0xb5, 0x2f, 0xfd];
const BLOCK_MAX = 128 * 1024;
/** decoders refuse a larger one unless they are told otherwise */
const WINDOW_MAX = 2 ** 27;
const RAW = 0;
const RLE = 1;
const PACKED = 2;

/**
 * RFC 8878: one frame, without dictionary. Nothing that the RFC calls an error is passed over, so
 * that all decoders agree on what is left.
 */
export const zstd: Codec = {
  id: 'zstd',
  title: 'zstd',
  extensions: ['zst', 'zstd', 'tzst'],
  sniff: (head) => startsWith(head, ...MAGIC),
  unpack(packed, out, doubt) {
    if (!startsWith(packed, ...MAGIC)) return broken('The mark of a zstd frame is not there.', 0);
    const { window, contentSize, hasChecksum, end } = readFrameHeader(packed);
    const at = unpackBlocks(packed, end, out, window);
    if (contentSize !== null && contentSize !== BigInt(out.length))
      return lying(`The frame unpacks to ${out.length} bytes; its header says ${contentSize}.`, 5);
    if (!hasChecksum) return at;
    const checksum = Buffer.from(part(packed, at, 4))
      .reverse()
      .toString('hex');
    const real = xxh64(out.bytes()).slice(8);
    if (checksum !== real) doubt(`The checksum is ${real}; the file says ${checksum}.`, at);
    return at + 4;
  },
};

interface FrameHeader {
  /** how far back matches may reach */
  readonly window: number;
  readonly contentSize: bigint | null;
  readonly hasChecksum: boolean;
  /** where the first block begins */
  readonly end: number;
}

function readFrameHeader(packed: Uint8Array): FrameHeader {
  const flags = part(packed, 4, 1)[0]!;
  if ((flags & 0x18) !== 0) return lying('The zstd header sets reserved bits.', 4);
  if ((flags & 3) !== 0)
    return unavailable('the zstd frame needs a dictionary that is not in the file', 4);
  let at = 5;
  const single = (flags & 0x20) !== 0;
  let window = 0;
  if (!single) {
    const base = 2 ** (10 + (packed[at]! >> 3));
    window = base + (base / 8) * (part(packed, at++, 1)[0]! & 7);
    if (window > WINDOW_MAX)
      return unavailable('the zstd frame needs a window of more than 128 MiB', 5);
  }
  const sizeBytes = flags >> 6 === 0 ? (single ? 1 : 0) : 2 ** (flags >> 6);
  const contentSize = sizeBytes === 0 ? null : readSize(part(packed, at, sizeBytes));
  at += sizeBytes;
  if (single) window = Number(contentSize);
  return { window, contentSize, hasChecksum: (flags & 4) !== 0, end: at };
}

/** The blocks from `start` on; answers where the last one ends. */
function unpackBlocks(packed: Uint8Array, start: number, out: Output, window: number): number {
  const blockMax = Math.min(window, BLOCK_MAX);
  const blocks = new ZstdBlocks(out, window, blockMax);
  let at = start;
  for (let last = false; !last;) {
    const header = part(packed, at, 3).readUIntLE(0, 3);
    const size = header >> 3;
    const kind = (header >> 1) & 3;
    last = (header & 1) === 1;
    at += 3;
    if (kind > PACKED) return broken('A zstd block is of a kind that does not exist.', at - 3);
    if (size > blockMax)
      return broken('A zstd block is larger than the header of its frame allows.', at - 3);
    const bytes = part(packed, at, kind === RLE ? 1 : size);
    if (kind === RAW) out.append(bytes);
    else if (kind === RLE) out.append(new Uint8Array(size).fill(bytes[0]!));
    else blocks.unpack(bytes, at);
    at += bytes.length;
  }
  return at;
}

function readSize(bytes: Buffer): bigint {
  if (bytes.length === 8) return bytes.readBigUInt64LE(0);
  return BigInt(bytes.readUIntLE(0, bytes.length) + (bytes.length === 2 ? 256 : 0));
}
