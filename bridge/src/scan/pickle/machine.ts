import { hex, Rejected } from '../report.ts';
import type { ByteSource } from '../source.ts';
import type { AllowList } from './allowlist.ts';
import { giveBooster, isBooster } from './boosters.ts';
import { Calls } from './calls.ts';
import { GlobalTable } from './globals.ts';
import type { PickleHost } from './host.ts';
import { giveState } from './dtypes.ts';
import { inlineArray } from './inline-arrays.ts';
import { fromUnsigned32, readFloatLine, readIndexLine, readIntLine, readLong, readLongLine, readNameLine, readSignedLength } from './literals.ts';
import { isPackedPickle, isPickle, mayBePacked } from './embedded.ts';
import { HotLoop } from './hot-loop.ts';
import { mayBeSpecial, SpecialNames } from './names.ts';
import { OP, OP_NAMES } from './opcodes.ts';
import { Reader } from './reader.ts';
import { Arena, KIND, kindOf, Memo, pack, payloadOf, Stack } from './values.ts';
import { Watch } from './watch.ts';

const PROTOCOL_MAX = 5;
const INNER_PICKLES_MAX = 3;
const SCALAR = pack(KIND.SCALAR);

/**
 * Walks one pickle as CPython's unpickler would, without building or running anything, and judges what it would do.
 * Stricter than CPython wherever two unpicklers could disagree: such a file is rejected.
 */
export class PickleMachine {
  private readonly reader: Reader;
  private readonly stack: Stack;
  private readonly memo: Memo;
  private readonly arena = new Arena();
  private readonly calls: Calls;
  private readonly source: ByteSource;
  private readonly host: PickleHost;
  private readonly start: number;
  private readonly list: AllowList;
  private readonly globals: GlobalTable;
  private readonly depth: number;
  private readonly hot: HotLoop;
  private readonly watch: Watch;
  private readonly names = new SpecialNames();
  /** offset where the frame that we are in ends; 0: in none */
  private frameEnd = 0;

  constructor(source: ByteSource, start: number, host: PickleHost, list: AllowList, depth = 0) {
    this.source = source;
    this.start = start;
    this.host = host;
    this.reader = new Reader(source, start);
    this.stack = new Stack(host.limits.pickleStack);
    this.memo = new Memo(host.limits.pickleMemo);
    this.list = list;
    this.depth = depth;
    this.globals = new GlobalTable(list, host.limits.pickleGlobals, host.script);
    this.watch = new Watch(host.limits.pickleGlobals);
    this.calls = new Calls(source, host, this.globals, this.arena, this.watch);
    this.hot = new HotLoop(this.reader, this.stack, this.memo, this.arena, this.names);
  }

  /** Walks to STOP. Answers the offset behind it. Throws Rejected where the pickle breaks its format. */
  run(): number {
    let at = this.start;
    try {
      for (;;) {
        // what describes an array is looked at one by one; so is what takes special names from the stack
        if (!this.globals.loaders && !this.watch.active) this.hot.run(this.frameEnd, this.names.any ? this.names.highest(this.stack.length) : -1);
        at = this.reader.offset;
        if (this.frameEnd !== 0 && at >= this.frameEnd) this.leaveFrame(at);
        const op = this.reader.u8();
        this.hot.instructions++;
        if (op === OP.STOP) return this.stop();
        this.step(op, at);
      }
    } catch (error) {
      this.tellEmbedded();
      if (error instanceof Rejected && error.offset === undefined) throw new Rejected(error.rule, error.message, at, error.evidence);
      throw error;
    }
  }

  private step(op: number, at: number): void {
    const { reader, stack } = this;
    switch (op) {
      case OP.MEMOIZE:
        return this.memo.put(this.memo.count, stack.top(), this.hot.instructions);
      case OP.BINGET:
        return this.pushAgain(this.memo.get(reader.u8()));
      case OP.LONG_BINGET:
        return this.pushAgain(this.memo.get(reader.u32()));
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
        return stack.push(pack(KIND.LIST));
      case OP.EMPTY_TUPLE:
        return stack.push(pack(KIND.TUPLE));
      case OP.EMPTY_SET:
        return stack.push(pack(KIND.SET));
      case OP.SETITEMS:
        return this.fillFromMark('items', 2, at);
      case OP.APPENDS:
        return this.fillFromMark('append', 1, at);
      case OP.ADDITEMS:
        return this.fillFromMark('add', 1, at);
      case OP.SETITEM: {
        const value = this.keep(stack.pop());
        const key = this.keep(stack.pop(), true);
        this.item(stack.top(), key, value);
        return this.calls.fill('items', stack.top(), at);
      }
      case OP.APPEND:
        this.keep(stack.pop());
        return this.calls.fill('append', stack.top(), at);
      case OP.TUPLE1:
        return this.tuple(1);
      case OP.TUPLE2:
        return this.tuple(2);
      case OP.TUPLE3:
        return this.tuple(3);
      case OP.TUPLE:
        return this.tupleFromMark();
      case OP.LIST:
        return this.collect(KIND.LIST, 1);
      case OP.DICT:
        return this.collect(KIND.DICT, 2);
      case OP.FROZENSET:
        return this.collect(KIND.FROZENSET, 1);
      case OP.POP:
        return this.popOrUnmark();
      case OP.POP_MARK:
        stack.length = stack.popMark();
        return;
      case OP.DUP:
        return this.pushAgain(stack.top());
      case OP.BUILD:
        return this.build(this.keep(stack.pop()), at);
      default:
        return this.rare(op, at);
    }
  }

