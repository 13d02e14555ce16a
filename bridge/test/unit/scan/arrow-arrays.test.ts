import { expect } from 'chai';
import { assemble, pickle, stackGlobal, text, u32, type Part } from './pickle-assembler.ts';
import { rulesOf, scanBytes } from './scan-bytes.ts';

const call = (callee: Part, ...args: Part[]): Part[] => [
  callee,
  'MARK',
  ...args,
  'TUPLE',
  'REDUCE',
];
const arrow = (name: string): Buffer => stackGlobal('pyarrow.lib', name);
const buffer = (bytes: number[]): Part[] =>
  call(
    arrow('py_buffer'),
    ...call(
      stackGlobal('builtins', 'bytearray'),
      assemble('SHORT_BINBYTES', bytes.length, Buffer.from(bytes)),
    ),
  );
const places = (...numbers: number[]): number[] => [
  ...new Uint8Array(BigInt64Array.from(numbers.map(BigInt)).buffer),
];
const letters = [...Buffer.from('xyy')];
const int = (value: number): Buffer => assemble('BININT', u32(value));

interface Array {
  type?: Part[];
  length?: number;
  nulls?: number;
  offset?: number;
  buffers?: (number[] | null | Part[])[];
  children?: Part[];
  list?: Part[];
  after?: Part[];
}
const TEXT = call(arrow('type_for_alias'), text('large_string'));
const NUMBER = call(arrow('type_for_alias'), text('int32'));
const isBytes = (one: number[] | null | Part[]): one is number[] =>
  one !== null && one.every((part) => typeof part === 'number');

/** `["x", "yy", None]` as pandas 3 pickles it, and what is changed of it */
function array({
  type = TEXT,
  length = 3,
  nulls = 1,
  offset = 0,
  buffers = [[3], places(0, 1, 3, 3), letters],
  children = ['EMPTY_LIST'],
  list,
  after = [],
}: Array = {}): Buffer {
  const given: Part[] = list ?? [
    'EMPTY_LIST',
    'MARK',
    ...buffers.flatMap((one): Part[] =>
      one === null ? ['NONE'] : isBytes(one) ? buffer(one) : one,
    ),
    'APPENDS',
  ];
  return pickle(
    arrow('_restore_array'),
    'MARK',
    'MARK',
    ...type,
    int(length),
    int(nulls),
    int(offset),
    ...given,
    ...after,
    ...children,
    'NONE',
    'TUPLE',
    'TUPLE',
    'REDUCE',
  );
}

/** pyarrow believes what a pickle says of its buffers; texts of pandas 3 are such arrays. */
const CASES: [what: string, rules: string[], file: Buffer][] = [
  ['texts', [], array()],
  [
    'texts of which none is missing',
    [],
    array({ nulls: 0, buffers: [null, places(0, 1, 3, 3), letters] }),
  ],
  ['texts, some of them left out in front', [], array({ length: 2, offset: 1 })],
  ['no texts', [], array({ length: 0, nulls: 0, buffers: [null, [], null] })],
  ['numbers', [], array({ type: NUMBER, nulls: 0, buffers: [null, places(1, 2)] })],
  [
    'missing numbers that nobody counted',
    [],
    array({ type: NUMBER, nulls: 2 ** 32 - 1, buffers: [[5], places(1, 2)] }),
  ],
  [
    'times',
    [],
    array({
      type: call(arrow('timestamp'), text('ns'), text('Europe/Berlin')),
      nulls: 0,
      buffers: [null, places(1, 2, 3)],
    }),
  ],
  [
    'texts longer than their letters',
    ['pickle-state-blocked'],
    array({ buffers: [[3], places(0, 1, 3, 4), letters] }),
  ],
  [
    'a text that ends before it begins',
    ['pickle-state-blocked'],
    array({ buffers: [[3], places(0, 3, 1, 3), letters] }),
  ],
  [
    'a text that begins before the letters',
    ['pickle-state-blocked'],
    array({ buffers: [[3], places(-8, 1, 3, 3), letters] }),
  ],
  [
    'a text far away',
    ['pickle-state-blocked'],
    array({ buffers: [[3], places(0, 1, 3, 2 ** 40), letters] }),
  ],
  ['fewer places than texts', ['pickle-state-blocked'], array({ length: 4 })],
  ['the same by what is left out', ['pickle-state-blocked'], array({ offset: 1 })],
  [
    'texts without letters',
    ['pickle-state-blocked'],
    array({ buffers: [[3], places(0, 1, 3, 3), null] }),
  ],
  ['texts without places', ['pickle-state-blocked'], array({ buffers: [[3], null, letters] })],
  [
    'fewer numbers than it says',
    ['pickle-state-blocked'],
    array({ type: NUMBER, length: 5, nulls: 0, buffers: [null, places(1, 2)] }),
  ],
  ['more missing texts than it says', ['pickle-state-blocked'], array({ nulls: 0 })],
  [
    'missing texts that nobody names',
    ['pickle-state-blocked'],
    array({ buffers: [null, places(0, 1, 3, 3), letters] }),
  ],
  [
    'too few bits for what is missing',
    ['pickle-state-blocked'],
    array({ buffers: [[], places(0, 1, 3, 3), letters] }),
  ],
  ['a negative length', ['pickle-state-blocked'], array({ length: 2 ** 32 - 2 })],
  [
    'numbers with the buffers of texts',
    ['pickle-state-blocked'],
    array({ type: NUMBER, nulls: 0, buffers: [null, places(1, 2), letters] }),
  ],
  [
    'a type that holds others',
    ['pickle-arrow-array'],
    array({ type: call(arrow('type_for_alias'), text('list')) }),
  ],
  [
    'an array in an array',
    ['pickle-arrow-array'],
    array({ children: ['EMPTY_LIST', 'NONE', 'APPEND'] }),
  ],
  [
    'a list that is made before',
    ['pickle-arrow-array'],
    array({ list: ['NONE', 'POP', 'MARK', 'NONE', 'LIST'] }),
  ],
  [
    'a list that gets another buffer',
    ['pickle-state-blocked'],
    array({ after: buffer([1]).concat('APPEND') }),
  ],
];

describe('arrays of Arrow', () => {
  for (const [what, rules, bytes] of CASES) {
    it(`${what} → ${rules.join(', ') || 'pass'}`, () => {
      const result = scanBytes('a.pkl', bytes);
      expect(rulesOf(result), JSON.stringify(result.findings)).to.have.members(rules);
    });
  }
});
