import { BitsFromEnd, BitsFromLow } from './bits.ts';
import { broken } from './codec.ts';

/** A finite state machine that gives symbols: RFC 8878, 4.1. */
export interface StateTable {
  log: number;
  symbols: Uint8Array;
  bits: Uint8Array;
  base: Uint16Array;
}

/** Reads the probabilities of a table and builds it; `used` is how many bytes that took. */
export function readStateTable(
  bytes: Uint8Array,
  maxLog: number,
  symbolsMax: number,
): { table: StateTable; used: number } {
  const input = new BitsFromLow(bytes);
  const log = input.read(4) + 5;
  if (log > maxLog) broken('A table of zstd is finer than allowed.');
  const counts: number[] = [];
  let remaining = 1 << log;
  while (remaining > 0) {
    const width = 32 - Math.clz32(remaining + 1);
    let value = input.read(width);
    const low = (1 << (width - 1)) - 1;
    const threshold = (1 << width) - 2 - remaining;
    if ((value & low) < threshold) {
      input.back(1);
      value &= low;
    } else if (value > low) {
      value -= threshold;
    }
    const count = value - 1;
    remaining -= Math.abs(count);
    counts.push(count);
    for (let zeros = count === 0 ? 3 : 0; zeros === 3;) {
      zeros = input.read(2);
      for (let i = 0; i < zeros; i++) counts.push(0);
    }
    if (counts.length > symbolsMax || remaining < 0)
      broken('A table of zstd has more symbols than there are.');
  }
  return { table: stateTable(counts, log), used: input.used };
}

/** `counts`: how many states each symbol has; -1 for less than one. */
export function stateTable(counts: readonly number[], log: number): StateTable {
  const size = 1 << log;
  const symbols = new Uint8Array(size);
  const next = new Uint16Array(counts.length);
  let high = size;
  counts.forEach((count, symbol) => {
    next[symbol] = Math.abs(count);
    if (count === -1) symbols[--high] = symbol;
  });
  const step = (size >> 1) + (size >> 3) + 3;
  let place = 0;
  counts.forEach((count, symbol) => {
    for (let i = 0; i < count; i++) {
      symbols[place] = symbol;
      do place = (place + step) & (size - 1);
      while (place >= high);
    }
  });
  if (place !== 0) broken('A table of zstd does not come out even.');
  const bits = new Uint8Array(size);
  const base = new Uint16Array(size);
  for (let i = 0; i < size; i++) {
    const state = next[symbols[i]!]!++;
    bits[i] = log - (31 - Math.clz32(state));
    base[i] = (state << bits[i]!) - size;
  }
  return { log, symbols, bits, base };
}

export const constantTable = (symbol: number): StateTable => ({
  log: 0,
  symbols: Uint8Array.of(symbol),
  bits: new Uint8Array(1),
  base: new Uint16Array(1),
});

/** A Huffman code as a table of all words of its longest length: RFC 8878, 4.2. */
export interface HuffmanTable {
  log: number;
  symbols: Uint8Array;
  bits: Uint8Array;
}

const WEIGHT_LOG_MAX = 6;
const HUFFMAN_LOG_MAX = 11;
const DIRECT = 128;

export function readHuffmanTable(bytes: Uint8Array): { table: HuffmanTable; used: number } {
  const head = bytes[0] ?? broken('The file ends in the middle of the compressed stream.');
  const direct = head >= DIRECT;
  const count = head - DIRECT + 1;
  const used = 1 + (direct ? Math.ceil(count / 2) : head);
  if (used > bytes.length) broken('The file ends in the middle of the compressed stream.');
  const weights = direct
    ? Array.from({ length: count }, (_, i) => (bytes[1 + (i >> 1)]! >> (i % 2 === 0 ? 4 : 0)) & 15)
    : packedWeights(bytes.subarray(1, used));
  return { table: huffmanTable(weights), used };
}

/** Two state machines take turns until the bits are used up. */
function packedWeights(bytes: Uint8Array): number[] {
  const { table, used } = readStateTable(bytes, WEIGHT_LOG_MAX, HUFFMAN_LOG_MAX + 1);
  const input = new BitsFromEnd(bytes.subarray(used), 0);
  const states = [input.read(table.log), input.read(table.log)] as [number, number];
  if (input.left < 0) broken('The weights of a Huffman code are cut off.');
  const weights: number[] = [];
  for (let turn: 0 | 1 = 0; ; turn = turn === 0 ? 1 : 0) {
    const state = states[turn];
    weights.push(table.symbols[state]!);
    if (weights.length > 254)
      broken('A Huffman code of zstd has more symbols than there are bytes.');
    if (table.bits[state]! > input.left) {
      // no bits for another state: the other machine's last symbol ends the list
      weights.push(table.symbols[states[turn === 0 ? 1 : 0]]!);
      return weights;
    }
    states[turn] = table.base[state]! + input.read(table.bits[state]!);
  }
}

/** The last weight is not written: it is what is missing to a power of two. */
function huffmanTable(weights: number[]): HuffmanTable {
  const sum = weights.reduce((total, weight) => total + (weight === 0 ? 0 : 1 << (weight - 1)), 0);
  const log = 32 - Math.clz32(sum);
  const missing = (1 << log) - sum;
  if (sum === 0 || log > HUFFMAN_LOG_MAX || (missing & (missing - 1)) !== 0)
    broken('The weights of a Huffman code of zstd do not come out even.');
  const all = [...weights, 32 - Math.clz32(missing)];
  const ones = all.filter((weight) => weight === 1).length;
  if (all.length > 256 || ones < 2 || ones % 2 === 1 || all.some((weight) => weight > log))
    broken('The weights of a Huffman code of zstd do not come out even.');
  const symbols = new Uint8Array(1 << log);
  const bits = new Uint8Array(1 << log);
  let place = 0;
  for (let weight = 1; weight <= log; weight++) {
    all.forEach((own, symbol) => {
      if (own !== weight) return;
      symbols.fill(symbol, place, place + (1 << (weight - 1)));
      bits.fill(log + 1 - weight, place, place + (1 << (weight - 1)));
      place += 1 << (weight - 1);
    });
  }
  return { log, symbols, bits };
}

/** Fills `to` from a stream of Huffman codes, which it must use up. */
export function readHuffmanStream(
  table: HuffmanTable,
  bytes: Uint8Array,
  to: Uint8Array,
  offset: number,
): void {
  const input = new BitsFromEnd(bytes, offset);
  const mask = (1 << table.log) - 1;
  let state = input.read(table.log);
  for (let i = 0; i < to.length; i++) {
    to[i] = table.symbols[state]!;
    const bits = table.bits[state]!;
    state = ((state << bits) & mask) | input.read(bits);
  }
  if (input.left !== -table.log)
    broken('A stream of Huffman codes does not end where it should.', offset);
}
