import { broken } from './codec.ts';

const TOP = 2 ** 24;
const PROBABILITY_BITS = 11;
const MOVE_BITS = 5;
const HALF = 1 << (PROBABILITY_BITS - 1);
const START_BYTES = 5;

export const probabilities = (count: number): Uint16Array => new Uint16Array(count).fill(HALF);

/** The range coder of LZMA. Probabilities are told by a table and a place in it. */
export class RangeCoder {
  at = 0;
  private range = 0;
  private code = 0;
  private end = 0;
  private readonly packed: Uint8Array;

  constructor(packed: Uint8Array) {
    this.packed = packed;
  }

  /** Begins at `at`; no byte from `end` on is read. */
  start(at: number, end: number): void {
    if (at + START_BYTES > end) cut(at);
    if (this.packed[at] !== 0) broken('The LZMA data do not begin with zero.', at);
    this.range = 0xffffffff;
    this.code = 0;
    for (let i = 1; i < START_BYTES; i++)
      this.code = ((this.code << 8) | this.packed[at + i]!) >>> 0;
    this.at = at + START_BYTES;
    this.end = end;
  }

  bit(table: Uint16Array, place: number): 0 | 1 {
    if (this.range < TOP) this.more();
    const probability = table[place]!;
    const bound = (this.range >>> PROBABILITY_BITS) * probability;
    if (this.code < bound) {
      this.range = bound;
      table[place] = probability + (((1 << PROBABILITY_BITS) - probability) >> MOVE_BITS);
      return 0;
    }
    this.range -= bound;
    this.code -= bound;
    table[place] = probability - (probability >> MOVE_BITS);
    return 1;
  }

  /** `bits` bits, the highest first, through the tree that begins at `base`. */
  tree(table: Uint16Array, base: number, bits: number): number {
    let node = 1;
    for (let i = 0; i < bits; i++) node = (node << 1) | this.bit(table, base + node);
    return node - (1 << bits);
  }

  /** The same with the lowest bit first. */
  reverseTree(table: Uint16Array, base: number, bits: number): number {
    let node = 1;
    let value = 0;
    for (let i = 0; i < bits; i++) {
      const bit = this.bit(table, base + node);
      node = (node << 1) | bit;
      value |= bit << i;
    }
    return value;
  }

  /** Bits of equal probability, up to 26. */
  direct(bits: number): number {
    let value = 0;
    for (let i = 0; i < bits; i++) {
      if (this.range < TOP) this.more();
      this.range >>>= 1;
      const bit = this.code >= this.range ? 1 : 0;
      if (bit === 1) this.code -= this.range;
      value = (value << 1) | bit;
    }
    return value >>> 0;
  }

  /** Answers whether the data end as an encoder ends them. */
  finish(): boolean {
    if (this.range < TOP) this.more();
    return this.code === 0;
  }

  private more(): void {
    if (this.at >= this.end) cut(this.at);
    this.range = (this.range << 8) >>> 0;
    this.code = ((this.code << 8) | this.packed[this.at++]!) >>> 0;
  }
}

const cut = (at: number): never => broken('The LZMA data end too early.', at);
