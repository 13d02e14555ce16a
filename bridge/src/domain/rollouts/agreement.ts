/** Where no step names another. */
const TOLERANCE = 0.01;

/**
 * Whether two answers say the same: the same texts and truths in the same places, and numbers that
 * differ by no more than `tolerance`, of one or of the larger of both. Pure.
 */
export function agrees(a: unknown, b: unknown, tolerance = TOLERANCE): boolean {
  if (typeof a === 'number' && typeof b === 'number')
    return Object.is(a, b) || Math.abs(a - b) <= tolerance * Math.max(1, Math.abs(a), Math.abs(b));
  if (Array.isArray(a) || Array.isArray(b))
    return Array.isArray(a) && Array.isArray(b) && sameList(a, b, tolerance);
  if (isRecord(a) && isRecord(b)) return sameRecord(a, b, tolerance);
  return a === b;
}

const sameList = (a: unknown[], b: unknown[], tolerance: number): boolean =>
  a.length === b.length && a.every((one, at) => agrees(one, b[at], tolerance));

const isRecord = (value: unknown): value is Record<string, unknown> =>
  value !== null && typeof value === 'object';

function sameRecord(
  a: Record<string, unknown>,
  b: Record<string, unknown>,
  tolerance: number,
): boolean {
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && agrees(a[key], b[key], tolerance))
  );
}
