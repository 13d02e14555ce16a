import { expect } from 'chai';
import { assemble, global, pickle, stackGlobal, text, u32, type Part } from './pickle-assembler.ts';
import { rulesOf, scanBytes } from './scan-bytes.ts';

const MINUS_ONE = assemble('BININT', u32(2 ** 32 - 1));
const NONES: Part[] = ['NONE', 'NONE', 'NONE'];
const made = (of: Buffer): Buffer =>
  assemble(global('numpy', 'dtype'), of, 'NEWFALSE', 'NEWTRUE', 'TUPLE3', 'REDUCE');
const state = (base: Part[], size: Part[], flags: number): Buffer =>
  assemble(
    'MARK',
    'BININT1',
    3,
    text('|'),
    ...base,
    ...size,
    ...(flags < 0 ? (['BININT', u32(2 ** 32 + flags)] as Part[]) : (['BININT1', flags] as Part[])),
    'TUPLE',
    'BUILD',
  );
const plain = (code: string, flags: number, size: Part[] = [MINUS_ONE, MINUS_ONE]): Buffer =>
  assemble(made(text(code)), state(NONES, size, flags));
const OF = { numbers: plain('f8', 0), objects: plain('O8', 63) };
const eight: Part[] = ['BININT1', 8, 'BININT1', 1];
/** fields of these names, dtypes and places, in an element of `size` bytes */
const struct = (
  fields: [string, Buffer, number][],
  flags: number,
  size: Part[] = eight,
  of = text('V8'),
): Buffer =>
  assemble(
    made(of),
    state(
      [
        'NONE',
        'MARK',
        ...fields.map(([name]) => text(name)),
        'TUPLE',
        'EMPTY_DICT',
        'MARK',
        ...fields.flatMap(([name, type, at]): Part[] => [
          text(name),
          type,
          'BININT',
          u32(at),
          'TUPLE2',
        ]),
        'SETITEMS',
      ],
      size,
      flags,
    ),
  );
const array = (dtype: Buffer): Buffer =>
  pickle(
    stackGlobal('numpy._core.multiarray', '_reconstruct'),
    stackGlobal('numpy', 'ndarray'),
    'BININT1',
    0,
    'TUPLE1',
    'SHORT_BINBYTES',
    1,
    Buffer.from('b'),
    'TUPLE3',
    'REDUCE',
    'MARK',
    'BININT1',
    1,
    'BININT1',
    1,
    'TUPLE1',
    dtype,
    'NEWFALSE',
    'SHORT_BINBYTES',
    8,
    Buffer.alloc(8, 0x41),
    'TUPLE',
    'BUILD',
  );
const wrapper = (entries: Part[]): Buffer =>
  assemble(
    global('joblib.numpy_pickle', 'NumpyArrayWrapper'),
    'EMPTY_TUPLE',
    'NEWOBJ',
    'EMPTY_DICT',
    'MEMOIZE',
    'MARK',
    ...entries,
    'SETITEMS',
  );
const shaped = (dtype: Buffer, ...shape: number[]): Part[] => [
  text('shape'),
  'MARK',
  ...shape.flatMap((n): Part[] => ['BININT', u32(n)]),
  'TUPLE',
  text('dtype'),
  dtype,
];
const EVIL = pickle(global('os', 'system'), text('true'), 'TUPLE1', 'REDUCE');

/**
 * What numpy believes about the bytes of an array: wrong, it takes them for addresses, reads beyond
 * them, or reads a pickle where numbers are.
 */
