import zlib from 'node:zlib';
import { latin1 } from '../../report.ts';
import { isPlainPath } from '../member-name.ts';
import { broken, lying, part, startsWith, type Codec } from './codec.ts';
import { inflateInto } from './inflate.ts';

const DEFLATE = 8;
const HEADER_BYTES = 10;
const TRAILER_BYTES = 8;
const FLAG_NAME = 0x08;
const NAME_MAX_BYTES = 1024;

/**
 * RFC 1952, one member. Of the optional parts of its header only the name: the others hide bytes
 * that no loader looks at.
 */
export const gzip: Codec = {
  id: 'gzip',
  title: 'gzip',
  extensions: ['gz', 'gzip', 'tgz'],
  weak: true,
  sniff: (head) => startsWith(head, 0x1f, 0x8b),
  unpack(packed, out, doubt) {
    const header = part(packed, 0, HEADER_BYTES);
    if (!gzip.sniff(packed)) return broken('The mark of a gzip file is not there.', 0);
    if (header[2] !== DEFLATE)
      return lying(`The gzip header names the unknown method ${header[2]}.`, 2);
    const flags = header[3]!;
    if ((flags & ~FLAG_NAME) !== 0)
      return lying(
        `The gzip header has the flags 0x${flags.toString(16)}: reserved ones, or parts that no model file needs.`,
        3,
      );
    let at = HEADER_BYTES;
    if ((flags & FLAG_NAME) !== 0) {
      const end = packed.subarray(0, at + NAME_MAX_BYTES).indexOf(0, at);
      if (end < 0) return broken('The name in the gzip header has no end.', at);
      const name = latin1(packed.subarray(at, end));
      // joblib and others that write to an open file leave it empty
      if (name !== '' && (!isPlainPath(name) || name.includes('/')))
        return lying(`The gzip header calls the file ${JSON.stringify(name.slice(0, 120))}.`, at);
      at = end + 1;
    }
    const end = inflateInto(packed, at, out);
    const trailer = part(packed, end, TRAILER_BYTES);
    const crc = zlib.crc32(out.bytes());
    if (trailer.readUInt32LE(0) !== crc)
      doubt(
        `The checksum is ${crc.toString(16)}; the file says ${trailer.readUInt32LE(0).toString(16)}.`,
        end,
      );
    if (trailer.readUInt32LE(4) !== out.length % 2 ** 32)
      return lying(
        `The data unpack to ${out.length} bytes; the file says ${trailer.readUInt32LE(4)}.`,
        end + 4,
      );
    return end + TRAILER_BYTES;
  },
};
