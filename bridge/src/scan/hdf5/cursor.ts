import { latin1, Rejected } from '../report.ts';
import { lookup3 } from './checksum.ts';

const CHECKSUM_BYTES = 4;
const UNDEFINED = 2n ** 64n - 1n;

/**
 * Reads a copy of a structure from front to back; whatever does not fit rejects the file. Numbers
 * are little-endian.
 */
export class Cursor {
  readonly bytes: Buffer;
  /** where the copy begins in the file */
  readonly base: number;
  position = 0;

  constructor(bytes: Buffer, base: number) {
    this.bytes = bytes;
    this.base = base;
  }

  get left(): number {
    return this.bytes.length - this.position;
  }

  get at(): number {
    return this.base + this.position;
  }

  u8 = (): number => this.bytes[this.step(1)]!;
  u16 = (): number => this.bytes.readUInt16LE(this.step(2));
  u32 = (): number => this.bytes.readUInt32LE(this.step(4));

  /** A number of 1 to 8 bytes. */
  number(bytes: number): number {
    let value = 0n;
    const from = this.step(bytes);
    for (let i = bytes - 1; i >= 0; i--) value = (value << 8n) | BigInt(this.bytes[from + i]!);
    if (value > BigInt(Number.MAX_SAFE_INTEGER))
      return this.fail(`the number ${value} is larger than any file`);
    return Number(value);
  }

  length = (): number => this.number(8);

  /** Null is the address of nothing. */
  address(): number | null {
    if (this.left >= 8 && this.bytes.readBigUInt64LE(this.position) === UNDEFINED) {
      this.position += 8;
      return null;
    }
    return this.number(8);
  }

  take(bytes: number): Cursor {
    const from = this.step(bytes);
    return new Cursor(this.bytes.subarray(from, from + bytes), this.base + from);
  }

  text = (bytes: number): string => latin1(this.take(bytes).bytes);

  mark(mark: string): void {
    if (this.text(mark.length) !== mark)
      this.fail(`it does not begin with ${mark}`, this.position - mark.length);
  }

  version(...known: number[]): number {
    const version = this.u8();
    return known.includes(version)
      ? version
      : this.fail(`version ${version} of the structure is not known`, this.position - 1);
  }

  /** Bytes that writers leave at zero. */
  zeros(bytes: number): void {
    const from = this.step(bytes);
    const odd = this.bytes.subarray(from, from + bytes).findIndex((byte) => byte !== 0);
    if (odd >= 0) this.fail('there is something where nothing belongs', from + odd);
  }

  /** Nothing but zeros to the end. */
  rest = (): void => this.zeros(this.left);

  /** The last four bytes are a checksum of all before; what is left to read ends there. */
  checked(): Cursor {
    const end = this.bytes.length - CHECKSUM_BYTES;
    if (end < 0 || lookup3(this.bytes.subarray(0, end)) !== this.bytes.readUInt32LE(end))
      this.fail('the checksum is wrong', 0);
    return new Cursor(this.bytes.subarray(0, end), this.base);
  }

  fail(why: string, position = this.position): never {
    throw new Rejected(
      'hdf5-structure',
      `At byte ${this.base + position}, ${why}.`,
      this.base + position,
    );
  }

  private step(bytes: number): number {
    const from = this.position;
    if (bytes > this.left) this.fail('a structure ends before its content');
    this.position += bytes;
    return from;
  }
}
