/* eslint-disable max-lines -- one machine: every instruction works on the same few fields */
import { hex, Rejected } from '../report.ts';
import type { ByteSource } from '../source.ts';
import type { AllowList } from './allowlist.ts';
import { Calls } from './calls.ts';
import { isPackedPickle, isPickle, mayBePacked } from './embedded.ts';
import { Filling } from './filling.ts';
import { Frames } from './frames.ts';
import { GlobalTable } from './globals.ts';
import type { PickleHost } from './host.ts';
import { HotLoop } from './hot-loop.ts';
import { inlineArray } from './inline-arrays.ts';
import {
  fromUnsigned32,
  readFloatLine,
  readIndexLine,
  readIntLine,
  readLong,
  readLongLine,
  readNameLine,
  readSignedLength,
} from './literals.ts';
import { mayBeSpecial, SpecialNames } from './names.ts';
import { OP, OP_NAMES } from './opcodes.ts';
import { Places } from './places.ts';
import { Reader } from './reader.ts';
import { States } from './states.ts';
import { Texts } from './texts.ts';
import { Arena, KIND, Memo, pack, Stack } from './values.ts';
import { Watch } from './watch.ts';

const PROTOCOL_MAX = 5;
const INNER_PICKLES_MAX = 3;
const SCALAR = pack(KIND.SCALAR);

/** Where a pickle begins, and how many others it lies in. */
interface PickleAt {
  readonly source: ByteSource;
  readonly start: number;
  readonly depth?: number;
}

/**
 * Walks one pickle as CPython's unpickler would, without building or running anything, and judges
 * what it would do. Stricter than CPython wherever two unpicklers could disagree: such a file is
 * rejected.
 */
export class PickleMachine {
  private readonly reader: Reader;
  private readonly stack: Stack;
  private readonly memo: Memo;
  private readonly calls: Calls;
  private readonly filling: Filling;
  private readonly states: States;
  private readonly source: ByteSource;
  private readonly host: PickleHost;
  private readonly start: number;
  private readonly list: AllowList;
  private readonly globals: GlobalTable;
  private readonly depth: number;
  private readonly hot: HotLoop;
  private readonly watch: Watch;
  private readonly arena = new Arena();
  private readonly frames = new Frames();
  private readonly places = new Places();
  private readonly names = new SpecialNames(this.places);

  constructor({ source, start, depth = 0 }: PickleAt, host: PickleHost, list: AllowList) {
    this.source = source;
    this.start = start;
    this.host = host;
    this.list = list;
    this.depth = depth;
    this.reader = new Reader(source, start);
    this.stack = new Stack(host.limits.pickleStack);
    this.memo = new Memo(host.limits.pickleMemo);
    this.globals = new GlobalTable(list, host.limits.pickleGlobals, host.script);
    this.watch = new Watch(host.limits.pickleGlobals);
    const { arena, globals, watch, stack, names, places } = this;
    const texts = new Texts(source);
    this.calls = new Calls({ host, globals, arena, watch, texts });
    this.filling = new Filling({
      stack,
      arena,
      calls: this.calls,
      globals,
      watch,
      names,
      places,
      texts,
    });
    this.states = new States({ source, host, arena, calls: this.calls, globals, watch, texts });
    this.hot = new HotLoop({ reader: this.reader, stack, memo: this.memo, arena, names });
  }

  /**
   * Walks to STOP. Answers the offset behind it. Throws Rejected where the pickle breaks its
   * format.
   */
  run(): number {
    let at = this.start;
    try {
      for (;;) {
        // what describes an array, of joblib or Arrow, is looked at one by one; so is what takes
        // special names and functions from the stack
        if (!this.watch.active && !this.globals.arrow)
          this.hot.run(
            this.frames.end,
            this.places.any ? this.places.highest(this.stack.length) : -1,
          );
        at = this.reader.offset;
        if (this.frames.end !== 0 && at >= this.frames.end) this.frames.leave(at);
        const op = this.reader.u8();
        this.hot.instructions++;
        if (op === OP.STOP) return this.stop();
        this.step(op, at);
      }
    } catch (error) {
      this.tellEmbedded();
      if (error instanceof Rejected && error.offset === undefined)
        throw new Rejected(error.rule, error.message, at, error.evidence);
      throw error;
    }
  }

