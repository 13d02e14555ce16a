import type { Cursor } from './cursor.ts';

export interface Dataspace {
  /** null: no data at all */
  dimensions: number[] | null;
  elements: number;
  /** dimensions that may still grow without a bound */
  unlimited: number;
  bounds: (number | null)[];
}

const RANK_MAX = 32;
const SCALAR = 0;
const SIMPLE = 1;
const NONE = 2;

export function readDataspace(body: Cursor): Dataspace {
  const version = body.version(1, 2);
  const rank = body.u8();
  if (rank > RANK_MAX) body.fail('an array has more than 32 dimensions');
  const flags = body.u8();
  // bit 1 of version 1 is a permutation of the dimensions that was never implemented
  if (flags > 1) body.fail('the shape of an array has unknown flags');
  const kind = readKind(body, version, rank);
  if (version === 1) body.zeros(5);
  const dimensions = Array.from({ length: rank }, body.length);
  const bounds = flags === 0 ? dimensions : Array.from({ length: rank }, () => body.address());
  if (bounds.some((bound, i) => bound !== null && bound < dimensions[i]!))
    body.fail('an array is larger than it may become');
  const elements = dimensions.reduce((product, dimension) => product * BigInt(dimension), 1n);
  if (elements > BigInt(Number.MAX_SAFE_INTEGER))
    body.fail(`an array has ${elements} elements, more than any file`);
  return kind === NONE
    ? { dimensions: null, elements: 0, unlimited: 0, bounds: [] }
    : {
        dimensions,
        elements: Number(elements),
        unlimited: bounds.filter((bound) => bound === null).length,
        bounds,
      };
}

function readKind(body: Cursor, version: number, rank: number): number {
  const kind = version === 2 ? body.u8() : rank === 0 ? SCALAR : SIMPLE;
  return kind > NONE || (kind !== SIMPLE && rank > 0)
    ? body.fail('the shape of an array is of an unknown kind')
    : kind;
}
