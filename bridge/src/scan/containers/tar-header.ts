import { latin1, Rejected } from '../report.ts';
import type { ByteSource } from '../source.ts';

export const BLOCK_BYTES = 512;
const CHECKSUM_AT = 148;
const CHECKSUM_END = 156;
const BLANK = 0x20;

type Wrong = (why: string) => never;

/** The header of an entry, after every one of its 512 bytes was found to be in order. */
export interface TarHeader {
  /** with the prefix of ustar */
  name: string;
  size: number;
  type: string;
  dialect: 'ustar' | 'gnu';
}

/**
 * Does this block carry the checksum of a tar header? Tolerant readers ask for nothing more, not
 * even for `ustar`.
 */
export function isTarHeader(block: Uint8Array): boolean {
  if (block.length < BLOCK_BYTES) return false;
  const stated = /^[ 0]*([0-7]+)[ \0]*$/.exec(latin1(block.subarray(CHECKSUM_AT, CHECKSUM_END)));
  return stated !== null && parseInt(stated[1]!, 8) === checksum(block);
}

/**
 * https://www.gnu.org/software/tar/manual/html_node/Standard.html, and POSIX ustar. Answers null
 * for a block of zeros.
 */
export function readTarHeader(tar: ByteSource, at: number): TarHeader | null {
  const wrong: Wrong = (why) => {
    throw new Rejected('tar-structure', why, at);
  };
  if (at + BLOCK_BYTES > tar.size)
    return wrong('The archive ends without its two blocks of zeros.');
  const block = Uint8Array.from(tar.read(at, BLOCK_BYTES));
  if (block.every((byte) => byte === 0)) return null;
  if (!isTarHeader(block)) return wrong('The checksum of a header is wrong.');
  const dialect = readDialect(block, wrong);
  const text = (start: number, end: number): string => fieldText(block, start, end, wrong);
  checkNumbers(block, wrong);
  text(265, 297);
  text(297, 329);
  const prefix = readPrefix(block, dialect, wrong);
  const name = text(0, 100);
  const type = block[156] === 0 ? '0' : String.fromCharCode(block[156]!);
  const target = text(157, 257);
  if ((type === '0' || type === '5') && target !== '')
    wrong('A plain file has the target of a link.');
  if (block[156] === 0 && name.endsWith('/'))
    wrong('An entry is a file for some readers and a folder for others.');
  return {
    name: prefix === '' ? name : `${prefix}/${name}`,
    size: readSize(block.subarray(124, 136), wrong),
    type,
    dialect,
  };
}

function readDialect(block: Uint8Array, wrong: Wrong): TarHeader['dialect'] {
  const magic = latin1(block.subarray(257, 265));
  if (magic === 'ustar\x0000') return 'ustar';
  if (magic === 'ustar  \0') return 'gnu';
  return wrong(
    'A header is neither of POSIX nor of GNU tar; older ones leave open what their last bytes mean.',
  );
}

/**
 * What POSIX puts before the name. GNU tar keeps other things there, which readers mix up with it.
 */
function readPrefix(block: Uint8Array, dialect: TarHeader['dialect'], wrong: Wrong): string {
  const prefix = dialect === 'ustar' ? fieldText(block, 345, 500, wrong) : '';
  if (block.subarray(dialect === 'ustar' ? 500 : 345).some((byte) => byte !== 0))
    wrong('The last bytes of a header, which belong to nothing, are not zero.');
  return prefix;
}

/** A field that ends with a zero, or fills its place. */
function fieldText(block: Uint8Array, start: number, end: number, wrong: Wrong): string {
  const raw = latin1(block.subarray(start, end));
  const length = raw.indexOf('\0');
  if (length >= 0 && /[^\0]/.test(raw.slice(length)))
    wrong('A field of a header holds bytes behind its end.');
  return length < 0 ? raw : raw.slice(0, length);
}

/** Mode, owner, group, time and device, which nobody needs here, must be numbers all the same. */
function checkNumbers(block: Uint8Array, wrong: Wrong): void {
  for (const [start, end] of [
    [100, 108],
    [108, 116],
    [116, 124],
    [136, 148],
    [329, 337],
    [337, 345],
  ] as const) {
    const raw = latin1(block.subarray(start, end));
    if (!/^ *[0-7]*[ \0]*$/.test(raw) && block[start] !== 0x80)
      wrong('A number of a header is not one.');
  }
}

function readSize(field: Uint8Array, wrong: Wrong): number {
  if (field[0] === 0x80) {
    const size = field.subarray(1).reduce((sum, byte) => sum * 256 + byte, 0);
    return Number.isSafeInteger(size) ? size : wrong('A size is larger than any file.');
  }
  const raw = latin1(field);
  return /^[0-7]{11}[ \0]$/.test(raw)
    ? parseInt(raw, 8)
    : wrong('A size is not eleven octal digits.');
}

/** The sum of all bytes, those of the checksum counted as blanks. */
function checksum(block: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < BLOCK_BYTES; i++)
    sum += i >= CHECKSUM_AT && i < CHECKSUM_END ? BLANK : block[i]!;
  return sum;
}