  // eslint-disable-next-line complexity, max-lines-per-function -- one line for each instruction
  private step(op: number, at: number): void {
    const { reader, stack, filling } = this;
    switch (op) {
      case OP.MEMOIZE:
        return this.memo.put(this.memo.count, stack.top(), this.hot.instructions);
      case OP.BINGET:
        return filling.push(this.memo.get(reader.u8()));
      case OP.LONG_BINGET:
        return filling.push(this.memo.get(reader.u32()));
      case OP.BINPUT:
        return this.memo.put(reader.u8(), stack.top(), this.hot.instructions);
      case OP.LONG_BINPUT:
        return this.memo.put(reader.u32(), stack.top(), this.hot.instructions);
      case OP.SHORT_BINUNICODE:
        return this.sized(KIND.STR, reader.u8(), at);
      case OP.BININT1:
        return stack.push(pack(KIND.INT, reader.u8()));
      case OP.BININT2:
        return stack.push(pack(KIND.INT, reader.u16()));
      case OP.BININT:
        return stack.push(fromUnsigned32(reader.u32()));
      case OP.BINFLOAT:
        reader.skip(8);
        return stack.push(SCALAR);
      case OP.NONE:
      case OP.NEWTRUE:
      case OP.NEWFALSE:
        return stack.push(SCALAR);
      case OP.MARK:
        return stack.mark();
      case OP.EMPTY_DICT:
        return stack.push(this.watch.dict());
      case OP.EMPTY_LIST:
        return stack.push(this.globals.arrow ? this.watch.newList() : pack(KIND.LIST));
      case OP.EMPTY_TUPLE:
        return stack.push(pack(KIND.TUPLE));
      case OP.EMPTY_SET:
        return stack.push(pack(KIND.SET));
      case OP.SETITEMS:
        return filling.fillFromMark('items', 2, at);
      case OP.APPENDS:
        return filling.fillFromMark('append', 1, at);
      case OP.ADDITEMS:
        return filling.fillFromMark('add', 1, at);
      case OP.SETITEM:
        return filling.setItem(at);
      case OP.APPEND:
        return filling.append(at);
      case OP.TUPLE1:
        return filling.tuple(1);
      case OP.TUPLE2:
        return filling.tuple(2);
      case OP.TUPLE3:
        return filling.tuple(3);
      case OP.TUPLE:
        return filling.tupleFrom(stack.popMark());
      case OP.LIST:
        return filling.collect(KIND.LIST, 1);
      case OP.DICT:
        return filling.collect(KIND.DICT, 2);
      case OP.FROZENSET:
        return filling.collect(KIND.FROZENSET, 1);
      case OP.POP:
        return this.popOrUnmark();
      case OP.POP_MARK:
        stack.length = stack.popMark();
        return;
      case OP.DUP:
        return filling.push(stack.top());
      case OP.BUILD:
        return this.build(filling.keep(stack.pop()), at);
      default:
        return this.rare(op, at);
    }
  }

