import {
  either,
  INPUT,
  insideOf,
  NOTHING,
  numberOf,
  sized,
  textOf,
  times,
  together,
  TRUTH,
  type Bounds,
} from './bounds.ts';
import { applied, called, type Given } from './calls.ts';
import { FILLING, pathOf } from './descent.ts';
import { Endless } from './endless.ts';
import type { Argument, Node } from './expression.ts';
import { WORK, type Ledger } from './ledger.ts';

/** numbers that a loop or list may go through, where no list of the server's gives them */
const RANGE_MAX = 1_000_000;
const WIDTH_IN_PATTERN = /%[-+ #0]*(\d{5,}|\*)|%[-+ #0]*\d*\.\d{5,}/;

export type CallNode = Node & { kind: 'call' };

/** What the statements of a template gave a name to. */
interface Macros {
  /** What a macro of that name writes; null: there is none. */
  expand(name: string, given: Given, call: CallNode): Bounds | null;
  /** What stands in the block that the macro is called with. */
  caller(): Bounds;
}

/** The bounds of what expressions give. */
export class Evaluation {
  /** lists and dicts that a method puts something into */
  readonly filled = new Set<string>();
  /** what the loops that are being gone through go over */
  readonly gone: string[] = [];
  private readonly ledger: Ledger;
  private readonly macros: Macros;

  constructor(ledger: Ledger, macros: Macros) {
    this.ledger = ledger;
    this.macros = macros;
  }

  // eslint-disable-next-line complexity -- one case for each kind of node
  value(node: Node): Bounds {
    const { at } = node;
    this.ledger.spend(1, at);
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
          : (this.ledger.values.get(node.name) ?? INPUT);
      case 'items':
        return this.items(node.items);
      case 'attribute':
        return this.attribute(node);
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
        return this.ledger.check(
          operated(node.operator, this.value(node.left), this.value(node.right)),
          at,
        );
      case 'filter':
        return this.ledger.check(
          this.applied(
            node.name,
            node.of === null ? NOTHING : this.value(node.of),
            this.given(node.given),
            at,
          ),
          at,
        );
      case 'call':
        return this.ledger.check(this.call(node), at);
    }
  }

  private items(items: readonly Node[]): Bounds {
    return items
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
  }

  private attribute({ of, name }: Node & { kind: 'attribute' }): Bounds {
    const whole = this.value(of);
    const own = of.kind === 'name' ? this.ledger.values.get(`${of.name}.${name}`) : undefined;
    return own ?? insideOf(whole);
  }

  private applied(name: string, of: Bounds, given: Given, at: number): Bounds {
    // a long range becomes a list, or is gone through
    this.ledger.add(WORK, Math.max(of.count, ...given.inOrder.map(({ count }) => count)), at);
    return applied(name, of, given);
  }

  private call(node: CallNode): Bounds {
    const { of, at } = node;
    const given = this.given(node.given);
    if (of.kind === 'attribute') {
      const receiver = this.value(of.of);
      return FILLING.has(of.name)
        ? this.fill(receiver, of, given, node)
        : this.applied(of.name, receiver, given, at);
    }
    if (of.kind !== 'name') return INPUT;
    if (of.name === 'caller') return this.macros.caller();
    const expanded = this.macros.expand(of.name, given, node);
    if (expanded !== null) return expanded;
    const result = called(of.name, given);
    if (of.name === 'range' && (result?.count ?? 0) > RANGE_MAX)
      throw new Endless('A range is longer than any chat needs.', at);
    return result ?? INPUT;
  }

  /** `list.append(x)` and the like: what the path before the dot leads to grows. */
  private fill(
    receiver: Bounds,
    { of, name: method }: Node & { kind: 'attribute' },
    given: Given,
    { given: written, at }: CallNode,
  ): Bounds {
    const name = pathOf(of);
    if (name !== null && this.gone.includes(name))
      throw new Endless(`"${name}" grows while a loop goes over it.`, at);
    if (name !== null && method !== 'extend' && written.some(({ value }) => pathOf(value) === name))
      throw new Endless(`"${name}" is put into itself.`, at);
    if (name === null) return TRUTH;
    const more = [...given.inOrder, ...given.named.values()].reduce(
      (sum, one) => together(sum, one),
      NOTHING,
    );
    const filled = {
      ...together(receiver, more),
      count: receiver.count + (method === 'extend' || method === 'update' ? more.count : 1),
    };
    this.filled.add(name);
    this.ledger.keep(name, filled, at);
    return TRUTH;
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
}

type Operation = (left: Bounds, right: Bounds) => Bounds;

const divided: Operation = (left) => numberOf(left.number);

/** Of operators that give something else than true or false. */
const OPERATIONS = new Map<string, Operation>([
  ['**', (left, right) => numberOf(left.number <= 1 ? 1 : left.number ** right.number)],
  ['*', times],
  ['+', (left, right) => together(left, right)],
  ['-', (left, right) => together(left, right)],
  ['~', (left, right) => together(left, right, true)],
  [
    '%',
    (left, right) =>
      together(
        { ...left, number: Math.min(left.number, right.number || left.number) },
        { ...right, number: 0 },
      ),
  ],
  ['/', divided],
  ['//', divided],
  ['or', either],
  ['and', either],
]);

const operated = (operator: string, left: Bounds, right: Bounds): Bounds =>
  OPERATIONS.get(operator)?.(left, right) ?? TRUTH;
