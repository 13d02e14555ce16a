import { Rejected } from '../report.ts';
import type { Cursor } from './cursor.ts';
import type { Hdf5File } from './file.ts';

const HEAD_BYTES = 16;
const FREE = 0;

interface HeapObject {
  at: number;
  bytes: number;
  used: boolean;
}

/** Texts of any length that attributes refer to. */
export class GlobalHeap {
  private readonly collections = new Map<number, Map<number, HeapObject>>();
  private readonly file: Hdf5File;

  constructor(file: Hdf5File) {
    this.file = file;
  }

  /** The bytes of one object; each belongs to one place of the file. */
  take(at: number | null, index: number, bytes: number): Buffer {
    const found = this.open(at).get(index);
    if (found === undefined || found.bytes < bytes)
      throw new Rejected(
        'hdf5-structure',
        'A text lies outside of the heap that it should lie in.',
        at ?? 0,
      );
    if (found.used) throw new Rejected('hdf5-structure', 'Two texts lie in one place.', found.at);
    found.used = true;
    return this.file.peek(found.at, bytes, 'A text').bytes;
  }

  /** Texts that nobody refers to. */
  tellUnused(): void {
    for (const collection of this.collections.values()) {
      for (const { at, used } of collection.values()) if (!used) this.file.leftover(at);
    }
  }

  private open(at: number | null): Map<number, HeapObject> {
    const known = at === null ? undefined : this.collections.get(at);
    if (known !== undefined) return known;
    const head = this.file.peek(at, HEAD_BYTES, 'A heap of texts');
    head.mark('GCOL');
    head.version(1);
    head.zeros(3);
    const collection = this.file.claim(at, head.length(), 'A heap of texts');
    collection.take(HEAD_BYTES);
    const objects = this.readObjects(collection);
    this.collections.set(at!, objects);
    return objects;
  }

  private readObjects(collection: Cursor): Map<number, HeapObject> {
    const objects = new Map<number, HeapObject>();
    while (collection.left >= HEAD_BYTES) {
      const at = collection.at;
      const index = collection.u16();
      const references = collection.u16();
      collection.zeros(4);
      const bytes = collection.length();
      if (index === FREE) {
        // its size counts its own head; nothing comes after
        if (references !== 0 || bytes !== collection.left + HEAD_BYTES)
          collection.fail('the free place of a heap of texts does not fit');
        const odd = collection.bytes.subarray(collection.position).findIndex((byte) => byte !== 0);
        if (odd >= 0) this.file.leftover(collection.at + odd);
        return objects;
      }
      if (objects.has(index)) collection.fail('a heap of texts has two objects of one number');
      objects.set(index, { at: at + HEAD_BYTES, bytes, used: false });
      collection.take(bytes);
      collection.zeros((8 - (bytes % 8)) % 8);
    }
    collection.rest();
    return objects;
  }
}