  /** Everything that is not on the hot path. */
  // eslint-disable-next-line complexity, max-lines-per-function -- one line for each instruction
  private rare(op: number, at: number): void {
    const { reader, stack, filling } = this;
    switch (op) {
      case OP.PROTO:
        return this.protocol(at);
      case OP.FRAME:
        return this.frames.begin(reader, at);
      case OP.GLOBAL:
        return filling.push(this.calls.global(readNameLine(reader), readNameLine(reader), at));
      case OP.STACK_GLOBAL: {
        const name = stack.pop();
        return filling.push(this.calls.stackGlobal(stack.pop(), name, at));
      }
      case OP.REDUCE: {
        const args = stack.pop();
        return filling.push(this.calls.call('call', stack.pop(), args, at));
      }
      case OP.NEWOBJ: {
        const args = stack.pop();
        return filling.push(this.calls.call('new', stack.pop(), args, at));
      }
      case OP.NEWOBJ_EX: {
        // keyword arguments: no permitted class takes any, so they count as one argument too many
        stack.pop();
        const args = stack.pop();
        return filling.push(this.calls.call('new', stack.pop(), filling.withOneMore(args), at));
      }
      case OP.INST: {
        const callee = this.calls.global(readNameLine(reader), readNameLine(reader), at);
        return filling.instantiate(callee, stack.popMark(), at);
      }
      case OP.OBJ: {
        const start = stack.popMark();
        if (stack.length === start)
          throw new Rejected('pickle-structure', 'OBJ finds no class behind its MARK.');
        return filling.instantiate(stack.values[start]!, start, at, 1);
      }
      case OP.BINPERSID:
        return filling.push(this.calls.references.persistent(stack.pop(), at));
      case OP.BINUNICODE:
        return this.sized(KIND.STR, reader.u32(), at);
      case OP.BINUNICODE8:
        return this.sized(KIND.STR, reader.u64(), at);
      case OP.SHORT_BINSTRING:
        return this.sized(KIND.STR, reader.u8(), at);
      case OP.BINSTRING:
        return this.sized(KIND.STR, readSignedLength(reader), at);
      case OP.SHORT_BINBYTES:
        return this.sized(KIND.BYTES, reader.u8(), at);
      case OP.BINBYTES:
        return this.sized(KIND.BYTES, reader.u32(), at);
      case OP.BINBYTES8:
      case OP.BYTEARRAY8:
        return this.sized(KIND.BYTES, reader.u64(), at);
      case OP.UNICODE:
      case OP.STRING:
        this.names.note(this.source, at, reader.lineLength(), stack.length);
        return stack.push(pack(KIND.STR, at));
      case OP.INT:
        return stack.push(readIntLine(reader));
      case OP.LONG:
        return stack.push(readLongLine(reader));
      case OP.FLOAT:
        return stack.push(readFloatLine(reader));
      case OP.LONG1:
        return stack.push(readLong(reader, reader.u8()));
      case OP.LONG4:
        return stack.push(readLong(reader, readSignedLength(reader)));
      case OP.GET:
        return filling.push(this.memo.get(readIndexLine(reader)));
      case OP.PUT:
        return this.memo.put(readIndexLine(reader), stack.top(), this.hot.instructions);
      case OP.EXT1:
      case OP.EXT2:
      case OP.EXT4:
        reader.skip(op === OP.EXT1 ? 1 : op === OP.EXT2 ? 2 : 4);
        return this.refused(
          op,
          at,
          'takes a class or function from the extension registry of the program that loads the file',
        );
      case OP.PERSID:
        reader.lineLength();
        return this.refused(op, at, 'asks the program that loads the file for an object by a name');
      case OP.NEXT_BUFFER:
        return this.refused(op, at, 'takes a buffer from outside of the file');
      case OP.READONLY_BUFFER:
        stack.top();
        return;
      default:
        throw new Rejected(
          'pickle-structure',
          `0x${op.toString(16).padStart(2, '0')} is no instruction of any protocol.`,
          at,
          hex(this.source.read(at, Math.min(16, this.source.size - at))),
        );
    }
  }

  private stop(): number {
    const { stack, reader } = this;
    if (stack.marks.length > 0 || stack.length !== 1) {
      throw new Rejected(
        'pickle-structure',
        `The pickle ends with ${stack.length} values and ${stack.marks.length} marks on its stack; one value is right.`,
      );
    }
    this.frames.mustEndAt(reader.offset, 'The pickle ends before its frame does.');
    this.tellEmbedded();
    return reader.offset;
  }

