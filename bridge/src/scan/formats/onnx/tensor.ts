import type { ProtoField } from '../../protobuf/reader.ts';
import { Rejected } from '../../report.ts';
import { claimExternalData, refuseBoth } from './external.ts';
import { noteReader, onnxMessage, readPair, tellEmbedded, type OnnxWalk } from './walk.ts';

type Store = 'float_data' | 'int32_data' | 'int64_data' | 'uint64_data' | 'double_data';
interface ElementType {
  readonly bits: bigint;
  /** the list that may hold such elements */
  readonly store: Store;
  /** entries of that list for one element */
  readonly entries?: bigint;
  /** elements in one entry of it */
  readonly per?: bigint;
}

/** By the numbers of TensorProto.DataType. */
const TYPES = new Map<bigint, ElementType>([
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
    external_data: (pair) =>
      readPair(walk, pair, { pairs: entries, duplicate: 'onnx-external-data' }),
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
  checkSize(walk, tensor, { counts, entries, at: field.at });
  return tensor;
}

/** What a message holds of its tensor, and where. */
interface TensorData {
  readonly at: number;
  /** list → elements in it */
  readonly counts: ReadonlyMap<string, bigint>;
  /** what is said of data in another file */
  readonly entries: ReadonlyMap<string, string>;
}

function checkSize(walk: OnnxWalk, tensor: Tensor, data: TensorData): void {
  const wrong = (why: string): never => {
    throw new Rejected('onnx-tensor', `Tensor ${quote(tensor.name)}: ${why}.`, data.at);
  };
  const elements = elementsOf(tensor.dims) ?? wrong('its shape is negative or overflows');
  if (tensor.type === STRING) {
    if (tensor.external || tensor.raw !== null) wrong('texts are kept as raw bytes');
    if ((data.counts.get('string_data') ?? 0n) !== elements)
      wrong(`its shape needs ${elements} texts`);
    return;
  }
  const type = TYPES.get(tensor.type) ?? wrong(`its type ${tensor.type} is unknown`);
  const bytes = (elements * type.bits + 7n) / 8n;
  if (tensor.external)
    return claimExternalData(walk, { name: tensor.name, bytes, at: data.at }, data.entries);
  if (tensor.raw !== null) {
    const has = tensor.raw.end - tensor.raw.start;
    if (BigInt(has) !== bytes) wrong(`type and shape need ${bytes} bytes, raw_data has ${has}`);
    return;
  }
  const fault = listFault(type, elements, data.counts);
  if (fault !== null) wrong(fault);
}

/** Why the lists of elements do not hold what type and shape need, or null. */
function listFault(
  { store, entries, per = 1n }: ElementType,
  elements: bigint,
  counts: ReadonlyMap<string, bigint>,
): string | null {
  const wanted = entries === undefined ? (elements + per - 1n) / per : elements * entries;
  for (const list of counts.keys())
    if (list !== store) return `its data are in ${list}, which is not for its type`;
  const has = counts.get(store) ?? 0n;
  return has === wanted
    ? null
    : `type and shape need ${wanted} elements in ${store}, there are ${has}`;
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
