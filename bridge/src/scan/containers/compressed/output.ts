import { Rejected } from '../../report.ts';

const FIRST_BYTES = 64 * 1024;

/**
 * Where a decoder writes. It grows as it is filled and never beyond its limit, whatever the file
 * claims.
 */
export class Output {
  buffer: Uint8Array = new Uint8Array(0);
  length = 0;
  private full = false;
  private readonly limit: number;
  private readonly why: string;

  constructor(limit: number, why: string) {
    this.limit = limit;
    this.why = why;
  }

  /** bytes that may still be written */
  get room(): number {
    return this.limit - this.length;
  }

  /**
   * what this counts for in the budget of the upload: work that was cut off has been done all the
   * same
   */
  get spent(): number {
    return this.full ? this.limit : this.length;
  }

  /** Makes room for `bytes` more; a decoder calls it before it writes to `buffer`. */
  reserve(bytes: number): void {
    const needed = this.length + bytes;
    if (needed > this.limit) this.overflow();
    if (needed <= this.buffer.length) return;
    const grown = new Uint8Array(
      Math.min(this.limit, Math.max(needed, this.buffer.length * 2, FIRST_BYTES)),
    );
    grown.set(this.buffer.subarray(0, this.length));
    this.buffer = grown;
  }

  append(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    this.buffer.set(bytes, this.length);
    this.length += bytes.length;
  }

  /** The same for bytes that nobody else holds: as the first ones they are taken without a copy. */
  adopt(bytes: Uint8Array): void {
    if (this.length > 0 || bytes.length > this.limit) return this.append(bytes);
    this.buffer = bytes;
    this.length = bytes.length;
  }

  /** Writes again what was written `distance` bytes ago; the two may overlap. */
  repeat(distance: number, count: number): void {
    this.reserve(count);
    const { buffer } = this;
    const end = this.length + count;
    if (distance >= count) buffer.copyWithin(this.length, this.length - distance, end - distance);
    else for (let to = this.length; to < end; to++) buffer[to] = buffer[to - distance]!;
    this.length = end;
  }

  overflow(): never {
    this.full = true;
    throw new Rejected('limit-exceeded', this.why);
  }

  bytes(): Uint8Array {
    return this.buffer.subarray(0, this.length);
  }
}
