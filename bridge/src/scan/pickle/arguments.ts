import type { GlobalTable } from './globals.ts';
import type { Texts } from './texts.ts';
import { type Arena, KIND, kindOf, payloadOf } from './values.ts';

/**
 * Do the arguments fit one of the lists? A word of a list is one or more of these, joined with `|`;
 * `?` behind it means that the argument may be missing, `*` behind the last one that it may come
 * any number of times:
 *   any anything but a global scalar number, None, truth int str bytes tuple list dict set object
 *   storage
 *   class   a class that may be made  type    any allowed class or type named as data
 *   'text' exactly this string @m.n exactly this global =m.n what exactly this global made
 *   (0)     the shape of an empty array, which numpy begins with
 *   zone the name of a time zone pattern a regular expression of some length wrapped what
 *   functools.partial may be around
 */
export function argumentsFit(
  lists: string[][],
  values: number[],
  globals: GlobalTable,
  texts: Texts,
  arena: Arena,
): boolean {
  return lists.some((words) => {
    const last = words[words.length - 1] ?? '';
    const repeated = last.endsWith('*');
    if (values.length > words.length && !repeated) return false;
    return Array.from({ length: Math.max(words.length, values.length) }, (_, i) => i).every((i) => {
      const word = words[i] ?? last;
      const value = values[i];
      if (value === undefined) return /[?*]$/.test(word);
      return word
        .replace(/[?*]$/, '')
        .split('|')
        .some((alternative) => fits(alternative, value, globals, texts, arena));
    });
  });
}

/** as the database of time zones names them; a path to another file is none */
const ZONE = /^[A-Za-z0-9_+-]{1,40}(\/[A-Za-z0-9_+-]{1,40}){0,2}$/;
/** a longer one can be made to take minutes to compile */
const PATTERN_MAX_BYTES = 8192;

function fits(
  word: string,
  value: number,
  globals: GlobalTable,
  texts: Texts,
  arena: Arena,
): boolean {
  const kind = kindOf(value);
  switch (word) {
    case 'any':
      return kind !== KIND.GLOBAL && kind !== KIND.UNKNOWN;
    case 'scalar':
      return kind === KIND.SCALAR || kind === KIND.INT;
    case 'int':
      return kind === KIND.INT;
    case 'str':
      return kind === KIND.STR;
    case 'bytes':
      return kind === KIND.BYTES;
    case 'tuple':
      return kind === KIND.TUPLE;
    case 'list':
      return kind === KIND.LIST;
    case 'dict':
      return kind === KIND.DICT;
    case 'set':
      return kind === KIND.SET || kind === KIND.FROZENSET;
    case 'object':
      return kind === KIND.OBJECT;
    case 'storage':
      return kind === KIND.STORAGE;
  }
  if (word === '(0)') return kind === KIND.TUPLE && isZero(arena.elements(value));
  if (word === 'zone') return kind === KIND.STR && ZONE.test(texts.text(value) ?? '');
  if (word === 'pattern')
    return (kind === KIND.STR || kind === KIND.BYTES) && texts.bytes(value) <= PATTERN_MAX_BYTES;
  if (word.startsWith("'")) return kind === KIND.STR && texts.text(value) === word.slice(1, -1);
  if (word.startsWith('='))
    return kind === KIND.OBJECT && globals.at(payloadOf(value)).symbol === word.slice(1);
  if (kind !== KIND.GLOBAL) return false;
  const global = globals.at(payloadOf(value));
  if (word.startsWith('@')) return global.symbol === word.slice(1);
  if (global.standing === 'review') return word === 'class' || word === 'type';
  if (global.standing !== 'allowed') return false;
  if (word === 'wrapped') return global.rule!.wrapped ?? global.rule!.role === 'value';
  return word === 'class'
    ? global.rule!.role === 'class'
    : word === 'type' && (global.rule!.role === 'class' || global.rule!.role === 'value');
}

/**
 * numpy makes an array of the shape that it is given, however large, before its state says another.
 */
const isZero = (shape: number[] | null): boolean =>
  shape?.length === 1 && kindOf(shape[0]!) === KIND.INT && payloadOf(shape[0]!) === 0;
