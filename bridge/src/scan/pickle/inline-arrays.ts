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
  const wrong = (why: string): never => {
    throw new Rejected(
      'pickle-inline-array',
      `An array that joblib keeps between the instructions is not described as joblib does: ${why}.`,
    );
  };
  if (state === null) return wrong('its description is missing');
  if (state.fault !== null) return wrong(state.fault);
  const { items } = state;
  const [shape, dtype, alignment] = [
    items.get('shape'),
    items.get('dtype'),
    items.get('numpy_array_alignment_bytes'),
  ];
  if (
    shape === undefined ||
    kindOf(shape) !== KIND.TUPLE ||
    dtype === undefined ||
    kindOf(dtype) !== KIND.OBJECT
  )
    return wrong('shape or dtype is missing');
  const { bytes, objects } =
    globals.at(payloadOf(dtype)).dtype ?? wrong('the size of its elements is unknown');
  if (objects) return { kind: 'pickle' };
  const dimensions = arena.elements(shape);
  if (dimensions === null || !dimensions.every((value) => kindOf(value) === KIND.INT))
    return wrong('its shape is not made of plain numbers');
  const length = dimensions.reduce(
    (product, value) => product * payloadOf(value),
    bytes ?? wrong('the size of its elements is unknown'),
  );
  // numpy multiplies with 64 bits and passes over what does not fit, so no factor may be that large
  // either
  if (!Number.isSafeInteger(length) || dimensions.some((value) => payloadOf(value) > 2 ** 40))
    return wrong('it is larger than any file');
  if (
    alignment !== undefined &&
    kindOf(alignment) !== KIND.INT &&
    kindOf(alignment) !== KIND.SCALAR
  )
    return wrong('its alignment is no number');
  return {
    kind: 'bytes',
    length,
    padded: alignment !== undefined && kindOf(alignment) === KIND.INT,
  };
}
