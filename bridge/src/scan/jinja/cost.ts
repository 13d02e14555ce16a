import {
  either,
  elementOf,
  INPUT,
  insideOf,
  NOTHING,
  numberOf,
  PART,
  sized,
  textOf,
  times,
  together,
  TRUTH,
  written,
  type Bounds,
} from './bounds.ts';
import { applied, called, type Given } from './calls.ts';
import { countsDown, FILLING, goesDeeper, nameOf, pathOf, type Around } from './descent.ts';
import { Endless } from './endless.ts';
import type { Argument, Node } from './expression.ts';
import type { Piece } from './lexer.ts';
import { after, doubles } from './rounds.ts';
import { CAPTURED, readProgram, type Statement } from './program.ts';

/** characters of one value */
const SIZE_MAX = 64_000_000;
/** characters of all that the template writes */
const OUT_MAX = 1_000_000_000;
/** steps that a renderer takes */
const WORK_MAX = 1_000_000_000;
/** numbers that a loop or list may go through, where no list of the server's gives them */
const RANGE_MAX = 1_000_000;
/** a number that long takes time to write and to multiply */
const NUMBER_MAX = 1e30;
/** steps of this reading itself */
const STEPS_MAX = 300_000;
/** rounds of a loop that are gone through; from these the others are told */
const ROUNDS = 4;
/**
 * a macro that goes into what it was given costs no more than that is large, so it is followed once
 */
