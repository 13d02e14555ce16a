import type { Bounds } from './bounds.ts';

/** a value that grows by more than that from round to round, doubles rather than adds up */
const GROWTH_MAX = 1.45;

type Field = 'number' | 'size' | 'count';
const FIELDS: readonly Field[] = ['number', 'size', 'count'];

/** What a value gained from round to round, of four in a row. */
const gains = (rounds: readonly Bounds[], field: Field): [number, number, number] =>
  [1, 2, 3].map((i) => (rounds[i]?.[field] ?? 0) - (rounds[i - 1]?.[field] ?? 0)) as [
    number,
    number,
    number,
  ];

/**
 * Does it gain more each time, as what is put together with itself does? What gains by a gain that
 * grows evenly does not.
 */
export const doubles = (rounds: readonly Bounds[]): boolean =>
  FIELDS.some((field) => {
    const [a, b, c] = gains(rounds, field);
    return a > 0 && c > GROWTH_MAX * b && b > GROWTH_MAX * a;
  });

/** The value when the loop has run `rest` times more. */
export function after(rounds: readonly Bounds[], rest: number): Bounds {
  const last = rounds.at(-1)!;
  const further = (field: Field): number => {
    const [, b, c] = gains(rounds, field);
    return c <= 0
      ? Math.max(...rounds.map((round) => round[field]))
      : last[field] + rest * c + (rest * rest * Math.max(0, c - b)) / 2;
  };
  return { ...last, number: further('number'), size: further('size'), count: further('count') };
}
