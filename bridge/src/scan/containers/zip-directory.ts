import { Rejected } from '../report.ts';
import type { ByteSource } from '../source.ts';
import { isPlainPath } from './member-name.ts';
import { number64, SIZE_UNKNOWN, widen } from './zip-extra.ts';

/** One member, after both of its headers were read and found to agree. Offsets are in the zip. */
export interface ZipMember {
  name: string;
  method: 0 | 8;
  crc: number;
  compressedSize: number;
  size: number;
  headerOffset: number;
  dataOffset: number;
}

const END_BYTES = 22;
const END = 0x06054b50;
const END64 = 0x06064b50;
const END64_BYTES = 56;
const LOCATOR64 = 0x07064b50;
const LOCATOR64_BYTES = 20;
const CENTRAL = 0x02014b50;
const CENTRAL_BYTES = 46;
const LOCAL = 0x04034b50;
const LOCAL_BYTES = 30;
const DESCRIPTOR = 0x08074b50;
const FLAG_DESCRIPTOR = 0x0008;
const FLAG_UTF8 = 0x0800;
/** bits 1 and 2 only tell how hard the deflater tried */
const FLAGS_ALLOWED = FLAG_DESCRIPTOR | FLAG_UTF8 | 0x0006;
const UNIX_TYPE_MASK = 0o170000;
const UNIX_FILE = 0o100000;
const UNIX_DIRECTORY = 0o040000;
const EMPTY_DEFLATED_BYTES = 2;
/** 6.3, the last one; Python refuses others, and so would see no member */
const VERSION_MAX = 63;

/**
 * Reads a zip as only one reader could: one end record in the last 22 bytes, the directory directly
 * before it, members one after the other from byte 0 to the directory, both headers of each in
 * agreement. What a tolerant reader would repair is rejected, because another would repair it
 * differently. `behind`: the zip lies behind something else, which its offsets count; the caller
 * accounts for that.
 */
export function readZipDirectory(zip: ByteSource, maxMembers: number, behind = false): ZipMember[] {
  const { count, start, end } = readEnd(zip);
  if (count > maxMembers)
    throw new Rejected(
      'limit-exceeded',
      `The zip has ${count} members; ${maxMembers} are the limit.`,
    );
  const members: ZipMember[] = [];
  const names = new Set<string>();
  let position = start;
  for (let i = 0; i < count; i++) {
    const { member, next } = readCentral(zip, position, end, start);
    if (names.has(member.name))
      throw new Rejected(
        'zip-duplicate-member',
        `Two members are called ${JSON.stringify(member.name)}.`,
        position,
      );
    names.add(member.name);
    members.push(member);
    position = next;
  }
  if (position !== end)
    throw new Rejected(
      'zip-structure',
      'The directory does not end where the end record says.',
      position,
    );
  checkFolders(members, names);
  checkContiguous(zip, members, start, behind);
  return members;
}

/** Do the last bytes say that this is a zip? */
export const endsLikeZip = (zip: ByteSource): boolean =>
  zip.size >= END_BYTES && view(zip, zip.size - END_BYTES, 4).readUInt32LE() === END;

function readEnd(zip: ByteSource): { count: number; start: number; end: number } {
  if (zip.size < END_BYTES)
    throw new Rejected('zip-structure', 'The file is too short for a zip.', 0);
  const at = zip.size - END_BYTES;
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
  let count = end.readUInt16LE(10);
  let bytes = end.readUInt32LE(12);
  let start = end.readUInt32LE(16);
  let directoryEnd = at;
  const locatorAt = at - LOCATOR64_BYTES;
  if (locatorAt >= END64_BYTES && view(zip, locatorAt, 4).readUInt32LE(0) === LOCATOR64) {
    const recordAt = locatorAt - END64_BYTES;
    const locator = Buffer.from(view(zip, locatorAt, LOCATOR64_BYTES));
    const record = Buffer.from(view(zip, recordAt, END64_BYTES));
    const sane =
      locator.readUInt32LE(4) === 0 &&
      number64(locator, 8) === recordAt &&
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
        recordAt,
      );
    const wide = {
      count: number64(record, 32),
      bytes: number64(record, 40),
      start: number64(record, 48),
    };
    const agree = (narrow: number, unknown: number, value: number): boolean =>
      narrow === unknown || narrow === value;
    if (
      !agree(count, 0xffff, wide.count) ||
      !agree(bytes, SIZE_UNKNOWN, wide.bytes) ||
      !agree(start, SIZE_UNKNOWN, wide.start)
    ) {
      throw new Rejected(
        'zip-headers-differ',
        'The two end records (zip64 and the old one) disagree.',
        recordAt,
      );
    }
    ({ count, bytes, start } = wide);
    directoryEnd = recordAt;
  }
  if (start + bytes !== directoryEnd)
    throw new Rejected(
      'zip-structure',
      'The directory does not lie directly before the end record.',
      at,
    );
  return { count, start, end: directoryEnd };
}

