import {
  either,
  grown,
  NOTHING,
  numberOf,
  sized,
  together,
  TRUTH,
  written,
  type Bounds,
} from './bounds.ts';

/** What is given to a filter, a method or a function, in order and by name. */
export interface Given {
  readonly inOrder: readonly Bounds[];
  readonly named: ReadonlyMap<string, Bounds>;
  /** the first one, where it is a text that stands there */
  readonly word: string | null;
}

const LENGTHS = new Set(['length', 'count', 'wordcount', 'find', 'rfind', 'index']);
const TRUTHS = new Set([
  'startswith',
  'endswith',
  'isdigit',
  'isalpha',
  'isspace',
  'isupper',
  'islower',
]);
/** round(n) computes 10^n */
const DIGITS_MAX = 30;

/**
 * The result of a filter or of the method of that name. `largest`: of all numbers that are given.
 */
export function applied(name: string, of: Bounds, given: Given): Bounds {
  const { inOrder, named } = given;
  const first = inOrder[0] ?? NOTHING;
  const largest = Math.max(0, ...[...inOrder, ...named.values()].map(({ number }) => number));
  const all = [...inOrder, ...named.values()];
  if (LENGTHS.has(name)) return numberOf(Math.max(of.count, inOrder.length > 0 ? of.size : 0));
  if (TRUTHS.has(name)) return TRUTH;
  switch (name) {
    case 'center':
    case 'zfill':
    case 'ljust':
    case 'rjust':
    case 'expandtabs':
      return {
        ...of,
        size: Math.max(of.size, name === 'center' && all.length === 0 ? 80 : largest),
        count: Math.max(of.count, largest),
      };
    case 'indent':
    case 'tojson':
      // each line, or each value, gets as many blanks
      return sized(written(of) * (name === 'indent' && all.length === 0 ? 2 : 1 + largest));
    case 'batch':
    case 'slice':
      return { ...of, size: of.size + largest, count: Math.max(of.count, largest) };
    case 'join': {
      const glue = name === 'join' ? either(first, named.get('d') ?? NOTHING) : first;
      // `'x'.join(list)`: the list may be what is large
      return {
        ...sized(of.size + of.count * glue.size + glue.count * of.size),
        given: of.given === true,
      };
    }
    case 'replace':
      return grown(of, Math.max(1, written(inOrder[1] ?? named.get('new') ?? NOTHING)));
    case 'int':
    case 'float':
      // with another base than ten, letters are digits
      return numberOf(
        Math.max(
          of.number,
          of.digits,
          largest,
          largest > 10 && of.given !== true ? largest ** Math.min(of.size, 20) : 0,
        ),
      );
    case 'round':
      return numberOf(largest > DIGITS_MAX ? Infinity : of.number * 10 ** largest);
    case 'map':
      return given.word === null
        ? either(of, all.reduce(either, NOTHING))
        : grown(
            applied(given.word, of, { inOrder: inOrder.slice(1), named, word: null }),
            Math.max(1, of.count),
          );
    case 'sum':
      return {
        ...together(
          { ...of, number: of.number * Math.max(1, of.count) },
          all.reduce(either, NOTHING),
        ),
        digits: of.digits,
      };
    case 'list':
    case 'items':
    case 'dictsort':
    case 'split':
    case 'rsplit':
    case 'splitlines':
      return of;
    case 'default':
    case 'd':
    case 'get':
    case 'pop':
      return all.reduce(either, of);
    default:
      return name === 'urlencode' || /escape|^e$/.test(name) ? { ...of, size: of.size * 6 } : of;
  }
}

/** What the functions of chat templates give; null: it is none of them. */
export function called(name: string, { inOrder, named }: Given): Bounds | null {
  const all = [...inOrder, ...named.values()];
  if (name === 'range') {
    const count = Math.max(
      0,
      ...all.map(({ number, count: length, size }) => (number > 0 || size > 0 ? number : length)),
    );
    return { number: count, size: 0, count, digits: 0 };
  }
  if (name === 'dict' || name === 'namespace')
    return { ...all.reduce((sum, one) => together(sum, one), sized(0)), count: all.length };
  if (name === 'strftime_now') return sized(100);
  return name === 'raise_exception' ? NOTHING : null;
}
