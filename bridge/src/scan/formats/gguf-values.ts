import { Rejected } from '../report.ts';
import type { ByteSource } from '../source.ts';

/** type → bytes of one value; strings and arrays have lengths of their own */
const FIXED: Record<number, number> = {
  0: 1,
  1: 1,
  2: 2,
  3: 2,
  4: 4,
  5: 4,
  6: 4,
  7: 1,
  10: 8,
  11: 8,
  12: 8,
};
const STRING = 8;
const ARRAY = 9;
const UINT32 = 4;
const KEY_BYTES_MAX = 65_535;
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * A place in a GGUF file that moves on with each value. Every length is held against the bytes that
 * are left.
 */
export class GgufCursor {
  at = 0;
  readonly #source: ByteSource;

  constructor(source: ByteSource) {
    this.#source = source;
  }

  u32(): number {
    return this.#bytes(4).readUInt32LE();
  }

  u64(): bigint {
    return this.#bytes(8).readBigUInt64LE();
  }

  /**
   * A count of things that take at least `bytesEach`: more than fit into the file are refused
   * before anything is made of them.
   */
  count(bytesEach: number, what: string): number {
    const at = this.at;
    const count = this.u64();
    if (count * BigInt(bytesEach) > BigInt(this.#source.size - this.at))
      throw new Rejected(
        'gguf-structure',
        `There are said to be ${count} ${what}; the file has not so many bytes.`,
        at,
      );
    return Number(count);
  }

  text(what: string, max: number): string {
    const at = this.at;
    const length = this.count(1, `bytes of ${what}`);
    if (length > max)
      throw new Rejected('gguf-structure', `${what} has ${length} bytes; ${max} are allowed.`, at);
    try {
      return utf8.decode(this.#bytes(length));
    } catch (error) {
      if (error instanceof Rejected) throw error;
      throw new Rejected('gguf-structure', `${what} is not UTF-8.`, at);
    }
  }

  key(what: string): string {
    return this.text(what, KEY_BYTES_MAX);
  }

  /** Reads over a value; answers it where it is a text or a small number. */
  value(type: number, key: string, textMax: number): string | number | null {
    if (type === STRING) return this.text(`the value of ${key}`, textMax);
    if (type === ARRAY) return this.#array(key);
    const bytes = FIXED[type];
    if (bytes === undefined)
      throw new Rejected('gguf-structure', `${key} is of type ${type}, which is none.`, this.at);
    if (type === UINT32) return this.u32();
    const read = this.#bytes(bytes);
    if (type === 7 && read[0]! > 1)
      throw new Rejected('gguf-structure', `${key} is neither true nor false.`, this.at - 1);
    return null;
  }

  #array(key: string): null {
    const at = this.at;
    const type = this.u32();
    if (type === ARRAY)
      throw new Rejected(
        'gguf-structure',
        `${key} is an array of arrays, which no writer makes.`,
        at,
      );
    const bytes = type === STRING ? 8 : FIXED[type];
    if (bytes === undefined)
      throw new Rejected(
        'gguf-structure',
        `${key} holds values of type ${type}, which is none.`,
        at,
      );
    const count = this.count(bytes, `values in ${key}`);
    if (type !== STRING) this.skip(count * bytes);
    else for (let i = 0; i < count; i++) this.skip(this.count(1, `bytes of a text in ${key}`));
    return null;
  }

  skip(length: number): void {
    if (length > this.#source.size - this.at)
      throw new Rejected('gguf-structure', 'The file ends in the middle of a value.', this.at);
    this.at += length;
  }

  #bytes(length: number): Buffer {
    const from = this.at;
    this.skip(length);
    const read = this.#source.read(from, length);
    return Buffer.from(read.buffer, read.byteOffset, read.byteLength);
  }
}
