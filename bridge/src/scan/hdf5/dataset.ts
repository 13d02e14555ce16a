import { Rejected } from '../report.ts';
import type { Attribute } from './attribute.ts';
import { readExtensibleArray, readFixedArray } from './chunk-arrays.ts';
import { readChunkTree, readChunkTree2, type EachChunk, type StoredChunk } from './chunk-tree.ts';
import type { Dataspace } from './dataspace.ts';
import type { Datatype } from './datatype.ts';
import type { Hdf5File } from './file.ts';
import type { Filters } from './filters.ts';
import type { ChunkedLayout, Layout } from './layout.ts';
import { chunkBytes, type EachPart } from './parts.ts';

export interface Stored {
  type: Datatype;
  space: Dataspace;
  layout: Layout;
  filters: Filters;
}

/** A dataset of the file, at the place of its header. */
export interface Dataset extends Stored {
  readonly path: string;
  readonly at: number;
  readonly attributes: readonly Attribute[];
}

/**
 * Holds what a dataset says of itself against what the file holds: every byte of the array is
 * there, once. Calls `part` with what is there.
 */
export function checkStorage(file: Hdf5File, dataset: Dataset, part: EachPart): void {
  const { layout } = dataset;
  const declared = dataset.type.size * dataset.space.elements;
  if (!Number.isSafeInteger(declared)) wrong(dataset, 'is larger than any file');
  switch (layout.kind) {
    case 'virtual':
      return;
    case 'compact':
      if (layout.bytes !== declared)
        wrong(dataset, `needs ${declared} bytes and has ${layout.bytes}`);
      return part(layout.at, layout.bytes, 0);
    case 'contiguous':
      return checkContiguous(file, dataset, layout, part);
    case 'chunked':
      return checkChunks(file, dataset, layout, part);
  }
}

function wrong({ path, at }: Dataset, why: string): never {
  throw new Rejected(
    'hdf5-dataset',
    `The dataset ${JSON.stringify(path.slice(0, 120))} ${why}.`,
    at,
  );
}

function checkContiguous(
  file: Hdf5File,
  dataset: Dataset,
  { at, bytes }: Layout & { kind: 'contiguous' },
  part: EachPart,
): void {
  const declared = dataset.type.size * dataset.space.elements;
  if (dataset.filters.count > 0) wrong(dataset, 'is packed by filters and not in chunks');
  if (at === null) {
    if (!file.mayLack(declared))
      wrong(dataset, `needs ${declared} bytes, of which the file holds none`);
    return;
  }
  if (bytes !== null && bytes !== declared)
    wrong(dataset, `needs ${declared} bytes and has ${bytes}`);
  part(file.own(at, declared, 'The data of a dataset'), declared, 0);
}

function checkChunks(
  file: Hdf5File,
  dataset: Dataset,
  layout: ChunkedLayout,
  part: EachPart,
): void {
  const { type, space, filters } = dataset;
  const dimensions = space.dimensions ?? [];
  if (
    layout.elementBytes !== type.size ||
    layout.chunk.length !== dimensions.length ||
    dimensions.length === 0
  )
    wrong(dataset, 'has chunks of another shape than its own');
  const rawBytes = chunkBytes(layout);
  if (!Number.isSafeInteger(rawBytes)) wrong(dataset, 'has chunks larger than any file');
  const inEach = dimensions.map((dimension, i) => Math.ceil(dimension / layout.chunk[i]!));
  const expected = inEach.reduce((product, count) => product * count, 1);
  const seen = new Set<string>();
  let found = 0;
  const each: EachChunk = ({ at, bytes, offset, mask, cursor }) => {
    if (offset !== null) {
      if (offset.some((place, i) => place >= inEach[i]!))
        wrong(dataset, 'has a chunk outside of its shape');
      const key = offset.join();
      if (seen.has(key)) wrong(dataset, 'has two chunks in one place');
      seen.add(key);
    }
    found += 1;
    const stored = bytes ?? rawBytes;
    if (filters.count === 0 && stored !== rawBytes)
      wrong(dataset, `has a chunk of ${stored} bytes where ${rawBytes} are needed`);
    if (stored === 0 || (rawBytes + filters.overhead) / stored > filters.ratio + 1)
      wrong(dataset, `has a chunk of ${stored} bytes that cannot unpack to ${rawBytes}`);
    if (at === null) cursor.fail('a chunk is nowhere');
    part(file.own(at, stored, 'A chunk'), stored, mask);
  };
  readIndex(file, layout, { expected, rawBytes, filtered: filters.count > 0 }, each);
  if (found > expected || !file.mayLack((expected - found) * rawBytes))
    wrong(dataset, `needs ${expected} chunks and has ${found}`);
}

/** What the dataset says of its chunks. */
interface Chunks {
  readonly expected: number;
  /** of each, before the filters */
  readonly rawBytes: number;
  readonly filtered: boolean;
}

function readIndex(
  file: Hdf5File,
  { at, chunk, index }: ChunkedLayout,
  { expected, rawBytes, filtered }: Chunks,
  each: EachChunk,
): void {
  if (at === null) return;
  const withoutIndex = (place: number): StoredChunk => ({
    at: place,
    bytes: null,
    offset: null,
    mask: 0,
    cursor: file.peek(at, 0, 'A chunk'),
  });
  switch (index.kind) {
    case 'tree':
      return readChunkTree(file, at, chunk, each);
    case 'tree-2':
      return readChunkTree2(file, at, { rank: chunk.length, filtered }, each);
    case 'single':
      return each({ ...withoutIndex(at), bytes: index.bytes, mask: index.mask });
    case 'implicit':
      // one after the other
      for (let i = 0; i < expected && at + (i + 1) * rawBytes <= file.source.size; i++)
        each(withoutIndex(at + i * rawBytes));
      return;
    case 'fixed':
      return readFixedArray(file, at, filtered, each);
    case 'extensible':
      return readExtensibleArray(file, at, filtered, each);
  }
}
