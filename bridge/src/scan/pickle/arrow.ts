import type { Texts } from './texts.ts';
import { type Arena, KIND, kindOf, numberOf, payloadOf } from './values.ts';
import type { GlobalTable } from './globals.ts';
import type { Watch } from './watch.ts';

interface Around {
  globals: GlobalTable;
  arena: Arena;
  watch: Watch;
  texts: Texts;
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
  around: Around,
): { fault: string } | { unknown: string } | null {
  const parts = kindOf(data) === KIND.TUPLE ? around.arena.elements(data) : null;
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
  const name = kindOf(type) === KIND.OBJECT ? around.globals.at(payloadOf(type)).arrow : undefined;
  const list = around.watch.list(buffers);
  if (
    name === undefined ||
    list === null ||
    around.watch.list(children)?.length !== 0 ||
    kindOf(dictionary) !== KIND.SCALAR
  )
    return { unknown: 'its type is not one of numbers or texts' };
  const [count, first, missing] = [numberOf(length), numberOf(offset), numberOf(nulls)];
  if (
    count === null ||
    first === null ||
    missing === null ||
    count < 0 ||
    first < 0 ||
    missing < -1 ||
    count + first > LENGTH_MAX
  )
    return { fault: 'its length is none' };
  // a bytearray whose content is not known counts as empty: at most it is longer
  const isBytearray = (value: number): boolean =>
    kindOf(value) === KIND.OBJECT &&
    /^(builtins|__builtin__)\.bytearray$/.test(around.globals.at(payloadOf(value)).symbol);
  const extents = list.map((value) =>
    kindOf(value) === KIND.SCALAR
      ? null
      : isBytearray(value)
        ? { start: 0, length: 0 }
        : around.texts.extent(value),
  );
  if (list.some((value, i) => kindOf(value) !== KIND.SCALAR && extents[i] === null))
    return { unknown: 'its buffers are computed' };
  const [validity, second, third] = extents as [
    Extent | null,
    Extent | null,
    Extent | null | undefined,
  ];
  const fault = validityFault(validity, first, count, missing, around.texts);
  if (fault !== null) return { fault };
  if (FIXED[name] !== undefined)
    return extents.length === 2 && (second?.length ?? 0) * 8 >= (first + count) * FIXED[name]
      ? null
      : { fault: 'its numbers are fewer than it says' };
  return extents.length === 3 && third !== undefined
    ? textsFault(second, third, first, count, TEXTS[name]!, around.texts)
    : { fault: 'it has other buffers than texts have' };
}

export const isArrowType = (name: string): boolean =>
  FIXED[name] !== undefined || TEXTS[name] !== undefined;

/**
 * One bit an element says whether it is there; the number of those that are not decides how much
 * room a copy gets.
 */
function validityFault(
  extent: Extent | null,
  first: number,
  count: number,
  missing: number,
  texts: Texts,
): string | null {
  if (extent === null)
    return missing === 0 || missing === -1
      ? null
      : 'it has missing elements and does not say which';
  if (extent.length * 8 < first + count)
    return 'what says which elements are missing is shorter than the array';
  if (missing === -1) return null;
  let there = 0;
  for (let at = Math.floor(first / 8); at * 8 < first + count; at += BLOCK_BYTES) {
    const block = texts.read({
      start: extent.start + at,
      length: Math.min(BLOCK_BYTES, extent.length - at),
    });
    for (let i = 0; i < block.length && (at + i) * 8 < first + count; i++) {
      for (let bit = 0; bit < 8; bit++) {
        const element = (at + i) * 8 + bit;
        if (element >= first && element < first + count) there += (block[i]! >> bit) & 1;
      }
    }
  }
  return there === count - missing ? null : 'it has more or fewer missing elements than it says';
}

/**
 * Texts lie one behind the other; of each a place says where it begins, and one more where the last
 * one ends.
 */
function textsFault(
  places: Extent | null,
  letters: Extent | null,
  first: number,
  count: number,
  width: number,
  texts: Texts,
): { fault: string } | null {
  if (count === 0 && (places?.length ?? 0) < (first + 1) * width)
    return first === 0 ? null : { fault: 'its places are fewer than it says' };
  if ((places?.length ?? 0) < (first + count + 1) * width)
    return { fault: 'its places are fewer than it says' };
  let last = 0;
  const end = (first + count + 1) * width;
  for (let at = first * width; at < end; at += BLOCK_BYTES) {
    const block = texts.read({
      start: places!.start + at,
      length: Math.min(BLOCK_BYTES, end - at),
    });
    for (let i = 0; i < block.length; i += width) {
      const place =
        width === 4
          ? block.readInt32LE(i)
          : block.readInt32LE(i + 4) * 2 ** 32 + block.readUInt32LE(i);
      if (place < last || place > (letters?.length ?? 0))
        return { fault: 'a text of it lies outside of its letters' };
      last = place;
    }
  }
  return null;
}
