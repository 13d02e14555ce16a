import type { Format, ScanContext } from '../format.ts';
import { latin1, Rejected } from '../report.ts';
import type { ByteSource } from '../source.ts';
import { describeDtype, elements, parseLiteral, type Literal } from './npy-header.ts';
import { scanPickle } from './pickle.ts';

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
const HEADER_MAX_BYTES = 1024 * 1024;
/**
 * elements that have no bytes: any number of them fits into the file, and whoever goes through them
 * does not come back
 */
const EMPTY_ELEMENTS_MAX = 1_000_000n;

/**
 * https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html. An array of objects is a
 * pickle behind the header.
 */
export const npy: Format = {
  id: 'npy',
  title: 'a numpy array',
  extensions: ['npy'],
  sniff: (_source, head) => MAGIC.every((byte, i) => head[i] === byte),
  scan: scanNpy,
};

function scanNpy(source: ByteSource, file: string, context: ScanContext): void {
  const { text, end: start } = readHeader(source);
  const { descr, shape } = readFields(text);
  const { bytes, objects } = describeDtype(descr);
  const count = elements(shape, () => wrong('The shape is not made of whole numbers.'));
  if (bytes === 0n && count > EMPTY_ELEMENTS_MAX)
    throw new Rejected('npy-size', `The array has ${count} elements of no bytes.`, start);
  if (objects) {
    const end = scanPickle(source, file, context, { start });
    if (end !== source.size)
      throw new Rejected(
        'format-trailing-data',
        `${source.size - end} bytes follow the pickled objects.`,
        end,
      );
  } else if (bytes * count !== BigInt(source.size - start)) {
    throw new Rejected(
      'npy-size',
      `Shape and dtype need ${bytes * count} bytes; the file has ${source.size - start}.`,
      start,
    );
  }
}

function wrong(why: string): never {
  throw new Rejected('npy-header', why, 0);
}

/** The text of the header, and where the data begin. */
function readHeader(source: ByteSource): { text: string; end: number } {
  if (source.size < 12) return wrong('The file ends inside of its header.');
  const head = Buffer.from(source.read(0, 12));
  const [major, minor] = [head[6]!, head[7]!];
  if (major < 1 || major > 3 || minor !== 0)
    return wrong(`Version ${major}.${minor} of the format is unknown.`);
  const lengthBytes = major === 1 ? 2 : 4;
  const length = head.readUIntLE(8, lengthBytes);
  const end = 8 + lengthBytes + length;
  if (length > HEADER_MAX_BYTES || end > source.size)
    return wrong('The header is longer than the file or than 1 MiB.');
  return { text: latin1(source.read(8 + lengthBytes, length)), end };
}

function readFields(text: string): { descr: Literal; shape: Literal[] } {
  const header = parseLiteral(text);
  if (!(header instanceof Map) || header.size !== 3)
    return wrong('The header does not have its three keys.');
  const [descr, order, shape] = [
    header.get('descr'),
    header.get('fortran_order'),
    header.get('shape'),
  ];
  if (descr === undefined || typeof order !== 'boolean' || !Array.isArray(shape))
    return wrong('The header does not have its three keys.');
  return { descr, shape };
}