  /** Everything that is not on the hot path. */
  private rare(op: number, at: number): void {
    const { reader, stack } = this;
    switch (op) {
      case OP.PROTO:
        return this.protocol(at);
      case OP.FRAME:
        return this.frame(at);
      case OP.GLOBAL:
        return stack.push(this.calls.global(readNameLine(reader), readNameLine(reader), at));
      case OP.STACK_GLOBAL: {
        const name = stack.pop();
        return stack.push(this.calls.stackGlobal(stack.pop(), name, at));
      }
      case OP.REDUCE: {
        const args = stack.pop();
        return stack.push(this.calls.call('call', stack.pop(), args, at));
      }
      case OP.NEWOBJ: {
        const args = stack.pop();
        return stack.push(this.calls.call('new', stack.pop(), args, at));
      }
      case OP.NEWOBJ_EX: {
        stack.pop(); // keyword arguments: no permitted class takes any, so they count as one argument too many
        const args = stack.pop();
        return stack.push(this.calls.call('new', stack.pop(), this.withOneMore(args), at));
      }
      case OP.INST: {
        const callee = this.calls.global(readNameLine(reader), readNameLine(reader), at);
        return this.instantiate(callee, stack.popMark(), at);
      }
      case OP.OBJ: {
        const start = stack.popMark();
        if (stack.length === start) throw new Rejected('pickle-structure', 'OBJ finds no class behind its MARK.');
        return this.instantiate(stack.values[start]!, start, at, 1);
      }
      case OP.BINPERSID:
        return stack.push(this.calls.persistent(stack.pop(), at));
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
        return this.pushAgain(this.memo.get(readIndexLine(reader)));
      case OP.PUT:
        return this.memo.put(readIndexLine(reader), stack.top(), this.hot.instructions);
      case OP.EXT1:
      case OP.EXT2:
      case OP.EXT4:
        reader.skip(op === OP.EXT1 ? 1 : op === OP.EXT2 ? 2 : 4);
        return this.refused(op, at, 'takes a class or function from the extension registry of the program that loads the file');
      case OP.PERSID:
        reader.lineLength();
        return this.refused(op, at, 'asks the program that loads the file for an object by a name');
      case OP.NEXT_BUFFER:
        return this.refused(op, at, 'takes a buffer from outside of the file');
      case OP.READONLY_BUFFER:
        stack.top();
        return;
      default:
        throw new Rejected('pickle-structure', `0x${op.toString(16).padStart(2, '0')} is no instruction of any protocol.`, at, hex(this.source.read(at, Math.min(16, this.source.size - at))));
    }
  }

  private stop(): number {
    const { stack, reader } = this;
    if (stack.marks.length > 0 || stack.length !== 1) {
      throw new Rejected('pickle-structure', `The pickle ends with ${stack.length} values and ${stack.marks.length} marks on its stack; one value is right.`);
    }
    if (this.frameEnd !== 0 && reader.offset !== this.frameEnd) throw new Rejected('pickle-frame', 'The pickle ends before its frame does.');
    this.tellEmbedded();
    return reader.offset;
  }

  private protocol(at: number): void {
    const version = this.reader.u8();
    // an array of objects begins with one, and a plain loader goes on
    if (at !== this.start && this.host.inlineArrays.mode !== 'run') throw new Rejected('pickle-structure', 'PROTO stands in the middle of the pickle: from there names could mean something else.');
    if (version > PROTOCOL_MAX) throw new Rejected('pickle-structure', `Protocol ${version} does not exist.`);
  }

