import {
  either,
  elementOf,
  INPUT,
  NOTHING,
  numberOf,
  PART,
  sized,
  written,
  type Bounds,
} from './bounds.ts';
import type { Given } from './calls.ts';
import { countsDown, goesDeeper, nameOf, pathOf, type Around } from './descent.ts';
import { Endless } from './endless.ts';
import { Evaluation, type CallNode } from './evaluation.ts';
import type { Argument } from './expression.ts';
import { Ledger, OUT, WORK } from './ledger.ts';
import type { Piece } from './lexer.ts';
import { CAPTURED, readProgram, type Statement } from './program.ts';
import { after, doubles } from './rounds.ts';

/** rounds of a loop that are gone through; from these the others are told */
const ROUNDS = 4;
/**
 * a macro that goes into what it was given costs no more than that is large, so it is followed once
 */
const RECURSION = 1;

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
  private readonly ledger = new Ledger();
  private readonly values = this.ledger.values;
  private readonly evaluation = new Evaluation(this.ledger, this);
  private readonly macros = new Map<string, Macro>();
  private readonly callers: Statement[][] = [];
  /** names that stand for a part of what the macro was given, or of what a loop goes over */
  readonly parts = new Set<string>();
  /** branches around the statement, within its loop or macro */
  private conditions = 0;
  /** namespaces that were made in this loop or macro */
  private made = new Set<string>();

  all(body: readonly Statement[]): void {
    for (const statement of body) this.statement(statement);
  }

  isSet(path: string): boolean {
    return this.values.has(path);
  }

  private statement(statement: Statement): void {
    const { at } = statement;
    this.ledger.spend(1, at);
    switch (statement.kind) {
      case 'output':
        return this.ledger.add(
          OUT,
          statement.value === null
            ? statement.literal
            : written(this.evaluation.value(statement.value)),
          at,
        );
      case 'set':
        return this.set(statement);
      case 'capture':
        return this.capture(statement);
      case 'loop':
        return this.loop(statement);
      case 'choice':
        for (const condition of statement.conditions) this.evaluation.value(condition);
        return this.choose(statement.branches);
      case 'macro':
        return void this.macros.set(statement.name, {
          parameters: statement.parameters,
          body: statement.body,
          active: 0,
        });
      case 'call':
        return this.callWithBlock(statement);
    }
  }

  private set({ targets, value: node, at }: Statement & { kind: 'set' }): void {
    const value = this.evaluation.value(node);
    for (const name of targets) {
      if (node.kind === 'name' && name.startsWith(`${node.name}.`))
        throw new Endless(`"${node.name}" is put into itself.`, at);
      this.ledger.keep(name, value, at);
      if (goesDeeper(node, this)) this.parts.add(name);
    }
    if (node.kind === 'call' && node.of.kind === 'name' && node.of.name === 'namespace')
      this.makeNamespace(targets[0]!, node.given, at);
  }

  private makeNamespace(target: string, given: readonly Argument[], at: number): void {
    if (this.conditions === 0) this.made.add(target);
    for (const { name, value } of given)
      if (name !== null) this.ledger.keep(`${target}.${name}`, this.evaluation.value(value), at);
  }

  private capture({ targets, filters, body, at }: Statement & { kind: 'capture' }): void {
    const made = sized(this.ledger.written(() => this.all(body)));
    this.values.set(CAPTURED, made);
    const value = filters === null ? made : this.evaluation.value(filters);
    for (const name of targets) this.ledger.keep(name, value, at);
    if (targets.length === 0) this.ledger.add(OUT, value.size, at);
  }

  private callWithBlock({ parameters, value: call, body, at }: Statement & { kind: 'call' }): void {
    this.callers.push(body);
    for (const { name, value } of parameters) this.values.set(nameOf(name, value), INPUT);
    this.ledger.add(OUT, this.evaluation.value(call).size, at);
    this.callers.pop();
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
    this.ledger.read(this.values.size >> 3);
  }

  /** Goes through a few rounds and tells the others from them. */
  private loop({ targets, over, condition, body, at }: Statement & { kind: 'loop' }): void {
    const whole = this.evaluation.value(over);
    const { count } = whole;
    if (count < 1) return;
    for (const target of targets) {
      this.values.set(target, elementOf(whole));
      this.parts.add(target);
    }
    const states: Map<string, Bounds>[] = [];
    this.evaluation.gone.push(pathOf(over) ?? '');
    for (let round = 1; round <= Math.min(count, ROUNDS); round++) {
      states.push(new Map(this.values));
      for (const name of ['index', 'index0', 'revindex', 'revindex0', 'length'])
        this.values.set(`loop.${name}`, numberOf(count));
      if (condition !== null) this.evaluation.value(condition);
      this.scope(body);
      this.ledger.read(this.values.size);
    }
    this.evaluation.gone.pop();
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
        this.evaluation.filled.has(name)
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
      this.ledger.keep(name, after(rounds, rest), at);
    }
  }

  caller(): Bounds {
    return sized(this.ledger.written(() => this.all(this.callers.at(-1) ?? [])));
  }

  expand(name: string, given: Given, call: CallNode): Bounds | null {
    const macro = this.macros.get(name);
    if (macro === undefined) return null;
    if (macro.active > 0) this.checkRecursion(name, call);
    if (macro.active >= RECURSION) return PART;
    const before = new Map(this.values);
    for (const [i, { name: own, value }] of macro.parameters.entries())
      this.values.set(
        nameOf(own, value),
        given.named.get(nameOf(own, value)) ??
          given.inOrder[i] ??
          (own === null ? INPUT : this.evaluation.value(value)),
      );
    macro.active += 1;
    const size = this.ledger.written(() => this.scope(macro.body, before));
    macro.active -= 1;
    return sized(size);
  }

  private checkRecursion(name: string, { given, at }: CallNode): void {
    if (!given.some(({ value }) => goesDeeper(value, this)))
      throw new Endless(
        `The macro "${name}" calls itself and does not go into a part of what it was given.`,
        at,
      );
    if (given.some(({ value }) => countsDown(value)))
      throw new Endless(`The macro "${name}" calls itself and counts.`, at);
  }
}
