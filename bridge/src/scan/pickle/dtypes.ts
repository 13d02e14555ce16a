import type { ValueTables } from './arguments.ts';
import type { Dtype } from './globals.ts';
import { KIND, kindOf, numberOf, payloadOf } from './values.ts';
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
const WRONG = 'The state of a dtype is not the one that numpy writes';
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

interface DtypeTables extends ValueTables {
  readonly watch: Watch;
}

/**
 * The state that BUILD gives a dtype: (version, order, base, names, fields, size, alignment, flags,
 * …). numpy believes it: a wrong size or offset reaches beyond the array, and wrong flags make
 * plain bytes into addresses of objects, or objects into plain bytes. Answers why it is refused;
 * otherwise `dtype` knows from now on what its elements are.
 */
export function giveState(dtype: Dtype, state: number, tables: DtypeTables): string | null {
  const parts = kindOf(state) === KIND.TUPLE ? tables.arena.elements(state) : null;
  if (parts === null || parts.length < 8 || parts.length > 9) return `${WRONG}.`;
  const [version, order, ...told] = parts as [number, number, ...number[]];
  if (kindOf(version) !== KIND.INT || kindOf(order) !== KIND.STR) return `${WRONG}.`;
  return giveTold(dtype, told, tables);
}

function giveTold(dtype: Dtype, told: number[], tables: DtypeTables): string | null {
  const [base, names, fields, size, alignment, flags] = told as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const flagBits = numberOf(flags);
  if (flagBits === null) return `${WRONG}.`;
  const plain = [base, names, fields].every((value) => kindOf(value) === KIND.SCALAR);
  const sized = dtype.kind === 'V' || dtype.kind === 'S' || dtype.kind === 'U';
  if (!sized && !plain) return `${WRONG}: numbers have no fields.`;
  const fault =
    (sized ? giveSize(dtype, size, alignment) : null) ??
    (plain ? null : giveContent(dtype, { base, names, fields }, tables));
  return fault === null ? flagFault(dtype, flagBits) : `${WRONG}: ${fault}.`;
}

/** A dtype of a size of its own knows it from now on. */
function giveSize(dtype: Dtype, size: number, alignment: number): string | null {
  if (
    kindOf(size) !== KIND.INT ||
    kindOf(alignment) !== KIND.INT ||
    !ALIGNMENTS.includes(payloadOf(alignment))
  )
    return 'its size or alignment is no number';
  if (dtype.bytes !== null && payloadOf(size) !== dtype.bytes)
    return `it was made of ${dtype.bytes} bytes and says ${payloadOf(size)}`;
  dtype.bytes = payloadOf(size);
  return null;
}

/** Of what its elements consist: of small arrays, or of fields. */
interface DtypeContent {
  readonly base: number;
  readonly names: number;
  readonly fields: number;
}

/** A dtype that is made of others knows from now on whether objects are among them. */
function giveContent(
  dtype: Dtype,
  { base, names, fields }: DtypeContent,
  tables: DtypeTables,
): string | null {
  const isArray = kindOf(base) === KIND.TUPLE;
  const inner = isArray
    ? repeated(base, dtype.bytes!, tables)
    : structured(names, fields, dtype.bytes!, tables);
  if (typeof inner === 'string') return inner;
  if (isArray && (kindOf(names) !== KIND.SCALAR || kindOf(fields) !== KIND.SCALAR))
    return 'it is an array and has fields';
  dtype.objects = inner.objects;
  return null;
}

function flagFault({ kind, objects }: Dtype, flags: number): string | null {
  const bits = flags & 0xff; // numpy 1 wrote them with a sign
  if (objects && (bits & OF_OBJECTS) !== OF_OBJECTS)
    return 'A dtype has fields of objects and says that it has none.';
  if (kind === 'V' && (bits & OF_SCALARS) !== 0)
    return 'A dtype of fields has a flag that only dtypes of objects have.';
  return !objects && (bits & OWNS) !== 0 ? 'A dtype says that it has objects and has none.' : null;
}

/** `(dtype, shape)`: elements that are small arrays. */
function repeated(base: number, bytes: number, tables: DtypeTables): { objects: boolean } | string {
  const [value, shape] = tables.arena.elements(base) ?? [];
  const element = value === undefined ? null : known(value, tables);
  const dimensions = shape === undefined ? null : dimensionsOf(shape, tables);
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

/** One number stands for an array of one dimension. */
function dimensionsOf(shape: number, { arena }: DtypeTables): number[] | null {
  if (kindOf(shape) === KIND.INT) return [shape];
  return kindOf(shape) === KIND.TUPLE ? arena.elements(shape) : null;
}

interface FieldRange {
  readonly start: number;
  readonly end: number;
  readonly objects: boolean;
}

/**
 * `name: (dtype, offset)` for each name; none reaches over the end, none shares its bytes with
 * objects.
 */
function structured(
  names: number,
  fields: number,
  bytes: number,
  tables: DtypeTables,
): { objects: boolean } | string {
  const listed = kindOf(names) === KIND.TUPLE ? tables.arena.elements(names) : null;
  const content = tables.watch.use(fields);
  if (listed === null || content === null || content.fault !== null)
    return 'its fields are unknown';
  if (!listed.every((name) => content.items.has(tables.texts.text(name) ?? '')))
    return 'a name of it has no field';
  const ranges = new Map<string, FieldRange>();
  for (const value of content.items.values()) {
    const field = fieldOf(value, tables);
    if (field === null) return 'a field of it is unknown';
    if (field.range.end > bytes) return `a field ends at byte ${field.range.end} of ${bytes}`;
    // a field with a title is there twice
    ranges.set(`${field.type} ${field.range.start}`, field.range);
  }
  const objects = [...ranges.values()].some((range) => range.objects);
  return objects && overlap([...ranges.values()]) ? 'fields lie over objects' : { objects };
}

/** `(dtype, offset)` */
function fieldOf(value: number, tables: DtypeTables): { type: number; range: FieldRange } | null {
  const [type, offset] = kindOf(value) === KIND.TUPLE ? (tables.arena.elements(value) ?? []) : [];
  const element = type === undefined ? null : known(type, tables);
  if (element === null || offset === undefined || kindOf(offset) !== KIND.INT) return null;
  const start = payloadOf(offset);
  return { type: type!, range: { start, end: start + element.bytes!, objects: element.objects } };
}

function overlap(ranges: FieldRange[]): boolean {
  ranges.sort((a, b) => a.start - b.start || a.end - b.end);
  let end = 0;
  for (const range of ranges) {
    if (range.start < end) return true;
    end = Math.max(end, range.end);
  }
  return false;
}

/** A dtype whose state has come. */
function known(value: number, { globals }: DtypeTables): Dtype | null {
  const dtype = kindOf(value) === KIND.OBJECT ? globals.at(payloadOf(value)).dtype : undefined;
  return dtype === undefined || dtype.bytes === null ? null : dtype;
}