  /** A frame lies in the file, not in another frame, and no instruction reaches over its end. */
  private frame(at: number): void {
    const length = this.reader.u64();
    if (this.frameEnd !== 0) throw new Rejected('pickle-frame', 'A frame begins inside of another.', at);
    if (length > this.reader.remaining) throw new Rejected('pickle-frame', `A frame claims ${length} bytes; ${this.reader.remaining} are left.`, at);
    this.frameEnd = this.reader.offset + length;
  }

  private leaveFrame(at: number): void {
    if (at > this.frameEnd) throw new Rejected('pickle-frame', 'An instruction reaches over the end of its frame.', this.frameEnd);
    this.frameEnd = 0;
  }

  private sized(kind: typeof KIND.STR | typeof KIND.BYTES, length: number, at: number): void {
    const { reader } = this;
    if (reader.remaining >= length) this.lookForPickle(kind, reader.offset, length);
    const special = kind === KIND.STR && length >= 4 && mayBeSpecial(reader.buf, reader.pos);
    reader.skip(length);
    if (special) this.names.note(this.source, at, length, this.stack.length);
    this.stack.push(pack(kind, at));
  }

  /** A pickle inside does nothing when this file is loaded; what it is for, somebody should know. */
  private lookForPickle(kind: typeof KIND.STR | typeof KIND.BYTES, start: number, length: number): void {
    if (length < 4) return;
    this.reader.need(2);
    const { buf, pos } = this.reader;
    const found = kind === KIND.STR ? mayBePacked(buf, pos) && isPackedPickle(this.source, start, length) : buf[pos] === OP.PROTO && isPickle(this.source, start, length);
    if (found) this.calls.embedded.add(start);
  }

  private tellEmbedded(): void {
    for (const offset of this.calls.embedded) this.host.report.add('pickle-embedded', { file: this.host.file, offset });
    this.calls.embedded.clear();
  }

  private pushAgain(value: number): void {
    if (this.names.any) this.names.again(value, this.stack.length);
    this.stack.push(value);
  }

  private tuple(arity: number): void {
    const { stack } = this;
    const start = stack.length - arity;
    if (start < stack.fence) throw new Rejected('pickle-structure', 'An instruction takes more from the stack than is there.');
    this.keepFrom(start);
    const tuple = this.arena.tuple(stack.values, start, arity);
    stack.length = start;
    stack.push(tuple);
  }

  private tupleFromMark(): void {
    const { stack } = this;
    const start = stack.popMark();
    this.keepFrom(start);
    const tuple = this.arena.tuple(stack.values, start, stack.length - start);
    stack.length = start;
    stack.push(tuple);
  }

  private collect(kind: typeof KIND.LIST | typeof KIND.DICT | typeof KIND.FROZENSET, group: number): void {
    const { stack } = this;
    const start = stack.popMark();
    this.keepFrom(start, kind === KIND.DICT);
    if ((stack.length - start) % group !== 0) throw new Rejected('pickle-structure', 'A dict is made of an odd number of values.');
    const made = kind === KIND.DICT ? this.watch.dict() : pack(kind);
    if (kind === KIND.DICT) this.items(made, start);
    stack.length = start;
    stack.push(made);
  }

  private fillFromMark(how: 'items' | 'append' | 'add', group: number, at: number): void {
    const { stack } = this;
    const start = stack.popMark();
    this.keepFrom(start, how === 'items');
    if ((stack.length - start) % group !== 0) throw new Rejected('pickle-structure', 'SETITEMS finds an odd number of values.');
    if (how === 'items' && start > 0) this.items(stack.values[start - 1]!, start);
    stack.length = start;
    this.calls.fill(how, stack.top(), at);
  }

  private build(state: number, at: number): void {
    const target = this.stack.top();
    this.calls.fill('build', target, at);
    if (kindOf(target) === KIND.OBJECT) {
      const partial = this.calls.partialFault(target, state);
      if (partial !== null) throw new Rejected('pickle-state-blocked', partial);
    }
    const awaited = this.watch.end(target);
    const symbol = kindOf(target) === KIND.OBJECT ? this.globals.at(payloadOf(target)).symbol : '';
    if (isBooster(symbol)) return giveBooster(symbol, this.watch.use(state), this.source, this.host);
    if (target === this.calls.wrapper) {
      if (!awaited) throw new Rejected('pickle-inline-array', 'An array of joblib is described twice.');
      this.passArray(state);
    }
    const dtype = kindOf(target) === KIND.OBJECT ? this.globals.at(payloadOf(target)).dtype : undefined;
    if (dtype === undefined) return;
    if (dtype.kind === 'V' && !awaited) throw new Rejected('pickle-state-blocked', 'A dtype is given a state twice.');
    const fault = giveState(dtype, state, { globals: this.globals, arena: this.arena, watch: this.watch, text: (value) => this.calls.text(value) });
    if (fault !== null) throw new Rejected('pickle-state-blocked', fault);
  }

