import { JsonNumber, type JsonValue } from '../../json/strict.ts';
import { Rejected } from '../../report.ts';
import type { Ubjson } from './ubjson.ts';

/** A value of a model, from either of its two forms. */
export type Value = JsonValue | Ubjson | Table;
export type Table = Map<string, JsonValue | Ubjson>;

export function table(parent: Value, key: string): Table {
  const value = parent instanceof Map ? (parent as Table).get(key) : undefined;
  return value instanceof Map ? (value as Table) : wrong(`${key} is missing`);
}

export function list(parent: Table, key: string): Value[] {
  const value = asList(parent.get(key));
  return value ?? wrong(`${key} is missing`);
}

export const asList = (value: Value | undefined): Value[] | null =>
  Array.isArray(value) ? (value as Value[]) : value instanceof Float64Array ? [...value] : null;

export function numbers(parent: Table, key: string): ArrayLike<number> {
  const value = parent.get(key);
  if (value instanceof Float64Array) return value;
  if (!Array.isArray(value)) return wrong(`${key} is missing`);
  return Float64Array.from(value as Value[], (one) =>
    one instanceof JsonNumber
      ? Number(one.text)
      : typeof one === 'number'
        ? one
        : typeof one === 'boolean'
          ? Number(one)
          : wrong(`${key} holds what is no number`),
  );
}

/** XGBoost writes its counts as texts. */
export function count(parent: Table, key: string): number {
  const value = parent.get(key);
  return typeof value === 'string' && /^[0-9]{1,10}$/.test(value)
    ? Number(value)
    : wrong(`${key} is no count`);
}

/** The same, where older versions do not have it. */
export const optionalCount = (parent: Table, key: string): number =>
  parent.has(key) ? count(parent, key) : 0;

export function wrong(why: string): never {
  throw new Rejected('booster-structure', `The model is not one that XGBoost writes: ${why}.`);
}
