import { Rejected } from '../report.ts';
import type { ByteSource } from '../source.ts';
import { FLAG_DESCRIPTOR, view } from './zip-bytes.ts';
import { readEnd } from './zip-end.ts';
import { number64 } from './zip-extra.ts';
import { readCentral, type ZipMember } from './zip-headers.ts';

const DESCRIPTOR = 0x08074b50;

/**
 * Reads a zip as only one reader could: one end record in the last 22 bytes, the directory directly
 * before it, members one after the other from byte 0 to the directory, both headers of each in
 * agreement. What a tolerant reader would repair is rejected, because another would repair it
 * differently. `behind`: the zip lies behind something else, which its offsets count; the caller
 * accounts for that.
 */
export function readZipDirectory(zip: ByteSource, maxMembers: number, behind = false): ZipMember[] {
  const directory = readEnd(zip);
  const { count, start, end } = directory;
  if (count > maxMembers)
    throw new Rejected(
      'limit-exceeded',
      `The zip has ${count} members; ${maxMembers} are the limit.`,
    );
  const members: ZipMember[] = [];
  const names = new Set<string>();
  let position = start;
  for (let i = 0; i < count; i++) {
    const { member, next } = readCentral(zip, position, directory);
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
