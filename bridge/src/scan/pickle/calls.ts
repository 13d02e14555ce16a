import { argumentsFit } from './arguments.ts';
import type { GlobalRule } from './allowlist.ts';
import type { GlobalTable } from './globals.ts';
import type { PickleHost } from './host.ts';
import { References } from './references.ts';
import { Results } from './results.ts';
import { type Arena, KIND, KIND_NAMES, kindOf, pack, payloadOf } from './values.ts';
import { Rejected } from '../report.ts';
import type { RuleId } from '../rules.ts';
import type { Texts } from './texts.ts';
import type { Watch } from './watch.ts';

/** The call of a global that is on the list. */
interface AllowedCall {
  readonly how: 'call' | 'new';
  readonly symbol: string;
  readonly rule: GlobalRule;
}

type Filling = 'build' | 'items' | 'append' | 'add';
/** What takes anything, by the way in which it is filled. */
const CONTAINERS: Record<Filling, number | null> = {
  build: null,
  items: KIND.DICT,
  append: KIND.LIST,
  add: KIND.SET,
};

/** The rules at the instructions that do something: calls, and filling of what calls made. */
export class Calls {
  readonly references: References;
  readonly results: Results;
  private readonly host: PickleHost;
  readonly globals: GlobalTable;
  readonly arena: Arena;
  readonly texts: Texts;

  constructor(around: {
    host: PickleHost;
    globals: GlobalTable;
    arena: Arena;
    watch: Watch;
    texts: Texts;
  }) {
    ({ host: this.host, globals: this.globals, arena: this.arena, texts: this.texts } = around);
    this.references = new References(this.host, this.globals, this.arena, this.texts);
    this.results = new Results({ ...around, references: this.references }, this);
  }

  /** STACK_GLOBAL: both operands must be constant strings. */
  stackGlobal(module: number, name: number, at: number): number {
    const moduleText = this.texts.text(module);
    const nameText = this.texts.text(name);
    if (moduleText === null || nameText === null) {
      if (this.host.inlineArrays.mode === 'run' && (this.isNoText(module) || this.isNoText(name)))
        throw new Rejected(
          'pickle-structure',
          'A name is asked for that is no text: loaders end here.',
        );
      this.tell(
        'pickle-global-computed',
        at,
        undefined,
        `What is imported is made of ${KIND_NAMES[kindOf(module)]} and ${KIND_NAMES[kindOf(name)]}, not of two plain strings.`,
      );
      return pack(KIND.UNKNOWN);
    }
    return this.global(moduleText, nameText, at);
  }

  /** Certainly not of the type str itself, which alone is taken for a name. */
  private isNoText(value: number): boolean {
    const kind = kindOf(value);
    if (kind === KIND.OBJECT) return this.globals.at(payloadOf(value)).rule?.role === 'class';
    return kind !== KIND.STR && kind !== KIND.UNKNOWN;
  }

  global(module: string, name: string, at: number): number {
    const id = this.globals.idOf(module, name);
    const entry = this.globals.at(id);
    if (entry.standing === 'blocked') {
      const what = entry.known
        ? 'is part of a known library and is neither a reviewed class nor a permitted function'
        : 'is not on the list of harmless classes and functions';
      this.tell(
        'pickle-global-blocked',
        at,
        entry.symbol,
        `Loading the file imports ${entry.symbol}, which ${what}.`,
      );
    } else if (entry.standing === 'review') {
      this.tell(
        'pickle-global-review',
        at,
        entry.symbol,
        `The file makes objects of ${entry.symbol}: a class of a known library that has not been reviewed for loading.`,
      );
    }
    return pack(KIND.GLOBAL, id);
  }

  /**
   * `how` new: cls.__new__(cls, *args); call: callee(*args). Answers what the machine knows of the
   * result.
   */
  call(how: 'call' | 'new', callee: number, args: number, at: number): number {
    if (kindOf(callee) === KIND.GLOBAL) return this.callGlobal(how, payloadOf(callee), args, at);
    if (kindOf(callee) === KIND.UNKNOWN) return pack(KIND.UNKNOWN);
    return this.refuse(
      'pickle-call-blocked',
      at,
      undefined,
      `What is called is ${KIND_NAMES[kindOf(callee)]}, not a named function or class.`,
    );
  }

