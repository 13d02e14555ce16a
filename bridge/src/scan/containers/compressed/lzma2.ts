import { broken, part, startsWith, type Codec } from './codec.ts';
import { Lzma } from './lzma.ts';
import type { Output } from './output.ts';

const END = 0;
const STORED_NEW = 1;
const STORED = 2;
const PACKED = 0x80;
const RESET_STATE = 0xa0;
const NEW_PROPERTIES = 0xc0;
const RESET_ALL = 0xe0;

/** The chunks of LZMA2 from `at` on; answers the offset behind their end mark. */
export function unpackLzma2(
  packed: Uint8Array,
  at: number,
  out: Output,
  dictionaryBytes: number,
): number {
  const lzma = new Lzma(packed, out, dictionaryBytes);
  let begun = false;
  let properties = false;
  for (;;) {
    const start = at;
    const control = part(packed, at, 1)[0]!;
    if (control === END) return at + 1;
    if (!isChunkKind(control)) return broken(`An LZMA2 chunk has the unknown kind ${control}.`, at);
    if (control === STORED_NEW || control >= RESET_ALL) {
      lzma.resetDictionary();
      [begun, properties] = [true, false];
    }
    if (!begun) return broken('The first LZMA2 chunk takes up something that was never begun.', at);
    const sizes = part(packed, at + 1, 2);
    at += 3;
    if (control <= STORED) {
      const bytes = sizes.readUInt16BE(0) + 1;
      out.append(part(packed, at, bytes));
      at += bytes;
      continue;
    }
    const bytes = ((control & 0x1f) << 16) + sizes.readUInt16BE(0) + 1;
    const packedBytes = part(packed, at, 2).readUInt16BE(0) + 1;
    at += 2;
    if (control >= NEW_PROPERTIES) {
      lzma.setProperties(part(packed, at, 1)[0]!, at);
      properties = true;
      at++;
    } else if (!properties) {
      return broken('An LZMA2 chunk uses properties that were never given.', start);
    } else if (control >= RESET_STATE) {
      lzma.resetState();
    }
    part(packed, at, packedBytes);
    at = decodeChunk(lzma, at, at + packedBytes, bytes);
  }
}

const isChunkKind = (control: number): boolean => control <= STORED || control >= PACKED;

/** Answers the end of the chunk, which must be where its data end. */
function decodeChunk(lzma: Lzma, start: number, end: number, bytes: number): number {
  lzma.coder.start(start, end);
  lzma.decode(bytes);
  return lzma.coder.finish() && lzma.coder.at === end
    ? end
    : broken('An LZMA2 chunk does not end where it says.', end);
}

const PROPERTIES_MAX = 9 * 5 * 5;
const HEADER_BYTES = 13;
const SIZE_UNKNOWN = 2n ** 64n - 1n;
const SIZE_MAX = 2n ** 38n;

/**
 * The old .lzma file: 13 bytes of header, then LZMA to an end mark or to the size that the header
 * states. It has no checksum.
 */
export const lzmaAlone: Codec = {
  id: 'lzma',
  title: 'lzma',
  extensions: ['lzma', 'tlz'],
  sniff: (head) =>
    startsWith(head, 0x5d, 0) &&
    head.length > HEADER_BYTES &&
    head[HEADER_BYTES] === 0 &&
    headerFault(part(head, 0, HEADER_BYTES)) === null,
  unpack(packed, out) {
    const header = part(packed, 0, HEADER_BYTES);
    const size = header.readBigUInt64LE(5);
    const fault = headerFault(header);
    if (fault !== null) return broken(fault, 0);
    const lzma = new Lzma(packed, out, Math.max(header.readUInt32LE(1), 4096));
    lzma.setProperties(header[0]!, 0);
    lzma.coder.start(HEADER_BYTES, packed.length);
    lzma.decode(size === SIZE_UNKNOWN ? null : Number(size));
    if (!lzma.coder.finish())
      return broken('The lzma data do not end as an encoder ends them.', lzma.coder.at);
    return lzma.coder.at;
  },
};

/** What liblzma refuses, since the format has no mark of its own. */
function headerFault(header: Buffer): string | null {
  const size = header.readBigUInt64LE(5);
  if (size !== SIZE_UNKNOWN && size >= SIZE_MAX)
    return 'The size in the lzma header is larger than any file.';
  const dictionary = header.readUInt32LE(1);
  const power = 2 ** Math.floor(Math.log2(Math.max(1, dictionary)));
  if (dictionary !== power && dictionary !== power * 1.5 && dictionary !== 2 ** 32 - 1)
    return 'The dictionary in the lzma header has a size that no encoder chooses.';
  return header[0]! < PROPERTIES_MAX ? null : 'The lzma properties are none.';
}
