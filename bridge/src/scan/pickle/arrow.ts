import type { ValueTables } from './arguments.ts';
import type { Texts } from './texts.ts';
import { KIND, kindOf, numberOf, payloadOf } from './values.ts';
import type { Watch } from './watch.ts';

interface ArrowTables extends ValueTables {
  readonly watch: Watch;
}
/** `count` elements from the one numbered `first` on, of which `missing` are not there. */
interface ArrowArray {
  readonly first: number;
  readonly count: number;
  readonly missing: number;
}
interface Extent {
  start: number;
  length: number;
}

/** bits of an element, by the names of types */
const FIXED: Record<string, number> = {
  bool: 1,
  int8: 8,
  int16: 16,
  int32: 32,
  int64: 64,
  uint8: 8,
  uint16: 16,
  uint32: 32,
  uint64: 64,
  float: 32,
  double: 64,
  halffloat: 16,
  date32: 32,
  date64: 64,
  timestamp: 64,
};
/** bytes of the place of a text */
const TEXTS: Record<string, number> = {
  string: 4,
  utf8: 4,
  binary: 4,
  large_string: 8,
  large_utf8: 8,
  large_binary: 8,
};
const LENGTH_MAX = 2 ** 40;
const BLOCK_BYTES = 2 ** 20;

/**
 * pyarrow.lib._restore_array((type, length, nulls, offset, buffers, children, dictionary)): pyarrow
 * believes all of it. `fault`: it reaches beyond its buffers. `unknown`: it is of a kind, or made
 * in a way, that is not read here. null: every element lies in the file.
 */
export function arrowFault(
  data: number,
  tables: ArrowTables,
): { fault: string } | { unknown: string } | null {
  const parts = kindOf(data) === KIND.TUPLE ? tables.arena.elements(data) : null;
  if (parts === null || parts.length !== 7)
    return { unknown: 'its description is not the one that pyarrow writes' };
  const [type, length, nulls, offset, buffers, children, dictionary] = parts as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const name = typeName(type, tables);
  const list = tables.watch.list(buffers);
  if (
    name === undefined ||
    list === null ||
    tables.watch.list(children)?.length !== 0 ||
    kindOf(dictionary) !== KIND.SCALAR
  )
    return { unknown: 'its type is not one of numbers or texts' };
  const array = arrayOf(length, offset, nulls);
  if (array === null) return { fault: 'its length is none' };
  const extents = list.map((value) => extentOf(value, tables));
  if (extents.includes(undefined)) return { unknown: 'its buffers are computed' };
  const fault = buffersFault(name, array, extents as (Extent | null)[], tables.texts);
  return fault === null ? null : { fault };
}

const typeName = (type: number, { globals }: ArrowTables): string | undefined =>
  kindOf(type) === KIND.OBJECT ? globals.at(payloadOf(type)).arrow : undefined;

function arrayOf(length: number, offset: number, nulls: number): ArrowArray | null {
  const [count, first, missing] = [numberOf(length), numberOf(offset), numberOf(nulls)];
  return count === null ||
    first === null ||
    missing === null ||
    count < 0 ||
    first < 0 ||
    missing < -1 ||
    count + first > LENGTH_MAX
    ? null
    : { count, first, missing };
}

/** null: there is no buffer; undefined: it is computed. */
function extentOf(value: number, { globals, texts }: ArrowTables): Extent | null | undefined {
  if (kindOf(value) === KIND.SCALAR) return null;
  // a bytearray whose content is not known counts as empty: at most it is longer
  const isBytearray =
    kindOf(value) === KIND.OBJECT &&
    /^(builtins|__builtin__)\.bytearray$/.test(globals.at(payloadOf(value)).symbol);
  return isBytearray ? { start: 0, length: 0 } : (texts.extent(value) ?? undefined);
}

/** The first buffer says what is missing; the others are numbers, or places and letters. */
function buffersFault(
  type: string,
  array: ArrowArray,
  extents: readonly (Extent | null)[],
  texts: Texts,
): string | null {
  const [validity, second, third] = extents as [Extent | null, Extent | null, Extent | null];
  const fault = validityFault(validity, array, texts);
  if (fault !== null) return fault;
  const bits = FIXED[type];
  if (bits !== undefined)
    return extents.length === 2 && (second?.length ?? 0) * 8 >= (array.first + array.count) * bits
      ? null
      : 'its numbers are fewer than it says';
  return extents.length === 3
    ? textsFault(array, { places: second, letters: third, width: TEXTS[type]! }, texts)
    : 'it has other buffers than texts have';
}

export const isArrowType = (name: string): boolean =>
  FIXED[name] !== undefined || TEXTS[name] !== undefined;

/**
 * One bit an element says whether it is there; the number of those that are not decides how much
 * room a copy gets.
 */
function validityFault(
  extent: Extent | null,
  { first, count, missing }: ArrowArray,
  texts: Texts,
): string | null {
  if (extent === null)
    return missing === 0 || missing === -1
      ? null
      : 'it has missing elements and does not say which';
  if (extent.length * 8 < first + count)
    return 'what says which elements are missing is shorter than the array';
  if (missing === -1) return null;
  return countThere(extent, first, first + count, texts) === count - missing
    ? null
    : 'it has more or fewer missing elements than it says';
}

/** How many of the bits from `first` to before `end` are set. */
function countThere(extent: Extent, first: number, end: number, texts: Texts): number {
  let there = 0;
  for (let at = Math.floor(first / 8); at * 8 < end; at += BLOCK_BYTES) {
    const block = texts.read({
      start: extent.start + at,
      length: Math.min(BLOCK_BYTES, extent.length - at),
    });
    for (let i = 0; i < block.length && (at + i) * 8 < end; i++) {
      for (let bit = 0; bit < 8; bit++) {
        const element = (at + i) * 8 + bit;
        if (element >= first && element < end) there += (block[i]! >> bit) & 1;
      }
    }
  }
  return there;
}

/** Where the letters of texts begin, in numbers of `width` bytes, and the letters. */
interface ArrowTexts {
  readonly places: Extent | null;
  readonly letters: Extent | null;
  readonly width: number;
}

/**
 * Texts lie one behind the other; of each a place says where it begins, and one more where the last
 * one ends.
 */
function textsFault(
  { first, count }: ArrowArray,
  { places, letters, width }: ArrowTexts,
  texts: Texts,
): string | null {
  const [placesBytes, lettersBytes] = [places, letters].map((extent) => extent?.length ?? 0) as [
    number,
    number,
  ];
  if (count === 0 && placesBytes < (first + 1) * width)
    return first === 0 ? null : 'its places are fewer than it says';
  if (placesBytes < (first + count + 1) * width) return 'its places are fewer than it says';
  let last = 0;
  const end = (first + count + 1) * width;
  for (let at = first * width; at < end; at += BLOCK_BYTES) {
    const block = texts.read({
      start: places!.start + at,
      length: Math.min(BLOCK_BYTES, end - at),
    });
    for (let i = 0; i < block.length; i += width) {
      const place = placeAt(block, i, width);
      if (place < last || place > lettersBytes) return 'a text of it lies outside of its letters';
      last = place;
    }
  }
  return null;
}

const placeAt = (block: Buffer, at: number, width: number): number =>
  width === 4
    ? block.readInt32LE(at)
    : block.readInt32LE(at + 4) * 2 ** 32 + block.readUInt32LE(at);
