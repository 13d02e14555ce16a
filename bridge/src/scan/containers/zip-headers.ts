import { Rejected } from '../report.ts';
import type { ByteSource } from '../source.ts';
import { isPlainPath } from './member-name.ts';
import { FLAG_DESCRIPTOR, view } from './zip-bytes.ts';
import type { DirectoryExtent } from './zip-end.ts';
import { widen } from './zip-extra.ts';

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

const CENTRAL = 0x02014b50;
const CENTRAL_BYTES = 46;
const LOCAL = 0x04034b50;
const LOCAL_BYTES = 30;
const FLAG_UTF8 = 0x0800;
/** bits 1 and 2 only tell how hard the deflater tried */
const FLAGS_ALLOWED = FLAG_DESCRIPTOR | FLAG_UTF8 | 0x0006;
const UNIX_TYPE_MASK = 0o170000;
const UNIX_FILE = 0o100000;
const UNIX_DIRECTORY = 0o040000;
const EMPTY_DEFLATED_BYTES = 2;
/** 6.3, the last one; Python refuses others, and so would see no member */
const VERSION_MAX = 63;

/** An entry of the directory and the header in front of the data, which must say the same. */
export function readCentral(
  zip: ByteSource,
  at: number,
  directory: DirectoryExtent,
): { member: ZipMember; next: number } {
  if (at + CENTRAL_BYTES > directory.end)
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
  if (next > directory.end)
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
  if (header.offset + LOCAL_BYTES > directory.start)
    throw new Rejected(
      'zip-structure',
      `Member ${JSON.stringify(name)} begins beyond the members.`,
      at,
    );
  const dataOffset = checkLocal(zip, { header, rawName, name }, directory.start);
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

/** What the directory says of a member. */
interface CentralEntry {
  readonly header: Header;
  readonly rawName: Buffer;
  readonly name: string;
}

function checkMethod(header: Header, fixed: Buffer, name: string, at: number): void {
  if (isSpecialFile(fixed))
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

/** Whatever system the header names: not all extractors look at that. */
function isSpecialFile(fixed: Buffer): boolean {
  const type = (fixed.readUInt32LE(38) >>> 16) & UNIX_TYPE_MASK;
  return type !== 0 && type !== UNIX_FILE && type !== UNIX_DIRECTORY;
}

/** The local header must say what the directory says. Answers where the data begin. */
function checkLocal(
  zip: ByteSource,
  { header: central, rawName, name }: CentralEntry,
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
