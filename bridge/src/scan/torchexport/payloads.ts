import { JsonNumber, type JsonValue } from '../json/strict.ts';

export interface Payload {
  name: string;
  pickled: boolean;
  /** bytes that the tensor reaches; null: its pickle says */ bytes: number | null;
}

/** number of a type in the files → bytes of an element */
const TYPE_BYTES = new Map([
  [1, 1],
  [2, 1],
  [3, 2],
  [4, 4],
  [5, 8],
  [6, 2],
  [7, 4],
  [8, 8],
  [9, 4],
  [10, 8],
  [11, 16],
  [12, 1],
  [13, 2],
  [28, 2],
  [29, 1],
  [30, 1],
  [31, 1],
  [32, 1],
]);
const STRIDED = 7;
const NAME = /^(weight|tensor)_[0-9]{1,9}$/;
const ENTRY_KEYS = new Set(['path_name', 'is_param', 'use_pickle', 'tensor_meta']);
const PARAMETER = /^[\w.-]{1,400}$/;

/**
 * Which member holds which parameter: `{"config": {parameter: {path_name, is_param, use_pickle,
 * tensor_meta}}}`. Answers the members, or why the list is refused.
 */
export function payloads(root: JsonValue): Payload[] | string {
  const config = root instanceof Map && root.size === 1 ? root.get('config') : undefined;
  if (!(config instanceof Map)) return 'The list of weights is none.';
  const found: Payload[] = [];
  for (const [parameter, entry] of config) {
    const payload = payloadOf(parameter, entry);
    if (typeof payload === 'string') return payload;
    found.push(payload);
  }
  return found;
}

function payloadOf(parameter: string, entry: JsonValue): Payload | string {
  if (!PARAMETER.test(parameter) || !(entry instanceof Map))
    return `${JSON.stringify(parameter.slice(0, 60))} is no parameter.`;
  if ([...entry.keys()].some((key) => !ENTRY_KEYS.has(key)))
    return `${parameter} is described by more than a name, two marks and a shape.`;
  const [name, pickled] = [entry.get('path_name'), entry.get('use_pickle')];
  if (typeof name !== 'string' || !NAME.test(name))
    return `${parameter} lies in ${JSON.stringify(name)?.slice(0, 60)}: an object that is no tensor is made with what the file says.`;
  if (typeof pickled !== 'boolean') return `${parameter} does not say whether it is a pickle.`;
  const bytes = pickled ? null : reach(entry.get('tensor_meta'));
  return typeof bytes === 'string' ? `${parameter}: ${bytes}.` : { name, pickled, bytes };
}

/** How many bytes a tensor of this shape needs. */
function reach(meta: JsonValue | undefined): number | string {
  if (!(meta instanceof Map)) return 'its shape is missing';
  const unit = TYPE_BYTES.get(number(meta.get('dtype')));
  if (unit === undefined || number(meta.get('layout')) !== STRIDED)
    return 'its type or layout is not known';
  const [sizes, strides] = [meta.get('sizes'), meta.get('strides')].map((list) =>
    Array.isArray(list) ? list.map(size) : [NaN],
  );
  const offset = size(meta.get('storage_offset'));
  const all = [...sizes!, ...strides!, offset];
  if (
    sizes!.length !== strides!.length ||
    !all.every((one) => Number.isSafeInteger(one) && one >= 0)
  )
    return 'its shape is not made of plain numbers';
  if (sizes!.includes(0)) return 0;
  if (!Number.isSafeInteger(sizes!.reduce((product, one) => product * one, 1)))
    return 'it has more elements than can be counted';
  return (sizes!.reduce((sum, one, i) => sum + (one - 1) * strides![i]!, offset) + 1) * unit;
}

const number = (value: JsonValue | undefined): number =>
  value instanceof JsonNumber && /^[0-9]{1,15}$/.test(value.text) ? Number(value.text) : NaN;
const size = (value: JsonValue | undefined): number =>
  value instanceof Map && value.size === 1 ? number(value.get('as_int')) : NaN;
