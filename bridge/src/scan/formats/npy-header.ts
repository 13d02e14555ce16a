import { Rejected } from '../report.ts';

/** A value of the small part of Python's literals that numpy writes into headers. */
export type Literal = string | number | boolean | null | Literal[] | Map<string, Literal>;

const DEPTH_MAX = 16;
const TOKEN =
  /\s*(?:([[\](){},:])|'((?:[^'\\\n]|\\[\\'])*)'|"((?:[^"\\\n]|\\[\\"])*)"|(True|False|None)|(-?(?:0|[1-9][0-9]{0,18}))L?(?![0-9]))/y;

/**
 * Reads `{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }`; anything else than plain
 * literals is rejected.
 */
export function parseLiteral(text: string): Literal {
  let position = 0;
  const wrong = (): never => {
    throw new Rejected(
      'npy-header',
      'The header of the array is not a plain literal.',
      undefined,
      text.slice(position, position + 40),
    );
  };
  const next = (): RegExpExecArray => {
    TOKEN.lastIndex = position;
    const token = TOKEN.exec(text);
    if (token === null) return wrong();
    position = TOKEN.lastIndex;
    return token;
  };
  const peek = (): string | undefined => {
    TOKEN.lastIndex = position;
    return TOKEN.exec(text)?.[1];
  };
  const sequence = (close: string, depth: number): Literal[] => {
    const elements: Literal[] = [];
    while (peek() !== close) {
      elements.push(value(depth + 1));
      if (peek() === ',') next();
      else if (peek() !== close) wrong();
    }
    next();
    return elements;
  };
  const mapping = (depth: number): Map<string, Literal> => {
    const map = new Map<string, Literal>();
    while (peek() !== '}') {
      const key = value(depth + 1);
      if (typeof key !== 'string' || map.has(key) || next()[1] !== ':') return wrong();
      map.set(key, value(depth + 1));
      if (peek() === ',') next();
      else if (peek() !== '}') wrong();
    }
    next();
    return map;
  };
  const value = (depth: number): Literal => {
    if (depth > DEPTH_MAX) return wrong();
    const [, mark, single, double, word, number] = next();
    if (mark === '(') return sequence(')', depth);
    if (mark === '[') return sequence(']', depth);
    if (mark === '{') return mapping(depth);
    if (mark !== undefined) return wrong();
    if (single !== undefined || double !== undefined)
      return (single ?? double)!.replace(/\\(.)/g, '$1');
    if (word !== undefined) return word === 'None' ? null : word === 'True';
    return Number(number);
  };
  const result = value(0);
  if (text.slice(position).trim() !== '') wrong();
  return result;
}

const SCALAR = /^([<>|=]?)(\?|b1|[biufcSUVmMa])([0-9]{0,10})(\[[0-9]{0,9}[a-zA-Z]{1,2}\])?$/;

/** letter → the sizes that numpy has; of texts, bytes and void any */
const SIZES: Record<string, readonly string[]> = {
  b: ['1'],
  i: ['1', '2', '4', '8'],
  u: ['1', '2', '4', '8'],
  f: ['2', '4', '8', '12', '16'],
  c: ['8', '16', '24', '32'],
  m: ['8'],
  M: ['8'],
};

/**
 * Bytes of one element of a dtype, and whether any part of it is a Python object (which is kept as
 * a pickle).
 */
export function describeDtype(descr: Literal, depth = 0): { bytes: bigint; objects: boolean } {
  const wrong = (): never => {
    throw new Rejected(
      'npy-header',
      `The dtype ${JSON.stringify(descr)?.slice(0, 80)} is not one that numpy writes.`,
    );
  };
  if (depth > DEPTH_MAX) return wrong();
  if (typeof descr === 'string') return describeScalar(descr, wrong);
  if (!Array.isArray(descr) || descr.length === 0) return wrong();
  let bytes = 0n;
  let objects = false;
  const names = new Set<string>();
  for (const field of descr) {
    if (!Array.isArray(field) || field.length < 2 || field.length > 3) return wrong();
    takeNames(names, field[0]!, wrong);
    const inner = describeDtype(field[1]!, depth + 1);
    bytes += inner.bytes * elements(field[2] === undefined ? [] : field[2], wrong);
    objects ||= inner.objects;
  }
  return { bytes, objects };
}

function describeScalar(code: string, wrong: () => never): { bytes: bigint; objects: boolean } {
  if (/^[<>|=]?O[0-9]{0,2}$/.test(code)) return { bytes: 8n, objects: true };
  const [, , letter, digits] = SCALAR.exec(code) ?? wrong();
  if (SIZES[letter!]?.includes(digits!) === false) return wrong();
  if (letter === '?' || letter === 'b1') return { bytes: 1n, objects: false };
  if (digits === '') return wrong();
  return { bytes: BigInt(digits!) * (letter === 'U' ? 4n : 1n), objects: false };
}

/** What fills a gap has no name; all other fields have one or two of their own. */
function takeNames(names: Set<string>, given: Literal, wrong: () => never): void {
  for (const name of Array.isArray(given) ? given : [given]) {
    if (typeof name !== 'string' || names.has(name)) return wrong();
    if (name !== '') names.add(name);
  }
}

/** The number of elements of a shape. */
export function elements(shape: Literal, wrong: () => never): bigint {
  const dimensions = typeof shape === 'number' ? [shape] : shape;
  if (!Array.isArray(dimensions)) return wrong();
  return dimensions.reduce<bigint>((product, dimension) => {
    if (typeof dimension !== 'number' || !Number.isSafeInteger(dimension) || dimension < 0)
      return wrong();
    return product * BigInt(dimension);
  }, 1n);
}
