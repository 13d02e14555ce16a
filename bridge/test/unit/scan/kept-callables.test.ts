import { expect } from 'chai';
import { global, pickle, stackGlobal, text, u32, assemble, type Part } from './pickle-assembler.ts';
import { rulesOf, scanBytes } from './scan-bytes.ts';

const call = (callee: Part, ...args: Part[]): Part[] => [
  callee,
  'MARK',
  ...args,
  'TUPLE',
  'REDUCE',
];
const namespace = (name: string, ...value: Part[]): Part[] => [
  ...call(stackGlobal('types', 'SimpleNamespace')),
  'EMPTY_DICT',
  text(name),
  ...value,
  'SETITEM',
  'BUILD',
];
const partial = (
  inner: Part,
  args: Part[],
  named: Part[] = [],
  attributes: Part[] = ['NONE'],
): Part[] => [
  ...call(stackGlobal('functools', 'partial'), inner),
  'MARK',
  inner,
  'MARK',
  ...args,
  'TUPLE',
  'EMPTY_DICT',
  'MARK',
  ...named,
  'SETITEMS',
  ...attributes,
  'TUPLE',
  'BUILD',
];
const transpose = stackGlobal('numpy', 'transpose');
const clip = stackGlobal('numpy', 'clip');
const memmap = stackGlobal('numpy', 'memmap');
const restore = stackGlobal('pyarrow.lib', '_restore_array');
const scorer = stackGlobal('sklearn.metrics._scorer', '_passthrough_scorer');
const path = text('/srv/a');
const reconstruct = stackGlobal('numpy._core.multiarray', '_reconstruct');
const letter = assemble('SHORT_BINBYTES', 1, Buffer.from('b'));
const array = (shape: Part[] = ['BININT1', 0, 'TUPLE1']): Part[] =>
  call(reconstruct, stackGlobal('numpy', 'ndarray'), ...shape, letter);
const reduced = (base: Part, ...state: Part[]): Part[] =>
  call(stackGlobal('copyreg', '_reconstructor'), base, base, ...state);
const list = stackGlobal('builtins', 'list');

/**
 * Loading calls methods of what the file made, and the file says what these are: whatever is kept
 * may be called, with arguments that nobody looked at.
 */
const CASES: [what: string, rules: string[], parts: Part[]][] = [
  [
    'a function that makes objects, in a list',
    ['pickle-call-arguments'],
    ['EMPTY_LIST', restore, 'APPEND'],
  ],
  [
    'the same among others',
    ['pickle-call-arguments'],
    ['EMPTY_LIST', 'MARK', 'NONE', restore, 'NONE', 'APPENDS'],
  ],
  [
    'the same through the memo',
    ['pickle-call-arguments'],
    [restore, 'MEMOIZE', 'POP', 'EMPTY_LIST', 'BINGET', 0, 'APPEND'],
  ],
  ['the same in a tuple', ['pickle-call-arguments'], ['NONE', restore, 'TUPLE2']],
  [
    'the same in a tuple behind a mark',
    ['pickle-call-arguments'],
    ['MARK', 'NONE', restore, 'TUPLE'],
  ],
  ['the same in a dict', ['pickle-call-arguments'], ['EMPTY_DICT', text('a'), restore, 'SETITEM']],
  [
    'the same as the method of an object',
    ['pickle-call-arguments'],
    namespace('transpose', restore),
  ],
  [
    'the same in a state behind much else',
    ['pickle-call-arguments'],
    [
      'EMPTY_LIST',
      restore,
      'EMPTY_LIST',
      'MARK',
      ...Array.from({ length: 40 }, (): Part => 'NONE'),
      'APPENDS',
      'POP',
      'APPEND',
    ],
  ],
  ['a class that opens files', ['pickle-call-arguments'], namespace('transpose', memmap)],
  [
    'the same under the name of an array of joblib',
    ['pickle-call-arguments'],
    namespace('subclass', memmap),
  ],
  [
    'a booster, which reads files',
    ['pickle-call-arguments'],
    namespace('transpose', stackGlobal('xgboost.core', 'Booster')),
  ],
  [
    'a partial that calls a method of its argument',
    ['pickle-state-blocked'],
    partial(transpose, [...namespace('transpose', list), path]),
  ],
  [
    'the same by name',
    ['pickle-state-blocked'],
    partial(transpose, [], [text('a'), ...namespace('transpose', list)]),
  ],
  [
    'the same in a tuple',
    ['pickle-state-blocked'],
    partial(transpose, [...namespace('transpose', list), 'TUPLE1']),
  ],
  [
    'the same in its attributes',
    ['pickle-state-blocked'],
    partial(
      transpose,
      [],
      [],
      ['EMPTY_DICT', text('a'), ...namespace('transpose', list), 'SETITEM'],
    ),
  ],
  [
    'a partial around a function that calls its argument',
    ['pickle-call-arguments'],
    call(stackGlobal('functools', 'partial'), scorer).concat('EMPTY_DICT', 'BUILD'),
  ],
  [
    'a partial that never gets its state',
    ['pickle-state-blocked'],
    [...call(stackGlobal('functools', 'partial'), clip), 'TUPLE1'],
  ],
  [
    'a list of no end',
    ['pickle-call-arguments'],
    reduced(list, ...call(stackGlobal('itertools', 'count'), 'BININT1', 0)),
  ],
  [
    'a list of a large range',
    ['pickle-call-arguments'],
    reduced(
      list,
      ...call(
        stackGlobal('builtins', 'range'),
        'BININT1',
        0,
        'BININT',
        u32(2 ** 31 - 1),
        'BININT1',
        1,
      ),
    ),
  ],
  [
    'repetition without end',
    ['pickle-global-blocked', 'pickle-call-blocked'],
    call(stackGlobal('itertools', 'repeat'), 'NONE'),
  ],
  [
    'an array that is large before it has a state',
    ['pickle-call-arguments'],
    array(['BININT', u32(2 ** 31 - 1), 'TUPLE1']),
  ],
  ['the scorer itself', [], namespace('scorer_', scorer)],
  ['a function of numpy', [], namespace('func', clip)],
  [
    'a partial with numbers, types and arrays',
    [],
    partial(
      clip,
      ['BININT1', 1, stackGlobal('numpy', 'float64'), ...array()],
      [text('out'), 'NONE', text('axis'), 'BININT1', 0, 'TUPLE1'],
    ),
  ],
  ['a list of what it is', [], reduced(list, 'EMPTY_LIST')],
  ['an array', [], array()],
];

