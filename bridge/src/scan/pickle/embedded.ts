import type { ByteSource } from '../source.ts';
import { OP } from './opcodes.ts';

/** characters that the shortest pickle with a call takes as text */
const PACKED_MIN = 24;
const TAIL = 8;
const PROTOCOLS = [2, 3, 4, 5];

/** Bytes, four at least, that are a pickle of their own: its mark in front, STOP at the end. */
export function isPickle(source: ByteSource, start: number, length: number): boolean {
  const head = source.read(start, 2);
  return (
    head[0] === OP.PROTO &&
    PROTOCOLS.includes(head[1]!) &&
    source.read(start + length - 1, 1)[0] === OP.STOP
  );
}

/**
 * `gA…` is base64 of the mark of a pickle, `80…` the same as digits: two bytes tell nearly every
 * other text apart.
 */
export const mayBePacked = (buf: Uint8Array, at: number): boolean =>
  (buf[at] === 0x67 && buf[at + 1] === 0x41) || (buf[at] === 0x38 && buf[at + 1] === 0x30);

/** A pickle as text, as it is handed to exec: base64 or hexadecimal digits. */
export function isPackedPickle(source: ByteSource, start: number, length: number): boolean {
  if (length < PACKED_MIN) return false;
  const head = Buffer.from(source.read(start, 4)).toString('latin1');
  const tail = Buffer.from(source.read(start + length - TAIL, TAIL))
    .toString('latin1')
    .trimEnd();
  if (/^800[2-5]$/.test(head)) return /^[0-9a-f]*2e$/i.test(tail);
  if (!/^gA[I-X]/.test(head) || !/^[\w+/-]+={0,2}$/.test(tail)) return false;
  return Buffer.from(tail.slice(-4), 'base64').at(-1) === OP.STOP;
}
