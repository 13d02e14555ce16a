/**
 * Writes flatbuffers, honest or crafted: each table with its own description before it, what it
 * names behind it.
 */
export interface Num {
  bytes: 1 | 2 | 4 | 8;
  value: number | bigint;
}
export interface Table {
  slots: (Value | null)[];
}
export type Value = Num | Table | string | Value[] | Uint8Array;

export const u8 = (value: number): Num => ({ bytes: 1, value });
export const i32 = (value: number): Num => ({ bytes: 4, value: value >>> 0 });
export const u64 = (value: number | bigint): Num => ({ bytes: 8, value });
export const table = (...slots: (Value | null)[]): Table => ({ slots });

export function writeFlatbuffer(mark: string, root: Table): Buffer {
  const writer = new Writer();
  writer.append(Buffer.alloc(4));
  writer.append(Buffer.from(mark));
  writer.point(0, writer.write(root));
  return writer.bytes();
}

const isNumber = (value: Value | null): value is Num =>
  value !== null && typeof value === 'object' && 'bytes' in value && !('length' in value);

class Writer {
  private readonly parts: Buffer[] = [];
  private size = 0;
  private readonly patches: [number, number][] = [];

  append(part: Buffer): number {
    this.parts.push(part);
    this.size += part.length;
    return this.size - part.length;
  }

  point(from: number, to: number): void {
    this.patches.push([from, to - from]);
  }

  bytes(): Buffer {
    const all = Buffer.concat(this.parts);
    for (const [at, value] of this.patches) all.writeUInt32LE(value, at);
    return all;
  }

  write(value: Value): number {
    this.align();
    if (typeof value === 'string') return this.counted(value.length, Buffer.from(`${value}\0`));
    if (value instanceof Uint8Array) return this.counted(value.length, Buffer.from(value));
    if (Array.isArray(value)) return this.list(value);
    return this.table(value as Table);
  }

  private counted(length: number, content: Buffer): number {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(length);
    return this.append(Buffer.concat([bytes, content]));
  }

  private list(values: Value[]): number {
    if (values.every(isNumber))
      return this.counted(values.length, Buffer.concat(values.map(inline)));
    const start = this.counted(values.length, Buffer.alloc(4 * values.length));
    values.forEach((value, i) => this.point(start + 4 + 4 * i, this.write(value)));
    return start;
  }

  private table({ slots }: Table): number {
    const places: number[] = [];
    let size = 4;
    for (const slot of slots) {
      const bytes = slot === null ? 0 : isNumber(slot) ? slot.bytes : 4;
      if (bytes > 0) size = Math.ceil(size / bytes) * bytes;
      places.push(bytes === 0 ? 0 : size);
      size += bytes;
    }
    const vtable = Buffer.alloc(4 + 2 * slots.length);
    [vtable.length, size, ...places].forEach((word, i) => vtable.writeUInt16LE(word, 2 * i));
    const description = this.append(vtable);
    this.align();
    const body = Buffer.alloc(size);
    slots.forEach((slot, i) => {
      if (isNumber(slot)) inline(slot).copy(body, places[i]);
    });
    const at = this.append(body);
    body.writeInt32LE(at - description);
    slots.forEach((slot, i) => {
      if (slot !== null && !isNumber(slot)) this.point(at + places[i]!, this.write(slot));
    });
    return at;
  }

  private align(): void {
    if (this.size % 4 !== 0) this.append(Buffer.alloc(4 - (this.size % 4)));
  }
}

function inline({ bytes, value }: Num): Buffer {
  const result = Buffer.alloc(8);
  result.writeBigUInt64LE(BigInt.asUintN(64, BigInt(value)));
  return result.subarray(0, bytes);
}
