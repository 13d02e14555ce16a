import { Rejected } from '../report.ts';

/**
 * What the machine knows of a value: a kind and one number, packed into a double (payload + 2^48 ×
 * kind). Nothing is ever built, so a billion-element object costs what its instructions cost.
 *
 * payload: INT its value; STR and BYTES the offset of the instruction that made it; GLOBAL and
 * OBJECT an index into the table of globals (OBJECT: what made it); SCALAR 0, or how far below zero
 * a small whole number is; TUPLE arity and place in the arena; STORAGE an index of storages.
 */
export const KIND = {
  SCALAR: 1,
  INT: 2,
  STR: 3,
  BYTES: 4,
  GLOBAL: 5,
  LIST: 6,
  DICT: 7,
  SET: 8,
  TUPLE: 9,
  OBJECT: 10,
  STORAGE: 11,
  FROZENSET: 12,
  UNKNOWN: 13,
} as const;
export type Kind = (typeof KIND)[keyof typeof KIND];
export const KIND_NAMES = [
  '',
  'a constant',
  'a number',
  'a string',
  'bytes',
  'a global',
  'a list',
  'a dict',
  'a set',
  'a tuple',
  'an object',
  'a storage',
  'a frozenset',
  'an unknown value',
];

export const PAYLOAD_MAX = 2 ** 48;
const INVERSE = 2 ** -48;
export const pack = (kind: Kind, payload = 0): number => payload + kind * PAYLOAD_MAX;
// a product with a power of two is exact and, other than `%` on doubles, one instruction of the
// processor
export const kindOf = (value: number): Kind => ((value * INVERSE) | 0) as Kind;
export const payloadOf = (value: number): number => value - kindOf(value) * PAYLOAD_MAX;

/** A whole number that is known by its value; null: it is none, or a large one. */
export const numberOf = (value: number): number | null =>
  kindOf(value) === KIND.INT
    ? payloadOf(value)
    : kindOf(value) === KIND.SCALAR && payloadOf(value) > 0
      ? -payloadOf(value)
      : null;

/** on the offset of bytes that a call made of a text, one letter a byte: where that text is */
export const LETTERS = 2 ** 47;
/** Where the bytes are in the file, or the text that they were made of; null: they are neither. */
export const bytesAt = (value: number): number | null =>
  kindOf(value) === KIND.BYTES && payloadOf(value) > 0 && payloadOf(value) < LETTERS
    ? payloadOf(value)
    : null;
export const lettersAt = (value: number): number | null =>
  kindOf(value) === KIND.BYTES && payloadOf(value) >= LETTERS ? payloadOf(value) - LETTERS : null;

/**
 * The stack and its marks. What CPython answers with "underflow" or "unexpected MARK" is rejected.
 */
export class Stack {
  values = new Float64Array(1024);
  length = 0;
  /** values below this belong to an outer mark */
  fence = 0;
  marks: number[] = [];
  readonly max: number;

  constructor(max: number) {
    this.max = max;
  }

  push(value: number): void {
    if (this.length === this.values.length) this.grow();
    this.values[this.length++] = value;
  }

  pop(): number {
    if (this.length <= this.fence) underflow();
    return this.values[--this.length]!;
  }

  top(): number {
    if (this.length <= this.fence) underflow();
    return this.values[this.length - 1]!;
  }

  mark(): void {
    if (this.marks.length >= this.max)
      throw new Rejected('limit-exceeded', `More than ${this.max} marks.`);
    this.marks.push(this.length);
    this.fence = this.length;
  }

  /**
   * Takes the last mark away and answers where its values begin; the caller reads them and sets
   * `length`.
   */
  popMark(): number {
    const start = this.marks.pop();
    if (start === undefined)
      throw new Rejected('pickle-structure', 'An instruction looks for a MARK, and there is none.');
    this.fence = this.marks.length > 0 ? this.marks[this.marks.length - 1]! : 0;
    return start;
  }

  private grow(): void {
    if (this.length >= this.max)
      throw new Rejected('limit-exceeded', `More than ${this.max} values on the stack.`);
    const larger = new Float64Array(Math.min(this.max, this.length * 2));
    larger.set(this.values);
    this.values = larger;
  }
}

function underflow(): never {
  throw new Rejected('pickle-structure', 'An instruction takes more from the stack than is there.');
}

export const MEMO_BITS = 13;
const MEMO_CHUNK = 2 ** MEMO_BITS;
export const MEMO_MASK = MEMO_CHUNK - 1;

/**
 * The memo, in chunks that are made when first used. 0 means never filled. Indexes are below 2^31.
 */
export class Memo {
  /** filled slots: the index that MEMOIZE uses, exactly as CPython counts */
  count = 0;
  readonly chunks: (Float64Array | undefined)[] = [];
  readonly max: number;

  constructor(max: number) {
    this.max = max;
  }

  /**
   * `seen`: instructions so far; a pickler never numbers further than that, and an attacker's 2^31
   * would cost memory.
   */
  put(index: number, value: number, seen: number): void {
    if (index >= this.max)
      throw new Rejected('limit-exceeded', `Memo slot ${index}; ${this.max} are the limit.`);
    if (index > seen)
      throw new Rejected(
        'pickle-memo',
        `Memo slot ${index} is filled after only ${seen} instructions.`,
      );
    const chunk = (this.chunks[index >>> MEMO_BITS] ??= new Float64Array(MEMO_CHUNK));
    const slot = index & MEMO_MASK;
    if (chunk[slot] === 0) this.count++;
    chunk[slot] = value;
  }

  get(index: number): number {
    const value = this.chunks[index >>> MEMO_BITS]?.[index & MEMO_MASK] ?? 0;
    if (value === 0)
      throw new Rejected('pickle-memo', `Memo slot ${index} is read and was never filled.`);
    return value;
  }
}

const ARENA_FIRST_SLOTS = 2 ** 10;
const ARENA_SLOTS = 2 ** 20;
const ARITY_BITS = 512;
const KEPT_ARITY = 64;

/**
 * The elements of the most recent short tuples: the arguments of calls. A ring, once it has its
 * full size; what was overwritten is unknown.
 */
export class Arena {
  private slots = new Float64Array(ARENA_FIRST_SLOTS);
  private next = 1;

  tuple(values: Float64Array, start: number, arity: number): number {
    if (arity === 0 || arity > KEPT_ARITY) return pack(KIND.TUPLE, Math.min(arity, ARITY_BITS - 1));
    const place = this.next;
    if (place + arity > this.slots.length && this.slots.length < ARENA_SLOTS) this.grow();
    const mask = this.slots.length - 1;
    for (let i = 0; i < arity; i++) this.slots[(place + i) & mask] = values[start + i]!;
    this.next += arity;
    return pack(KIND.TUPLE, place * ARITY_BITS + arity);
  }

  /** The elements, or null when they are no longer (or never were) kept. */
  elements(tuple: number): number[] | null {
    const payload = payloadOf(tuple);
    const arity = payload % ARITY_BITS;
    const place = Math.floor(payload / ARITY_BITS);
    if (arity === 0) return [];
    if (place === 0 || this.next - place > ARENA_SLOTS) return null;
    return Array.from(
      { length: arity },
      (_, i) => this.slots[(place + i) & (this.slots.length - 1)]!,
    );
  }

  /** Before the ring is full no place is beyond its end, so a larger one keeps them all. */
  private grow(): void {
    const larger = new Float64Array(this.slots.length * 2);
    larger.set(this.slots);
    this.slots = larger;
  }
}
