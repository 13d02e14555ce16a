import { expect } from 'chai';
import zlib from 'node:zlib';
import { assemble, global, pickle, text, u32, type Part } from './pickle-assembler.ts';
import { rulesOf, scanBytes } from './scan-bytes.ts';

const EVIL = pickle(global('os', 'system'), text('id'), 'TUPLE1', 'REDUCE');
/** asks for what a dict and a text name: no loader goes on */
const NO_NAME = assemble('EMPTY_DICT', text('a'), 'STACK_GLOBAL');
const dtype = (code: string): Buffer =>
  assemble(global('numpy', 'dtype'), text(code), 'NEWFALSE', 'NEWTRUE', 'TUPLE3', 'REDUCE');

/** joblib's wrapper, the padding, the bytes; then STOP. */
function inline(
  code: string,
  shape: number[],
  data: Uint8Array,
  change: { padding?: number; fill?: number; extra?: Part[] } = {},
): Buffer {
  const padding = change.padding ?? 3;
  return pickle(
    global('joblib.numpy_pickle', 'NumpyArrayWrapper'),
    'EMPTY_TUPLE',
    'NEWOBJ',
    'EMPTY_DICT',
    'MARK',
    text('subclass'),
    global('numpy', 'ndarray'),
    text('shape'),
    'MARK',
    ...shape.flatMap((n): Part[] => ['BININT', u32(n)]),
    'TUPLE',
    text('order'),
    text('C'),
    text('dtype'),
    dtype(code),
    text('allow_mmap'),
    'NEWTRUE',
    ...(padding < 0 ? [] : ([text('numpy_array_alignment_bytes'), 'BININT1', 16] as Part[])),
    ...(change.extra ?? []),
    'SETITEMS',
    'BUILD',
    ...(padding < 0 ? [] : [padding, Buffer.alloc(padding, change.fill ?? 0xff)]),
    data,
  );
}

/** the state of a dtype of one field, whose flags say or do not say that it is an object */
const fields = (code: string, flags: number): Buffer =>
  assemble(
    dtype('V8'),
    'MARK',
    'BININT1',
    3,
    text('|'),
    'NONE',
    text('a'),
    'TUPLE1',
    'EMPTY_DICT',
    text('a'),
    dtype(code),
    'BININT1',
    0,
    'TUPLE2',
    'SETITEM',
    'BININT1',
    8,
    'BININT1',
    1,
    'BININT1',
    flags,
    'TUPLE',
    'BUILD',
  );

/** an array of objects, as numpy.save writes it */
function npyOf(objects: Buffer): Buffer {
  const header = "{'descr': '|O', 'fortran_order': False, 'shape': (1,), }".padEnd(117) + '\n';
  return Buffer.concat([
    Buffer.from('\x93NUMPY\x01\x00', 'latin1'),
    Buffer.from([header.length, 0]),
    Buffer.from(header),
    objects,
  ]);
}

