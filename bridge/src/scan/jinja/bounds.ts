/**
 * What is known of a value before the template runs: upper bounds. What the server puts in
 * (messages, tools) is taken for something of ordinary size, since the template is judged and not
 * what people ask.
 */
export interface Bounds {
  /** as a number */
  readonly number: number;
  /** characters of a text, and of all texts in a list */
  readonly size: number;
  /** how often a loop over it runs */
  readonly count: number;
  /** the number that a text would be read as */
  readonly digits: number;
  /** it, or a part of it, comes from the server */
  readonly given?: boolean;
}

export const NOTHING: Bounds = { number: 0, size: 0, count: 0, digits: 0 };
export const TRUTH: Bounds = { number: 1, size: 5, count: 0, digits: 0 };
/** messages, tools, documents */
export const INPUT: Bounds = { number: 20, size: 100, count: 20, digits: 20, given: true };
/** what a loop over them gives: its parts are counted with the whole already */
export const PART: Bounds = { number: 20, size: 100, count: 3, digits: 20, given: true };

export const numberOf = (value: number): Bounds => ({
  number: Math.abs(value),
  size: 0,
  count: 0,
  digits: 0,
});
export const sized = (size: number, count = size): Bounds => ({
  number: 0,
  size,
  count,
  digits: 0,
});

export function textOf(text: string): Bounds {
  const digits = /^\s*[-+]?[\d_.eE+]+\s*$/.test(text)
    ? Math.abs(Number(text.replace(/_/g, '')))
    : 0;
  return {
    number: 0,
    size: text.length,
    count: text.length,
    digits: Number.isNaN(digits) ? Infinity : digits,
  };
}

export const either = (a: Bounds, b: Bounds): Bounds => ({
  number: Math.max(a.number, b.number),
  size: Math.max(a.size, b.size),
  count: Math.max(a.count, b.count),
  digits: Math.max(a.digits, b.digits),
  given: a.given === true || b.given === true,
});

/** above that, it is not what the server gave that makes a value large */
const GIVEN_SIZE_MAX = 5000;

/**
 * What a loop gives: of a range the numbers, of a list or text its elements, which together are as
 * large as the whole, of what the server gave a part.
 */
export function elementOf(whole: Bounds): Bounds {
  if (whole.given === true && whole.size < GIVEN_SIZE_MAX) return { ...whole, count: PART.count };
  const size = whole.size / Math.max(1, whole.count);
  return { ...whole, size, count: size };
}

/** Characters of a value as text: a number has a few of its own. */
export const written = ({ number, size }: Bounds): number =>
  size + (number > 0 ? Math.ceil(Math.log10(number + 1)) + 1 : 0);

/** `a + b`, `a ~ b`, and what is put into a list. */
export function together(a: Bounds, b: Bounds, asText = false): Bounds {
  const size = asText ? written(a) + written(b) : a.size + b.size;
  // digits that are put together make larger numbers; how large is not followed
  const digits =
    a.size > 0 &&
    b.size > 0 &&
    Math.max(a.digits, b.digits) > 0 &&
    a.given !== true &&
    b.given !== true
      ? Math.max(a.digits, b.digits) * 10 ** Math.min(18, Math.min(a.size, b.size))
      : Math.max(a.digits, b.digits);
  return {
    number: a.number + b.number,
    size,
    count: asText ? size : a.count + b.count,
    digits,
    given: a.given === true || b.given === true,
  };
}

/** `a * b`: of two numbers, or of a text or list and a number. */
export function times(a: Bounds, b: Bounds): Bounds {
  const product = (x: number, y: number): number => (x === 0 || y === 0 ? 0 : x * y);
  const both = (of: (bounds: Bounds) => number): number =>
    Math.max(product(of(a), b.number), product(of(b), a.number));
  return {
    number: product(a.number, b.number),
    size: both(({ size }) => size),
    count: both(({ count }) => count),
    digits: Math.max(a.digits, b.digits),
    given: a.given === true || b.given === true,
  };
}

export const grown = (value: Bounds, factor: number): Bounds => ({
  ...value,
  size: value.size * factor,
  count: value.count * factor,
});

/**
 * What an attribute or a key gives: at most all of it, and of a list or dict of the template's own
 * perhaps one long text.
 */
export const insideOf = (whole: Bounds): Bounds =>
  whole.given === true && whole.size < GIVEN_SIZE_MAX
    ? whole
    : { ...whole, count: Math.max(whole.count, whole.size) };
