import { Rejected } from '../report.ts';
import type { AllowList, GlobalRule, Standing } from './allowlist.ts';
import { KIND, kindOf, payloadOf } from './values.ts';

export interface GlobalEntry {
  module: string;
  name: string;
  /** `module.name`, for people; never compared where module and name could be split in two ways */
  symbol: string;
  standing: 'allowed' | 'review' | 'blocked';
  rule: GlobalRule | undefined;
  /** of a library we know, though not permitted */
  known: boolean;
  /** of a dtype object, when numpy.dtype was called as picklers do */
  dtype?: Dtype;
  /**
   * it may be called and not be kept: a function, which whatever keeps it may call with others; a
   * class that opens files
   */
  passing: boolean;
  /** of a type of Arrow: its name */
  arrow?: string;
  /** of a functools.partial: the value that it is around */
  around?: number;
}

/** What an element of an array is. */
export interface Dtype {
  /** letter of its code */
  kind: string;
  /** null: its state will say */
  bytes: number | null;
  objects: boolean;
}

/**
 * `__torch__.a.b`, `Name`. Of the objects of C++ libraries, which are made with what the file says,
 * only quantized layers: PyTorch packs their weights again and compares all sizes.
 */
function isOfScript(module: string, name: string): boolean {
  if (/^__torch__\.torch\.classes(\.|$)/.test(module))
    return (
      module === '__torch__.torch.classes.quantized' &&
      /^(Conv2d|Conv3d|Linear|Embedding)PackedParamsBase$/.test(name)
    );
  return /^__torch__(\.[A-Za-z_]\w*)*$/.test(module) && /^[A-Za-z_]\w*$/.test(name);
}
const SCRIPT_CLASS: Standing = {
  standing: 'allowed',
  rule: { role: 'class', new: [[]], build: true },
};

const LOADERS = new Set(['torch-bytes', 'attribute', 'dispatch', 'named-type', 'partial', 'ufunc']);
const isPassing = (rule: GlobalRule): boolean =>
  rule.role === 'function' || rule.kept === false || LOADERS.has(rule.sink ?? '');

/** The different globals that one pickle names. */
export class GlobalTable {
  private readonly entries: GlobalEntry[] = [];
  /** arrays of Arrow may come: lists hold their buffers */
  arrow = false;
  private readonly index = new Map<string, number>();
  private readonly list: AllowList;
  private readonly script: boolean;
  private readonly max: number;

  constructor(list: AllowList, max: number, script = false) {
    this.list = list;
    this.script = script;
    this.max = max;
  }

  idOf(module: string, name: string): number {
    const key = `${module}\0${name}`;
    const known = this.index.get(key);
    if (known !== undefined) return known;
    if (this.entries.length >= this.max)
      throw new Rejected('limit-exceeded', `More than ${this.max} different globals.`);
    const standing =
      this.script && isOfScript(module, name) ? SCRIPT_CLASS : this.list.of(module, name);
    this.entries.push({
      module,
      name,
      symbol: `${module}.${name}`,
      standing: standing.standing,
      rule: standing.standing === 'allowed' ? standing.rule : undefined,
      known: standing.standing === 'blocked' ? standing.known : true,
      passing: standing.standing === 'allowed' && isPassing(standing.rule),
    });
    this.arrow ||= this.entries[this.entries.length - 1]!.rule?.sink === 'arrow-array';
    this.index.set(key, this.entries.length - 1);
    return this.entries.length - 1;
  }

  /**
   * Do the argument lists of a function ask for exactly this global, or for any class, in this
   * place?
   */
  asksFor(callee: number, place: number, id: number): boolean {
    const lists =
      kindOf(callee) === KIND.GLOBAL ? this.entries[payloadOf(callee)]!.rule?.call : undefined;
    const { symbol, rule } = this.entries[id]!;
    return (
      lists?.some((words) =>
        words[place]
          ?.split('|')
          .some((word) => word === `@${symbol}` || (word === 'class' && rule?.role === 'class')),
      ) ?? false
    );
  }

  /**
   * The same global for one use of it, which more is known of: numpy.dtype('f8'). One that takes
   * fields is not shared: its state says which.
   */
  derived(id: number, tag: string, dtype: Dtype): number {
    return this.variant(id, tag, { dtype }, dtype.kind !== 'V');
  }

  /** functools.partial around one function. */
  around(id: number, callee: number): number {
    return this.variant(id, `around ${callee}`, { around: callee }, true);
  }

  /** A type of Arrow. */
  arrowType(id: number, name: string): number {
    return this.variant(id, `arrow ${name}`, { arrow: name }, true);
  }

  private variant(id: number, tag: string, known: Partial<GlobalEntry>, shared: boolean): number {
    const key = `${id}\0\0${tag}`;
    const index = shared ? this.index.get(key) : undefined;
    if (index !== undefined) return index;
    if (this.entries.length >= this.max)
      throw new Rejected('limit-exceeded', `More than ${this.max} different globals.`);
    this.entries.push({ ...this.entries[id]!, ...known });
    this.index.set(key, this.entries.length - 1);
    return this.entries.length - 1;
  }

  at(id: number): GlobalEntry {
    return this.entries[id]!;
  }
}
