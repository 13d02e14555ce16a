import type { ProtoField } from '../../protobuf/reader.ts';
import { Rejected } from '../../report.ts';
import { claimExternalData, refuseBoth } from './external.ts';
import { noteReader, onnxMessage, readPair, tellEmbedded, type OnnxWalk } from './walk.ts';

type Store = 'float_data' | 'int32_data' | 'int64_data' | 'uint64_data' | 'double_data';
/**
 * TensorProto.DataType → bits of an element, the list that may hold it, elements of that list for
 * so many of the tensor
 */
const TYPES = new Map<bigint, { bits: bigint; store: Store; entries?: bigint; per?: bigint }>([
  [1n, { bits: 32n, store: 'float_data' }],
  [14n, { bits: 64n, store: 'float_data', entries: 2n }],
  [11n, { bits: 64n, store: 'double_data' }],
  [15n, { bits: 128n, store: 'double_data', entries: 2n }],
  [7n, { bits: 64n, store: 'int64_data' }],
  [12n, { bits: 32n, store: 'uint64_data' }],
  [13n, { bits: 64n, store: 'uint64_data' }],
  [6n, { bits: 32n, store: 'int32_data' }],
  ...[4n, 5n, 10n, 16n].map((type) => [type, { bits: 16n, store: 'int32_data' as const }] as const),
  ...[2n, 3n, 9n, 17n, 18n, 19n, 20n, 24n].map(
    (type) => [type, { bits: 8n, store: 'int32_data' as const }] as const,
  ),
  ...[21n, 22n, 23n].map(
    (type) => [type, { bits: 4n, store: 'int32_data' as const, per: 2n }] as const,
  ),
  ...[25n, 26n].map((type) => [type, { bits: 2n, store: 'int32_data' as const, per: 4n }] as const),
  ...[27n, 28n].map((type) => [type, { bits: 6n, store: 'int32_data' as const }] as const),
]);
const STRING = 8n;
const EXTERNAL = 1n;
/** far more than any tensor has */
const DIMS_MAX = 1024;
/** writers keep a list in one piece */
const LISTS_MAX = 1024;
const ELEMENTS_MAX = 2n ** 63n - 1n;

export interface Tensor {
  name: string;
  dims: bigint[];
  type: bigint;
  external: boolean;
  raw: ProtoField | null;
  /** lists of elements, each as often as it stands there */
  lists: ProtoField[];
}

/** One TensorProto: its data are in one place only, and as many as type and shape need. */
export function readTensor(walk: OnnxWalk, field: ProtoField): Tensor {
  const { reader } = walk;
  const tensor: Tensor = { name: '', dims: [], type: 0n, external: false, raw: null, lists: [] };
  const entries = new Map<string, string>();
  const counts = new Map<string, bigint>();
  const count = (list: ProtoField): void => {
    counts.set(list.shape.name, (counts.get(list.shape.name) ?? 0n) + BigInt(list.count));
    if (list.shape.name === 'int64_data') keep(tensor.lists, list, LISTS_MAX);
  };
  reader.read(field, onnxMessage('TensorProto'), {
    dims: (list) => reader.eachNumber(list, (dim) => keep(tensor.dims, dim, DIMS_MAX)),
    data_type: ({ value }) => void (tensor.type = value),
    name: (text) => void (tensor.name = reader.text(text)),
    data_location: ({ value, at }) => {
      if (value !== 0n && value !== EXTERNAL)
        throw new Rejected('onnx-tensor', `There is no data location ${value}.`, at);
      tensor.external = value === EXTERNAL;
    },
    metadata_props: noteReader(walk),
    external_data: (pair) => readPair(walk, pair, entries, 'onnx-external-data'),
    raw_data: (bytes) => void (tensor.raw = bytes),
    segment: ({ at }) => {
      throw new Rejected(
        'onnx-tensor',
        'The tensor is a segment of another one; no loader reads those.',
        at,
      );
    },
    float_data: count,
    int32_data: count,
    int64_data: count,
    uint64_data: count,
    double_data: count,
    string_data: (text) => {
      count(text);
      tellEmbedded(walk, text, tensor.name);
    },
  });
  if (tensor.raw !== null && TYPES.get(tensor.type)?.bits === 8n)
    tellEmbedded(walk, tensor.raw, tensor.name);
  const places = counts.size + (tensor.raw === null ? 0 : 1);
  if (tensor.external !== entries.size > 0 || (tensor.external && places > 0)) refuseBoth(field.at);
  if (places > 1)
    throw new Rejected(
      'onnx-tensor',
      `Tensor ${quote(tensor.name)} has its data in two places.`,
      field.at,
    );
  checkSize(walk, tensor, counts, entries, field.at);
  return tensor;
}

function checkSize(
  walk: OnnxWalk,
  tensor: Tensor,
  counts: Map<string, bigint>,
  entries: Map<string, string>,
  at: number,
): void {
  const wrong = (why: string): never => {
    throw new Rejected('onnx-tensor', `Tensor ${quote(tensor.name)}: ${why}.`, at);
  };
  const elements = elementsOf(tensor.dims) ?? wrong('its shape is negative or overflows');
  if (tensor.type === STRING) {
    if (tensor.external || tensor.raw !== null) wrong('texts are kept as raw bytes');
    if ((counts.get('string_data') ?? 0n) !== elements) wrong(`its shape needs ${elements} texts`);
    return;
  }
  const type = TYPES.get(tensor.type) ?? wrong(`its type ${tensor.type} is unknown`);
  const bytes = (elements * type.bits + 7n) / 8n;
  if (tensor.external) return claimExternalData(walk, entries, bytes, tensor.name, at);
  if (tensor.raw !== null) {
    const has = tensor.raw.end - tensor.raw.start;
    if (BigInt(has) !== bytes) wrong(`type and shape need ${bytes} bytes, raw_data has ${has}`);
    return;
  }
  const per = type.per ?? 1n;
  const wanted = type.entries === undefined ? (elements + per - 1n) / per : elements * type.entries;
  for (const list of counts.keys())
    if (list !== type.store) wrong(`its data are in ${list}, which is not for its type`);
  if ((counts.get(type.store) ?? 0n) !== wanted)
    wrong(
      `type and shape need ${wanted} elements in ${type.store}, there are ${counts.get(type.store) ?? 0n}`,
    );
}

function keep<T>(list: T[], element: T, max: number): void {
  if (list.push(element) > max)
    throw new Rejected('limit-exceeded', `A tensor has more than ${max} dimensions or pieces.`);
}

/** null: negative, or more than 63 bits count */
export function elementsOf(dims: readonly bigint[]): bigint | null {
  let elements = 1n;
  for (const dim of dims) {
    elements *= dim;
    if (dim < 0n || elements > ELEMENTS_MAX) return null;
  }
  return elements;
}

export const quote = (name: string): string => JSON.stringify(name.slice(0, 120));
