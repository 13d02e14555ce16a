import { broken } from './codec.ts';

/** Bits of a stream that packs them from the highest bit of each byte. */
export class BitsFromHigh {
  private hold = 0;
  private held = 0;
  private at: number;
  private readonly packed: Uint8Array;

  constructor(packed: Uint8Array, start: number) {
    this.packed = packed;
    this.at = start;
  }

  /** where the bit that is next lies, for findings */
  get offset(): number {
    return this.at - Math.ceil(this.held / 8);
  }

  /** `count`: up to 24 */
  read(count: number): number {
    while (this.held < count) this.fill();
    this.held -= count;
    const value = this.hold >>> this.held;
    this.hold &= (1 << this.held) - 1;
    return value;
  }

  /** One bit more for a code that is being read. */
  bit(): number {
    if (this.held === 0) this.fill();
    this.held--;
    const value = this.hold >>> this.held;
    this.hold &= (1 << this.held) - 1;
    return value;
  }

  /** The offset behind the last byte that was begun; the rest of that byte must be empty. */
  alignedEnd(): number {
    if (this.hold !== 0)
      return broken('Bits behind the end of the stream are not zero.', this.offset);
    return this.at - Math.floor(this.held / 8);
  }

  private fill(): void {
    if (this.at >= this.packed.length)
      broken('The file ends in the middle of the compressed stream.', this.packed.length);
    this.hold = (this.hold << 8) | this.packed[this.at++]!;
    this.held += 8;
  }
}

/**
 * Bits of a stream that is written from the lowest bit of each byte and read from its end; the
 * highest bit set in the last byte marks it.
 */
export class BitsFromEnd {
  /** how many bits are left; below zero: zeros were read before the first byte */
  left: number;
  private readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array, offset: number) {
    this.bytes = bytes;
    const last = bytes[bytes.length - 1] ?? 0;
    if (last === 0) broken('A stream of bits has no end mark.', offset);
    this.left = bytes.length * 8 - 1 - Math.clz32(last) + 24;
  }

  read(count: number): number {
    if (count > 24) return this.read(count - 16) * 2 ** 16 + this.read(16);
    this.left -= count;
    return this.left >= 0
      ? this.at(this.left, count)
      : this.left + count > 0
        ? this.at(0, this.left + count) << -this.left
        : 0;
  }

  private at(place: number, count: number): number {
    const { bytes } = this;
    const i = place >> 3;
    const word = bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24);
    return (word >>> (place & 7)) & ((1 << count) - 1);
  }
}

/** Bits from the lowest one of each byte, read forwards. */
export class BitsFromLow {
  private place = 0;
  private readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  /** `count`: up to 16 */
  read(count: number): number {
    const i = this.place >> 3;
    if (this.place + count > this.bytes.length * 8)
      broken('The file ends in the middle of the compressed stream.');
    const word =
      this.bytes[i]! | ((this.bytes[i + 1] ?? 0) << 8) | ((this.bytes[i + 2] ?? 0) << 16);
    const value = (word >> (this.place & 7)) & ((1 << count) - 1);
    this.place += count;
    return value;
  }

  back(count: number): void {
    this.place -= count;
  }

  /** bytes that were begun */
  get used(): number {
    return Math.ceil(this.place / 8);
  }
}
