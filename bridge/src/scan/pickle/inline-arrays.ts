import { Rejected } from '../report.ts';
import type { GlobalTable } from './globals.ts';
import { type Arena, KIND, kindOf, payloadOf } from './values.ts';

/** What follows a NumpyArrayWrapper of joblib in the file. */
export type InlineArray = { kind: 'pickle' } | { kind: 'bytes'; length: number; padded: boolean };

const CODE = /^[<>|=]?([?biufcmMSUOV])([0-9]{1,9})$/;

/** Bytes of one element of the dtype that numpy.dtype('f8') makes; 'objects' where the array is a pickle of its own; null when unknown. */
export function itemBytes(code: string): number | 'objects' | null {
  const match = CODE.exec(code);
  if (match === null) return null;
  if (match[1] === 'O') return 'objects';
  return Number(match[2]) * (match[1] === 'U' ? 4 : 1);
}

const HAS_OBJECT = 1;

/**
 * The state that BUILD gives a dtype of fields: (version, order, base, names, fields, size, alignment, flags, …). Answers why it
 * is refused: a field of objects whose flag is missing would make numpy take plain bytes for addresses of objects.
 */
export function fieldsFault(state: number[] | null, objectFields: boolean): string | null {
  const flags = state?.[7];
  if (state === null || state.length < 8 || flags === undefined || kindOf(flags) !== KIND.INT) return 'The state of a dtype is not the one that numpy writes.';
  const odd = payloadOf(flags) % 2 === HAS_OBJECT;
  return objectFields && !odd ? 'A dtype has fields of objects and says that it has none.' : null;
}

/**
 * joblib writes an array as a wrapper object and, behind its BUILD, one byte of padding length, the padding and the raw
 * numbers (numpy_pickle.NumpyArrayWrapper.read_array). `state` is the wrapper's __dict__.
 */
export function inlineArray(state: Map<string, number> | null, globals: GlobalTable, arena: Arena): InlineArray {
  const wrong = (why: string): never => {
    throw new Rejected('pickle-inline-array', `An array that joblib keeps between the instructions is not described as joblib does: ${why}.`);
  };
  if (state === null) return wrong('its description is missing');
  const [shape, dtype, alignment] = [state.get('shape'), state.get('dtype'), state.get('numpy_array_alignment_bytes')];
  if (shape === undefined || kindOf(shape) !== KIND.TUPLE || dtype === undefined || kindOf(dtype) !== KIND.OBJECT) return wrong('shape or dtype is missing');
  const bytes = globals.at(payloadOf(dtype)).itemBytes ?? wrong('the size of its elements is unknown');
  if (bytes === 'objects') return { kind: 'pickle' };
  const dimensions = arena.elements(shape);
  if (dimensions === null || !dimensions.every((value) => kindOf(value) === KIND.INT)) return wrong('its shape is not made of plain numbers');
  const length = dimensions.reduce((product, value) => product * payloadOf(value), bytes);
  if (!Number.isSafeInteger(length)) return wrong('it is larger than any file');
  return { kind: 'bytes', length, padded: alignment !== undefined && kindOf(alignment) === KIND.INT };
}
