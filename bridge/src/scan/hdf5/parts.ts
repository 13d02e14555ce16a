import type { ChunkedLayout } from './layout.ts';

/** Where the data of a dataset lie, part by part: gathered while their storage is checked. */
export class Parts {
  protected readonly parts: { at: number; bytes: number; mask: number }[] = [];

  part: EachPart = (at, bytes, mask) => {
    this.parts.push({ at, bytes, mask });
  };
}

/** How many bytes a chunk has that no filter has packed. */
export const chunkBytes = ({ chunk, elementBytes }: ChunkedLayout): number =>
  chunk.reduce((product, length) => product * length, elementBytes);

/** Where a part of the data lies, and which filters it did not go through. */
export type EachPart = (at: number, bytes: number, mask: number) => void;