describe('joblib: arrays between the instructions', () => {
  const cases: [string, string[], string, Buffer][] = [
    ['an array', [], 'm.joblib', inline('f8', [2, 3], Buffer.alloc(48))],
    ['an array whose bytes look like a program', [], 'm.joblib', inline('u1', [EVIL.length], EVIL)],
    [
      'an old file without padding',
      [],
      'm.joblib',
      inline('i4', [2], Buffer.alloc(8), { padding: -1 }),
    ],
    ['text of four bytes a letter', [], 'm.joblib', inline('U5', [2], Buffer.alloc(40))],
    [
      'objects in a pickle of their own',
      [],
      'm.joblib',
      inline('O8', [1], pickle('NONE'), { padding: -1 }),
    ],
    [
      'objects that call',
      ['pickle-global-blocked', 'pickle-call-blocked'],
      'm.joblib',
      inline('O8', [1], EVIL, { padding: -1 }),
    ],
    [
      'a shape that hides a program behind too short an array',
      ['pickle-global-blocked', 'pickle-call-blocked', 'format-trailing-data'],
      'm.joblib',
      inline('u1', [8], Buffer.concat([Buffer.alloc(8), assemble('POP'), EVIL.subarray(2)])),
    ],
    [
      'an array longer than the file',
      ['pickle-structure'],
      'm.joblib',
      inline('f8', [2 ** 30, 2 ** 10], Buffer.alloc(48)),
    ],
    [
      'an unknown dtype',
      ['pickle-call-arguments', 'pickle-inline-array'],
      'm.joblib',
      inline('q8', [1], Buffer.alloc(8)),
    ],
    [
      'a shape told twice',
      ['pickle-inline-array'],
      'm.joblib',
      inline('f8', [1], Buffer.alloc(8), { extra: [text('shape'), 'EMPTY_TUPLE'] }),
    ],
    [
      'an array under .pkl, at whose numbers a plain loader ends',
      [],
      'm.pkl',
      inline('f8', [2, 3], Buffer.alloc(48)),
    ],
    [
      'an array of objects under .pkl',
      [],
      'm.pkl',
      inline('O8', [1], pickle('NONE'), { padding: -1 }),
    ],
    [
      'numbers under .pkl that a plain loader would run',
      ['pickle-inline-array'],
      'm.pkl',
      inline('u1', [EVIL.length], EVIL, { padding: -1 }),
    ],
    [
      'the same behind padding that is harmless to run',
      ['pickle-inline-array'],
      'm.pkl',
      inline('u1', [EVIL.length], EVIL, { padding: 0x30, fill: 0x4e }),
    ],
    [
      'numbers under .pkl that a plain loader would fetch something for',
      ['pickle-inline-array'],
      'm.pkl',
      inline('u1', [9], assemble('EXT1', 1, 'POP', 'STOP', 0, 0, 0, 0, 0), { padding: -1 }),
    ],
    [
      'an array packed by joblib under the name that people give it',
      [],
      'm.pkl',
      zlib.deflateSync(inline('f8', [2, 3], Buffer.alloc(48))),
    ],
    [
      'numbers like a program, packed under .pkl, which a plain loader cannot unpack',
      [],
      'm.pkl',
      zlib.deflateSync(inline('u1', [EVIL.length], EVIL, { padding: -1 })),
    ],
    [
      'numbers under .pkl in which a plain loader ends before it imports',
      [],
      'm.pkl',
      inline('u1', [NO_NAME.length], NO_NAME, { padding: -1 }),
    ],
    [
      'the same packed, where joblib is the only loader',
      [],
      'm.joblib',
      zlib.deflateSync(inline('u1', [EVIL.length], EVIL)),
    ],
    [
      'the same packed under the name of another loader',
      ['pickle-inline-array'],
      'm.pkl.gz',
      zlib.gzipSync(inline('u1', [EVIL.length], EVIL, { padding: -1 })),
    ],
    [
      'an array inside an array of numpy, whose loader knows none',
      ['pickle-inline-array'],
      'm.npy',
      npyOf(inline('f8', [1], Buffer.alloc(8))),
    ],
    [
      'a call behind a packed array',
      ['pickle-global-blocked', 'pickle-call-blocked', 'format-trailing-data'],
      'm.joblib',
      zlib.deflateSync(
        inline('u1', [8], Buffer.concat([Buffer.alloc(8), assemble('POP'), EVIL.subarray(2)])),
      ),
    ],
    [
      'packed objects that call',
      ['pickle-global-blocked', 'pickle-call-blocked'],
      'm.joblib',
      zlib.gzipSync(inline('O8', [1], EVIL, { padding: -1 })),
    ],
    ['fields of numbers', [], 'm.pkl', pickle(fields('f8', 16))],
    ['fields of objects', [], 'm.pkl', pickle(fields('O8', 27))],
    [
      'fields of objects that say they are none',
      ['pickle-state-blocked'],
      'm.pkl',
      pickle(fields('O8', 16)),
    ],
  ];
  for (const [what, rules, name, bytes] of cases) {
    it(`${what} → ${rules.join(', ') || 'pass'}`, () => {
      const result = scanBytes(name, bytes);
      expect(rulesOf(result), JSON.stringify(result.findings)).to.have.members(rules);
    });
  }
});
