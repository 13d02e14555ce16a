import type { ByteSource } from '../source.ts';
import type { Places } from './places.ts';
import { stringAt } from './strings.ts';
import { KIND, kindOf, pack, payloadOf } from './values.ts';
import { Rejected } from '../report.ts';

const NAMES_MAX = 10_000;
const NAME_MAX_BYTES = 80;
const UNDERSCORE = 0x5f;
const SPECIAL = /^__\w+__$/;
/** of an object that has one of these, loaders take what lies in it for its own content */
const OF_CONTENT = /^__(dict|array|cuda_array|dlpack|arrow|dataframe|buffer)\w*__$/;

/** A text may be the name of a special method or attribute: its first two letters. */
export const mayBeSpecial = (buf: Uint8Array, at: number): boolean =>
  buf[at] === UNDERSCORE && buf[at + 1] === UNDERSCORE;

/**
 * Names like `__setstate__`. Python looks for some of them on the object itself: BUILD calls what a
 * BUILD before it put there, with any argument; numpy reads the address that `__array_interface__`
 * says; `__class__` makes an object one of a class that nobody asked for. So no text of that form
 * may be the key of anything but constants.
 */
export class SpecialNames {
  private readonly at = new Map<number, string>();
  /** the first and the last of them, as values */
  least = Infinity;
  most = -1;
  /** where on the stack they lie, among others */
  private readonly places: Places;

  constructor(places: Places) {
    this.places = places;
  }

  /** there are some in this pickle */
  get any(): boolean {
    return this.at.size > 0;
  }

  /** A text is pushed to the place `index` of the stack. */
  note(source: ByteSource, offset: number, length: number, index: number): void {
    const name = length > NAME_MAX_BYTES ? null : stringAt(source, offset);
    if (name === null || !SPECIAL.test(name)) return;
    if (!this.at.has(offset) && this.at.size >= NAMES_MAX)
      throw new Rejected('limit-exceeded', `More than ${NAMES_MAX} names of special methods.`);
    this.at.set(offset, name);
    const value = pack(KIND.STR, offset);
    this.least = Math.min(this.least, value);
    this.most = Math.max(this.most, value);
    this.places.lay(index);
  }

  /** Such a name, which was read before. */
  has(value: number): boolean {
    return value >= this.least && value <= this.most && this.at.has(payloadOf(value));
  }

  /** One of those that matter, outside of a dict: OrderedDict and others make dicts of pairs. */
  isMethod(value: number): boolean {
    const name = kindOf(value) === KIND.STR ? this.at.get(payloadOf(value)) : undefined;
    return (
      name !== undefined &&
      (OF_CONTENT.test(name) || name === '__setstate__' || name === '__class__')
    );
  }

  /** Why `key: value` is refused, or null. */
  fault(key: number, value: number): string | null {
    const name = kindOf(key) === KIND.STR ? this.at.get(payloadOf(key)) : undefined;
    if (name === undefined) return null;
    const kind = kindOf(value);
    return CONSTANTS.has(kind) || (CONTAINERS.has(kind) && !OF_CONTENT.test(name))
      ? null
      : `${name} is set to something that loaders would use in place of the object's own.`;
  }
}

const CONSTANTS: ReadonlySet<number> = new Set([KIND.SCALAR, KIND.INT, KIND.STR, KIND.BYTES]);
const CONTAINERS: ReadonlySet<number> = new Set([
  KIND.LIST,
  KIND.DICT,
  KIND.TUPLE,
  KIND.SET,
  KIND.FROZENSET,
]);

/**
 * Text that a function makes of bytes is no constant to the machine, and as a key it is one to
 * Python.
 */
export function refuseSpecial(name: string | null): void {
  if (name !== null && SPECIAL.test(name))
    throw new Rejected(
      'pickle-state-blocked',
      `${name} is the name of a special method, made while loading.`,
    );
}
