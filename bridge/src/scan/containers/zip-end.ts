import { Rejected } from '../report.ts';
import type { ByteSource } from '../source.ts';
import { view } from './zip-bytes.ts';
import { number64, SIZE_UNKNOWN } from './zip-extra.ts';

const END_BYTES = 22;
const END = 0x06054b50;
const END64 = 0x06064b50;
const END64_BYTES = 56;
const LOCATOR64 = 0x07064b50;
const LOCATOR64_BYTES = 20;
const COUNT_UNKNOWN = 0xffff;

/** Do the last bytes say that this is a zip? */
export const endsLikeZip = (zip: ByteSource): boolean =>
  zip.size >= END_BYTES && view(zip, zip.size - END_BYTES, 4).readUInt32LE() === END;

/** How many members the directory lists, and where it lies. */
export interface DirectoryExtent {
  readonly count: number;
  readonly start: number;
  readonly end: number;
}

/** What an end record says of the directory. */
interface EndRecord {
  readonly count: number;
  readonly bytes: number;
  readonly start: number;
}

/** The one end record in the last 22 bytes, and the one of zip64 before it. */
export function readEnd(zip: ByteSource): DirectoryExtent {
  if (zip.size < END_BYTES)
    throw new Rejected('zip-structure', 'The file is too short for a zip.', 0);
  const at = zip.size - END_BYTES;
  const old = readOldEnd(zip, at);
  const locatorAt = at - LOCATOR64_BYTES;
  const isWide = locatorAt >= END64_BYTES && view(zip, locatorAt, 4).readUInt32LE(0) === LOCATOR64;
  const end = isWide ? locatorAt - END64_BYTES : at;
  const { count, bytes, start } = isWide ? readWideEnd(zip, end, old) : old;
  if (start + bytes !== end)
    throw new Rejected(
      'zip-structure',
      'The directory does not lie directly before the end record.',
      at,
    );
  return { count, start, end };
}

function readOldEnd(zip: ByteSource, at: number): EndRecord {
  const end = view(zip, at, END_BYTES);
  if (end.readUInt32LE(0) !== END || end.readUInt16LE(20) !== 0) {
    throw new Rejected(
      'zip-structure',
      'The last 22 bytes are not an end record without comment: there is a comment, something was appended, or the file is cut.',
      at,
    );
  }
  if (
    end.readUInt16LE(4) !== 0 ||
    end.readUInt16LE(6) !== 0 ||
    end.readUInt16LE(8) !== end.readUInt16LE(10)
  ) {
    throw new Rejected('zip-structure', 'The zip claims several disks.', at);
  }
  return {
    count: end.readUInt16LE(10),
    bytes: end.readUInt32LE(12),
    start: end.readUInt32LE(16),
  };
}

/** The end record of zip64 and the locator behind it; the old one must not contradict them. */
function readWideEnd(zip: ByteSource, at: number, old: EndRecord): EndRecord {
  const locator = Buffer.from(view(zip, at + END64_BYTES, LOCATOR64_BYTES));
  const record = Buffer.from(view(zip, at, END64_BYTES));
  const sane =
    locator.readUInt32LE(4) === 0 &&
    number64(locator, 8) === at &&
    locator.readUInt32LE(16) === 1 &&
    record.readUInt32LE(0) === END64 &&
    number64(record, 4) === END64_BYTES - 12 &&
    record.readUInt32LE(16) === 0 &&
    record.readUInt32LE(20) === 0 &&
    number64(record, 24) === number64(record, 32);
  if (!sane)
    throw new Rejected(
      'zip-structure',
      'The zip64 end record is malformed or not in its place.',
      at,
    );
  const wide = {
    count: number64(record, 32),
    bytes: number64(record, 40),
    start: number64(record, 48),
  };
  const agree = (narrow: number, unknown: number, value: number): boolean =>
    narrow === unknown || narrow === value;
  if (
    !agree(old.count, COUNT_UNKNOWN, wide.count) ||
    !agree(old.bytes, SIZE_UNKNOWN, wide.bytes) ||
    !agree(old.start, SIZE_UNKNOWN, wide.start)
  ) {
    throw new Rejected(
      'zip-headers-differ',
      'The two end records (zip64 and the old one) disagree.',
      at,
    );
  }
  return wide;
}
