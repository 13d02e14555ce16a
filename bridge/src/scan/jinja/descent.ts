import type { Node } from './expression.ts';

/** methods that put something into a list or dict */
export const FILLING = new Set(['append', 'extend', 'insert', 'update']);

export interface Around {
  /** names that stand for a part of what a macro was given, or of what a loop goes over */
  readonly parts: ReadonlySet<string>;
  /** is this attribute one that the template itself gave a value? */
  isSet(path: string): boolean;
}

/**
 * `x.y`, `x['y']`, `x|items`, a variable of a loop, and lists and dicts with such: smaller than
 * what it is taken from.
 */
export function goesDeeper(node: Node, around: Around): boolean {
  if (node.kind === 'name') return around.parts.has(node.name);
  if (node.kind === 'attribute' || node.kind === 'item')
    return pathOf(node) === null || !around.isSet(pathOf(node)!);
  if (node.kind === 'call') return node.of.kind === 'attribute' && !FILLING.has(node.of.name);
  if (node.kind === 'filter')
    return node.of !== null && (goesDeeper(node.of, around) || node.of.kind === 'name');
  if (node.kind === 'choice') return node.options.some((one) => goesDeeper(one, around));
  return node.kind === 'items' && node.items.some((one) => goesDeeper(one, around));
}

export function pathOf(node: Node): string | null {
  if (node.kind === 'name') return node.name;
  return node.kind === 'attribute' && node.of.kind === 'name'
    ? `${node.of.name}.${node.name}`
    : null;
}

/** `n - 1` as an argument */
export const countsDown = (node: Node): boolean =>
  node.kind === 'pair' &&
  (node.operator === '-' || node.operator === '//') &&
  node.left.kind === 'name' &&
  node.right.kind === 'number';

export const nameOf = (name: string | null, value: Node): string =>
  name ?? (value.kind === 'name' ? value.name : '');
