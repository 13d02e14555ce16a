import type { TableAt } from '../../flatbuffers/reader.ts';
import type { Tables } from '../../flatbuffers/tables.ts';
import { Rejected } from '../../report.ts';
import { ownBehind } from './buffers.ts';
import type { TfliteModel } from './model.ts';
import { sparseElements } from './sparse.ts';
import { faultOfStrings } from './strings.ts';

/** TensorType → bits of an element; types that are not here have no fixed size */
const TYPE_BITS: Record<string, bigint> = {
  FLOAT32: 32n,
  FLOAT16: 16n,
  INT32: 32n,
  UINT8: 8n,
  INT64: 64n,
  BOOL: 8n,
  INT16: 16n,
  COMPLEX64: 64n,
  INT8: 8n,
  FLOAT64: 64n,
  COMPLEX128: 128n,
  UINT64: 64n,
  UINT32: 32n,
  UINT16: 16n,
  INT4: 4n,
  BFLOAT16: 16n,
  INT2: 2n,
  UINT4: 4n,
};
/** an input that is left out */
const NONE = -1;
const STRING = 'STRING';
const SUBGRAPH_FIELD = /^subgraph$|_subgraph_ind(ex|ices)$/;

/**
 * One SubGraph: everything it names must be there, and its constant tensors as large as they say.
 */
export function readSubgraph(model: TfliteModel, graph: TableAt, index: number): void {
  const { reader } = model;
  const count = model.tensors[index]!;
  for (const tensor of reader.each(graph, 'tensors')) checkTensor(model, tensor);
  for (const side of ['inputs', 'outputs']) checkIndices(model, graph, side, { least: 0, count });
  for (const operator of reader.each(graph, 'operators')) {
    if (reader.number(operator, 'opcode_index') >= model.operatorCodes.length)
      throw new Rejected(
        'tflite-reference',
        'An operator is of a code that is not in the list.',
        operator.at,
      );
    for (const side of ['inputs', 'outputs', 'intermediates'])
      checkIndices(model, operator, side, { least: NONE, count });
    for (const field of ['builtin_options', 'builtin_options2'])
      checkOptions(model, reader.table(operator, field));
    const behind = ownBehind(model, operator, {
      offset: 'large_custom_options_offset',
      size: 'large_custom_options_size',
    });
    if (behind > 0 && reader.list(operator, 'custom_options').length > 0)
      throw new Rejected(
        'tflite-structure',
        'An operator has its options in two places.',
        operator.at,
      );
  }
}

function checkTensor(
  { reader, tables, source, buffers, file, report }: TfliteModel,
  tensor: TableAt,
): void {
  const wrong = (rule: 'tflite-reference' | 'tflite-tensor', why: string): never => {
    throw new Rejected(
      rule,
      `Tensor ${JSON.stringify(reader.text(tensor, 'name')?.slice(0, 120) ?? '')}: ${why}.`,
      tensor.at,
    );
  };
  if (reader.number(tensor, 'external_buffer') !== 0)
    report.add('tflite-external-buffer', { file, offset: tensor.at });
  const { at, bytes } =
    buffers[reader.number(tensor, 'buffer')] ??
    wrong('tflite-reference', 'its buffer is not there');
  const code = reader.number(tensor, 'type');
  const type = typeName(tables, code) ?? wrong('tflite-tensor', `its type ${code} is unknown`);
  const shape = [...reader.numbers(tensor, 'shape')];
  if (shape.some((dimension) => dimension < 0)) wrong('tflite-tensor', 'its shape is negative');
  const all = product(shape) ?? wrong('tflite-tensor', 'its shape overflows');
  if (bytes === 0) return;
  const sparsity = reader.table(tensor, 'sparsity');
  const checkTexts = (): void => {
    const fault = sparsity === null ? faultOfStrings(source, at, bytes) : 'texts are sparse';
    if (fault !== null) wrong('tflite-tensor', fault);
  };
  if (type === STRING) checkTexts();
  const kept = sparsity === null ? { elements: all } : sparseElements(reader, sparsity, shape);
  if ('fault' in kept) return wrong('tflite-tensor', kept.fault);
  const bits = TYPE_BITS[type];
  if (bits === undefined) return;
  const needed = (kept.elements * bits + 7n) / 8n;
  if (needed !== BigInt(bytes))
    wrong('tflite-tensor', `type and shape need ${needed} bytes, its buffer has ${bytes}`);
}

const typeName = (tables: Tables, code: number): string | undefined =>
  Object.entries(tables.enums['TensorType']!).find(([, value]) => value === code)?.[0];

/** null: more than 63 bits count */
function product(shape: readonly number[]): bigint | null {
  let elements = 1n;
  for (const dimension of shape) if ((elements *= BigInt(dimension)) > 2n ** 63n) return null;
  return elements;
}

/** Subgraphs that the options of an operator name: branches, loops, calls. */
function checkOptions(model: TfliteModel, options: TableAt | null): void {
  if (options === null) return;
  const subgraphs = { least: 0, count: model.tensors.length };
  for (const field of model.tables.fields(options.table)) {
    if (field === null || !SUBGRAPH_FIELD.test(field.name)) continue;
    if (field.kind === 'numbers') checkIndices(model, options, field.name, subgraphs);
    else if (!inRange(model.reader.number(options, field.name), subgraphs))
      throw new Rejected(
        'tflite-reference',
        'An operator names a subgraph that is not there.',
        options.at,
      );
  }
}

/** Indices of a list with `count` elements. */
interface IndexRange {
  readonly least: number;
  readonly count: number;
}

function checkIndices(
  { reader }: TfliteModel,
  from: TableAt,
  field: string,
  range: IndexRange,
): void {
  for (const index of reader.numbers(from, field)) {
    if (!inRange(index, range))
      throw new Rejected(
        'tflite-reference',
        `${from.table} names ${field} ${index}; there are ${range.count}.`,
        from.at,
      );
  }
}

const inRange = (index: number, { least, count }: IndexRange): boolean =>
  index >= least && index < count;
