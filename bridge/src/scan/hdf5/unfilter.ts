import zlib from 'node:zlib';
import { Rejected } from '../report.ts';
import { FILTER, type Filters } from './filters.ts';
import { unpackLzf } from './lzf.ts';

const CHECKSUM_BYTES = 4;

/** A part of the data that filters may have packed. */
export interface PackedPart {
  /** where it lies in the file */
  readonly at: number;
  /** filters that it did not go through */
  readonly mask: number;
  readonly elementBytes: number;
  /** what must come out */
  readonly bytes: number;
}

/** Undoes what a part of the data went through, the last filter first. */
export function unfilter(
  packed: Buffer,
  filters: Filters,
  { at, mask, elementBytes, bytes }: PackedPart,
): Buffer {
  let data = packed;
  for (let i = filters.ids.length - 1; i >= 0; i--) {
    if ((mask & (1 << i)) !== 0) continue;
    switch (filters.ids[i]) {
      case FILTER.deflate:
        data = inflate(data, bytes + filters.overhead, at);
        break;
      case FILTER.shuffle:
        data = unshuffle(data, elementBytes);
        break;
      case FILTER.checksum:
        data = data.subarray(0, Math.max(0, data.length - CHECKSUM_BYTES));
        break;
      default:
        data = unpackLzf(data, bytes + filters.overhead) ?? damaged(at);
    }
  }
  if (data.length !== bytes)
    throw new Rejected(
      'hdf5-dataset',
      `A part of the data unpacks to ${data.length} bytes instead of ${bytes}.`,
      at,
    );
  return data;
}

function inflate(data: Buffer, max: number, at: number): Buffer {
  try {
    return zlib.inflateSync(data, { maxOutputLength: max + 1 });
  } catch {
    return damaged(at);
  }
}

function damaged(at: number): never {
  throw new Rejected('hdf5-dataset', 'A part of the data does not unpack.', at);
}

/**
 * The first bytes of all elements, then the second ones, …; what does not fill an element stays at
 * the end.
 */
function unshuffle(data: Buffer, element: number): Buffer {
  const count = Math.floor(data.length / element);
  const out = Buffer.from(data);
  for (let byte = 0; byte < element; byte++)
    for (let i = 0; i < count; i++) out[i * element + byte] = data[byte * count + i]!;
  return out;
}
