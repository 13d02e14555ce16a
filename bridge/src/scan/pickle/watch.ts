import { Rejected } from '../report.ts';
import { KIND, kindOf, pack, payloadOf } from './values.ts';

/** lists whose content is kept, and how much of it: the buffers of an array of Arrow are three */
const LISTS_KEPT = 256;
const LIST_KEPT = 8;

/**
 * What lies in a dict, by its keys, as far as all of them are text; `fault` says what else was done
 * to it.
 */
export interface KnownDict {
  items: Map<string, number>;
  fault: string | null;
  /** it is the state of an object by now */
  used: boolean;
}

/**
 * Objects that are made in two steps and whose second step, their BUILD, decides what the bytes of
 * an array mean: dtypes of fields and joblib's array wrapper; or what a library reads a model from:
 * boosters. Between the steps they may only lie on the stack, and the dicts that are made meanwhile
 * are known by content.
 */
export class Watch {
  private readonly open = new Set<number>();
  private readonly dicts: KnownDict[] = [];
  /** the last short lists that were made, while somebody wants to know */
  private readonly lists = new Map<number, number[]>();
  private made = 0;
  private readonly max: number;

  constructor(max: number) {
    this.max = max;
  }

  /** something waits for its state */
  get active(): boolean {
    return this.open.size > 0;
  }

  begin(value: number): number {
    if (this.open.has(value))
      throw new Rejected(
        'pickle-inline-array',
        'A second array of joblib, or a second booster, begins before the first one is described.',
      );
    this.open.add(value);
    return value;
  }

  isOpen(value: number): boolean {
    return this.open.has(value);
  }

  /** Its state comes. Answers whether it waited for one. */
  end(value: number): boolean {
    return this.open.delete(value);
  }

  /** An empty dict; one whose content is kept while something waits for its state. */
  dict(): number {
    if (!this.active) return pack(KIND.DICT);
    if (this.dicts.length >= this.max)
      throw new Rejected('limit-exceeded', `More than ${this.max} dicts that describe arrays.`);
    return pack(KIND.DICT, this.dicts.push({ items: new Map(), fault: null, used: false }));
  }

  /** An empty list whose content is kept for a while. */
  newList(): number {
    const list = pack(KIND.LIST, ++this.made);
    this.lists.set(list, []);
    this.lists.delete(list - LISTS_KEPT);
    return list;
  }

  /** Something comes to the end of a list. */
  append(list: number, value: number): void {
    const content = this.lists.get(list);
    if (content === undefined) return;
    if (content.length < LIST_KEPT) content.push(value);
    else this.lists.delete(list);
  }

  /** What lies in a list; null where that is not known. It may be no longer changed. */
  list(list: number): number[] | null {
    const content = this.lists.get(list) ?? null;
    this.lists.delete(list);
    return content;
  }

  /** a dict whose content is kept */
  knows(dict: number): boolean {
    return kindOf(dict) === KIND.DICT && payloadOf(dict) > 0;
  }

  /** `key: value` goes into such a dict. */
  put(dict: number, key: string | null, value: number): void {
    const known = this.dicts[payloadOf(dict) - 1]!;
    if (known.used)
      throw new Rejected(
        'pickle-state-blocked',
        'What describes an array is changed when the array has been read.',
      );
    if (key === null) known.fault = 'a key of it is no text';
    else if (known.items.has(key)) known.fault = 'it has a key twice';
    else known.items.set(key, value);
  }

  /** The content of a dict that becomes a state; null where it is not known. */
  use(dict: number): KnownDict | null {
    if (!this.knows(dict)) return null;
    const known = this.dicts[payloadOf(dict) - 1]!;
    known.used = true;
    return known;
  }
}
