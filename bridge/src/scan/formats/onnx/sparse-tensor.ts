import type { ProtoField } from '../../protobuf/reader.ts';
import { Rejected } from '../../report.ts';
import { elementsOf, quote, readTensor, type Tensor } from './tensor.ts';
import { onnxMessage, type OnnxWalk } from './walk.ts';

const INT64 = 7n;
const INDEX_BYTES = 8;
const CHUNK_BYTES = 64 * 1024;

/**
 * One SparseTensorProto: values of which each has a place inside of the shape. A place outside is
 * memory of somebody else.
 */
export function readSparseTensor(walk: OnnxWalk, field: ProtoField): string {
  const { reader } = walk;
  const parts: { values?: Tensor; indices?: Tensor } = {};
  const dims: bigint[] = [];
  reader.read(field, onnxMessage('SparseTensorProto'), {
    values: (tensor) => void (parts.values = readTensor(walk, tensor)),
    indices: (tensor) => void (parts.indices = readTensor(walk, tensor)),
    dims: (list) => reader.eachNumber(list, (dim) => void dims.push(dim)),
  });
  const { values, indices } = parts;
  const wrong = (why: string): never => {
    throw new Rejected(
      'onnx-tensor',
      `Sparse tensor ${quote(values?.name ?? '')}: ${why}.`,
      field.at,
    );
  };
  const elements = elementsOf(dims) ?? wrong('its shape is negative or overflows');
  if (values === undefined || values.dims.length !== 1)
    return wrong('it has no flat list of values');
  if (indices === undefined)
    return values.dims[0] === 0n ? values.name : wrong('it has values and no indices');
  const count = values.dims[0]!;
  const linear = indices.dims.length === 1;
  if (indices.type !== INT64 || !matches(indices.dims, count, dims.length))
    wrong('its indices do not match its values and its shape');
  if (indices.external) wrong('its indices lie in another file, where loaders do not check them');
  checkIndices(walk, indices, linear ? [elements] : dims, wrong);
  return values.name;
}

/** One number for each value, or one for each of its dimensions. */
function matches(shape: readonly bigint[], values: bigint, dimensions: number): boolean {
  const [rows, columns] = shape;
  if (rows !== values) return false;
  return shape.length === 1 || (shape.length === 2 && columns === BigInt(dimensions));
}

function checkIndices(
  { reader }: OnnxWalk,
  indices: Tensor,
  limits: bigint[],
  wrong: (why: string) => never,
): void {
  let position = 0;
  const check = (index: bigint): void => {
    if (index < 0n || index >= limits[position++ % limits.length]!)
      wrong('an index lies outside of its shape');
  };
  for (const list of indices.lists) reader.eachNumber(list, check);
  if (indices.raw === null) return;
  const { start, end } = indices.raw;
  for (let at = start; at < end; at += CHUNK_BYTES) {
    const chunk = reader.source.read(at, Math.min(CHUNK_BYTES, end - at));
    const view = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    for (let i = 0; i < view.length; i += INDEX_BYTES) check(view.readBigInt64LE(i));
  }
}
