import type { GlobalTable } from './globals.ts';
import { KIND, kindOf, payloadOf } from './values.ts';

/**
 * Do the arguments fit one of the lists? A word of a list is one or more of these, joined with `|`; `?` behind it
 * means that the argument may be missing:
 *   any     anything but a global     scalar  number, None, truth     int str bytes tuple list dict set object storage
 *   class   a class that may be made  type    any allowed class or type named as data
 *   'text'  exactly this string       @m.n    exactly this global
 */
export function argumentsFit(lists: string[][], values: number[], globals: GlobalTable, text: (value: number) => string | null): boolean {
  return lists.some((words) => {
    if (values.length > words.length) return false;
    return words.every((word, i) => {
      const value = values[i];
      if (value === undefined) return word.endsWith('?');
      return word.replace(/\?$/, '').split('|').some((alternative) => fits(alternative, value, globals, text));
    });
  });
}

function fits(word: string, value: number, globals: GlobalTable, text: (value: number) => string | null): boolean {
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
  if (word.startsWith("'")) return kind === KIND.STR && text(value) === word.slice(1, -1);
  if (kind !== KIND.GLOBAL) return false;
  const global = globals.at(payloadOf(value));
  if (word.startsWith('@')) return global.symbol === word.slice(1);
  if (global.standing === 'review') return word === 'class' || word === 'type';
  if (global.standing !== 'allowed') return false;
  return word === 'class' ? global.rule!.role === 'class' : word === 'type' && (global.rule!.role === 'class' || global.rule!.role === 'value');
}
