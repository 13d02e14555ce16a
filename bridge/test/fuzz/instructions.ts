import { OP } from '../../src/scan/pickle/opcodes.ts';
import { assemble, global, line, text, u64 } from '../unit/scan/pickle-assembler.ts';

/**
 * How many bytes follow an instruction; a width of a length before them; lines. What is not named
 * here is alone.
 */
const FIXED = new Map<number, number>([
  [OP.BININT1, 1],
  [OP.BINGET, 1],
  [OP.BINPUT, 1],
  [OP.EXT1, 1],
  [OP.PROTO, 1],
  [OP.BININT2, 2],
  [OP.EXT2, 2],
  [OP.BININT, 4],
  [OP.LONG_BINGET, 4],
  [OP.LONG_BINPUT, 4],
  [OP.EXT4, 4],
  [OP.BINFLOAT, 8],
  [OP.FRAME, 8],
]);
const COUNTED = new Map<number, number>([
  [OP.SHORT_BINSTRING, 1],
  [OP.SHORT_BINBYTES, 1],
  [OP.SHORT_BINUNICODE, 1],
  [OP.LONG1, 1],
  [OP.BINSTRING, 4],
  [OP.BINUNICODE, 4],
  [OP.BINBYTES, 4],
  [OP.LONG4, 4],
  [OP.BINUNICODE8, 8],
  [OP.BINBYTES8, 8],
  [OP.BYTEARRAY8, 8],
]);
const LINES = new Map<number, number>([
  [OP.FLOAT, 1],
  [OP.INT, 1],
  [OP.LONG, 1],
  [OP.PERSID, 1],
  [OP.STRING, 1],
  [OP.UNICODE, 1],
  [OP.GET, 1],
  [OP.PUT, 1],
  [OP.GLOBAL, 2],
  [OP.INST, 2],
]);
const KNOWN = new Set<number>(Object.values(OP));

/**
 * What is put between two instructions: most of it changes nothing for Python, the rest is out of
 * place.
 */
const INSERTS: [string, Buffer][] = [
  ['MEMOIZE', assemble('MEMOIZE')],
  ['NONE POP', assemble('NONE', 'POP')],
  ['DUP POP', assemble('DUP', 'POP')],
  ['MARK POP_MARK', assemble('MARK', 'POP_MARK')],
  ['MARK POP', assemble('MARK', 'POP')],
  ['PROTO 2', assemble('PROTO', 2)],
  ['PROTO 5', assemble('PROTO', 5)],
  ['an empty FRAME', assemble('FRAME', u64(0))],
  ['BINPUT 255', assemble('BINPUT', 255)],
  ['PUT of a large number', assemble('PUT', line('2147483647'))],
  ['BINGET 0 POP', assemble('BINGET', 0, 'POP')],
  ['a harmless global', assemble(global('collections', 'OrderedDict'), 'POP')],
  [
    'a harmless call',
    assemble(global('collections', 'OrderedDict'), 'EMPTY_TUPLE', 'REDUCE', 'POP'),
  ],
  ['text', assemble(text('fuzz'), 'POP')],
  ['STOP', assemble('STOP')],
  ['POP', assemble('POP')],
  ['REDUCE', assemble('REDUCE')],
  ['BUILD', assemble('BUILD')],
  ['MARK', assemble('MARK')],
  ['APPENDS', assemble('APPENDS')],
  ['NEXT_BUFFER', assemble('NEXT_BUFFER')],
  ['INT with a sign', assemble('INT', line('+1'), 'POP')],
  ['LONG1 of nothing', assemble('LONG1', 0, 'POP')],
];

/** Where instructions begin; null: the bytes do not read as a pickle from their first to a STOP. */
function boundaries(bytes: Buffer): number[] | null {
  const found: number[] = [];
  let at = 0;
  while (at < bytes.length) {
    const code = bytes[at]!;
    if (!KNOWN.has(code)) return null;
    found.push(at);
    if (code === OP.STOP) return found.length > 1 ? found : null;
    at += 1 + (FIXED.get(code) ?? 0);
    const width = COUNTED.get(code) ?? 0;
    if (width > 0) {
      if (at + width > bytes.length) return null;
      at += width + (width === 8 ? Number(bytes.readBigUInt64LE(at)) : bytes.readUIntLE(at, width));
    }
    for (let lines = LINES.get(code) ?? 0; lines > 0; lines -= 1) {
      at = bytes.indexOf(0x0a, at) + 1;
      if (at === 0) return null;
    }
  }
  return null;
}

/** One change between whole instructions; null: not a pickle. */
export function changeInstructions(
  bytes: Buffer,
  below: (limit: number) => number,
): [string, (now: Buffer) => Buffer] | null {
  const starts = bytes[0] === OP.PROTO ? boundaries(bytes) : null;
  if (starts === null) return null;
  const which = below(starts.length);
  const [at, end] = [starts[which]!, starts[which + 1] ?? bytes.length];
  const kind = below(6);
  if (kind === 0)
    return [
      `instruction at ${at} left out`,
      (now) => Buffer.concat([now.subarray(0, at), now.subarray(end)]),
    ];
  if (kind === 1)
    return [
      `instruction at ${at} twice`,
      (now) => Buffer.concat([now.subarray(0, end), now.subarray(at, end), now.subarray(end)]),
    ];
  const [name, insert] = INSERTS[below(INSERTS.length)]!;
  return [
    `${name} before ${at}`,
    (now) => Buffer.concat([now.subarray(0, at), insert, now.subarray(at)]),
  ];
}