  private protocol(at: number): void {
    const version = this.reader.u8();
    // an array of objects begins with one, and a plain loader goes on
    if (at !== this.start && this.host.inlineArrays.mode !== 'run')
      throw new Rejected(
        'pickle-structure',
        'PROTO stands in the middle of the pickle: from there names could mean something else.',
      );
    if (version > PROTOCOL_MAX)
      throw new Rejected('pickle-structure', `Protocol ${version} does not exist.`);
  }

  private sized(kind: typeof KIND.STR | typeof KIND.BYTES, length: number, at: number): void {
    const { reader } = this;
    if (reader.remaining >= length) this.lookForPickle(kind, reader.offset, length);
    const special = kind === KIND.STR && length >= 4 && mayBeSpecial(reader.buf, reader.pos);
    reader.skip(length);
    if (special) this.names.note(this.source, at, length, this.stack.length);
    this.stack.push(pack(kind, at));
  }

  /**
   * A pickle inside does nothing when this file is loaded; what it is for, somebody should know.
   */
  private lookForPickle(
    kind: typeof KIND.STR | typeof KIND.BYTES,
    start: number,
    length: number,
  ): void {
    if (length < 4) return;
    this.reader.need(2);
    const { buf, pos } = this.reader;
    const found =
      kind === KIND.STR
        ? mayBePacked(buf, pos) && isPackedPickle(this.source, start, length)
        : buf[pos] === OP.PROTO && isPickle(this.source, start, length);
    if (found) this.calls.results.embedded.add(start);
  }

  private tellEmbedded(): void {
    for (const offset of this.calls.results.embedded)
      this.host.report.add('pickle-embedded', { file: this.host.file, offset });
    this.calls.results.embedded.clear();
  }

  private build(state: number, at: number): void {
    if (this.states.give(this.stack.top(), state, at)) this.passArray(state);
  }

  /**
   * Behind the BUILD of joblib's wrapper lie the array's own bytes; joblib's loader puts the array
   * in the wrapper's place.
   */
  private passArray(state: number): void {
    const { reader, stack } = this;
    const { inlineArrays } = this.host;
    if (inlineArrays.mode === 'refuse')
      throw new Rejected(
        'pickle-inline-array',
        'joblib keeps an array between the instructions; the loader of this file would take it for instructions.',
      );
    inlineArrays.firstAt ??= reader.offset;
    if (inlineArrays.mode === 'run') return;
    this.frames.mustEndAt(reader.offset, 'An array of joblib lies inside of a frame.');
    const array = inlineArray(this.watch.use(state), this.globals, this.arena);
    if (array.kind === 'pickle') {
      if (this.depth >= INNER_PICKLES_MAX)
        throw new Rejected('format-nested-too-deep', 'Arrays of objects lie in arrays of objects.');
      const inner = { source: this.source, start: reader.offset, depth: this.depth + 1 };
      const end = new PickleMachine(inner, this.host, this.list).run();
      reader.skip(end - reader.offset);
    } else {
      if (array.padded) reader.skip(reader.u8());
      reader.skip(array.length);
    }
    stack.pop();
    stack.push(pack(KIND.OBJECT, this.globals.idOf('numpy', 'ndarray')));
  }

  private popOrUnmark(): void {
    const { stack } = this;
    if (stack.marks.length > 0 && stack.marks[stack.marks.length - 1] === stack.length)
      stack.popMark();
    else stack.pop();
  }

  private refused(op: number, at: number, what: string): void {
    this.host.report.add('pickle-opcode-blocked', {
      file: this.host.file,
      offset: at,
      symbol: OP_NAMES.get(op)!,
      why: `${OP_NAMES.get(op)} ${what}.`,
    });
    this.stack.push(pack(KIND.UNKNOWN));
  }
}
