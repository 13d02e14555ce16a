import type { Dtype, GlobalTable } from './globals.ts';
import type { Texts } from './texts.ts';
import { type Arena, KIND, kindOf, numberOf, payloadOf } from './values.ts';
import type { Watch } from './watch.ts';

const CODE = /^[<>|=]?([?biufcmMSUOV])([0-9]{1,9})$/;
const POINTER_BYTES = 8;
/** flags of a dtype: its elements are counted references, and pickled as a list */
const OWNS = 0x03;
/**
 * the same, and they need a start value and the interpreter: what numpy sets on whatever holds
 * objects
 */
const OF_OBJECTS = 0x1b;
/**
 * an element is the address of an object, or is read and written as one: of a dtype of fields older
 * versions of numpy read beyond it
 */
const OF_SCALARS = 0x64;
const ALIGNMENTS = [1, 2, 4, 8, 16, 32, 64];

/**
 * What numpy.dtype('f8') makes; null for a code that picklers do not write. `V`: its state says
 * more.
 */
export function dtypeOf(code: string): Dtype | null {
  const match = CODE.exec(code);
  if (match === null) return null;
  const kind = match[1]!;
  return kind === 'O'
    ? { kind, bytes: POINTER_BYTES, objects: true }
    : { kind, bytes: Number(match[2]) * (kind === 'U' ? 4 : 1), objects: false };
}

interface Around {
  globals: GlobalTable;
  arena: Arena;
  watch: Watch;
  texts: Texts;
}

/**
 * The state that BUILD gives a dtype: (version, order, base, names, fields, size, alignment, flags,
 * …). numpy believes it: a wrong size or offset reaches beyond the array, and wrong flags make
 * plain bytes into addresses of objects, or objects into plain bytes. Answers why it is refused;
 * otherwise `dtype` knows from now on what its elements are.
 */
export function giveState(dtype: Dtype, state: number, around: Around): string | null {
  const wrong = 'The state of a dtype is not the one that numpy writes';
  const parts = kindOf(state) === KIND.TUPLE ? around.arena.elements(state) : null;
  if (parts === null || parts.length < 8 || parts.length > 9) return `${wrong}.`;
  const [version, order, base, names, fields, size, alignment, flags] = parts as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  if (kindOf(version) !== KIND.INT || kindOf(order) !== KIND.STR || numberOf(flags) === null)
    return `${wrong}.`;
  const plain = [base, names, fields].every((value) => kindOf(value) === KIND.SCALAR);
  const sized = dtype.kind === 'V' || dtype.kind === 'S' || dtype.kind === 'U';
  if (!sized && !plain) return `${wrong}: numbers have no fields.`;
  if (
    sized &&
    (kindOf(size) !== KIND.INT ||
      kindOf(alignment) !== KIND.INT ||
      !ALIGNMENTS.includes(payloadOf(alignment)))
  )
    return `${wrong}: its size or alignment is no number.`;
  if (sized && dtype.bytes !== null && payloadOf(size) !== dtype.bytes)
    return `${wrong}: it was made of ${dtype.bytes} bytes and says ${payloadOf(size)}.`;
  if (sized) dtype.bytes = payloadOf(size);
  if (!plain) {
    const inner =
      kindOf(base) === KIND.TUPLE
        ? repeated(base, dtype.bytes!, around)
        : structured(names, fields, dtype.bytes!, around);
    if (typeof inner === 'string') return `${wrong}: ${inner}.`;
    if (
      kindOf(base) === KIND.TUPLE &&
      (kindOf(names) !== KIND.SCALAR || kindOf(fields) !== KIND.SCALAR)
    )
      return `${wrong}: it is an array and has fields.`;
    dtype.objects = inner.objects;
  }
  const bits = numberOf(flags)! & 0xff; // numpy 1 wrote them with a sign
  if (dtype.objects && (bits & OF_OBJECTS) !== OF_OBJECTS)
    return 'A dtype has fields of objects and says that it has none.';
  if (dtype.kind === 'V' && (bits & OF_SCALARS) !== 0)
    return 'A dtype of fields has a flag that only dtypes of objects have.';
  return !dtype.objects && (bits & OWNS) !== 0
    ? 'A dtype says that it has objects and has none.'
    : null;
}

/** `(dtype, shape)`: elements that are small arrays. */
function repeated(base: number, bytes: number, around: Around): { objects: boolean } | string {
  const [value, shape] = around.arena.elements(base) ?? [];
  const element = value === undefined ? null : known(value, around);
  const dimensions =
    shape === undefined
      ? null
      : kindOf(shape) === KIND.INT
        ? [shape]
        : kindOf(shape) === KIND.TUPLE
          ? around.arena.elements(shape)
          : null;
  if (
    element === null ||
    dimensions === null ||
    !dimensions.every((one) => kindOf(one) === KIND.INT)
  )
    return 'what its elements are made of is unknown';
  return dimensions.reduce((product, one) => product * payloadOf(one), element.bytes!) === bytes
    ? element
    : 'its elements are larger or smaller than it says';
}

/**
 * `name: (dtype, offset)` for each name; none reaches over the end, none shares its bytes with
 * objects.
 */
function structured(
  names: number,
  fields: number,
  bytes: number,
  around: Around,
): { objects: boolean } | string {
  const listed = kindOf(names) === KIND.TUPLE ? around.arena.elements(names) : null;
  const content = around.watch.use(fields);
  if (listed === null || content === null || content.fault !== null)
    return 'its fields are unknown';
  if (!listed.every((name) => content.items.has(around.texts.text(name) ?? '')))
    return 'a name of it has no field';
  const ranges = new Map<string, { start: number; end: number; objects: boolean }>();
  for (const value of content.items.values()) {
    const [type, offset] = kindOf(value) === KIND.TUPLE ? (around.arena.elements(value) ?? []) : [];
    const element = type === undefined ? null : known(type, around);
    if (element === null || offset === undefined || kindOf(offset) !== KIND.INT)
      return 'a field of it is unknown';
    const end = payloadOf(offset) + element.bytes!;
    if (end > bytes) return `a field ends at byte ${end} of ${bytes}`;
    // a field with a title is there twice
    ranges.set(`${type} ${payloadOf(offset)}`, {
      start: payloadOf(offset),
      end,
      objects: element.objects,
    });
  }
  const objects = [...ranges.values()].some((range) => range.objects);
  const sorted = [...ranges.values()].sort((a, b) => a.start - b.start || a.end - b.end);
  let end = 0;
  for (const range of objects ? sorted : []) {
    if (range.start < end) return 'fields lie over objects';
    end = Math.max(end, range.end);
  }
  return { objects };
}

/** A dtype whose state has come. */
function known(value: number, { globals }: Around): Dtype | null {
  const dtype = kindOf(value) === KIND.OBJECT ? globals.at(payloadOf(value)).dtype : undefined;
  return dtype === undefined || dtype.bytes === null ? null : dtype;
}
