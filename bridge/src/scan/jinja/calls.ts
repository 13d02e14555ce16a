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
const LINE_WIDTH = 80;
/** round(n) computes 10^n */
const DIGITS_MAX = 30;

/** A filter or method, with what it is applied to and given. */
interface Use {
  readonly of: Bounds;
  readonly given: Given;
  readonly all: readonly Bounds[];
  /** of all numbers that are given */
  readonly largest: number;
}
type Result = (use: Use) => Bounds;

const itself: Result = ({ of }) => of;
const itselfOrGiven: Result = ({ of, all }) => all.reduce(either, of);

const padded: Result = ({ of, largest }) => ({
  ...of,
  size: Math.max(of.size, largest),
  count: Math.max(of.count, largest),
});

/** Without a width, that of a line. */
const centred: Result = ({ of }) => ({ ...of, size: Math.max(of.size, LINE_WIDTH) });

const inParts: Result = ({ of, largest }) => ({
  ...of,
  size: of.size + largest,
  count: Math.max(of.count, largest),
});

/** Each line, or each value, gets as many blanks. */
const indented: Result = ({ of, largest }) => sized(written(of) * (1 + largest));

/** `'x'.join(list)`: the list may be what is large. */
const joined: Result = ({ of, given: { inOrder, named } }) => {
  const glue = either(inOrder[0] ?? NOTHING, named.get('d') ?? NOTHING);
  return {
    ...sized(of.size + of.count * glue.size + glue.count * of.size),
    given: of.given === true,
  };
};

/** With another base than ten, letters are digits. */
const readAsNumber: Result = ({ of, largest }) =>
  numberOf(
    Math.max(
      of.number,
      of.digits,
      largest,
      largest > 10 && of.given !== true ? largest ** Math.min(of.size, 20) : 0,
    ),
  );

const mapped: Result = ({ of, given: { inOrder, named, word }, all }) =>
  word === null
    ? either(of, all.reduce(either, NOTHING))
    : grown(
        applied(word, of, { inOrder: inOrder.slice(1), named, word: null }),
        Math.max(1, of.count),
      );

const summed: Result = ({ of, all }) => ({
  ...together({ ...of, number: of.number * Math.max(1, of.count) }, all.reduce(either, NOTHING)),
  digits: of.digits,
});

const RESULTS = new Map<string, Result>([
  ['center', (use) => (use.all.length === 0 ? centred(use) : padded(use))],
  ['zfill', padded],
  ['ljust', padded],
  ['rjust', padded],
  ['expandtabs', padded],
  ['indent', (use) => indented(use.all.length === 0 ? { ...use, largest: 1 } : use)],
  ['tojson', indented],
  ['batch', inParts],
  ['slice', inParts],
  ['join', joined],
  [
    'replace',
    ({ of, given: { inOrder, named } }) =>
      grown(of, Math.max(1, written(inOrder[1] ?? named.get('new') ?? NOTHING))),
  ],
  ['int', readAsNumber],
  ['float', readAsNumber],
  [
    'round',
    ({ of, largest }) => numberOf(largest > DIGITS_MAX ? Infinity : of.number * 10 ** largest),
  ],
  ['map', mapped],
  ['sum', summed],
  ['list', itself],
  ['items', itself],
  ['dictsort', itself],
  ['split', itself],
  ['rsplit', itself],
  ['splitlines', itself],
  ['default', itselfOrGiven],
  ['d', itselfOrGiven],
  ['get', itselfOrGiven],
  ['pop', itselfOrGiven],
]);

/** The result of a filter or of the method of that name. */
export function applied(name: string, of: Bounds, given: Given): Bounds {
  const { inOrder, named } = given;
  if (LENGTHS.has(name)) return numberOf(Math.max(of.count, inOrder.length > 0 ? of.size : 0));
  if (TRUTHS.has(name)) return TRUTH;
  const all = [...inOrder, ...named.values()];
  const largest = Math.max(0, ...all.map(({ number }) => number));
  const result = RESULTS.get(name);
  if (result !== undefined) return result({ of, given, all, largest });
  return name === 'urlencode' || /escape|^e$/.test(name) ? { ...of, size: of.size * 6 } : of;
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
