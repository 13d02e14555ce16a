import type { EachPart } from './parts.ts';
import { Rejected } from '../report.ts';
import { readExtensibleArray, readFixedArray } from './chunk-arrays.ts';
import { readChunkTree, readChunkTree2, type EachChunk } from './chunk-tree.ts';
import type { Dataspace } from './dataspace.ts';
import type { Datatype } from './datatype.ts';
import type { Hdf5File } from './file.ts';
import type { Filters } from './filters.ts';
import type { Layout } from './layout.ts';
import { chunkBytes } from './parts.ts';

export interface Stored {
  type: Datatype;
  space: Dataspace;
  layout: Layout;
  filters: Filters;
}

/**
 * Holds what a dataset says of itself against what the file holds: every byte of the array is
 * there, once. Calls `part` with what is there.
 */
export function checkStorage(
  file: Hdf5File,
  path: string,
  at: number,
  { type, space, layout, filters }: Stored,
  part: EachPart = () => undefined,
): void {
  const wrong = (why: string): never => {
    throw new Rejected(
      'hdf5-dataset',
      `The dataset ${JSON.stringify(path.slice(0, 120))} ${why}.`,
      at,
    );
  };
  const declared = type.size * space.elements;
  if (!Number.isSafeInteger(declared)) wrong('is larger than any file');
  switch (layout.kind) {
    case 'virtual':
      return;
    case 'compact':
      if (layout.bytes !== declared) wrong(`needs ${declared} bytes and has ${layout.bytes}`);
      return part(layout.at, layout.bytes, 0);
    case 'contiguous': {
      if (filters.count > 0) wrong('is packed by filters and not in chunks');
      if (layout.at === null && !file.mayLack(declared))
        wrong(`needs ${declared} bytes, of which the file holds none`);
      if (layout.bytes !== null && layout.at !== null && layout.bytes !== declared)
        wrong(`needs ${declared} bytes and has ${layout.bytes}`);
      if (layout.at !== null)
        part(file.own(layout.at, declared, 'The data of a dataset'), declared, 0);
      return;
    }
    case 'chunked':
      return checkChunks(file, layout, { type, space, layout, filters }, wrong, part);
  }
}

function checkChunks(
  file: Hdf5File,
  layout: Layout & { kind: 'chunked' },
  { type, space, filters }: Stored,
  wrong: (why: string) => never,
  part: EachPart,
): void {
  const dimensions = space.dimensions ?? [];
  if (
    layout.elementBytes !== type.size ||
    layout.chunk.length !== dimensions.length ||
    dimensions.length === 0
  )
    wrong('has chunks of another shape than its own');
  const rawBytes = chunkBytes(layout);
  if (!Number.isSafeInteger(rawBytes)) wrong('has chunks larger than any file');
  const inEach = dimensions.map((dimension, i) => Math.ceil(dimension / layout.chunk[i]!));
  const expected = inEach.reduce((product, count) => product * count, 1);
  const seen = new Set<string>();
  let found = 0;
  const each: EachChunk = (at, bytes, offset, cursor, mask) => {
    if (offset !== null) {
      if (offset.some((place, i) => place >= inEach[i]!)) wrong('has a chunk outside of its shape');
      const key = offset.join();
      if (seen.has(key)) wrong('has two chunks in one place');
      seen.add(key);
    }
    found += 1;
    const stored = bytes ?? rawBytes;
    if (filters.count === 0 && stored !== rawBytes)
      wrong(`has a chunk of ${stored} bytes where ${rawBytes} are needed`);
    if (stored === 0 || (rawBytes + filters.overhead) / stored > filters.ratio + 1)
      wrong(`has a chunk of ${stored} bytes that cannot unpack to ${rawBytes}`);
    if (at === null) cursor.fail('a chunk is nowhere');
    part(file.own(at, stored, 'A chunk'), stored, mask);
  };
  readIndex(file, layout, expected, rawBytes, filters.count > 0, each);
  if (found > expected || !file.mayLack((expected - found) * rawBytes))
    wrong(`needs ${expected} chunks and has ${found}`);
}

function readIndex(
  file: Hdf5File,
  { at, chunk, index }: Layout & { kind: 'chunked' },
  expected: number,
  rawBytes: number,
  filtered: boolean,
  each: EachChunk,
): void {
  if (at === null) return;
  switch (index.kind) {
    case 'tree':
      return readChunkTree(file, at, chunk, each);
    case 'tree-2':
      return readChunkTree2(file, at, chunk.length, filtered, each);
    case 'single':
      return each(at, index.bytes, null, file.peek(at, 0, 'A chunk'), index.mask);
    case 'implicit':
      // one after the other, without an index
      for (let i = 0; i < expected && at + (i + 1) * rawBytes <= file.source.size; i++)
        each(at + i * rawBytes, null, null, file.peek(at, 0, 'A chunk'), 0);
      return;
    case 'fixed':
      return readFixedArray(file, at, filtered, each);
    case 'extensible':
      return readExtensibleArray(file, at, filtered, each);
  }
}
