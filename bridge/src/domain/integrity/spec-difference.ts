/** One place at which two specs differ; undefined: nothing stands there. */
export interface Change {
  path: string;
  expected: unknown;
  found: unknown;
}

const CHANGES_MAX = 20;

/**
 * Where a spec differs from the one it should be, deepest place first told once. Pure; lists are
 * compared place by place.
 */
export function specChanges(expected: unknown, found: unknown, path = 'spec'): Change[] {
  if (Object.is(expected, found)) return [];
  if (isObject(expected) && isObject(found)) {
    const names = [...new Set([...Object.keys(expected), ...Object.keys(found)])];
    return names
      .flatMap((name) => specChanges(expected[name], found[name], `${path}.${name}`))
      .slice(0, CHANGES_MAX);
  }
  if (Array.isArray(expected) && Array.isArray(found)) {
    const length = Math.max(expected.length, found.length);
    return Array.from({ length }, (_, index) =>
      specChanges(
        expected[index],
        found[index],
        `${path}[${nameOf(expected[index] ?? found[index]) ?? index}]`,
      ),
    )
      .flat()
      .slice(0, CHANGES_MAX);
  }
  return [{ path, expected, found }];
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const nameOf = (value: unknown): string | undefined =>
  isObject(value) && typeof value['name'] === 'string' ? value['name'] : undefined;
