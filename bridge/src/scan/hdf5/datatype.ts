import type { Cursor } from './cursor.ts';

export type Datatype =
  | { kind: 'integer' | 'float' | 'text' | 'text-elsewhere'; size: number }
  | { kind: 'enumeration' | 'complex' | 'record' | 'bits'; size: number }
  | { kind: 'array'; size: number; element: number }
  /** numbers that lie elsewhere in the file */
  | { kind: 'list'; size: number; element: number }
  | { kind: 'opaque'; size: number }
  | { kind: 'other'; size: number; what: string };

const VERSION_MAX = 5;
const NUMBER_BYTES = [1, 2, 4, 8, 16];
const DEPTH_MAX = 8;
const MEMBERS_MAX = 1024;
const RANK_MAX = 32;
/** bytes that mean nothing beyond themselves */
const LIES_HERE = new Set([
  'integer',
  'float',
  'text',
  'enumeration',
  'complex',
  'array',
  'record',
  'bits',
]);
const VARIABLE_TEXT = 1;
const VARIABLE_BYTES = 16;

/** What stands in front of every datatype. */
interface DatatypeHead {
  readonly version: number;
  readonly bits: number;
  readonly size: number;
  /** how many others it lies in */
  readonly depth: number;
}

type DatatypeReader = (body: Cursor, head: DatatypeHead) => Datatype;

/** One datatype, to its last byte. `other` is understood and of a kind that weights never have. */
export function readDatatype(body: Cursor, depth = 0): Datatype {
  if (depth > DEPTH_MAX) body.fail('a datatype is nested too deep');
  const head = body.u8();
  const version = head >> 4;
  const read = CLASSES[head & 0x0f] ?? body.fail('a datatype is of an unknown class');
  if (version < 1 || version > VERSION_MAX) body.fail('a datatype is of an unknown version');
  const bits = body.number(3);
  const size = body.u32();
  if (size === 0) body.fail('a datatype has no size');
  return read(body, { version, bits, size, depth });
}

const readInteger: DatatypeReader = (body, { size }) => {
  body.take(4);
  return NUMBER_BYTES.includes(size)
    ? { kind: 'integer', size }
    : { kind: 'other', size, what: `integers of ${size} bytes` };
};

const readFloat: DatatypeReader = (body, { size }) => {
  body.take(12);
  return NUMBER_BYTES.includes(size) || size === 12
    ? { kind: 'float', size }
    : { kind: 'other', size, what: `floats of ${size} bytes` };
};

const readTime: DatatypeReader = (body, { size }) => {
  body.take(2);
  return { kind: 'other', size, what: 'times' };
};

const readText: DatatypeReader = (_body, { size }) => ({ kind: 'text', size });

const readBits: DatatypeReader = (body, { size }) => {
  body.take(4);
  return { kind: 'bits', size };
};

/** Behind it stands the tag, of a length that is a multiple of 8. */
const readOpaque: DatatypeReader = (body, { bits, size }) => {
  body.take(bits & 0xff);
  return { kind: 'opaque', size };
};

const readReference: DatatypeReader = (_body, { size }) => ({
  kind: 'other',
  size,
  what: 'references',
});

const readVariable: DatatypeReader = (body, { bits, size, depth }) => {
  const base = readDatatype(body, depth + 1);
  if (size !== VARIABLE_BYTES) body.fail('a reference to text elsewhere has the wrong size');
  if ((bits & 0x0f) === VARIABLE_TEXT) return { kind: 'text-elsewhere', size };
  return base.kind === 'integer' || base.kind === 'float'
    ? { kind: 'list', size, element: base.size }
    : { kind: 'other', size, what: 'lists of something else than numbers' };
};

const readComplex: DatatypeReader = (body, { size, depth }) => {
  const part = readDatatype(body, depth + 1);
  return part.kind === 'float' && 2 * part.size === size
    ? { kind: 'complex', size }
    : { kind: 'other', size, what: 'complex numbers of an unknown form' };
};

/** The name of a member: padded to 8 bytes before version 3, not after. */
function memberName(body: Cursor, version: number): string {
  const end = body.bytes.indexOf(0, body.position);
  if (end < 0) return body.fail('the name of a member of a datatype does not end');
  const bytes = end - body.position + 1;
  const name = body.take(bytes - 1).bytes.toString('latin1');
  body.zeros(version < 3 ? 1 + ((8 - (bytes % 8)) % 8) : 1);
  return name;
}

interface Member {
  readonly name: string;
  readonly offset: number;
  readonly type: Datatype;
}

const readCompound: DatatypeReader = (body, { version, bits, size, depth }) => {
  const count = bits & 0xffff;
  if (count === 0 || count > MEMBERS_MAX)
    body.fail('a compound datatype has no members, or too many');
  const offsetBytes = Math.ceil(Math.log2(size + 1) / 8);
  const members = Array.from({ length: count }, (): Member => {
    const name = memberName(body, version);
    const offset = body.number(version < 3 ? 4 : offsetBytes);
    if (version === 1) body.take(28);
    return { name, offset, type: readDatatype(body, depth + 1) };
  });
  if (isComplexPair(members, size)) return { kind: 'complex', size };
  const odd = members.find(({ type }) => !LIES_HERE.has(type.kind));
  return odd === undefined
    ? { kind: 'record', size }
    : {
        kind: 'other',
        size,
        what: `records of ${'what' in odd.type ? odd.type.what : 'what lies elsewhere'}`,
      };
};

/**
 * numpy's complex numbers are a pair of floats called r and i; other records are rows of tables.
 */
function isComplexPair(members: readonly Member[], size: number): boolean {
  const [real, imaginary] = members;
  const partBytes = real!.type.size;
  const isPart = (member: Member, name: string, offset: number): boolean =>
    member.name === name &&
    member.type.kind === 'float' &&
    member.type.size === partBytes &&
    member.offset === offset;
  return (
    members.length === 2 &&
    2 * partBytes === size &&
    isPart(real!, 'r', 0) &&
    isPart(imaginary!, 'i', partBytes)
  );
}

const readEnumeration: DatatypeReader = (body, { version, bits, size, depth }) => {
  const count = bits & 0xffff;
  const base = readDatatype(body, depth + 1);
  if (base.kind !== 'integer' || base.size !== size)
    body.fail('an enumeration is of something else than integers');
  if (count > MEMBERS_MAX) body.fail('an enumeration has too many members');
  for (let i = 0; i < count; i++) memberName(body, version);
  body.take(count * size);
  return { kind: 'enumeration', size };
};

const readArray: DatatypeReader = (body, { version, size, depth }) => {
  const rank = body.u8();
  if (rank > RANK_MAX) body.fail('an array datatype has more than 32 dimensions');
  if (version < 3) body.zeros(3);
  let elements = 1;
  for (let i = 0; i < rank; i++) elements *= body.u32();
  if (version < 3) body.take(4 * rank);
  const base = readDatatype(body, depth + 1);
  if (elements * base.size !== size)
    body.fail('an array datatype has not the size of its elements');
  return LIES_HERE.has(base.kind)
    ? { kind: 'array', size, element: base.size }
    : { kind: 'other', size, what: 'arrays of something else than numbers and texts' };
};

/** By the number of the class. */
const CLASSES: readonly DatatypeReader[] = [
  readInteger,
  readFloat,
  readTime,
  readText,
  readBits,
  readOpaque,
  readCompound,
  readReference,
  readEnumeration,
  readVariable,
  readArray,
  readComplex,
];