describe('what may be called and not kept', () => {
  for (const [what, rules, parts] of CASES) {
    it(`${what} → ${rules.join(', ') || 'pass'}`, () => {
      const result = scanBytes('a.pkl', pickle(...parts));
      expect(rulesOf(result), JSON.stringify(result.findings)).to.have.members(rules);
    });
  }

  it('is a function as an argument of one that asks for it, in that place', () => {
    const create = (...args: Part[]): Part[] =>
      call(stackGlobal('dill._dill', '_create_array'), ...args);
    const args: Part[] = [
      'MARK',
      stackGlobal('numpy', 'ndarray'),
      'BININT1',
      0,
      'TUPLE1',
      letter,
      'TUPLE',
    ];
    const state: Part[] = [
      'MARK',
      'BININT1',
      1,
      'BININT1',
      0,
      'TUPLE1',
      ...call(stackGlobal('numpy', 'dtype'), text('f8'), 'NEWFALSE', 'NEWTRUE'),
      'NEWFALSE',
      assemble('SHORT_BINBYTES', 0),
      'TUPLE',
    ];
    expect(
      scanBytes('a.pkl', pickle(...create(reconstruct, ...args, ...state, 'NONE'))).findings,
    ).to.deep.equal([]);
    expect(rulesOf(scanBytes('a.pkl', pickle(...create('NONE', reconstruct))))).to.deep.equal([
      'pickle-call-arguments',
    ]);
  });

  it('is the class of an array that joblib describes', () => {
    const wrapper = (key: string): Part[] => [
      global('joblib.numpy_pickle', 'NumpyArrayWrapper'),
      'EMPTY_TUPLE',
      'NEWOBJ',
      'EMPTY_DICT',
      'MARK',
      text('shape'),
      'BININT1',
      1,
      'TUPLE1',
      text('dtype'),
      ...call(stackGlobal('numpy', 'dtype'), text('u1'), 'NEWFALSE', 'NEWTRUE'),
      text(key),
      memmap,
      'SETITEMS',
      'BUILD',
      Buffer.from([7]),
    ];
    expect(scanBytes('a.joblib', pickle(...wrapper('subclass'))).findings).to.deep.equal([]);
    expect(rulesOf(scanBytes('a.joblib', pickle(...wrapper('order'))))).to.deep.equal([
      'pickle-call-arguments',
    ]);
  });
});