function readCentral(
  zip: ByteSource,
  at: number,
  end: number,
  directoryStart: number,
): { member: ZipMember; next: number } {
  if (at + CENTRAL_BYTES > end)
    throw new Rejected('zip-structure', 'The directory has fewer entries than it says.', at);
  const fixed = Buffer.from(view(zip, at, CENTRAL_BYTES));
  if (fixed.readUInt32LE(0) !== CENTRAL)
    throw new Rejected('zip-structure', 'A directory entry does not begin with its mark.', at);
  const [nameBytes, extraBytes, commentBytes] = [
    fixed.readUInt16LE(28),
    fixed.readUInt16LE(30),
    fixed.readUInt16LE(32),
  ];
  const next = at + CENTRAL_BYTES + nameBytes + extraBytes + commentBytes;
  if (next > end)
    throw new Rejected('zip-structure', 'A directory entry reaches beyond the directory.', at);
  if (commentBytes !== 0) throw new Rejected('zip-structure', 'A member has a comment.', at);
  const rawName = Buffer.from(view(zip, at + CENTRAL_BYTES, nameBytes));
  const extra = Buffer.from(view(zip, at + CENTRAL_BYTES + nameBytes, extraBytes));
  const header = {
    flags: fixed.readUInt16LE(8),
    method: fixed.readUInt16LE(10),
    crc: fixed.readUInt32LE(16),
    compressedSize: fixed.readUInt32LE(20),
    size: fixed.readUInt32LE(24),
    offset: fixed.readUInt32LE(42),
  };
  if (fixed.readUInt16LE(34) !== 0)
    throw new Rejected('zip-structure', 'A member claims to be on another disk.', at);
  widen(header, extra, at);
  const name = memberName(rawName, header.flags, at);
  checkMethod(header, fixed, name, at);
  if (header.offset + LOCAL_BYTES > directoryStart)
    throw new Rejected(
      'zip-structure',
      `Member ${JSON.stringify(name)} begins beyond the members.`,
      at,
    );
  const dataOffset = checkLocal(zip, header, rawName, name, directoryStart);
  const member: ZipMember = {
    name,
    method: header.method as 0 | 8,
    crc: header.crc,
    compressedSize: header.compressedSize,
    size: header.size,
    headerOffset: header.offset,
    dataOffset,
  };
  return { member, next };
}

interface Header {
  flags: number;
  method: number;
  crc: number;
  compressedSize: number;
  size: number;
  offset: number;
}

function checkMethod(header: Header, fixed: Buffer, name: string, at: number): void {
  // whatever system the header names: not all extractors look at that
  const type = (fixed.readUInt32LE(38) >>> 16) & UNIX_TYPE_MASK;
  if (type !== 0 && type !== UNIX_FILE && type !== UNIX_DIRECTORY)
    throw new Rejected('zip-method', `Member ${JSON.stringify(name)} is a link or a device.`, at);
  if ((header.flags & ~FLAGS_ALLOWED) !== 0)
    throw new Rejected(
      'zip-method',
      `Member ${JSON.stringify(name)} has the flags 0x${header.flags.toString(16)} (encrypted or unknown).`,
      at,
    );
  if (fixed.readUInt8(6) > VERSION_MAX)
    throw new Rejected(
      'zip-method',
      `Member ${JSON.stringify(name)} asks for version ${fixed.readUInt8(6)} of the format, which does not exist.`,
      at,
    );
  if (header.method !== 0 && header.method !== 8)
    throw new Rejected(
      'zip-method',
      `Member ${JSON.stringify(name)} is packed with method ${header.method}.`,
      at,
    );
  if (name.endsWith('/') && (header.size !== 0 || header.compressedSize > EMPTY_DEFLATED_BYTES))
    throw new Rejected('zip-structure', `The folder ${JSON.stringify(name)} has content.`, at);
  if (header.method === 0 && header.compressedSize !== header.size)
    throw new Rejected(
      'zip-headers-differ',
      `Member ${JSON.stringify(name)} is stored and has two sizes.`,
      at,
    );
}

