import { mayBePacked } from './embedded.ts';
import { mayBeSpecial, type SpecialNames } from './names.ts';
import { OP } from './opcodes.ts';
import type { Reader } from './reader.ts';
import {
  type Arena,
  KIND,
  type Memo,
  MEMO_BITS,
  MEMO_MASK,
  pack,
  PAYLOAD_MAX,
  type Stack,
} from './values.ts';

/** bytes of the longest instruction of those below, its text not counted */
const LONGEST = 9;
const SCALAR = pack(KIND.SCALAR);
const LIST = pack(KIND.LIST);
const DICT = pack(KIND.DICT);
const TUPLE = pack(KIND.TUPLE);
const STR = pack(KIND.STR);
const INT = pack(KIND.INT);
const GLOBAL = pack(KIND.GLOBAL);
const GLOBAL_END = GLOBAL + PAYLOAD_MAX;

/** What the loop shares with the machine. */
interface HotState {
  readonly reader: Reader;
  readonly stack: Stack;
  readonly memo: Memo;
  readonly arena: Arena;
  readonly names: SpecialNames;
}

/**
 * The instructions that large pickles consist of, on local variables. It does nothing that the
 * machine's `step` would not do, and stops before whatever is unusual (another instruction, the end
 * of the window or of a frame, an underflow, a limit, an unknown slot, an object that is filled, a
 * global, a text like a pickle or a special name), so that `step` judges it and says what is wrong.
 */
export class HotLoop {
  instructions = 0;
  private readonly machine: HotState;

  constructor(machine: HotState) {
    this.machine = machine;
  }

