import { Rejected } from '../report.ts';
import type { Stored } from './dataset.ts';
import type { Hdf5File } from './file.ts';
import { chunkBytes, Parts } from './parts.ts';
import { unfilter } from './unfilter.ts';

const FIRST_BYTES = 4096;
const PIECE_BYTES = 1024 * 1024;
/** far more than any writer makes a chunk of */
const UNPACKED_MAX_BYTES = 512 * 1024 * 1024;

/**
 * The data of a dataset, in the order in which they are stored: of one dimension, the order of the
 * array.
 */
export class RawData extends Parts {
  private readonly file: Hdf5File;
  private readonly stored: Stored;

  constructor(file: Hdf5File, stored: Stored) {
    super();
    this.file = file;
    this.stored = stored;
  }

  /** Where the data begin in the file. */
  get at(): number {
    return this.parts[0]?.at ?? 0;
  }

  /** Do the parts follow each other as the elements of the array do? */
  get inOrder(): boolean {
    return this.parts.length <= 1 || (this.stored.space.dimensions ?? []).length <= 1;
  }

  /**
   * What is stored, part by part, unpacked. Without filters a part comes in pieces of a bounded
   * size, of which the first is small.
   */
  *pieces(): Generator<Buffer> {
    const { type, layout, filters } = this.stored;
    const raw = layout.kind === 'chunked' ? chunkBytes(layout) : 0;
    if (raw > UNPACKED_MAX_BYTES && filters.count > 0)
      throw new Rejected(
        'limit-exceeded',
        `A chunk unpacks to more than ${UNPACKED_MAX_BYTES} bytes.`,
        this.at,
      );
    const whole = (bytes: number): number => bytes - (bytes % type.size) || type.size;
    for (const { at, bytes, mask } of this.parts) {
      if (filters.count > 0)
        yield unfilter(this.file.peek(at, bytes, 'A part of the data').bytes, filters, {
          at,
          mask,
          elementBytes: type.size,
          bytes: raw,
        });
      else {
        for (
          let from = 0, piece = whole(FIRST_BYTES);
          from < bytes;
          from += piece, piece = whole(PIECE_BYTES)
        )
          yield this.file.peek(at + from, Math.min(piece, bytes - from), 'A part of the data')
            .bytes;
      }
    }
  }
}
