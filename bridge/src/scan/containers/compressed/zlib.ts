import nodeZlib from 'node:zlib';
import { latin1 } from '../../report.ts';
import { adler32 } from './checksums.ts';
import { broken, lying, part, startsWith, type Codec } from './codec.ts';
import { inflateInto } from './inflate.ts';
import type { Output } from './output.ts';

/** deflate with a window of 32 kB; joblib knows zlib by this byte */
const METHOD = 0x78;
const FLAG_DICTIONARY = 0x20;

/** RFC 1950. Its mark is so short that it is held against what follows. */
export const zlib: Codec = {
  id: 'zlib',
  title: 'zlib',
  extensions: ['z', 'zlib'],
  weak: true,
  sniff: (head) => head.length > 2 && headerFault(head) === null && inflates(head.subarray(2)),
  unpack: (packed, out, doubt) => unpackAt(packed, 0, out, doubt),
};

const ZFILE_PREFIX = [0x5a, 0x46]; // ZF
const ZFILE_LENGTH_BYTES = 19;

/**
 * What joblib before 0.10 wrote: `ZF`, the length in hexadecimal, filled up with blanks, then zlib.
 */
export const joblibZfile: Codec = {
  id: 'joblib-zfile',
  title: 'an old joblib file (ZF)',
  extensions: [],
  sniff: (head) => startsWith(head, ...ZFILE_PREFIX, 0x30, 0x78),
  unpack(packed, out, doubt) {
    const text = latin1(part(packed, ZFILE_PREFIX.length, ZFILE_LENGTH_BYTES));
    const match = /^0x([0-9a-f]{1,16})L? *$/.exec(text);
    if (match === null)
      return broken('The length behind ZF is not one that joblib writes.', ZFILE_PREFIX.length);
    // joblib up to 0.8.4 on Python 2 wrote one blank more
    const start =
      ZFILE_PREFIX.length +
      ZFILE_LENGTH_BYTES +
      (packed[ZFILE_PREFIX.length + ZFILE_LENGTH_BYTES] === 0x20 ? 1 : 0);
    const end = unpackAt(packed, start, out, doubt);
    if (BigInt(`0x${match[1]}`) !== BigInt(out.length))
      return lying(
        `The data unpack to ${out.length} bytes; the file says ${text.trim()}.`,
        ZFILE_PREFIX.length,
      );
    return end;
  },
};

function unpackAt(
  packed: Uint8Array,
  start: number,
  out: Output,
  doubt: (why: string, offset: number) => void,
): number {
  const fault = headerFault(part(packed, start, 2));
  if (fault !== null) return broken(fault, start);
  const end = inflateInto(packed, start + 2, out);
  const stated = part(packed, end, 4).toString('hex');
  const real = adler32(out.bytes());
  if (stated !== real) doubt(`The checksum is ${real}; the file says ${stated}.`, end);
  return end + 4;
}

function headerFault(header: Uint8Array): string | null {
  const [method, flags] = [header[0]!, header[1]!];
  if (method !== METHOD || ((method << 8) | flags) % 31 !== 0)
    return 'The two bytes of a zlib header are not there.';
  return (flags & FLAG_DICTIONARY) === 0
    ? null
    : 'The zlib data need a dictionary that is not in the file.';
}

/**
 * Can these bytes be the beginning of deflated data? Text and numbers that begin like zlib fail
 * within a few bytes.
 */
function inflates(head: Uint8Array): boolean {
  try {
    nodeZlib.inflateRawSync(head, {
      finishFlush: nodeZlib.constants.Z_SYNC_FLUSH,
      maxOutputLength: 64 * 1024,
    });
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';
  }
}