  /**
   * `frameEnd`: offset where the frame ends, 0 when in none. `named`: the highest place of the
   * stack with a special name or a function, which `step` must take away.
   */
  // eslint-disable-next-line complexity, max-lines-per-function -- calls would cost what this saves
  run(frameEnd: number, named: number): void {
    const { reader, stack, memo, arena, names } = this.machine;
    const { least, most } = names;
    const { buf, base, end } = reader;
    const { values, marks } = stack;
    const limit = Math.min(end - LONGEST, frameEnd === 0 ? Infinity : frameEnd - base);
    let { pos } = reader;
    let { length, fence } = stack;
    let { instructions } = this;
    const room = values.length;
    // no call takes or gives a double: each would cost an object
    const { chunks, max: memoMax } = memo;
    let { count: filled } = memo;
    loop: while (pos < limit) {
      if (length === room) break;
      switch (buf[pos]) {
        case OP.MEMOIZE: {
          const chunk = chunks[filled >>> MEMO_BITS];
          if (length <= fence || chunk === undefined || filled >= memoMax) break loop;
          const slot = filled & MEMO_MASK;
          if (chunk[slot] === 0) filled++;
          chunk[slot] = values[length - 1]!;
          pos += 1;
          break;
        }
        case OP.BINPUT:
        case OP.LONG_BINPUT: {
          const short = buf[pos] === OP.BINPUT;
          const index = short ? buf[pos + 1]! : u32(buf, pos + 1);
          const chunk = chunks[index >>> MEMO_BITS];
          if (length <= fence || chunk === undefined || index >= memoMax || index > instructions)
            break loop;
          const slot = index & MEMO_MASK;
          if (chunk[slot] === 0) filled++;
          chunk[slot] = values[length - 1]!;
          pos += short ? 2 : 5;
          break;
        }
        case OP.BINGET:
        case OP.LONG_BINGET: {
          const short = buf[pos] === OP.BINGET;
          const index = short ? buf[pos + 1]! : u32(buf, pos + 1);
          const chunk = chunks[index >>> MEMO_BITS];
          const value = chunk === undefined ? 0 : chunk[index & MEMO_MASK]!;
          if (
            value === 0 ||
            (value >= GLOBAL && value < GLOBAL_END) ||
            (value >= least && value <= most && names.has(value))
          )
            break loop;
          values[length++] = value;
          pos += short ? 2 : 5;
          break;
        }
        case OP.SHORT_BINUNICODE: {
          const next = pos + 2 + buf[pos + 1]!;
          if (next > end || mayBePacked(buf, pos + 2) || mayBeSpecial(buf, pos + 2)) break loop;
          values[length++] = STR + base + pos;
          pos = next;
          break;
        }
        case OP.BINUNICODE: {
          const next = pos + 5 + u32(buf, pos + 1);
          if (next > end || mayBePacked(buf, pos + 5) || mayBeSpecial(buf, pos + 5)) break loop;
          values[length++] = STR + base + pos;
          pos = next;
          break;
        }
        case OP.BININT1:
          values[length++] = INT + buf[pos + 1]!;
          pos += 2;
          break;
        case OP.BININT2:
          values[length++] = INT + (buf[pos + 1]! | (buf[pos + 2]! << 8));
          pos += 3;
          break;
        case OP.BININT: {
          const value = u32(buf, pos + 1);
          values[length++] = value < 2 ** 31 ? INT + value : SCALAR + (2 ** 32 - value);
          pos += 5;
          break;
        }
        case OP.BINFLOAT:
          values[length++] = SCALAR;
          pos += 9;
          break;
        case OP.NONE:
        case OP.NEWTRUE:
        case OP.NEWFALSE:
          values[length++] = SCALAR;
          pos += 1;
          break;
        case OP.EMPTY_DICT:
          values[length++] = DICT;
          pos += 1;
          break;
        case OP.EMPTY_LIST:
          values[length++] = LIST;
          pos += 1;
          break;
        case OP.EMPTY_TUPLE:
          values[length++] = TUPLE;
          pos += 1;
          break;
        case OP.MARK:
          if (marks.length >= stack.max) break loop;
          marks.push(length);
          fence = length;
          pos += 1;
          break;
        case OP.SETITEMS:
        case OP.APPENDS: {
          const dict = buf[pos] === OP.SETITEMS;
          const count = marks.length;
          if (count === 0) break loop;
          const outer = count > 1 ? marks[count - 2]! : 0;
          const start = marks[count - 1]!;
          if (
            start <= named ||
            start <= outer ||
            values[start - 1] !== (dict ? DICT : LIST) ||
            (dict && ((length - start) & 1) !== 0)
          )
            break loop;
          marks.pop();
          fence = outer;
          length = start;
          pos += 1;
          break;
        }
        case OP.SETITEM:
          if (length - 2 <= named || length - 2 <= fence || values[length - 3] !== DICT) break loop;
          length -= 2;
          pos += 1;
          break;
        case OP.APPEND:
          if (length - 1 <= named || length - 1 <= fence || values[length - 2] !== LIST) break loop;
          length -= 1;
          pos += 1;
          break;
        case OP.TUPLE1:
        case OP.TUPLE2:
        case OP.TUPLE3: {
          const arity = buf[pos]! - OP.TUPLE1 + 1;
          const start = length - arity;
          if (start <= named || start < fence) break loop;
          values[start] = arena.tuple(values, start, arity);
          length = start + 1;
          pos += 1;
          break;
        }
        case OP.TUPLE: {
          const count = marks.length;
          if (count === 0 || marks[count - 1]! <= named) break loop;
          const start = marks.pop()!;
          values[start] = arena.tuple(values, start, length - start);
          length = start + 1;
          fence = count > 1 ? marks[count - 2]! : 0;
          pos += 1;
          break;
        }
        default:
          break loop;
      }
      instructions++;
    }
    this.instructions = instructions;
    memo.count = filled;
    reader.pos = pos;
    stack.length = length;
    stack.fence = fence;
  }
}

const u32 = (buf: Uint8Array, at: number): number =>
  (buf[at]! | (buf[at + 1]! << 8) | (buf[at + 2]! << 16) | (buf[at + 3]! << 24)) >>> 0;
