import { Rejected } from '../report.ts';
import { readTree2 } from './btree2.ts';
import { Cursor } from './cursor.ts';
import type { Hdf5File } from './file.ts';

const HEAD_BYTES = 146;
const CHECKSUM_BYTES = 4;
const BLOCKS_CHECKED = 0x02;
const ROWS_MAX = 64;
/** the form of an object's name, with the version in front of it */
const FORM_MASK = 0xf0;
const MANAGED = 0x00;
const LARGE = 0x10;
const LARGE_ID_BYTES = 8;
const LARGE_BY_ID = 1;

interface Block {
  /** where its bytes lie in the space of the heap, and in the file */
  offset: number;
  at: number;
  bytes: number;
}

/**
 * The heap in which larger groups keep links, and objects with many attributes those. Blocks double
 * in size, row by row.
 */
export class FractalHeap {
  private readonly blocks: Block[] = [];
  private readonly large = new Map<number, Omit<Block, 'offset'>>();
  private readonly file: Hdf5File;
  private readonly at: number;
  private readonly idBytes: number;
  private readonly offsetBytes: number;
  private readonly lengthBytes: number;
  private readonly headBytes: number;
  private readonly width: number;
  private readonly startBytes: number;
  private readonly directMax: number;

  constructor(file: Hdf5File, at: number | null) {
    this.file = file;
    const head = file.claim(at, HEAD_BYTES, 'A heap').checked();
    this.at = head.base;
    head.mark('FRHP');
    head.version(0);
    this.idBytes = head.u16();
    if (head.u16() !== 0)
      throw new Rejected(
        'hdf5-feature',
        'A heap is packed, which no library does for groups.',
        head.at - 2,
      );
    const flags = head.u8();
    if (flags > 3) head.fail('a heap has unknown flags');
    const managedMax = head.u32();
    head.take(8);
    const large = head.address();
    head.take(8);
    const freeSpace = head.address();
    head.take(8 * 4 + 8);
    const largeCount = head.length();
    // objects that are so small that they would stand in their own name
    head.zeros(8 * 2);
    this.width = head.u16();
    this.startBytes = head.length();
    this.directMax = head.length();
    const heapBits = head.u16();
    head.u16();
    const root = head.address();
    const rows = head.u16();
    if (!this.hasSize || heapBits > 64 || rows > ROWS_MAX)
      head.fail('the blocks of a heap have no size');
    this.offsetBytes = Math.ceil(heapBits / 8);
    this.lengthBytes = Math.min(bytesFor(this.directMax), bytesFor(managedMax));
    this.headBytes =
      4 + 1 + 8 + this.offsetBytes + ((flags & BLOCKS_CHECKED) === 0 ? 0 : CHECKSUM_BYTES);
    if (root !== null) this.readRoot(root, rows);
    if (large !== null) this.readLarge(large);
    if (this.large.size !== largeCount)
      head.fail('a heap has another number of large objects than it says', 0);
    if (freeSpace !== null) readFreeSpace(file, freeSpace);
  }

  private get hasSize(): boolean {
    return this.width > 0 && this.startBytes > 0 && this.directMax >= this.startBytes;
  }

  /** One object by what the trees call it. */
  object(id: Cursor): Cursor {
    if (id.left < this.idBytes) id.fail('a name for an object of a heap is too short');
    const form = id.u8() & FORM_MASK;
    if (form === LARGE) return this.largeObject(id);
    if (form !== MANAGED)
      throw new Rejected(
        'hdf5-feature',
        'A heap holds an object in a form that no library uses for groups.',
        id.base,
      );
    const offset = id.number(this.offsetBytes);
    const bytes = id.number(this.lengthBytes);
    const block = this.blocks.find(
      (one) => offset >= one.offset + this.headBytes && offset + bytes <= one.offset + one.bytes,
    );
    if (block === undefined) return id.fail('an object lies outside of its heap', 0);
    return this.file.peek(block.at + offset - block.offset, bytes, 'An object of a heap');
  }

  private largeObject(id: Cursor): Cursor {
    const place = this.large.get(id.number(Math.min(this.idBytes - 1, LARGE_ID_BYTES)));
    if (place === undefined) return id.fail('an object lies outside of its heap', 0);
    return this.file.peek(place.at, place.bytes, 'An object of a heap');
  }

