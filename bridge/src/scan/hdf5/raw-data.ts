import type { EachPart, Stored } from './dataset.ts';
import type { Hdf5File } from './file.ts';
import { unfilter } from './unfilter.ts';

interface Part {
  at: number;
  bytes: number;
  mask: number;
}

/** The data of a dataset, in the order in which they are stored: of one dimension, the order of the array. */
export class RawData {
  private readonly parts: Part[] = [];
  private readonly file: Hdf5File;
  private readonly stored: Stored;

  constructor(file: Hdf5File, stored: Stored) {
    this.file = file;
    this.stored = stored;
  }

  part: EachPart = (at, bytes, mask) => {
    this.parts.push({ at, bytes, mask });
  };

  /** Where the data begin in the file. */
  get at(): number {
    return this.parts[0]?.at ?? 0;
  }

  /** What is stored, part by part, unpacked. Without filters a part comes in pieces of a bounded size. */
  *pieces(): Generator<Buffer> {
    const { type, layout, filters } = this.stored;
    const raw = layout.kind === 'chunked' ? layout.chunk.reduce((product, length) => product * length, layout.elementBytes) : 0;
    const most = PIECE_BYTES - (PIECE_BYTES % type.size) || type.size;
    for (const { at, bytes, mask } of this.parts) {
      if (filters.count > 0) yield unfilter(this.file.peek(at, bytes, 'A part of the data').bytes, filters, mask, type.size, raw, at);
      else for (let from = 0; from < bytes; from += most) yield this.file.peek(at + from, Math.min(most, bytes - from), 'A part of the data').bytes;
    }
  }
}

const PIECE_BYTES = 1024 * 1024;
