import { Rejected } from '../report.ts';
import type { Calls } from './calls.ts';
import type { GlobalTable } from './globals.ts';
import type { SpecialNames } from './names.ts';
import type { Places } from './places.ts';
import type { Texts } from './texts.ts';
import { type Arena, KIND, kindOf, pack, payloadOf, type Stack } from './values.ts';
import type { Watch } from './watch.ts';

/**
 * Where a value comes to lie: as one of the arguments of a call, under a key of a dict, or as a
 * key.
 */
interface Where {
  callee?: number;
  place?: number;
  dict?: number;
  key?: number;
  isKey?: boolean;
}

/** What takes values from the stack and puts them into tuples, containers, states and arguments. */
export class Filling {
  private readonly stack: Stack;
  private readonly arena: Arena;
  private readonly calls: Calls;
  private readonly globals: GlobalTable;
  private readonly watch: Watch;
  private readonly names: SpecialNames;
  private readonly places: Places;
  private readonly texts: Texts;

  constructor(around: {
    stack: Stack;
    arena: Arena;
    calls: Calls;
    globals: GlobalTable;
    watch: Watch;
    names: SpecialNames;
    places: Places;
    texts: Texts;
  }) {
    ({
      stack: this.stack,
      arena: this.arena,
      calls: this.calls,
      globals: this.globals,
      watch: this.watch,
      names: this.names,
      places: this.places,
      texts: this.texts,
    } = around);
  }

  /** Pushes a value that may lie in the memo, too, or be a global. */
  push(value: number): void {
    const { names, globals, stack } = this;
    if (names.has(value) || (kindOf(value) === KIND.GLOBAL && globals.at(payloadOf(value)).passing))
      this.places.lay(stack.length);
    stack.push(value);
  }

  tuple(arity: number): void {
    const { stack } = this;
    const start = stack.length - arity;
    if (start < stack.fence)
      throw new Rejected(
        'pickle-structure',
        'An instruction takes more from the stack than is there.',
      );
    this.tupleFrom(start);
  }

  tupleFrom(start: number): void {
    const { stack } = this;
    this.keepFrom(start, { callee: start > 0 ? stack.values[start - 1]! : 0 });
    const tuple = this.arena.tuple(stack.values, start, stack.length - start);
    stack.length = start;
    stack.push(tuple);
  }

  /** LIST, DICT, FROZENSET: all that lies behind the mark. */
  collect(kind: typeof KIND.LIST | typeof KIND.DICT | typeof KIND.FROZENSET, group: number): void {
    const { stack } = this;
    const start = stack.popMark();
    if ((stack.length - start) % group !== 0)
      throw new Rejected('pickle-structure', 'A dict is made of an odd number of values.');
    const made = kind === KIND.DICT ? this.watch.dict() : pack(kind);
    this.keepFrom(start, kind === KIND.DICT ? { dict: made } : {});
    if (kind === KIND.DICT) this.items(made, start);
    stack.length = start;
    stack.push(made);
  }

  fillFromMark(how: 'items' | 'append' | 'add', group: number, at: number): void {
    const { stack } = this;
    const start = stack.popMark();
    if ((stack.length - start) % group !== 0)
      throw new Rejected('pickle-structure', 'SETITEMS finds an odd number of values.');
    const target = start > 0 ? stack.values[start - 1]! : 0;
    this.keepFrom(start, how === 'items' ? { dict: target } : {});
    if (how === 'items' && start > 0) this.items(target, start);
    if (how === 'append' && this.globals.arrow)
      for (let i = start; i < stack.length; i++) this.watch.append(target, stack.values[i]!);
    stack.length = start;
    this.calls.fill(how, stack.top(), at);
  }

  setItem(at: number): void {
    const { stack } = this;
    const value = stack.pop();
    const key = stack.pop();
    const target = stack.top();
    this.keep(value, { dict: target, key });
    this.keep(key, { isKey: true });
    this.item(target, key, value);
    this.calls.fill('items', target, at);
  }

  append(at: number): void {
    const value = this.keep(this.stack.pop());
    if (this.globals.arrow) this.watch.append(this.stack.top(), value);
    this.calls.fill('append', this.stack.top(), at);
  }

  /** INST and OBJ: the class is made without arguments by __new__, with arguments by a call. */
  instantiate(callee: number, start: number, at: number, skip = 0): void {
    const { stack } = this;
    const arity = stack.length - start - skip;
    this.keepFrom(start + skip);
    const args = this.arena.tuple(stack.values, start + skip, arity);
    stack.length = start;
    this.push(this.calls.call(arity === 0 ? 'new' : 'call', callee, args, at));
  }

  withOneMore(args: number): number {
    const elements = this.arena.elements(args) ?? [];
    return this.arena.tuple(
      Float64Array.from([...elements, pack(KIND.DICT)]),
      0,
      elements.length + 1,
    );
  }

  /**
   * What is put into a container, a state or an argument can be called later, with what nobody
   * looked at; or read, before its state says how. A function may be an argument of another whose
   * list asks for it, and joblib keeps the class of an array.
   */
  keep(value: number, where: Where = {}): number {
    if (this.places.any && kindOf(value) === KIND.GLOBAL)
      this.checkFunction(payloadOf(value), where);
    if (this.watch.active && this.watch.isOpen(value))
      throw new Rejected(
        'pickle-state-blocked',
        `An object of ${this.globals.at(payloadOf(value)).symbol} is used before it has its state.`,
      );
    if (where.isKey !== true && this.names.any && this.names.isMethod(value))
      throw new Rejected(
        'pickle-state-blocked',
        'The name of a special method lies where pairs could be made of it.',
      );
    return value;
  }

  private checkFunction(id: number, { callee, place, dict, key }: Where): void {
    const { symbol, passing } = this.globals.at(id);
    if (!passing) return;
    const asked = callee !== undefined && this.globals.asksFor(callee, place!, id);
    const ofArray =
      symbol === 'numpy.memmap' &&
      dict !== undefined &&
      this.watch.knows(dict) &&
      this.watch.isOpen(this.calls.results.wrapper) &&
      this.texts.text(key ?? 0) === 'subclass';
    if (!asked && !ofArray)
      throw new Rejected(
        'pickle-call-arguments',
        `${symbol} is kept as a value: whatever calls it later gives it what nobody looked at.`,
      );
  }

  /** `dict`: every second value is the key of what follows it. */
  private keepFrom(start: number, { callee, dict }: { callee?: number; dict?: number } = {}): void {
    if (!this.places.any && !this.watch.active) return;
    const { values, length } = this.stack;
    for (let i = start; i < length; i++) {
      if (dict === undefined) this.keep(values[i]!, { callee, place: i - start });
      else if ((i - start) % 2 === 0) this.keep(values[i]!, { isKey: true });
      else this.keep(values[i]!, { dict, key: values[i - 1]! });
    }
  }

  /** `key: value` goes into a dict or into the state of an object. */
  private item(target: number, key: number, value: number): void {
    const fault = this.names.any ? this.names.fault(key, value) : null;
    if (fault !== null) throw new Rejected('pickle-state-blocked', fault);
    if (this.watch.knows(target)) this.watch.put(target, this.texts.text(key), value);
  }

  private items(target: number, start: number): void {
    const { values, length } = this.stack;
    if (!this.names.any && !this.watch.knows(target)) return;
    for (let i = start; i < length; i += 2) this.item(target, values[i]!, values[i + 1]!);
  }
}
