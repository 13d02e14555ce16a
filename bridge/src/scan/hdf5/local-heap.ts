import type { Cursor } from './cursor.ts';
import type { Hdf5File } from './file.ts';

const HEAD_BYTES = 32;
/** ends the list of free places */
const NO_MORE = 1;

/** The names of one group of the older form. */
export class LocalHeap {
  private readonly data: Cursor;
  private readonly used: [number, number][] = [];

  constructor(file: Hdf5File, at: number | null) {
    const head = file.claim(at, HEAD_BYTES, 'A heap of names');
    head.mark('HEAP');
    head.version(0);
    head.zeros(3);
    const bytes = head.length();
    const free = head.length();
    this.data = file.claim(head.address(), bytes, 'A heap of names');
    this.readFree(free === NO_MORE ? null : free);
  }

  /** The bytes of a name, without the zero that ends it. */
  name(offset: number): Buffer {
    const { bytes } = this.data;
    const end = offset < bytes.length ? bytes.indexOf(0, offset) : -1;
    if (end < 0)
      return this.data.fail('a name lies outside of the heap of names, or does not end', 0);
    this.used.push([offset, end + 1]);
    return bytes.subarray(offset, end);
  }

  /** What is neither a name of a member nor free must be padding. */
  checkUse(file: Hdf5File): void {
    const parts = this.used.sort((a, b) => a[0] - b[0]);
    let position = 0;
    for (const [start, end] of parts) {
      if (start > position) this.checkUnused(file, position, start);
      position = Math.max(position, end);
    }
    this.checkUnused(file, position, this.data.bytes.length);
  }

  private checkUnused(file: Hdf5File, start: number, end: number): void {
    const odd = this.data.bytes.subarray(start, end).findIndex((byte) => byte !== 0);
    if (odd >= 0) file.leftover(this.data.base + start + odd);
  }

  private readFree(first: number | null): void {
    const seen = new Set<number>();
    for (let offset = first; offset !== null;) {
      if (seen.has(offset) || offset + 16 > this.data.bytes.length)
        this.data.fail('the list of free places in a heap of names leads astray', 0);
      seen.add(offset);
      this.data.position = offset;
      const next = this.data.length();
      const bytes = this.data.length();
      if (bytes < 16 || offset + bytes > this.data.bytes.length)
        this.data.fail('a free place in a heap of names does not fit', 0);
      this.used.push([offset, offset + 16]);
      offset = next === NO_MORE ? null : next;
    }
  }
}
