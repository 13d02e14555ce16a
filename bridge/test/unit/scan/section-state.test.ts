import { expect } from 'chai';
import { assemble, global, pickle, stackGlobal, text, u32, type Part } from './pickle-assembler.ts';
import { rulesOf, scanBytes } from './scan-bytes.ts';

const PAYLOAD = Buffer.from("cos\nsystem\n(S'id'\ntR.", 'latin1');
const LOADER = stackGlobal('torch.storage', '_load_from_bytes');
const LAYER: Part[] = [global('sklearn.linear_model._ridge', 'Ridge'), 'EMPTY_TUPLE', 'NEWOBJ'];
const BYTES = assemble('BINBYTES', u32(PAYLOAD.length), PAYLOAD);

/**
 * BUILD asks the object itself for __setstate__, and a first BUILD may have put one there: every
 * way to put a loader of bytes there.
 */
const CASES: [string, Part[]][] = [
  [
    'SETITEM',
    [...LAYER, 'EMPTY_DICT', text('__setstate__'), LOADER, 'SETITEM', 'BUILD', BYTES, 'BUILD'],
  ],
  [
    'SETITEMS',
    [
      ...LAYER,
      'EMPTY_DICT',
      'MARK',
      text('__setstate__'),
      LOADER,
      'SETITEMS',
      'BUILD',
      BYTES,
      'BUILD',
    ],
  ],
  ['DICT', [...LAYER, 'MARK', text('__setstate__'), LOADER, 'DICT', 'BUILD', BYTES, 'BUILD']],
  [
    'the memo',
    [
      LOADER,
      'MEMOIZE',
      'POP',
      ...LAYER,
      'EMPTY_DICT',
      text('__setstate__'),
      'BINGET',
      0,
      'SETITEM',
      'BUILD',
      BYTES,
      'BUILD',
    ],
  ],
  [
    'a state of slots',
    [
      ...LAYER,
      'NONE',
      'EMPTY_DICT',
      text('__setstate__'),
      LOADER,
      'SETITEM',
      'TUPLE2',
      'BUILD',
      BYTES,
      'BUILD',
    ],
  ],
  ['a list, for whoever calls its elements', ['EMPTY_LIST', LOADER, 'APPEND']],
  ['a list of several', ['EMPTY_LIST', 'MARK', 'NONE', LOADER, 'APPENDS']],
  [
    'a transformer that calls its function',
    [
      global('sklearn.preprocessing._function_transformer', 'FunctionTransformer'),
      'EMPTY_TUPLE',
      'NEWOBJ',
      'EMPTY_DICT',
      text('func'),
      LOADER,
      'SETITEM',
      'BUILD',
    ],
  ],
  ['an argument', [stackGlobal('collections', 'defaultdict'), LOADER, 'TUPLE1', 'REDUCE']],
  ['the state itself', [...LAYER, LOADER, 'BUILD']],
];

describe('a function that loads bytes may be called, not kept', () => {
  for (const [what, parts] of CASES) {
    it(`in ${what} → pickle-call-arguments`, () => {
      const result = scanBytes('m.pkl', pickle(...parts));
      expect(rulesOf(result), JSON.stringify(result.findings)).to.include('pickle-call-arguments');
      expect(result.verdict).to.equal('block');
    });
  }
});
