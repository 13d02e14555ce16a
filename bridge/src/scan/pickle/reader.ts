import { Rejected } from '../report.ts';
import type { ByteSource } from '../source.ts';

const CHUNK_BYTES = 256 * 1024;
const LF = 0x0a;

/** Reads a pickle from front to back through one window. Positions are offsets in the source. */
export class Reader {
  readonly buf: Uint8Array;
  /** index into `buf` */
  pos = 0;
  end = 0;
  /** offset of buf[0] */
  base: number;
  readonly source: ByteSource;

  constructor(source: ByteSource, start: number) {
    this.source = source;
    this.base = start;
    this.buf = new Uint8Array(Math.min(CHUNK_BYTES, source.size - start));
  }

  get offset(): number {
    return this.base + this.pos;
  }

  get remaining(): number {
    return this.source.size - this.offset;
  }

  /**
   * Makes `bytes` (a few) available at `pos`, or rejects: the file ends inside of an instruction.
   */
  need(bytes: number): void {
    if (this.pos + bytes <= this.end) return;
    const at = this.offset;
    if (at + bytes > this.source.size)
      throw new Rejected('pickle-structure', 'The file ends in the middle of an instruction.', at);
    this.base = at;
    this.pos = 0;
    this.end = Math.min(CHUNK_BYTES, this.source.size - at);
    // copied: the source may use its own window for other reads meanwhile
    this.buf.set(this.source.read(at, this.end));
  }

  u8(): number {
    this.need(1);
    return this.buf[this.pos++]!;
  }

  u16(): number {
    this.need(2);
    const { buf, pos } = this;
    this.pos += 2;
    return buf[pos]! | (buf[pos + 1]! << 8);
  }

  u32(): number {
    this.need(4);
    const { buf, pos } = this;
    this.pos += 4;
    return (buf[pos]! | (buf[pos + 1]! << 8) | (buf[pos + 2]! << 16) | (buf[pos + 3]! << 24)) >>> 0;
  }

  /**
   * A 64-bit length; one that is beyond any file is rejected here, so that a double holds the rest
   * exactly.
   */
  u64(): number {
    const low = this.u32();
    const high = this.u32();
    if (high >= 2 ** 16)
      throw new Rejected('pickle-structure', 'A length is larger than any file.', this.offset - 8);
    return high * 2 ** 32 + low;
  }

  skip(bytes: number): void {
    if (bytes > this.remaining)
      throw new Rejected(
        'pickle-structure',
        `An instruction claims ${bytes} bytes; ${this.remaining} are left.`,
        this.offset,
      );
    if (this.pos + bytes <= this.end) {
      this.pos += bytes;
      return;
    }
    this.base += this.pos + bytes;
    this.pos = 0;
    this.end = 0;
  }

  /** A line of at most `max` bytes, without its line feed. */
  line(max: number): Uint8Array {
    const at = this.offset;
    const length = this.lineLength();
    if (length > max)
      throw new Rejected(
        'limit-exceeded',
        `A line has ${length} bytes; ${max} are the limit for it.`,
        at,
      );
    return this.source.read(at, length);
  }

  /** Passes over a line and its line feed; answers its length. */
  lineLength(): number {
    let length = 0;
    for (;;) {
      this.need(1);
      const found = this.buf.subarray(0, this.end).indexOf(LF, this.pos);
      if (found >= 0) {
        length += found - this.pos;
        this.pos = found + 1;
        return length;
      }
      length += this.end - this.pos;
      this.pos = this.end;
      if (this.remaining === 0)
        throw new Rejected(
          'pickle-structure',
          'The file ends in the middle of a line.',
          this.offset,
        );
    }
  }
}
