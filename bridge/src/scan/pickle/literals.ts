import { latin1, Rejected } from '../report.ts';
import type { Reader } from './reader.ts';
import { KIND, pack, PAYLOAD_MAX } from './values.ts';

const NAME_LINE_BYTES = 4096;
/** CPython's own limit for turning text into a whole number, and a sign or an L */
const NUMBER_LINE_BYTES = 4302;
const INDEX_LINE_BYTES = 16;
const CANONICAL_INDEX = /^(0|[1-9][0-9]*)$/;
const CANONICAL_INT = /^(00|01|-?[0-9]+)$/;
const CANONICAL_LONG = /^-?[0-9]+L?$/;
const CANONICAL_FLOAT = /^(-?[0-9]+(\.[0-9]*)?([eE][+-]?[0-9]+)?|-?inf|-?nan)$/;
const SCALAR = pack(KIND.SCALAR);

/**
 * What the instructions that carry numbers and names read. Only forms that picklers write; loaders
 * differ about the others.
 */

/** INT: a small whole number is known by its value; 00 and 01 are truth values. */
export function readIntLine(reader: Reader): number {
  const text = numberLine(reader, CANONICAL_INT);
  return text === '00' || text === '01' ? SCALAR : small(Number(text));
}

export function readLongLine(reader: Reader): number {
  numberLine(reader, CANONICAL_LONG);
  return SCALAR;
}

export function readFloatLine(reader: Reader): number {
  numberLine(reader, CANONICAL_FLOAT);
  return SCALAR;
}

/** LONG1, LONG4: little-endian two's complement. */
export function readLong(reader: Reader, bytes: number): number {
  if (bytes > 6) {
    reader.skip(bytes);
    return SCALAR;
  }
  let value = 0;
  let last = 0;
  for (let i = 0; i < bytes; i++) {
    last = reader.u8();
    value += last * 2 ** (8 * i);
  }
  return last >= 0x80 ? SCALAR : small(value);
}

/** BININT, as it was read without sign. */
export const fromUnsigned32 = (value: number): number =>
  value < 2 ** 31 ? pack(KIND.INT, value) : pack(KIND.SCALAR, 2 ** 32 - value);

/** A length that CPython reads with a sign. */
export function readSignedLength(reader: Reader): number {
  const length = reader.u32();
  if (length >= 2 ** 31) throw new Rejected('pickle-structure', 'A length is negative.');
  return length;
}

/** GET, PUT: int() of Python reads "1_0" as 10 and "007" as 7; a pickler writes neither. */
export function readIndexLine(reader: Reader): number {
  const text = latin1(reader.line(INDEX_LINE_BYTES));
  if (!CANONICAL_INDEX.test(text))
    throw new Rejected(
      'pickle-memo',
      'A memo index is not a plain decimal number.',
      undefined,
      text,
    );
  return Number(text);
}

/** GLOBAL, INST: one of their two lines. */
export function readNameLine(reader: Reader): string {
  const line = reader.line(NAME_LINE_BYTES);
  if (line.length === 0) throw new Rejected('pickle-structure', 'The name of a global is empty.');
  return latin1(line);
}

function numberLine(reader: Reader, form: RegExp): string {
  const text = latin1(reader.line(NUMBER_LINE_BYTES));
  if (!form.test(text))
    throw new Rejected(
      'pickle-number',
      'A number is written in a form that no pickler writes.',
      undefined,
      text.slice(0, 40),
    );
  return text;
}

const small = (value: number): number => {
  if (value >= 0) return value < PAYLOAD_MAX / 2 ? pack(KIND.INT, value) : SCALAR;
  return value > -(2 ** 31) ? pack(KIND.SCALAR, -value) : SCALAR;
};
