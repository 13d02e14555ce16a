import { Rejected } from '../report.ts';
import type { Reader } from './reader.ts';

/** A frame lies in the file, not in another frame, and no instruction reaches over its end. */
export class Frames {
  /** offset where the frame that we are in ends; 0: in none */
  end = 0;

  begin(reader: Reader, at: number): void {
    const length = reader.u64();
    if (this.end !== 0) throw new Rejected('pickle-frame', 'A frame begins inside of another.', at);
    if (length > reader.remaining)
      throw new Rejected(
        'pickle-frame',
        `A frame claims ${length} bytes; ${reader.remaining} are left.`,
        at,
      );
    this.end = reader.offset + length;
  }

  /** The next instruction begins at `at`, which is not before the end of the frame. */
  leave(at: number): void {
    if (at > this.end)
      throw new Rejected(
        'pickle-frame',
        'An instruction reaches over the end of its frame.',
        this.end,
      );
    this.end = 0;
  }

  /** What lies at `at` is no instruction, so no frame may hold it. */
  mustEndAt(at: number, why: string): void {
    if (this.end !== 0 && at !== this.end) throw new Rejected('pickle-frame', why);
    this.end = 0;
  }
}