const CASES: [string, string[], string, Buffer][] = [
  ['fields of numbers', [], 'a.pkl', array(struct([['a', OF.numbers, 0]], 16))],
  ['fields of objects', [], 'a.pkl', array(struct([['a', OF.objects, 0]], 27))],
  [
    'a field that is a dtype of fields',
    [],
    'a.pkl',
    array(struct([['a', struct([['b', OF.numbers, 0]], 16), 0]], 16)),
  ],
  [
    'elements that are small arrays',
    [],
    'a.pkl',
    array(
      assemble(
        made(text('V8')),
        state([OF.numbers, 'BININT1', 1, 'TUPLE1', 'TUPLE2', 'NONE', 'NONE'], eight, 0),
      ),
    ),
  ],
  [
    'objects that are said to be none, with a sign',
    ['pickle-state-blocked'],
    'a.pkl',
    array(struct([['a', OF.objects, 0]], 0x90 - 0x100)),
  ],
  [
    'fields that are said to be the address of an object',
    ['pickle-state-blocked'],
    'a.pkl',
    array(struct([['a', OF.numbers, 0]], 20)),
  ],
  [
    'records',
    [],
    'a.pkl',
    array(struct([['a', OF.numbers, 0]], 16, eight, global('numpy', 'record'))),
  ],
  [
    'fields that are aligned, as numpy 1 says it',
    [],
    'a.pkl',
    array(struct([['a', OF.numbers, 0]], -112)),
  ],
  [
    'objects that are aligned, as numpy 1 says it',
    [],
    'a.pkl',
    array(struct([['a', OF.objects, 0]], -101)),
  ],
  [
    'aligned objects that are pickled as bytes',
    ['pickle-state-blocked'],
    'a.pkl',
    array(struct([['a', OF.objects, 0]], -112)),
  ],
  [
    'aligned numbers that are said to be objects',
    ['pickle-state-blocked'],
    'a.pkl',
    array(struct([['a', OF.numbers, 0]], -101)),
  ],
  [
    'flags that are no byte',
    ['pickle-state-blocked'],
    'a.pkl',
    array(struct([['a', OF.numbers, 0]], -129)),
  ],
  [
    'objects without counts of references',
    ['pickle-state-blocked'],
    'a.pkl',
    array(plain('O8', 0)),
  ],
  ['objects that are pickled as bytes', ['pickle-state-blocked'], 'a.pkl', array(plain('O8', 1))],
  [
    'fields of objects that are pickled as bytes',
    ['pickle-state-blocked'],
    'a.pkl',
    array(struct([['a', OF.objects, 0]], 1)),
  ],
  [
    'fields of objects by a code without its size',
    ['pickle-call-arguments', 'pickle-state-blocked'],
    'a.pkl',
    array(struct([['a', made(text('O')), 0]], 16)),
  ],
  [
    'fields of objects by a class',
    ['pickle-call-arguments', 'pickle-state-blocked'],
    'a.pkl',
    array(struct([['a', made(global('builtins', 'object')), 0]], 16)),
  ],
  [
    'fields given to a class of numpy',
    ['pickle-call-arguments'],
    'a.pkl',
    array(struct([['a', OF.objects, 0]], 0, eight, global('numpy', 'void'))),
  ],
  [
    'fields given to a code with zeros',
    ['pickle-call-arguments'],
    'a.pkl',
    array(struct([['a', OF.objects, 0]], 0, eight, text('V00000000000008'))),
  ],
  [
    'small arrays of objects without flags',
    ['pickle-state-blocked'],
    'a.pkl',
    array(
      assemble(
        made(text('V8')),
        state([OF.objects, 'BININT1', 1, 'TUPLE1', 'TUPLE2', 'NONE', 'NONE'], eight, 0),
      ),
    ),
  ],
  [
    'a field beyond the element',
    ['pickle-state-blocked'],
    'a.pkl',
    array(struct([['a', OF.numbers, 2 ** 30]], 16)),
  ],
  [
    'an element smaller than its field',
    ['pickle-state-blocked'],
    'a.pkl',
    array(struct([['a', OF.numbers, 0]], 16, ['BININT1', 1, 'BININT1', 1])),
  ],
  [
    'numbers over objects',
    ['pickle-state-blocked'],
    'a.pkl',
    array(
      struct(
        [
          ['a', OF.objects, 0],
          ['b', OF.numbers, 0],
        ],
        27,
      ),
    ),
  ],
  [
    'a name without a field',
    ['pickle-state-blocked'],
    'a.pkl',
    array(
      assemble(made(text('V8')), state(['NONE', text('a'), 'TUPLE1', 'EMPTY_DICT'], eight, 16)),
    ),
  ],
  [
    'an alignment of zero',
    ['pickle-state-blocked'],
    'a.pkl',
    array(struct([['a', OF.numbers, 0]], 16, ['BININT1', 8, 'BININT1', 0])),
  ],
  [
    'text longer than its code',
    ['pickle-state-blocked'],
    'a.pkl',
    array(plain('U2', 8, ['BININT', u32(2 ** 20), 'BININT1', 4])),
  ],
  [
    'fields in a dict that was there before',
    ['pickle-state-blocked'],
    'a.pkl',
    pickle(
      'EMPTY_DICT',
      'MEMOIZE',
      made(text('V8')),
      state(['NONE', text('a'), 'TUPLE1', 'BINGET', 0], eight, 16),
      'TUPLE2',
    ),
  ],
  [
    'fields in what a call made',
    ['pickle-state-blocked'],
    'a.pkl',
    array(
      assemble(
        made(text('V8')),
        state(
          [
            'NONE',
            text('a'),
            'TUPLE1',
            global('collections', 'OrderedDict'),
            'EMPTY_TUPLE',
            'REDUCE',
          ],
          eight,
          16,
        ),
      ),
    ),
  ],
  [
    'a dtype that is used before its state',
    ['pickle-state-blocked'],
    'a.pkl',
    pickle('EMPTY_LIST', made(text('V8')), 'MEMOIZE', 'APPEND'),
  ],
  [
    'a second state',
    ['pickle-state-blocked'],
    'a.pkl',
    pickle(struct([['a', OF.numbers, 0]], 16), 'MEMOIZE', state(NONES, eight, 0)),
  ],
  [
    'numbers that joblib takes for a pickle',
    ['pickle-state-blocked'],
    'a.joblib',
    pickle(wrapper(shaped(plain('u1', 1), EVIL.length)), 'BUILD', EVIL),
  ],
  [
    'a size that joblib reads and the code does not say',
    ['pickle-state-blocked'],
    'a.joblib',
    pickle(
      wrapper(shaped(plain('S1', 0, ['BININT1', 90, 'BININT1', 1]), 1)),
      'BUILD',
      Buffer.alloc(1),
    ),
  ],
  [
    'a shape that is changed when it was read',
    ['pickle-inline-array'],
    'a.joblib',
    pickle(
      wrapper(shaped(OF.numbers, 1)),
      text('shape'),
      'BININT1',
      9,
      'TUPLE1',
      'SETITEM',
      'BUILD',
      Buffer.alloc(8),
    ),
  ],
  [
    'another description than the one that was read',
    ['pickle-inline-array'],
    'a.joblib',
    pickle(
      'EMPTY_DICT',
      'MEMOIZE',
      'POP',
      wrapper(shaped(OF.numbers, 1)),
      'POP',
      'BINGET',
      0,
      'BUILD',
      Buffer.alloc(8),
    ),
  ],
  [
    'a description that comes twice',
    ['pickle-inline-array'],
    'a.joblib',
    pickle(
      global('joblib.numpy_pickle', 'NumpyArrayWrapper'),
      'EMPTY_TUPLE',
      'NEWOBJ',
      'BINPUT',
      0,
      'EMPTY_DICT',
      'MARK',
      ...shaped(OF.numbers, 1),
      'SETITEMS',
      'BUILD',
      Buffer.alloc(8),
      'BINGET',
      0,
      'EMPTY_DICT',
      'BUILD',
      'TUPLE2',
    ),
  ],
  [
    'a shape whose product overflows',
    ['pickle-inline-array'],
    'a.joblib',
    pickle(wrapper(shaped(OF.numbers, 2 ** 30, 2 ** 30, 16)), 'BUILD'),
  ],
];

describe('what a pickle says about the bytes of an array', () => {
  for (const [what, rules, name, bytes] of CASES) {
    it(`${what} → ${rules.join(', ') || 'pass'}`, () => {
      const result = scanBytes(name, bytes);
      expect(rulesOf(result), JSON.stringify(result.findings)).to.have.members(rules);
    });
  }
});
