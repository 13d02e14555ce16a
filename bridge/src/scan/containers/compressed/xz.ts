import crypto from 'node:crypto';
import zlib from 'node:zlib';
import { crc64 } from './checksums.ts';
import { broken, lying, part, startsWith, unavailable, type Codec } from './codec.ts';
import { unpackLzma2 } from './lzma2.ts';
import type { Output } from './output.ts';

type Doubt = (why: string, offset: number) => void;

const MAGIC = [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00];
const HEADER_BYTES = 12;
const FOOTER_BYTES = 12;
const LZMA2 = 0x21;

/** How a check is computed, as its bytes are in the file. */
const CHECKS: Record<number, { bytes: number; of: (data: Uint8Array) => string }> = {
  0: { bytes: 0, of: () => '' },
  1: { bytes: 4, of: (data) => littleEndian(zlib.crc32(data)) },
  4: { bytes: 8, of: (data) => Buffer.from(crc64(data), 'hex').reverse().toString('hex') },
  10: { bytes: 32, of: (data) => crypto.createHash('sha256').update(data).digest('hex') },
};

/** https://tukaani.org/xz/xz-file-format.txt: one stream, whose blocks are LZMA2 alone. */
export const xz: Codec = {
  id: 'xz',
  title: 'xz',
  extensions: ['xz', 'txz'],
  sniff: (head) => startsWith(head, ...MAGIC),
  unpack(packed, out, doubt) {
    if (!startsWith(packed, ...MAGIC)) return broken('The mark of an xz stream is not there.', 0);
    const flags = part(packed, 6, 2);
    if (flags[0] !== 0 || flags[1]! > 0x0f) return lying('The xz header sets reserved bits.', 6);
    const check = CHECKS[flags[1]!] ?? unavailable(`the xz check ${flags[1]} is unknown`, 7);
    holds(packed, 8, flags, doubt);
    const records: [number, number][] = [];
    let at = HEADER_BYTES;
    while (part(packed, at, 1)[0] !== 0) {
      const from = out.length;
      const dataEnd = readBlock(packed, at, out, doubt);
      const checkAt = padded(packed, dataEnd, dataEnd - at);
      const stated = part(packed, checkAt, check.bytes).toString('hex');
      if (stated !== check.of(out.bytes().subarray(from)))
        doubt('The check of an xz block is wrong.', checkAt);
      records.push([dataEnd - at + check.bytes, out.length - from]);
      at = checkAt + check.bytes;
    }
    const indexEnd = readIndex(packed, at, records, doubt);
    const footer = part(packed, indexEnd, FOOTER_BYTES);
    holds(packed, indexEnd, footer.subarray(4, 10), doubt);
    if (
      (footer.readUInt32LE(4) + 1) * 4 !== indexEnd - at ||
      !footer.subarray(8, 10).equals(flags) ||
      footer.toString('latin1', 10) !== 'YZ'
    ) {
      return lying('The end of the xz stream does not agree with its beginning.', indexEnd);
    }
    return indexEnd + FOOTER_BYTES;
  },
};

/** Header and data of a block; answers where the data end. */
function readBlock(packed: Uint8Array, start: number, out: Output, doubt: Doubt): number {
  const header = readBlockHeader(packed, start, doubt);
  const from = out.length;
  const end = unpackLzma2(packed, header.end, out, header.dictionaryBytes);
  if (
    (header.packedBytes ?? end - header.end) !== end - header.end ||
    (header.bytes ?? out.length - from) !== out.length - from
  ) {
    return lying('An xz block has other sizes than its header says.', start);
  }
  return end;
}

interface BlockHeader {
  readonly packedBytes: number | null;
  readonly bytes: number | null;
  readonly dictionaryBytes: number;
  readonly end: number;
}

function readBlockHeader(packed: Uint8Array, start: number, doubt: Doubt): BlockHeader {
  const end = start + (packed[start]! + 1) * 4;
  const header = part(packed, start, end - start);
  holds(packed, end - 4, header.subarray(0, -4), doubt);
  const flags = part(header, 1, 1)[0]!;
  if ((flags & 0x3c) !== 0) return lying('An xz block sets reserved bits.', start + 1);
  const cursor = { at: 2 };
  const packedBytes = (flags & 0x40) === 0 ? null : number(header, cursor, start);
  const bytes = (flags & 0x80) === 0 ? null : number(header, cursor, start);
  const filter = number(header, cursor, start);
  if ((flags & 3) !== 0 || filter !== LZMA2)
    return unavailable(
      `an xz block is packed with other filters than LZMA2 (0x${filter.toString(16)})`,
      start,
    );
  const properties = part(header, cursor.at, 2);
  const dictionary = properties[1]!;
  if (properties[0] !== 1 || dictionary > 40)
    return broken('The properties of LZMA2 in an xz block are none.', start + cursor.at);
  if (header.subarray(cursor.at + 2, -4).some((byte) => byte !== 0))
    return lying('The padding of an xz block header is not empty.', start + cursor.at);
  const dictionaryBytes =
    dictionary === 40 ? 2 ** 32 - 1 : (2 | (dictionary & 1)) * 2 ** ((dictionary >> 1) + 11);
  return { packedBytes, bytes, dictionaryBytes, end };
}

/** The index repeats the sizes of all blocks. */
function readIndex(
  packed: Uint8Array,
  start: number,
  records: [number, number][],
  doubt: Doubt,
): number {
  const cursor = { at: start + 1 };
  if (number(packed, cursor, 0) !== records.length)
    return lying('The xz index does not have as many blocks as the stream.', start);
  for (const sizes of records) {
    for (const size of sizes)
      if (number(packed, cursor, 0) !== size)
        return lying('The xz index gives other sizes than its blocks have.', cursor.at);
  }
  const end = padded(packed, cursor.at, cursor.at - start);
  holds(packed, end, packed.subarray(start, end), doubt);
  return end + 4;
}

/** A number of 7 bits a byte, the lowest first. */
function number(bytes: Uint8Array, cursor: { at: number }, base: number): number {
  let value = 0;
  for (let i = 0; i < 7; i++) {
    const byte = part(bytes, cursor.at++, 1)[0]!;
    value += (byte & 0x7f) * 2 ** (7 * i);
    if (byte === 0 && i > 0) break;
    if (byte < 0x80) return value;
  }
  return broken(
    'A number in the xz stream is larger than any file, or has zeros in front.',
    base + cursor.at,
  );
}

/** Passes over the zeros that fill up to four bytes. */
function padded(packed: Uint8Array, at: number, length: number): number {
  const padding = part(packed, at, (4 - (length % 4)) % 4);
  return padding.some((byte) => byte !== 0)
    ? lying('Padding in the xz stream is not empty.', at)
    : at + padding.length;
}

function holds(packed: Uint8Array, at: number, of: Uint8Array, doubt: Doubt): void {
  if (part(packed, at, 4).toString('hex') !== littleEndian(zlib.crc32(of)))
    doubt('A checksum of the xz headers is wrong.', at);
}

function littleEndian(crc: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(crc);
  return bytes.toString('hex');
}