  private callGlobal(how: 'call' | 'new', id: number, args: number, at: number): number {
    const { symbol, standing, rule } = this.globals.at(id);
    const values = this.arena.elements(args);
    if (kindOf(args) !== KIND.TUPLE)
      return this.refuse(
        'pickle-call-arguments',
        at,
        symbol,
        `The arguments of ${symbol} are ${KIND_NAMES[kindOf(args)]}, not a tuple.`,
      );
    if (standing === 'blocked')
      return this.refuse('pickle-call-blocked', at, symbol, `Loading the file calls ${symbol}.`);
    if (standing === 'review' && how === 'new' && values?.length === 0)
      return pack(KIND.OBJECT, id);
    if (standing === 'review')
      return this.refuse(
        'pickle-call-blocked',
        at,
        symbol,
        `Loading the file calls ${symbol} with arguments; it has not been reviewed for that.`,
      );
    return this.callAllowed({ how, symbol, rule: rule! }, id, values, at);
  }

  private callAllowed(
    { how, symbol, rule }: AllowedCall,
    id: number,
    values: number[] | null,
    at: number,
  ): number {
    const lists = how === 'new' ? rule.new : rule.call;
    if (lists === undefined)
      return this.refuse(
        'pickle-call-blocked',
        at,
        symbol,
        `${symbol} may be named in a model and may not be ${how === 'new' ? 'made by NEWOBJ' : 'called'} while loading.`,
      );
    if (values !== null && argumentsFit(lists, values, this))
      return this.results.of(id, values, at);
    const given = values?.map((value) => this.describe(value)).join(', ') ?? 'unknown';
    return this.refuse(
      'pickle-call-arguments',
      at,
      symbol,
      `${symbol} is called with (${given}); honest picklers never do that.`,
    );
  }

  /**
   * BUILD, SETITEM(S), APPEND(S), ADDITEMS: `target` must be something that loading made, and of a
   * kind that takes this.
   */
  fill(how: Filling, target: number, at: number): void {
    const kind = kindOf(target);
    // of what is unknown, whatever made it was already refused
    if (kind === KIND.UNKNOWN || kind === CONTAINERS[how]) return;
    if (kind === KIND.OBJECT) return this.fillObject(how, payloadOf(target), at);
    if (kind === KIND.GLOBAL) {
      const { symbol } = this.globals.at(payloadOf(target));
      return this.tell(
        'pickle-state-on-global',
        at,
        symbol,
        `Loading the file changes ${symbol} itself, for the whole running program.`,
      );
    }
    this.tell(
      'pickle-state-blocked',
      at,
      undefined,
      `${KIND_NAMES[kind]} is filled as if it were an object (${how}).`,
    );
  }

  private fillObject(how: Filling, id: number, at: number): void {
    const { symbol, standing, rule } = this.globals.at(id);
    if (standing === 'review' && how === 'build') return;
    if (rule?.[how] === true) return;
    this.tell(
      'pickle-state-blocked',
      at,
      symbol,
      `An object made by ${symbol} is filled in a way (${how}) that it does not take.`,
    );
  }

  /** Nothing is known of what a refused call would give. */
  private refuse(rule: RuleId, at: number, symbol: string | undefined, why: string): number {
    this.tell(rule, at, symbol, why);
    return pack(KIND.UNKNOWN);
  }

  describe(value: number): string {
    if (kindOf(value) === KIND.GLOBAL) return this.globals.at(payloadOf(value)).symbol;
    const text = this.texts.text(value);
    return text === null ? KIND_NAMES[kindOf(value)]! : JSON.stringify(text.slice(0, 60));
  }

  tell(rule: RuleId, offset: number, symbol: string | undefined, why: string): void {
    this.host.report.add(rule, { file: this.host.file, offset, symbol, why });
  }
}
