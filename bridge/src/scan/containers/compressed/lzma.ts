import { broken } from './codec.ts';
import type { Output } from './output.ts';
import { probabilities, RangeCoder } from './range-coder.ts';

const STATES = 12;
const FIRST_STATE_AFTER_MATCH = 7;
const POSITIONS = 16;
const LITERAL_PROBABILITIES = 0x300;
const MATCH_MIN = 2;
const END_MARK = 0xffffffff;

/** Lengths of matches: 2 to 9, 10 to 17, 18 to 273. */
class Lengths {
  private readonly choice = probabilities(2);
  private readonly low = probabilities(POSITIONS << 3);
  private readonly middle = probabilities(POSITIONS << 3);
  private readonly high = probabilities(256);

  read(coder: RangeCoder, position: number): number {
    if (coder.bit(this.choice, 0) === 0) return MATCH_MIN + coder.tree(this.low, position << 3, 3);
    if (coder.bit(this.choice, 1) === 0)
      return MATCH_MIN + 8 + coder.tree(this.middle, position << 3, 3);
    return MATCH_MIN + 16 + coder.tree(this.high, 0, 8);
  }
}

/** Everything that a reset of the state sets back. */
class State {
  state = 0;
  /** the last four distances, less one */
  last: [number, number, number, number] = [0, 0, 0, 0];
  readonly isMatch = probabilities(STATES * POSITIONS);
  readonly isRepeat = probabilities(STATES);
  readonly isNotLast = probabilities(STATES);
  readonly isNotSecond = probabilities(STATES);
  readonly isFourth = probabilities(STATES);
  readonly isLong = probabilities(STATES * POSITIONS);
  readonly slots = probabilities(4 << 6);
  readonly near = probabilities(128);
  readonly align = probabilities(16);
  readonly lengths = new Lengths();
  readonly repeatLengths = new Lengths();
  readonly literals: Uint16Array;

  constructor(literalBits: number) {
    this.literals = probabilities(LITERAL_PROBABILITIES << literalBits);
  }
}

/**
 * The decoder of LZMA, as the LZMA specification (Igor Pavlov) has it. The dictionary is what was
 * written to `out`.
 */
export class Lzma {
  readonly coder: RangeCoder;
  private readonly out: Output;
  private readonly dictionaryBytes: number;
  private dictionaryStart: number;
  private contextBits = 0;
  private literalPositionMask = 0;
  private positionMask = 0;
  private memory = new State(0);

  constructor(packed: Uint8Array, out: Output, dictionaryBytes: number) {
    this.coder = new RangeCoder(packed);
    this.out = out;
    this.dictionaryBytes = dictionaryBytes;
    this.dictionaryStart = out.length;
  }

  resetDictionary(): void {
    this.dictionaryStart = this.out.length;
  }

  /**
   * One byte holds three numbers: bits of context, of position for literals, of position for
   * everything else.
   */
  setProperties(byte: number, at: number): void {
    const context = byte % 9;
    const literalPosition = Math.floor(byte / 9) % 5;
    if (byte >= 9 * 5 * 5 || context + literalPosition > 4)
      broken(`The LZMA properties 0x${byte.toString(16)} are none.`, at);
    this.contextBits = context;
    this.literalPositionMask = (1 << literalPosition) - 1;
    this.positionMask = (1 << Math.floor(byte / 45)) - 1;
    this.resetState();
  }

  resetState(): void {
    this.memory = new State(this.contextBits + (32 - Math.clz32(this.literalPositionMask)));
  }

