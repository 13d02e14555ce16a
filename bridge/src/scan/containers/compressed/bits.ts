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
    if (this.hold !== 0) return broken('Bits behind the end of the stream are not zero.', this.offset);
    return this.at - Math.floor(this.held / 8);
  }

  private fill(): void {
    if (this.at >= this.packed.length) broken('The file ends in the middle of the compressed stream.', this.packed.length);
    this.hold = (this.hold << 8) | this.packed[this.at++]!;
    this.held += 8;
  }
}
