import type { Format, ScanContext } from '../format.ts';
import { ProtoReader } from '../protobuf/reader.ts';
import { Rejected } from '../report.ts';
import type { ByteSource } from '../source.ts';
import { BufferSource } from '../source.ts';
import { TABLE_FOOTER_BYTES, hasTableMark, readTable } from './saved-model/table.ts';
import { tensorflowMessage } from './saved-model/walk.ts';

/** DataType → bytes of an element; types that are not here have no fixed size */
const TYPE_BYTES = new Map<bigint, bigint>([
  [1n, 4n],
  [2n, 8n],
  [3n, 4n],
  [4n, 1n],
  [5n, 2n],
  [6n, 1n],
  [8n, 8n],
  [9n, 8n],
  [10n, 1n],
  [11n, 1n],
  [12n, 1n],
  [13n, 4n],
  [14n, 2n],
  [15n, 2n],
  [16n, 2n],
  [17n, 2n],
  [18n, 16n],
  [19n, 2n],
  [22n, 4n],
  [23n, 8n],
]);
const SHARDS_MAX = 99_999;
const SUFFIX = '.index';
/** the entry with no name speaks of the whole checkpoint */
const HEADER = '';
interface Entry {
  dtype: bigint;
  elements: bigint;
  sliced: boolean;
  shard: bigint;
  offset: bigint;
  size: bigint;
}

/**
 * The index of a TensorFlow checkpoint: a table of names to places in the files of data beside it
 * (https://github.com/tensorflow/tensorflow/blob/master/tensorflow/core/protobuf/tensor_bundle.proto).
 * Accounts for their bytes.
 */
export const checkpoint: Format = {
  id: 'tensorflow-checkpoint',
  title: 'the index of a TensorFlow checkpoint',
  extensions: ['index'],
  sniff: (source) => source.size >= TABLE_FOOTER_BYTES && hasTableMark(source),
  scan: scanCheckpoint,
};

const isRange = (offset: bigint, size: bigint): boolean =>
  offset >= 0n && size >= 0n && offset + size <= BigInt(Number.MAX_SAFE_INTEGER);

function scanCheckpoint(source: ByteSource, file: string, context: ScanContext): void {
  if (source.size > context.limits.textBytes)
    throw new Rejected(
      'limit-exceeded',
      `The index of a checkpoint may have ${context.limits.textBytes} bytes.`,
    );
  const bytes = Uint8Array.from(source.read(0, source.size));
  const reader = new ProtoReader(new BufferSource(bytes), context.limits.protobufDepth);
  let shards: bigint | null = null;
  const prefix = context.name.endsWith(SUFFIX)
    ? context.name.slice(0, -SUFFIX.length)
    : wrong('An index is called “….index”, since its data are found by that name.', 0);
  const shardName = (shard: bigint): string =>
    `${prefix}.data-${digits(shard)}-of-${digits(shards!)}`;
  readTable(bytes, (key, start, end) => {
    if ((key === HEADER) !== (shards === null))
      wrong('The index does not begin with its header.', start);
    if (key === HEADER) {
      shards = readHeader(reader, start, end);
      for (let shard = 0n; shard < shards; shard++) {
        if (!context.siblings.has(shardName(shard)))
          context.report.add('tensorflow-checkpoint', {
            file,
            symbol: shardName(shard),
            why: 'The upload does not have this file of data beside the index.',
          });
        context.claims.add(shardName(shard), {
          by: file,
          what: 'variables of a TensorFlow checkpoint',
          start: 0,
          end: 0,
        });
      }
      return;
    }
    const entry = readEntry(reader, start, end);
    if (entry.shard < 0n || entry.shard >= shards!)
      wrong(`A variable lies in the file of data ${entry.shard}; there are ${shards}.`, start);
    const unit = TYPE_BYTES.get(entry.dtype);
    if (!isRange(entry.offset, entry.size)) wrong('The place of a variable is none.', start);
    if (unit !== undefined && !entry.sliced && entry.size !== entry.elements * unit)
      wrong(
        `A variable has ${entry.size} bytes; type and shape need ${entry.elements * unit}.`,
        start,
      );
    context.claims.add(shardName(entry.shard), {
      by: file,
      what: 'variables of a TensorFlow checkpoint',
      start: Number(entry.offset),
      end: Number(entry.offset + entry.size),
    });
  });
  if (shards === null) wrong('The index has no header.', 0);
}

function readHeader(reader: ProtoReader, start: number, end: number): bigint {
  let [shards, endianness] = [0n, 0n];
  reader.read({ start, end }, tensorflowMessage('BundleHeaderProto'), {
    num_shards: ({ value }) => void (shards = value),
    endianness: ({ value }) => void (endianness = value),
  });
  if (shards < 1n || shards > BigInt(SHARDS_MAX) || endianness !== 0n)
    wrong(
      `The header tells of ${shards} files of data, in the order of bytes ${endianness}.`,
      start,
    );
  return shards;
}

function readEntry(reader: ProtoReader, start: number, end: number): Entry {
  const entry: Entry = { dtype: 0n, elements: 1n, sliced: false, shard: 0n, offset: 0n, size: 0n };
  reader.read({ start, end }, tensorflowMessage('BundleEntryProto'), {
    dtype: ({ value }) => void (entry.dtype = value),
    shard_id: ({ value }) => void (entry.shard = value),
    offset: ({ value }) => void (entry.offset = value),
    size: ({ value }) => void (entry.size = value),
    slices: (slice) => {
      entry.sliced = true;
      reader.read(slice, tensorflowMessage('TensorSliceProto'));
    },
    shape: (shape) =>
      reader.read(shape, tensorflowMessage('TensorShapeProto'), {
        dim: (dim) => {
          let size = 0n;
          reader.read(dim, tensorflowMessage('TensorShapeProto.Dim'), {
            size: ({ value }) => void (size = value),
          });
          entry.elements *= size;
          if (size < 0n || entry.elements > 2n ** 63n)
            wrong('The shape of a variable is negative or overflows.', dim.at);
        },
      }),
  });
  return entry;
}

const digits = (value: bigint): string => value.toString().padStart(5, '0');

function wrong(why: string, at: number): never {
  throw new Rejected('tensorflow-checkpoint', why, at);
}