  /**
   * Objects of more than 64 kB lie by themselves; a tree says where. Names that are long enough say
   * it themselves, but no object has such.
   */
  private readLarge(tree: number): void {
    if (this.idBytes - 1 >= 2 * 8)
      throw new Rejected(
        'hdf5-feature',
        'A heap holds large objects in a form that no library uses for groups.',
        tree,
      );
    readTree2(this.file, tree, LARGE_BY_ID, (record) => {
      const at = record.address();
      const bytes = record.length();
      const id = record.length();
      if (this.large.has(id)) record.fail('a heap has two objects of one name', 0);
      this.large.set(id, { at: this.file.own(at, bytes, 'An object of a heap'), bytes });
    });
  }

  private rowBytes(row: number): number {
    return row <= 1 ? this.startBytes : this.startBytes * 2 ** (row - 1);
  }

  private readRoot(at: number, rows: number): void {
    if (rows === 0) this.readDirect(at, 0, this.startBytes);
    else this.readIndirect(at, 0, rows, 0);
  }

  private readDirect(at: number, offset: number, bytes: number): void {
    const block = this.readHead(this.file.claim(at, bytes, 'A block of a heap'), 'FHDB', offset);
    if (this.headBytes - block.position === CHECKSUM_BYTES) checkWithout(block);
    this.blocks.push({ offset, at, bytes });
  }

  private readIndirect(at: number, offset: number, rows: number, depth: number): void {
    if (depth > 8)
      throw new Rejected('hdf5-structure', 'The blocks of a heap are nested too deep.', at);
    const bytes = 4 + 1 + 8 + this.offsetBytes + rows * this.width * 8 + CHECKSUM_BYTES;
    const block = this.readHead(
      this.file.claim(at, bytes, 'A block of a heap').checked(),
      'FHIB',
      offset,
    );
    let place = offset;
    for (let row = 0; row < rows; row++) {
      const size = this.rowBytes(row);
      for (let column = 0; column < this.width; column++, place += size) {
        const child = block.address();
        if (child === null) continue;
        if (!Number.isSafeInteger(place + size)) block.fail('a heap is larger than any file');
        if (size <= this.directMax) this.readDirect(child, place, size);
        else this.readIndirect(child, place, this.rowsOf(size), depth + 1);
      }
    }
  }

  /** How many rows of blocks a block of blocks has that covers so much of the heap. */
  private rowsOf(bytes: number): number {
    return Math.round(Math.log2(bytes) - Math.log2(this.startBytes * this.width)) + 1;
  }

  private readHead(block: Cursor, mark: string, offset: number): Cursor {
    block.mark(mark);
    block.version(0);
    if (block.address() !== this.at) block.fail('a block belongs to another heap');
    if (block.number(this.offsetBytes) !== offset)
      block.fail('a block says that it lies elsewhere in its heap');
    return block;
  }
}

/** The checksum of a direct block stands in its head and counts itself as zero. */
function checkWithout(block: Cursor): void {
  const stated = block.u32();
  const bytes = Buffer.from(block.bytes);
  bytes.writeUInt32LE(0, block.position - CHECKSUM_BYTES);
  const all = Buffer.alloc(bytes.length + CHECKSUM_BYTES);
  bytes.copy(all);
  all.writeUInt32LE(stated, bytes.length);
  new Cursor(all, block.base).checked();
}

/** Which bytes of a heap are free: only read to know whose bytes these are. */
function readFreeSpace(file: Hdf5File, at: number): void {
  const head = file
    .claim(at, 4 + 1 + 1 + 8 * 4 + 2 * 4 + 8 * 4 + CHECKSUM_BYTES, 'A list of free space')
    .checked();
  head.mark('FSHD');
  head.version(0);
  head.take(1 + 8 * 4 + 2 * 4 + 8);
  const sections = head.address();
  head.length();
  const bytes = head.length();
  if (sections !== null) file.claim(sections, bytes, 'A list of free space').mark('FSSE');
}

const bytesFor = (most: number): number => Math.floor(Math.log2(Math.max(1, most)) / 8) + 1;
