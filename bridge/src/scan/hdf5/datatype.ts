import type { Cursor } from './cursor.ts';

export type Datatype =
  | { kind: 'integer' | 'float' | 'text' | 'text-elsewhere'; size: number }
  | { kind: 'enumeration' | 'complex' | 'record' | 'bits'; size: number }
  | { kind: 'array'; size: number; element: number }
  /** numbers that lie elsewhere in the file */
  | { kind: 'list'; size: number; element: number }
  | { kind: 'opaque'; size: number }
  | { kind: 'other'; size: number; what: string };

const CLASSES = [
  'integer',
  'float',
  'time',
  'text',
  'bits',
  'opaque',
  'compound',
  'reference',
  'enumeration',
  'variable',
  'array',
  'complex',
] as const;
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

/** One datatype, to its last byte. `other` is understood and of a kind that weights never have. */
export function readDatatype(body: Cursor, depth = 0): Datatype {
  if (depth > DEPTH_MAX) body.fail('a datatype is nested too deep');
  const head = body.u8();
  const version = head >> 4;
  const name = CLASSES[head & 0x0f] ?? body.fail('a datatype is of an unknown class');
  if (version < 1 || version > VERSION_MAX) body.fail('a datatype is of an unknown version');
  const bits = body.number(3);
  const size = body.u32();
  if (size === 0) body.fail('a datatype has no size');
  switch (name) {
    case 'integer':
      body.take(4);
      return NUMBER_BYTES.includes(size)
        ? { kind: 'integer', size }
        : { kind: 'other', size, what: `integers of ${size} bytes` };
    case 'float':
      body.take(12);
      return NUMBER_BYTES.includes(size) || size === 12
        ? { kind: 'float', size }
        : { kind: 'other', size, what: `floats of ${size} bytes` };
    case 'bits':
      body.take(4);
      return { kind: 'bits', size };
    case 'time':
      body.take(2);
      return { kind: 'other', size, what: 'times' };
    case 'text':
      return { kind: 'text', size };
    case 'opaque':
      // the tag, of a length that is a multiple of 8
      body.take(bits & 0xff);
      return { kind: 'opaque', size };
    case 'reference':
      return { kind: 'other', size, what: 'references' };
    case 'compound':
      return readCompound(body, version, bits & 0xffff, size, depth);
    case 'enumeration':
      return readEnumeration(body, version, bits & 0xffff, size, depth);
    case 'variable': {
      const base = readDatatype(body, depth + 1);
      if (size !== VARIABLE_BYTES) body.fail('a reference to text elsewhere has the wrong size');
      if ((bits & 0x0f) === VARIABLE_TEXT) return { kind: 'text-elsewhere', size };
      return base.kind === 'integer' || base.kind === 'float'
        ? { kind: 'list', size, element: base.size }
        : { kind: 'other', size, what: 'lists of something else than numbers' };
    }
    case 'array':
      return readArray(body, version, size, depth);
    case 'complex': {
      const part = readDatatype(body, depth + 1);
      return part.kind === 'float' && 2 * part.size === size
        ? { kind: 'complex', size }
        : { kind: 'other', size, what: 'complex numbers of an unknown form' };
    }
  }
}

/** The name of a member: padded to 8 bytes before version 3, not after. */
function memberName(body: Cursor, version: number): string {
  const end = body.bytes.indexOf(0, body.position);
  if (end < 0) return body.fail('the name of a member of a datatype does not end');
  const bytes = end - body.position + 1;
  const name = body.take(bytes - 1).bytes.toString('latin1');
  body.zeros(version < 3 ? 1 + ((8 - (bytes % 8)) % 8) : 1);
  return name;
}

/**
 * numpy's complex numbers are a pair of floats called r and i; other records are rows of tables.
 */
function readCompound(
  body: Cursor,
  version: number,
  count: number,
  size: number,
  depth: number,
): Datatype {
  if (count === 0 || count > MEMBERS_MAX)
    body.fail('a compound datatype has no members, or too many');
  const offsetBytes = Math.ceil(Math.log2(size + 1) / 8);
  const members = Array.from({ length: count }, () => {
    const name = memberName(body, version);
    const offset = body.number(version < 3 ? 4 : offsetBytes);
    if (version === 1) body.take(28);
    return { name, offset, type: readDatatype(body, depth + 1) };
  });
  const [real, imaginary] = members;
  const isComplex =
    count === 2 &&
    real!.name === 'r' &&
    imaginary!.name === 'i' &&
    real!.type.kind === 'float' &&
    imaginary!.type.kind === 'float' &&
    real!.offset === 0 &&
    imaginary!.offset === real!.type.size &&
    2 * real!.type.size === size &&
    imaginary!.type.size === real!.type.size;
  if (isComplex) return { kind: 'complex', size };
  const odd = members.find(({ type }) => !LIES_HERE.has(type.kind));
  return odd === undefined
    ? { kind: 'record', size }
    : {
        kind: 'other',
        size,
        what: `records of ${'what' in odd.type ? odd.type.what : 'what lies elsewhere'}`,
      };
}

function readEnumeration(
  body: Cursor,
  version: number,
  count: number,
  size: number,
  depth: number,
): Datatype {
  const base = readDatatype(body, depth + 1);
  if (base.kind !== 'integer' || base.size !== size)
    body.fail('an enumeration is of something else than integers');
  if (count > MEMBERS_MAX) body.fail('an enumeration has too many members');
  for (let i = 0; i < count; i++) memberName(body, version);
  body.take(count * size);
  return { kind: 'enumeration', size };
}

function readArray(body: Cursor, version: number, size: number, depth: number): Datatype {
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
}
