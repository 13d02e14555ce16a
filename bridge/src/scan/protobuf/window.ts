import { Rejected } from '../report.ts';
import type { ByteSource } from '../source.ts';

const WINDOW_BYTES = 64 * 1024;
const VARINT_MAX_BYTES = 10;

/**
 * Walks over bytes one by one, and reads the numbers of the wire format. `lo` and `hi` are the
 * halves of the last number.
 */
export class Window {
  position = 0;
  lo = 0;
  hi = 0;
  private readonly source: ByteSource;
  private bytes = new Uint8Array(0);
  private start = 0;

  constructor(source: ByteSource) {
    this.source = source;
  }

  /**
   * A number in as few bytes as it needs: a longer spelling of the same number, and what does not
   * fit in 64 bits, are refused.
   */
  varint(end: number): void {
    const at = this.position;
    let [lo, hi] = [0, 0];
    for (let i = 0; i < VARINT_MAX_BYTES; i++) {
      if (this.position >= end)
        throw new Rejected('protobuf-wire', 'A number reaches beyond its message.', at);
      const byte = this.byte(this.position++);
      const bits = byte & 0x7f;
      if (i < 4) lo |= bits << (7 * i);
      else if (i === 4) [lo, hi] = [lo | (bits << 28), bits >>> 4];
      else hi |= bits << (7 * i - 32);
      if (byte > 0x7f) continue;
      if ((byte === 0 && i > 0) || (i === 9 && byte > 1))
        throw new Rejected(
          'protobuf-wire',
          'A number is not written in its shortest form, or has more than 64 bits.',
          at,
        );
      [this.lo, this.hi] = [lo >>> 0, hi >>> 0];
      return;
    }
    throw new Rejected('protobuf-wire', 'A number has more than 10 bytes.', at);
  }

  /** The last number, where it counts bytes. */
  length(end: number, at: number): number {
    const bytes = this.hi * 2 ** 32 + this.lo;
    if (bytes > end - this.position)
      throw new Rejected(
        'protobuf-wire',
        `A field claims ${bytes} bytes; its message has ${end - this.position} left.`,
        at,
      );
    return bytes;
  }

  byte(at: number): number {
    const index = at - this.start;
    if (index >= 0 && index < this.bytes.length) return this.bytes[index]!;
    this.start = at;
    // a copy: the source may reuse its own window before we are done with this one
    this.bytes = Uint8Array.from(
      this.source.read(at, Math.min(WINDOW_BYTES, this.source.size - at)),
    );
    return this.bytes[0]!;
  }
}