  /** Decodes `size` bytes, or to the end mark when `size` is null. */
  decode(size: number | null): void {
    const { coder, out } = this;
    const m = this.memory;
    const end = size === null ? Infinity : out.length + size;
    while (out.length < end) {
      const position = (out.length - this.dictionaryStart) & this.positionMask;
      if (coder.bit(m.isMatch, m.state * POSITIONS + position) === 0) {
        this.literal(m);
        continue;
      }
      const isRepeat = coder.bit(m.isRepeat, m.state) === 1;
      const length = isRepeat ? this.repeatMatch(m, position) : this.newMatch(m, position);
      if (!isRepeat && m.last[0] === END_MARK) {
        if (size !== null || length !== MATCH_MIN)
          broken('The LZMA data have an end mark where none belongs.', coder.at);
        return;
      }
      const distance = m.last[0] + 1;
      if (distance > this.dictionaryBytes || distance > out.length - this.dictionaryStart)
        broken('An LZMA match reaches back before the data.', coder.at);
      if (out.length + length > end)
        broken('An LZMA match reaches over the end of its chunk.', coder.at);
      out.repeat(distance, length);
    }
  }

  private literal(m: State): void {
    const { coder, out } = this;
    const before = out.length > this.dictionaryStart ? out.buffer[out.length - 1]! : 0;
    const place = (out.length - this.dictionaryStart) & this.literalPositionMask;
    const base =
      LITERAL_PROBABILITIES * ((place << this.contextBits) + (before >> (8 - this.contextBits)));
    let node = 1;
    if (m.state >= FIRST_STATE_AFTER_MATCH) {
      // the byte that a repeated match would give; as long as its bits are right they choose the
      // table
      if (m.last[0] >= out.length - this.dictionaryStart)
        broken('An LZMA match reaches back before the data.', coder.at);
      let expected = out.buffer[out.length - m.last[0] - 1]!;
      while (node < 0x100) {
        const wanted = (expected >> 7) & 1;
        expected <<= 1;
        const bit = coder.bit(m.literals, base + ((1 + wanted) << 8) + node);
        node = (node << 1) | bit;
        if (bit !== wanted) break;
      }
    }
    while (node < 0x100) node = (node << 1) | coder.bit(m.literals, base + node);
    out.reserve(1);
    out.buffer[out.length++] = node & 0xff;
    m.state = m.state < 4 ? 0 : m.state < 10 ? m.state - 3 : m.state - 6;
  }

  /** A match at a distance of its own, which becomes the last one; answers its length. */
  private newMatch(m: State, position: number): number {
    m.last[3] = m.last[2];
    m.last[2] = m.last[1];
    m.last[1] = m.last[0];
    const length = m.lengths.read(this.coder, position);
    m.state = m.state < FIRST_STATE_AFTER_MATCH ? 7 : 10;
    m.last[0] = this.distance(m, length);
    return length;
  }

  /** A match at one of the last four distances; answers its length. */
  private repeatMatch(m: State, position: number): number {
    const short = this.repeated(m, position);
    const length = short ? 1 : m.repeatLengths.read(this.coder, position);
    m.state = m.state < FIRST_STATE_AFTER_MATCH ? (short ? 9 : 8) : 11;
    return length;
  }

  private distance(m: State, length: number): number {
    const { coder } = this;
    const slot = coder.tree(m.slots, Math.min(length - MATCH_MIN, 3) << 6, 6);
    if (slot < 4) return slot;
    const bits = (slot >> 1) - 1;
    const base = ((2 | (slot & 1)) << bits) >>> 0;
    if (slot < 14) return base + coder.reverseTree(m.near, base - slot, bits);
    return base + coder.direct(bits - 4) * 16 + coder.reverseTree(m.align, 0, 4);
  }

  /** Takes one of the last four distances to the front; true: a match of one byte. */
  private repeated(m: State, position: number): boolean {
    const { coder } = this;
    const { last } = m;
    if (coder.bit(m.isNotLast, m.state) === 0)
      return coder.bit(m.isLong, m.state * POSITIONS + position) === 0;
    let taken = last[1];
    if (coder.bit(m.isNotSecond, m.state) === 1) {
      taken = last[2];
      if (coder.bit(m.isFourth, m.state) === 1) {
        taken = last[3];
        last[3] = last[2];
      }
      last[2] = last[1];
    }
    last[1] = last[0];
    last[0] = taken;
    return false;
  }
}
