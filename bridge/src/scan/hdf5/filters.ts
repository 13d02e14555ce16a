import { Rejected } from '../report.ts';
import type { Cursor } from './cursor.ts';

export interface Filters {
  count: number;
  /** in the order of writing */
  ids: number[];
  /** bytes out for one byte in, at most */
  ratio: number;
  /** bytes that the filters add */
  overhead: number;
}

/** LZF is not HDF5's own; h5py brings it */
export const FILTER = { deflate: 1, shuffle: 2, checksum: 3, lzf: 32000 } as const;
const KNOWN = new Set<number>(Object.values(FILTER));
/** newer writers name only the filters that HDF5 does not bring itself */
const FIRST_NAMED = 256;
const OPTIONAL = 1;
const FILTERS_MAX = 32;
/** how many times its size a part unpacks to at most; a reference of LZF copies 264 bytes by 3 */
const RATIOS = new Map<number, number>([
  [FILTER.deflate, 1032],
  [FILTER.lzf, 88],
]);
export const NO_FILTERS: Filters = { count: 0, ids: [], ratio: 1, overhead: 0 };

/**
 * What data went through before they were stored. A filter that HDF5 does not bring is a library
 * that reading would load.
 */
export function readFilters(body: Cursor): Filters {
  const version = body.version(1, 2);
  const count = body.u8();
  if (count > FILTERS_MAX) body.fail('data went through more than 32 filters');
  if (version === 1) body.zeros(6);
  const filters: Filters = { count, ids: [], ratio: 1, overhead: 0 };
  for (let i = 0; i < count; i++) {
    const at = body.at;
    const id = body.u16();
    if (!KNOWN.has(id))
      throw new Rejected(
        'hdf5-filter',
        `Data are packed with the filter ${id}; known are deflate, shuffle, fletcher32 and the LZF of h5py.`,
        at,
      );
    filters.ids.push(id);
    const nameBytes = version === 1 || id >= FIRST_NAMED ? body.u16() : 0;
    if (body.u16() > OPTIONAL) body.fail('a filter has unknown flags');
    const values = body.u16();
    body.take(nameBytes);
    body.take(4 * values);
    if (version === 1 && values % 2 === 1) body.zeros(4);
    filters.ratio *= RATIOS.get(id) ?? 1;
    if (id === FILTER.checksum) filters.overhead += 4;
  }
  return filters;
}
