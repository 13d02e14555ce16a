import { Rejected } from '../report.ts';
import type { GlobalTable } from './globals.ts';
import { type Arena, KIND, kindOf, payloadOf } from './values.ts';
import type { KnownDict } from './watch.ts';

/** What follows a NumpyArrayWrapper of joblib in the file. */
export type InlineArray = { kind: 'pickle' } | { kind: 'bytes'; length: number; padded: boolean };

/**
 * joblib writes an array as a wrapper object and, behind its BUILD, one byte of padding length, the
 * padding and the raw numbers (numpy_pickle.NumpyArrayWrapper.read_array). `state` is the wrapper's
 * __dict__.
 */
export function inlineArray(
  state: KnownDict | null,
  globals: GlobalTable,
  arena: Arena,
): InlineArray {
  if (state === null) return wrong('its description is missing');
  if (state.fault !== null) return wrong(state.fault);
  const { items } = state;
  const shape = partOf(items, 'shape', KIND.TUPLE);
  const dtype = partOf(items, 'dtype', KIND.OBJECT);
  const alignment = items.get('numpy_array_alignment_bytes');
  const { bytes, objects } =
    globals.at(payloadOf(dtype)).dtype ?? wrong('the size of its elements is unknown');
  if (objects) return { kind: 'pickle' };
  const length = lengthOf(arena.elements(shape), bytes);
  const isNumber = alignment !== undefined && kindOf(alignment) === KIND.INT;
  if (alignment !== undefined && !isNumber && kindOf(alignment) !== KIND.SCALAR)
    return wrong('its alignment is no number');
  return { kind: 'bytes', length, padded: isNumber };
}

function partOf(items: KnownDict['items'], key: string, kind: number): number {
  const value = items.get(key);
  return value !== undefined && kindOf(value) === kind ? value : wrong('shape or dtype is missing');
}

function lengthOf(dimensions: number[] | null, bytes: number | null): number {
  if (dimensions === null || !dimensions.every((value) => kindOf(value) === KIND.INT))
    return wrong('its shape is not made of plain numbers');
  const length = dimensions.reduce(
    (product, value) => product * payloadOf(value),
    bytes ?? wrong('the size of its elements is unknown'),
  );
  // numpy multiplies with 64 bits and passes over what does not fit, so no factor may be that large
  // either
  return Number.isSafeInteger(length) && !dimensions.some((value) => payloadOf(value) > 2 ** 40)
    ? length
    : wrong('it is larger than any file');
}

function wrong(why: string): never {
  throw new Rejected(
    'pickle-inline-array',
    `An array that joblib keeps between the instructions is not described as joblib does: ${why}.`,
  );
}
