import type { FlatbufferReader, TableAt } from '../../flatbuffers/reader.ts';

const DENSE = 0;
const COMPRESSED = 1;

type Answer = { elements: bigint } | { fault: string };

/**
 * How many elements a sparse tensor keeps. The interpreter unfolds it by these lists without
 * looking, so that each index must lie inside of its dimension and each segment behind the one
 * before (as `VerifySparseTensor` of TensorFlow Lite has it).
 */
export function sparseElements(
  reader: FlatbufferReader,
  sparsity: TableAt,
  shape: readonly number[],
): Answer {
  const order = [...reader.numbers(sparsity, 'traversal_order')];
  const blocks = [...reader.numbers(sparsity, 'block_map')];
  const dimensions = [...reader.each(sparsity, 'dim_metadata')];
  if (order.length !== shape.length + blocks.length || dimensions.length !== order.length)
    return { fault: 'its dimensions are told in lists of other lengths' };
  if (!isPossibleOrder(order, shape.length))
    return { fault: 'its dimensions come in no possible order' };
  if (!isPossibleBlockMap(blocks, shape.length))
    return { fault: 'its blocks belong to no dimension' };
  const placeOf = (block: number): TableAt => dimensions[order.indexOf(shape.length + block)]!;
  const sizes = splitSizes(shape, blocks, (block) => reader.number(placeOf(block), 'dense_size'));
  if (sizes === null) return { fault: 'its blocks do not divide it' };
  let elements = 1n;
  for (const [i, dimension] of dimensions.entries()) {
    const size = sizes[order[i]!]!;
    const format = reader.number(dimension, 'format');
    if (format === DENSE) {
      if (reader.number(dimension, 'dense_size') !== size)
        return { fault: 'a dimension has another size than its shape' };
      elements *= BigInt(size);
    } else if (format === COMPRESSED) {
      const found = compressed(reader, dimension, elements, size);
      if (found === null) return { fault: 'the indices of a dimension lead out of it' };
      elements = BigInt(found);
    } else return { fault: `a dimension is packed in an unknown way (${format})` };
  }
  return { elements };
}

/** The dimensions, divided by their blocks, and the blocks; null where one does not fit. */
function splitSizes(
  shape: readonly number[],
  blocks: readonly number[],
  sizeOf: (block: number) => number,
): number[] | null {
  const sizes = [...shape];
  for (const [i, dimension] of blocks.entries()) {
    const size = sizeOf(i);
    if (size <= 0 || sizes[dimension]! % size !== 0) return null;
    sizes[dimension]! /= size;
    sizes.push(size);
  }
  return sizes;
}

/** Each dimension once, and those of blocks behind the others. */
const isPossibleOrder = (order: readonly number[], rank: number): boolean =>
  new Set(order).size === order.length &&
  !order.some((one, i) => one < 0 || one >= order.length || one < rank !== i < rank);

/** Each block divides another dimension of the shape. */
const isPossibleBlockMap = (blocks: readonly number[], rank: number): boolean =>
  new Set(blocks).size === blocks.length && blocks.every((one) => one >= 0 && one < rank);

/** How many indices a packed dimension has; null where one lies outside of it, or out of order. */
function compressed(
  reader: FlatbufferReader,
  dimension: TableAt,
  before: bigint,
  size: number,
): number | null {
  const [segmentsAt, indicesAt] = [
    reader.table(dimension, 'array_segments'),
    reader.table(dimension, 'array_indices'),
  ];
  if (segmentsAt === null || indicesAt === null) return null;
  const [segments, indices] = [
    [...reader.numbers(segmentsAt, 'values')],
    [...reader.numbers(indicesAt, 'values')],
  ];
  if (
    BigInt(segments.length) !== before + 1n ||
    segments[0] !== 0 ||
    segments.at(-1) !== indices.length
  )
    return null;
  for (let i = 1; i < segments.length; i++) {
    const [from, to] = [segments[i - 1]!, segments[i]!];
    if (to < from || to > indices.length || !areRising(indices.slice(from, to), size)) return null;
  }
  return indices.length;
}

/** Each inside of the dimension and behind the one before. */
const areRising = (indices: readonly number[], size: number): boolean =>
  indices.every((index, i) => index >= 0 && index < size && (i === 0 || index > indices[i - 1]!));
