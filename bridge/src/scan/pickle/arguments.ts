import type { GlobalTable } from './globals.ts';
import type { Texts } from './texts.ts';
import { type Arena, KIND, kindOf, payloadOf } from './values.ts';

/** What the payloads of values lead into. */
export interface ValueTables {
  readonly globals: GlobalTable;
  readonly texts: Texts;
  readonly arena: Arena;
}

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
export function argumentsFit(lists: string[][], values: number[], tables: ValueTables): boolean {
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
        .some((alternative) => fits(alternative, value, tables));
    });
  });
}

/** as the database of time zones names them; a path to another file is none */
const ZONE = /^[A-Za-z0-9_+-]{1,40}(\/[A-Za-z0-9_+-]{1,40}){0,2}$/;
/** a longer one can be made to take minutes to compile */
const PATTERN_MAX_BYTES = 8192;

/** Words that only ask for the kind of a value. */
const KINDS = new Map<string, readonly number[]>([
  ['scalar', [KIND.SCALAR, KIND.INT]],
  ['int', [KIND.INT]],
  ['str', [KIND.STR]],
  ['bytes', [KIND.BYTES]],
  ['tuple', [KIND.TUPLE]],
  ['list', [KIND.LIST]],
  ['dict', [KIND.DICT]],
  ['set', [KIND.SET, KIND.FROZENSET]],
  ['object', [KIND.OBJECT]],
  ['storage', [KIND.STORAGE]],
]);

function fits(word: string, value: number, tables: ValueTables): boolean {
  const kind = kindOf(value);
  if (word === 'any') return kind !== KIND.GLOBAL && kind !== KIND.UNKNOWN;
  const kinds = KINDS.get(word);
  if (kinds !== undefined) return kinds.includes(kind);
  if (kind === KIND.GLOBAL) return globalFits(word, tables.globals.at(payloadOf(value)));
  return contentFits(word, value, tables);
}

/** Words that ask for what a value holds. */
function contentFits(word: string, value: number, { globals, texts, arena }: ValueTables): boolean {
  const kind = kindOf(value);
  if (word === '(0)') return kind === KIND.TUPLE && isZero(arena.elements(value));
  if (word.startsWith('='))
    return kind === KIND.OBJECT && globals.at(payloadOf(value)).symbol === word.slice(1);
  if (word === 'pattern' && kind === KIND.BYTES) return texts.bytes(value) <= PATTERN_MAX_BYTES;
  return kind === KIND.STR && textFits(word, value, texts);
}

function textFits(word: string, value: number, texts: Texts): boolean {
  if (word === 'zone') return ZONE.test(texts.text(value) ?? '');
  if (word === 'pattern') return texts.bytes(value) <= PATTERN_MAX_BYTES;
  return word.startsWith("'") && texts.text(value) === word.slice(1, -1);
}

function globalFits(
  word: string,
  { symbol, standing, rule }: ReturnType<GlobalTable['at']>,
): boolean {
  if (word.startsWith('@')) return symbol === word.slice(1);
  if (standing === 'review') return word === 'class' || word === 'type';
  if (standing !== 'allowed') return false;
  const role = rule!.role;
  if (word === 'wrapped') return rule!.wrapped ?? role === 'value';
  return word === 'class'
    ? role === 'class'
    : word === 'type' && (role === 'class' || role === 'value');
}

/**
 * numpy makes an array of the shape that it is given, however large, before its state says another.
 */
const isZero = (shape: number[] | null): boolean =>
  shape?.length === 1 && kindOf(shape[0]!) === KIND.INT && payloadOf(shape[0]!) === 0;
