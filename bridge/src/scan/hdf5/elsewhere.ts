import { Rejected } from '../report.ts';
import { Cursor } from './cursor.ts';
import type { Stored } from './dataset.ts';
import type { Hdf5File } from './file.ts';
import type { GlobalHeap } from './global-heap.ts';
import { chunkBytes, Parts } from './parts.ts';
import { unfilter } from './unfilter.ts';

const PLACE_BYTES = 16;

/** A dataset whose elements, texts or lists, lie elsewhere in the file: what is stored is where. */
export class Elsewhere extends Parts {
  private readonly file: Hdf5File;
  private readonly heap: GlobalHeap;

  constructor(file: Hdf5File, heap: GlobalHeap) {
    super();
    this.file = file;
    this.heap = heap;
  }

  /** Calls `each` with the bytes of every element that is not empty. */
  read({ type, layout, filters }: Stored, each: (bytes: Buffer, at: number) => void): void {
    const size = type.kind === 'list' ? type.element : 1;
    let seen = 0;
    for (const { at, bytes, mask } of this.parts) {
      const stored = this.file.peek(at, bytes, 'A part of the data').bytes;
      const raw = layout.kind === 'chunked' ? chunkBytes(layout) : bytes;
      const places = new Cursor(
        unfilter(stored, filters, {
          at,
          mask,
          elementBytes: PLACE_BYTES,
          bytes: this.bounded(raw, at),
        }),
        at,
      );
      while (places.left >= PLACE_BYTES) {
        const count = places.u32();
        const from = places.address();
        const index = places.u32();
        if (++seen > this.file.limits.hdf5Parts)
          throw new Rejected(
            'limit-exceeded',
            `A dataset has more than ${this.file.limits.hdf5Parts} elements that lie elsewhere.`,
            at,
          );
        if (count === 0 && (from === null || from === 0)) continue;
        each(this.heap.take(from, index, count * size), from ?? at);
      }
    }
  }

  private bounded(bytes: number, at: number): number {
    if (bytes > this.file.limits.hdf5Parts * PLACE_BYTES)
      throw new Rejected(
        'limit-exceeded',
        'A part of the data names more places than the scanner follows.',
        at,
      );
    return bytes;
  }
}