const RECURSION = 1;
const WIDTH_IN_PATTERN = /%[-+ #0]*(\d{5,}|\*)|%[-+ #0]*\d*\.\d{5,}/;
const WORK = ' work';
const OUT = ' out';

interface Macro {
  parameters: Argument[];
  body: Statement[];
  active: number;
}

/**
 * Follows a template with bounds in place of values, and throws Endless where a bound is beyond
 * what a server should do for one chat: `9**9**9`, `'a' * 10**9`, loops in loops over long ranges,
 * a text that doubles in each round, a macro that calls itself.
 */
export function checkCost(pieces: readonly Piece[], length: number): void {
  const run = new Run();
  run.all(readProgram(pieces, length));
}

class Run implements Around {
  private readonly values = new Map<string, Bounds>([
    [WORK, NOTHING],
    [OUT, NOTHING],
  ]);
  private readonly macros = new Map<string, Macro>();
  private readonly callers: Statement[][] = [];
  /** names that stand for a part of what the macro was given, or of what a loop goes over */
  readonly parts = new Set<string>();
  /** branches around the statement, within its loop or macro */
  private conditions = 0;
  /** namespaces that were made in this loop or macro */
  private made = new Set<string>();
  /** lists and dicts that a method puts something into */
  private readonly filled = new Set<string>();
  /** what the loops that are being gone through go over */
  private readonly gone: string[] = [];
  private steps = 0;

  all(body: readonly Statement[]): void {
    for (const statement of body) this.statement(statement);
  }

  isSet(path: string): boolean {
    return this.values.has(path);
  }

  private statement(statement: Statement): void {
    const { at } = statement;
    this.spend(1, at);
    switch (statement.kind) {
      case 'output':
        return this.add(
          OUT,
          statement.value === null ? statement.literal : written(this.value(statement.value)),
          at,
        );
      case 'set': {
        const value = this.value(statement.value);
        for (const name of statement.targets) {
          if (statement.value.kind === 'name' && name.startsWith(`${statement.value.name}.`))
            throw new Endless(`"${statement.value.name}" is put into itself.`, at);
          this.keep(name, value, at);
          if (goesDeeper(statement.value, this)) this.parts.add(name);
        }
        if (
          statement.value.kind === 'call' &&
          statement.value.of.kind === 'name' &&
          statement.value.of.name === 'namespace'
        ) {
          if (this.conditions === 0) this.made.add(statement.targets[0]!);
          for (const { name, value: inner } of statement.value.given)
            if (name !== null) this.keep(`${statement.targets[0]!}.${name}`, this.value(inner), at);
        }
        return;
      }
      case 'capture': {
        const made = sized(this.written(() => this.all(statement.body)));
        this.values.set(CAPTURED, made);
        const value = statement.filters === null ? made : this.value(statement.filters);
        for (const name of statement.targets) this.keep(name, value, at);
        return statement.targets.length > 0 ? undefined : this.add(OUT, value.size, at);
      }
      case 'loop':
        return this.loop(statement);
      case 'choice':
        for (const condition of statement.conditions) this.value(condition);
        return this.choose(statement.branches);
      case 'macro':
        return void this.macros.set(statement.name, {
          parameters: statement.parameters,
          body: statement.body,
          active: 0,
        });
      case 'call':
        this.callers.push(statement.body);
        for (const { name, value } of statement.parameters)
          this.values.set(nameOf(name, value), INPUT);
        this.add(OUT, this.value(statement.value).size, at);
        this.callers.pop();
    }
  }

  /**
   * Each branch begins with what was before; which one is taken is not known, nor whether one is.
   */
  private choose(branches: readonly Statement[][]): void {
    const before = new Map(this.values);
    const ends: Map<string, Bounds>[] = [];
    this.conditions += 1;
    for (const branch of branches) {
      this.all(branch);
      ends.push(new Map(this.values));
      for (const name of this.values.keys()) {
        const value = before.get(name);
        if (value === undefined) this.values.delete(name);
        else if (name !== WORK && name !== OUT) this.values.set(name, value);
      }
    }
    this.conditions -= 1;
    for (const end of ends)
      for (const [name, value] of end)
        if (name !== WORK && name !== OUT)
          this.values.set(name, either(value, this.values.get(name) ?? NOTHING));
    this.steps += this.values.size >> 3;
  }

  /** Goes through a few rounds and tells the others from them. */
  private loop({ targets, over, condition, body, at }: Statement & { kind: 'loop' }): void {
    const whole = this.value(over);
    const { count } = whole;
    if (count < 1) return;
    for (const target of targets) {
      this.values.set(target, elementOf(whole));
      this.parts.add(target);
    }
    const states: Map<string, Bounds>[] = [];
    this.gone.push(pathOf(over) ?? '');
    for (let round = 1; round <= Math.min(count, ROUNDS); round++) {
      states.push(new Map(this.values));
      for (const name of ['index', 'index0', 'revindex', 'revindex0', 'length'])
        this.values.set(`loop.${name}`, numberOf(count));
      if (condition !== null) this.value(condition);
      this.scope(body);
      this.steps += this.values.size;
    }
    this.gone.pop();
    this.extrapolate(states, count - states.length, at);
  }

  /**
   * What is set in a loop or macro is forgotten at its end; attributes of outer namespaces, and
   * lists that were filled, are not.
   */
  private scope(
    body: readonly Statement[],
    before: ReadonlyMap<string, Bounds> = new Map(this.values),
  ): void {
    const { conditions, made: outer } = this;
    this.conditions = 0;
    this.made = new Set();
    this.all(body);
    const { made } = this;
    this.conditions = conditions;
    this.made = outer;
    for (const name of this.values.keys()) {
      const dot = name.indexOf('.');
      if (
        (dot > 0 && !made.has(name.slice(0, dot)) && before.has(name.slice(0, dot))) ||
        name === WORK ||
        name === OUT ||
        this.filled.has(name)
      )
        continue;
      const value = before.get(name);
      if (value === undefined) this.values.delete(name);
      else this.values.set(name, value);
    }
  }

  private extrapolate(states: readonly Map<string, Bounds>[], rest: number, at: number): void {
    if (rest <= 0) return;
    for (const [name, last] of this.values) {
      const rounds = [...states.slice(-3).map((state) => state.get(name) ?? NOTHING), last];
      if (name !== WORK && name !== OUT && doubles(rounds))
        throw new Endless(`"${name}" grows by its own size in each round of a loop.`, at);
      this.keep(name, after(rounds, rest), at);
    }
  }

  private value(node: Node): Bounds {
    const { at } = node;
    this.spend(1, at);
    switch (node.kind) {
      case 'number':
        return numberOf(node.value);
      case 'text':
        if (WIDTH_IN_PATTERN.test(node.text))
          throw new Endless('A text is a pattern that fills up to a great width.', at);
        return textOf(node.text);
      case 'name':
        return /^(true|false|none)$/i.test(node.name)
          ? TRUTH
          : (this.values.get(node.name) ?? INPUT);
      case 'items':
        return node.items
          .map((item) => this.value(item))
          .reduce(
            (sum, one) => ({
              ...together(sum, one),
              number: Math.max(sum.number, one.number),
              size: sum.size + Math.max(one.size, one.count),
              count: sum.count + 1,
            }),
            sized(0),
          );
      case 'attribute': {
        const of = this.value(node.of);
        return (
          (node.of.kind === 'name' ? this.values.get(`${node.of.name}.${node.name}`) : undefined) ??
          insideOf(of)
        );
      }
      case 'item':
        for (const key of node.keys) this.value(key);
        return insideOf(this.value(node.of));
      case 'choice':
        return node.options.map((option) => this.value(option)).reduce(either);
      case 'test':
        this.value(node.of);
        for (const { value } of node.given) this.value(value);
        return TRUTH;
      case 'pair':
        return this.check(
          this.pair(node.operator, this.value(node.left), this.value(node.right)),
          at,
        );
      case 'filter':
        return this.check(
          this.applied(
            node.name,
            node.of === null ? NOTHING : this.value(node.of),
            this.given(node.given),
            at,
          ),
          at,
        );
      case 'call':
        return this.check(this.call(node), at);
    }
  }

  private pair(operator: string, left: Bounds, right: Bounds): Bounds {
    if (operator === '**') return numberOf(left.number <= 1 ? 1 : left.number ** right.number);
    if (operator === '*') return times(left, right);
    if (operator === '+' || operator === '-') return together(left, right);
    if (operator === '~') return together(left, right, true);
    if (operator === '%')
      return together(
        { ...left, number: Math.min(left.number, right.number || left.number) },
        { ...right, number: 0 },
      );
    if (operator === '/' || operator === '//') return numberOf(left.number);
    // or, and: one of both; comparisons
    return operator === 'or' || operator === 'and' ? either(left, right) : TRUTH;
  }

  private applied(name: string, of: Bounds, given: Given, at: number): Bounds {
    // a long range becomes a list, or is gone through
    this.add(WORK, Math.max(of.count, ...given.inOrder.map(({ count }) => count)), at);
    return applied(name, of, given);
  }

  private call({ of, given, at }: Node & { kind: 'call' }): Bounds {
    const arguments_ = this.given(given);
    if (of.kind === 'attribute') {
      const receiver = this.value(of.of);
      if (!FILLING.has(of.name)) return this.applied(of.name, receiver, arguments_, at);
      const name = pathOf(of.of);
      if (name !== null && this.gone.includes(name))
        throw new Endless(`"${name}" grows while a loop goes over it.`, at);
      if (
        given.some(({ value }) => of.name !== 'extend' && name !== null && pathOf(value) === name)
      )
        throw new Endless(`"${name}" is put into itself.`, at);
      const more = [...arguments_.inOrder, ...arguments_.named.values()].reduce(
        (sum, one) => together(sum, one),
        NOTHING,
      );
      const filled = {
        ...together(receiver, more),
        count: receiver.count + (of.name === 'extend' || of.name === 'update' ? more.count : 1),
      };
      if (name !== null) {
        this.filled.add(name);
        this.keep(name, filled, at);
      }
      return TRUTH;
    }
    if (of.kind !== 'name') return INPUT;
    if (of.name === 'caller') return sized(this.written(() => this.all(this.callers.at(-1) ?? [])));
    const macro = this.macros.get(of.name);
    if (
      macro === undefined &&
      of.name === 'range' &&
      (called('range', arguments_)?.count ?? 0) > RANGE_MAX
    )
      throw new Endless('A range is longer than any chat needs.', at);
    return macro === undefined
      ? (called(of.name, arguments_) ?? INPUT)
      : this.expand(macro, of.name, arguments_, { given, at });
  }

  private expand(
    macro: Macro,
    name: string,
    arguments_: Given,
    { given, at }: Pick<Node & { kind: 'call' }, 'given' | 'at'>,
  ): Bounds {
    if (macro.active > 0 && !given.some(({ value }) => goesDeeper(value, this)))
      throw new Endless(
        `The macro "${name}" calls itself and does not go into a part of what it was given.`,
        at,
      );
    if (macro.active > 0 && given.some(({ value }) => countsDown(value)))
      throw new Endless(`The macro "${name}" calls itself and counts.`, at);
    if (macro.active >= RECURSION) return PART;
    const names = macro.parameters.map(({ name: own, value }) => nameOf(own, value));
    const before = new Map(this.values);
    for (const [i, one] of names.entries()) {
      const { name: own, value } = macro.parameters[i]!;
      this.values.set(
        one,
        arguments_.named.get(one) ??
          arguments_.inOrder[i] ??
          (own === null ? INPUT : this.value(value)),
      );
    }
    macro.active += 1;
    const size = this.written(() => this.scope(macro.body, before));
    macro.active -= 1;
    return sized(size);
  }

  private given(list: readonly Argument[]): Given {
    const inOrder: Bounds[] = [];
    const named = new Map<string, Bounds>();
    for (const { name, value } of list) {
      const bounds = this.value(value);
      if (name === null) inOrder.push(bounds);
      else named.set(name, bounds);
    }
    const first = list[0];
    return {
      inOrder,
      named,
      word: first?.name === null && first.value.kind === 'text' ? first.value.text : null,
    };
  }

  /** What is written meanwhile is the content of a macro or of a block. */
  private written(write: () => void): number {
    const before = this.values.get(OUT)!;
    write();
    const size = this.values.get(OUT)!.size - before.size;
    this.values.set(OUT, before);
    return size;
  }

  private keep(name: string, value: Bounds, at: number): void {
    if (name === WORK && value.size > WORK_MAX)
      throw new Endless('The loops take too many steps.', at);
    if (name === OUT && value.size > OUT_MAX)
      throw new Endless('The text that the template writes has no reasonable end.', at);
    this.values.set(name, name === WORK || name === OUT ? value : this.check(value, at));
  }

  private add(name: string, size: number, at: number): void {
    this.keep(name, sized(this.values.get(name)!.size + size), at);
  }

  private spend(steps: number, at: number): void {
    this.steps += steps;
    if (this.steps > STEPS_MAX)
      throw new Endless('There are too many loops in loops to tell how long they take.', at);
    this.add(WORK, steps, at);
  }

  private check(value: Bounds, at: number): Bounds {
    if (!(value.size <= SIZE_MAX))
      throw new Endless('A text or list becomes larger than any chat needs.', at);
    if (!(value.number <= NUMBER_MAX))
      throw new Endless('A number becomes larger than any chat needs.', at);
    return value;
  }
}