/** The local header must say what the directory says. Answers where the data begin. */
function checkLocal(
  zip: ByteSource,
  central: Header,
  rawName: Buffer,
  name: string,
  directoryStart: number,
): number {
  const at = central.offset;
  const fixed = Buffer.from(view(zip, at, LOCAL_BYTES));
  if (fixed.readUInt32LE(0) !== LOCAL)
    throw new Rejected(
      'zip-structure',
      `Member ${JSON.stringify(name)} has no local header where the directory says.`,
      at,
    );
  const [nameBytes, extraBytes] = [fixed.readUInt16LE(26), fixed.readUInt16LE(28)];
  const dataOffset = at + LOCAL_BYTES + nameBytes + extraBytes;
  if (dataOffset + central.compressedSize > directoryStart)
    throw new Rejected(
      'zip-structure',
      `Member ${JSON.stringify(name)} reaches into the directory.`,
      at,
    );
  const differs = (what: string): never => {
    throw new Rejected(
      'zip-headers-differ',
      `Member ${JSON.stringify(name)}: its two headers give a different ${what}.`,
      at,
    );
  };
  if (!rawName.equals(view(zip, at + LOCAL_BYTES, nameBytes))) differs('name');
  const local: Header = {
    flags: fixed.readUInt16LE(6),
    method: fixed.readUInt16LE(8),
    crc: fixed.readUInt32LE(14),
    compressedSize: fixed.readUInt32LE(18),
    size: fixed.readUInt32LE(22),
    offset: at,
  };
  widen(local, Buffer.from(view(zip, at + LOCAL_BYTES + nameBytes, extraBytes)), at, at);
  if (local.flags !== central.flags) differs('flags');
  if (local.method !== central.method) differs('method');
  const later = (local.flags & FLAG_DESCRIPTOR) !== 0;
  const same = (a: number, b: number): boolean => a === b || (later && a === 0);
  if (!same(local.crc, central.crc)) differs('checksum');
  if (!same(local.compressedSize, central.compressedSize) || !same(local.size, central.size))
    differs('size');
  return dataOffset;
}

/** No member is a file where another needs a folder: unpacked, one of them would be missing. */
function checkFolders(members: readonly ZipMember[], names: ReadonlySet<string>): void {
  for (const { name, headerOffset } of members) {
    for (let slash = name.lastIndexOf('/'); slash > 0; slash = name.lastIndexOf('/', slash - 1)) {
      if (names.has(name.slice(0, slash)))
        throw new Rejected(
          'zip-duplicate-member',
          `${JSON.stringify(name.slice(0, slash))} is a file and a folder.`,
          headerOffset,
        );
    }
  }
}

/** Members lie one after the other, with nothing before, between or behind them. */
function checkContiguous(
  zip: ByteSource,
  members: ZipMember[],
  directoryStart: number,
  behind: boolean,
): void {
  const sorted = [...members].sort((a, b) => a.headerOffset - b.headerOffset);
  let position = behind ? (sorted[0]?.headerOffset ?? directoryStart) : 0;
  for (const member of sorted) {
    if (member.headerOffset !== position) {
      const what =
        member.headerOffset > position
          ? `${member.headerOffset - position} bytes before it belong to nobody`
          : 'it overlaps the one before';
      throw new Rejected(
        'zip-structure',
        `Member ${JSON.stringify(member.name)}: ${what}.`,
        position,
      );
    }
    position = member.dataOffset + member.compressedSize;
    const flags = Buffer.from(view(zip, member.headerOffset + 6, 2)).readUInt16LE();
    if ((flags & FLAG_DESCRIPTOR) !== 0)
      position += descriptorBytes(zip, position, member, directoryStart);
  }
  if (position !== directoryStart)
    throw new Rejected(
      'zip-structure',
      `${directoryStart - position} bytes before the directory belong to nobody.`,
      position,
    );
}

/** 16 bytes, or 24 with zip64 sizes; it must repeat what the directory says. */
function descriptorBytes(
  zip: ByteSource,
  at: number,
  member: ZipMember,
  directoryStart: number,
): number {
  const room = Math.min(24, directoryStart - at);
  const bytes = Buffer.from(view(zip, at, Math.max(0, room)));
  if (room >= 16 && bytes.readUInt32LE(0) === DESCRIPTOR && bytes.readUInt32LE(4) === member.crc) {
    if (bytes.readUInt32LE(8) === member.compressedSize && bytes.readUInt32LE(12) === member.size)
      return 16;
    if (
      room >= 24 &&
      number64(bytes, 8) === member.compressedSize &&
      number64(bytes, 16) === member.size
    )
      return 24;
  }
  throw new Rejected(
    'zip-headers-differ',
    `Member ${JSON.stringify(member.name)}: the descriptor behind its data is missing or disagrees with the directory.`,
    at,
  );
}

function memberName(raw: Buffer, flags: number, at: number): string {
  let name: string;
  try {
    name = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(raw);
  } catch {
    throw new Rejected('zip-member-name', 'A member name is not UTF-8.', at);
  }
  if ((flags & FLAG_UTF8) === 0 && raw.some((byte) => byte > 0x7e))
    throw new Rejected(
      'zip-member-name',
      'A member name has letters whose encoding is not told.',
      at,
    );
  if (!isPlainPath(name))
    throw new Rejected(
      'zip-member-name',
      `A member is called ${JSON.stringify(name.slice(0, 120))}.`,
      at,
    );
  return name;
}

function view(zip: ByteSource, at: number, length: number): Buffer {
  if (at < 0 || at + length > zip.size)
    throw new Rejected(
      'zip-structure',
      'A header reaches beyond the file.',
      Math.max(0, Math.min(at, zip.size)),
    );
  const bytes = zip.read(at, length);
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