  /** `key: value` goes into a dict or into the state of an object. */
  private item(target: number, key: number, value: number): void {
    const fault = this.names.any ? this.names.fault(key, value) : null;
    if (fault !== null) throw new Rejected('pickle-state-blocked', fault);
    if (this.watch.knows(target)) this.watch.put(target, this.calls.text(key), value);
  }

  private items(target: number, start: number): void {
    const { values, length } = this.stack;
    if (!this.names.any && !this.watch.knows(target)) return;
    for (let i = start; i < length; i += 2) this.item(target, values[i]!, values[i + 1]!);
  }

  /** Behind the BUILD of joblib's wrapper lie the array's own bytes; joblib's loader puts the array in the wrapper's place. */
  private passArray(state: number): void {
    const { reader, stack } = this;
    const { inlineArrays } = this.host;
    if (inlineArrays.mode === 'refuse') throw new Rejected('pickle-inline-array', 'joblib keeps an array between the instructions; the loader of this file would take it for instructions.');
    inlineArrays.firstAt ??= reader.offset;
    if (inlineArrays.mode === 'run') return;
    if (this.frameEnd !== 0 && reader.offset !== this.frameEnd) throw new Rejected('pickle-frame', 'An array of joblib lies inside of a frame.');
    this.frameEnd = 0;
    const array = inlineArray(this.watch.use(state), this.globals, this.arena);
    if (array.kind === 'pickle') {
      if (this.depth >= INNER_PICKLES_MAX) throw new Rejected('format-nested-too-deep', 'Arrays of objects lie in arrays of objects.');
      const end = new PickleMachine(this.source, reader.offset, this.host, this.list, this.depth + 1).run();
      reader.skip(end - reader.offset);
    } else {
      if (array.padded) reader.skip(reader.u8());
      reader.skip(array.length);
    }
    stack.pop();
    stack.push(pack(KIND.OBJECT, this.globals.idOf('numpy', 'ndarray')));
  }

  /** INST and OBJ: the class is made without arguments by __new__, with arguments by a call. */
  private instantiate(callee: number, start: number, at: number, skip = 0): void {
    const { stack } = this;
    const arity = stack.length - start - skip;
    this.keepFrom(start + skip);
    const args = this.arena.tuple(stack.values, start + skip, arity);
    stack.length = start;
    stack.push(this.calls.call(arity === 0 ? 'new' : 'call', callee, args, at));
  }

  private withOneMore(args: number): number {
    const elements = this.arena.elements(args) ?? [];
    return this.arena.tuple(Float64Array.from([...elements, pack(KIND.DICT)]), 0, elements.length + 1);
  }

  /** What is put into a container, a state or an argument can be called later, with what nobody looked at; or read, before its state says how. */
  private keep(value: number, asKey = false): number {
    if (this.globals.loaders && kindOf(value) === KIND.GLOBAL && this.globals.isLoader(payloadOf(value))) {
      throw new Rejected('pickle-call-arguments', `${this.globals.at(payloadOf(value)).symbol} is kept as a value: whatever calls it later gives it what nobody looked at.`);
    }
    if (this.watch.active && this.watch.isOpen(value)) throw new Rejected('pickle-state-blocked', `An object of ${this.globals.at(payloadOf(value)).symbol} is used before it has its state.`);
    if (!asKey && this.names.any && this.names.isMethod(value)) throw new Rejected('pickle-state-blocked', 'The name of a special method lies where pairs could be made of it.');
    return value;
  }

  /** `keys`: every second value is the key of what follows it. */
  private keepFrom(start: number, keys = false): void {
    if (!this.globals.loaders && !this.watch.active && !this.names.any) return;
    for (let i = start; i < this.stack.length; i++) this.keep(this.stack.values[i]!, keys && (i - start) % 2 === 0);
  }

  private popOrUnmark(): void {
    const { stack } = this;
    if (stack.marks.length > 0 && stack.marks[stack.marks.length - 1] === stack.length) stack.popMark();
    else stack.pop();
  }

  private refused(op: number, at: number, what: string): void {
    this.host.report.add('pickle-opcode-blocked', { file: this.host.file, offset: at, symbol: OP_NAMES.get(op)!, why: `${OP_NAMES.get(op)} ${what}.` });
    this.stack.push(pack(KIND.UNKNOWN));
  }
}
