import { expect } from 'chai';
import { assemble, global, line, pickle, text, u32, type Part } from './pickle-assembler.ts';
import { rulesOf, scanBytes } from './scan-bytes.ts';

const namespace = assemble(global('types', 'SimpleNamespace'), 'EMPTY_TUPLE', 'REDUCE');
const kept = global('pathlib', 'PosixPath');
const path = text('/tmp/marker');
const U12 = assemble(
  global('numpy', 'dtype'),
  text('U12'),
  'NEWFALSE',
  'NEWTRUE',
  'TUPLE3',
  'REDUCE',
);
const wide = Buffer.from([...'__setstate__'].flatMap((letter) => [letter.charCodeAt(0), 0, 0, 0]));
const scalar = (bytes: Part[]): Buffer =>
  assemble(global('numpy.core.multiarray', 'scalar'), U12, ...bytes, 'TUPLE2', 'REDUCE');
/**
 * a state whose first key is this text, then a second state: Python calls what lies under the first
 */
const under = (key: Part[], value: Buffer = kept): Buffer =>
  pickle(namespace, 'EMPTY_DICT', ...key, value, 'SETITEM', 'BUILD', path, 'BUILD');

/** Python and numpy look for some names on an object itself, where a state can put anything. */
const CASES: [string, string[], Buffer][] = [
  ['a function for the second state', ['pickle-state-blocked'], under([text('__setstate__')])],
  [
    'the same as the first of many',
    ['pickle-state-blocked'],
    pickle(
      namespace,
      'EMPTY_DICT',
      'MARK',
      text('__setstate__'),
      kept,
      text('b'),
      'NONE',
      'SETITEMS',
      'BUILD',
      path,
      'BUILD',
    ),
  ],
  [
    'the same in a state of slots',
    ['pickle-state-blocked'],
    pickle(
      namespace,
      'NONE',
      'EMPTY_DICT',
      text('__setstate__'),
      kept,
      'SETITEM',
      'TUPLE2',
      'BUILD',
    ),
  ],
  [
    'the same by DICT',
    ['pickle-state-blocked'],
    pickle(namespace, 'MARK', text('__setstate__'), kept, 'DICT', 'BUILD'),
  ],
  [
    'the same in BINUNICODE',
    ['pickle-state-blocked'],
    under([assemble('BINUNICODE', u32(12), Buffer.from('__setstate__'))]),
  ],
  [
    'the same in escapes',
    ['pickle-state-blocked'],
    under([assemble('UNICODE', line('\\u005f_setstate__'))]),
  ],
  [
    'the same in a STRING with escapes',
    ['pickle-state-blocked'],
    under([assemble('STRING', line("'\\x5f_setstate__'"))]),
  ],
  [
    'the same through the memo',
    ['pickle-state-blocked'],
    pickle(
      text('__setstate__'),
      'MEMOIZE',
      'POP',
      namespace,
      'EMPTY_DICT',
      'BINGET',
      0,
      kept,
      'SETITEM',
      'BUILD',
    ),
  ],
  [
    'the same in pairs',
    ['pickle-state-blocked'],
    pickle(
      namespace,
      global('collections', 'OrderedDict'),
      'EMPTY_LIST',
      text('__setstate__'),
      kept,
      'TUPLE2',
      'APPEND',
      'TUPLE1',
      'REDUCE',
      'BUILD',
    ),
  ],
  [
    'the same in a pair that is a list',
    ['pickle-state-blocked'],
    pickle(
      namespace,
      global('collections', 'OrderedDict'),
      'EMPTY_LIST',
      'EMPTY_LIST',
      'MARK',
      text('__setstate__'),
      kept,
      'APPENDS',
      'APPEND',
      'TUPLE1',
      'REDUCE',
      'BUILD',
    ),
  ],
  [
    'the same as a text of numpy',
    ['pickle-state-blocked'],
    under([scalar(['SHORT_BINBYTES', wide.length, wide])]),
  ],
  [
    'the same as a text of numpy, of text',
    ['pickle-state-blocked'],
    under([scalar([text(wide.toString('latin1'))])]),
  ],
  [
    'the same as a text of numpy, of encoded text',
    ['pickle-state-blocked'],
    under([
      scalar([
        global('_codecs', 'encode'),
        text(wide.toString('latin1')),
        text('latin1'),
        'TUPLE2',
        'REDUCE',
      ]),
    ]),
  ],
  [
    'an object for the second state',
    ['pickle-state-blocked'],
    under([text('__setstate__')], namespace),
  ],
  [
    'a place in memory for numpy',
    ['pickle-state-blocked'],
    under([text('__array_interface__')], assemble('EMPTY_DICT')),
  ],
  [
    'another class',
    ['pickle-state-blocked'],
    under([text('__class__')], global('pandas', 'DataFrame')),
  ],
  [
    'a state with a method of its own',
    ['pickle-state-blocked'],
    pickle(
      global('lightgbm.basic', 'Booster'),
      'EMPTY_TUPLE',
      'NEWOBJ',
      global('collections', 'OrderedDict'),
      'EMPTY_TUPLE',
      'REDUCE',
      'EMPTY_DICT',
      text('get'),
      kept,
      'SETITEM',
      'BUILD',
      'BUILD',
    ),
  ],
  [
    'a fraction that fills the memory',
    ['pickle-call-arguments'],
    pickle(global('fractions', 'Fraction'), text('1e9999999999'), 'TUPLE1', 'REDUCE'),
  ],
  ['a fraction', [], pickle(global('fractions', 'Fraction'), text('-22/7'), 'TUPLE1', 'REDUCE')],
  [
    'constants under such names',
    [],
    pickle(
      'EMPTY_DICT',
      'MARK',
      text('__version__'),
      text('1.0'),
      text('__globals__'),
      'EMPTY_LIST',
      text('__header__'),
      'SHORT_BINBYTES',
      1,
      Buffer.from('h'),
      'SETITEMS',
    ),
  ],
  [
    'such names in a vocabulary',
    [],
    pickle(
      'EMPTY_DICT',
      'MARK',
      text('__init__'),
      'BININT1',
      0,
      text('__class__'),
      'BININT1',
      1,
      'SETITEMS',
    ),
  ],
  ['a text of numpy', [], pickle(scalar(['SHORT_BINBYTES', 8, Buffer.from('a\0\0\0b\0\0\0')]))],
];

describe('names of special methods in states', () => {
  for (const [what, rules, bytes] of CASES) {
    it(`${what} → ${rules.join(', ') || 'pass'}`, () => {
      const result = scanBytes('a.pkl', bytes);
      expect(rulesOf(result), JSON.stringify(result.findings)).to.have.members(rules);
    });
  }
});
