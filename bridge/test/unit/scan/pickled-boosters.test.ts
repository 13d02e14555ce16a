import { expect } from 'chai';
import fs from 'node:fs';
import { assemble, global, line, pickle, text, u32, type Part } from './pickle-assembler.ts';
import { rulesOf, scanBytes } from './scan-bytes.ts';

const SAMPLES = new URL('../../samples/scan/honest/', import.meta.url);
const sample = (name: string): Buffer => fs.readFileSync(new URL(name, SAMPLES));
const TREES = sample('lgb-model.txt').toString();
const MODEL = sample('xgb-model.json').toString();
const NOTES = JSON.stringify({
  learner: {
    gradient_booster: {
      name: 'gbtree',
      gbtree_model_param: {
        num_trees: (
          JSON.parse(MODEL) as { learner: { gradient_booster: { model: { trees: [] } } } }
        ).learner.gradient_booster.model.trees.length.toString(),
      },
    },
    learner_model_param: {},
  },
  version: [3, 2, 0],
});
const SNAPSHOT = `{"Config":${NOTES},"Model":${MODEL}}`;

const words = (content: string): Buffer =>
  assemble('BINUNICODE', u32(Buffer.byteLength(content)), Buffer.from(content));
const bytes = (content: string | Buffer): Buffer =>
  assemble('BINBYTES', u32(content.length), Buffer.from(content));
const bytearray = (...args: Part[]): Buffer =>
  assemble(global('builtins', 'bytearray'), ...args, 'REDUCE');
const of = (library: [string, string], key: string, value: Buffer): Buffer =>
  pickle(
    global(...library),
    'EMPTY_TUPLE',
    'NEWOBJ',
    'EMPTY_DICT',
    text(key),
    value,
    'SETITEM',
    'BUILD',
  );
const lightgbm = (value: Buffer, key = '_handle'): Buffer =>
  of(['lightgbm.basic', 'Booster'], key, value);
const xgboost = (value: Buffer): Buffer => of(['xgboost.core', 'Booster'], 'handle', value);
const encoded = (content: string): Buffer =>
  assemble(global('_codecs', 'encode'), words(content), text('latin1'), 'TUPLE2', 'REDUCE');
const escaped = (content: string): Buffer =>
  assemble('UNICODE', line(content.replace(/\n/g, '\\u000a')));

/** What a pickled booster holds goes to a reader in C++ that trusts it. */
const CASES: [string, string[], Buffer][] = [
  ['LightGBM', [], lightgbm(words(TREES))],
  ['LightGBM under the older key', [], lightgbm(words(TREES), 'handle')],
  ['LightGBM in escapes', [], lightgbm(escaped(TREES))],
  ['LightGBM that was not trained', [], lightgbm(assemble('NONE'))],
  [
    'LightGBM with a child that is not there',
    ['booster-structure'],
    lightgbm(words(TREES.replace('left_child=-1', 'left_child=7'))),
  ],
  [
    'the same under the older key',
    ['booster-structure'],
    lightgbm(words(TREES.replace('left_child=-1', 'left_child=7')), 'handle'),
  ],
  [
    'the same in escapes',
    ['booster-structure'],
    lightgbm(escaped(TREES.replace('left_child=-1', 'left_child=7'))),
  ],
  ['LightGBM of another text', ['booster-structure'], lightgbm(words('x'))],
  [
    'LightGBM with an end before the end',
    ['booster-structure'],
    lightgbm(words(TREES.replace('feature_names=', 'feature_names=\0'))),
  ],
  ['LightGBM of a number', ['pickle-state-blocked'], lightgbm(assemble('BININT1', 8))],
  ['LightGBM of bytes', ['pickle-state-blocked'], lightgbm(bytes(TREES))],
  ['XGBoost as JSON', [], xgboost(bytearray(bytes(SNAPSHOT), 'TUPLE1'))],
  ['XGBoost in protocol 2', [], xgboost(bytearray(encoded(SNAPSHOT), 'TUPLE1'))],
  ['XGBoost in a text', [], xgboost(bytearray(words(SNAPSHOT), text('latin-1'), 'TUPLE2'))],
  [
    'XGBoost in protocol 5',
    [],
    xgboost(assemble('BYTEARRAY8', u32(SNAPSHOT.length), u32(0), Buffer.from(SNAPSHOT))),
  ],
  [
    'XGBoost with a child that is not there',
    ['booster-structure'],
    xgboost(
      bytearray(bytes(SNAPSHOT.replace('"left_children":[1', '"left_children":[9')), 'TUPLE1'),
    ),
  ],
  [
    'the same in protocol 2',
    ['booster-structure'],
    xgboost(
      bytearray(encoded(SNAPSHOT.replace('"left_children":[1', '"left_children":[9')), 'TUPLE1'),
    ),
  ],
  [
    'XGBoost whose settings say another number of trees',
    ['booster-structure'],
    xgboost(bytearray(bytes(SNAPSHOT.replace(/"num_trees":"\d+"/, '"num_trees":"900"')), 'TUPLE1')),
  ],
  [
    'XGBoost whose settings say other features',
    ['booster-structure'],
    xgboost(
      bytearray(
        bytes(
          SNAPSHOT.replace(
            '"learner_model_param":{}',
            '"learner_model_param":{"num_feature":"900"}',
          ),
        ),
        'TUPLE1',
      ),
    ),
  ],
  ['XGBoost without settings', ['booster-structure'], xgboost(bytearray(bytes(MODEL), 'TUPLE1'))],
  [
    'XGBoost in the form of old versions',
    ['booster-structure'],
    xgboost(bytearray(bytes('CONFIG-offset:'), 'TUPLE1')),
  ],
  [
    'XGBoost of an object',
    ['pickle-state-blocked'],
    xgboost(assemble(global('collections', 'OrderedDict'), 'EMPTY_TUPLE', 'REDUCE')),
  ],
  [
    'a state that was made before',
    ['pickle-state-blocked'],
    pickle(
      'EMPTY_DICT',
      text('_handle'),
      words('x'),
      'SETITEM',
      'MEMOIZE',
      'POP',
      global('lightgbm.basic', 'Booster'),
      'EMPTY_TUPLE',
      'NEWOBJ',
      'BINGET',
      0,
      'BUILD',
    ),
  ],
  [
    'a second state',
    ['pickle-state-blocked'],
    pickle(
      global('lightgbm.basic', 'Booster'),
      'EMPTY_TUPLE',
      'NEWOBJ',
      'EMPTY_DICT',
      'BUILD',
      'EMPTY_DICT',
      text('_handle'),
      words('x'),
      'SETITEM',
      'BUILD',
    ),
  ],
  [
    'a key twice',
    ['pickle-state-blocked'],
    pickle(
      global('lightgbm.basic', 'Booster'),
      'EMPTY_TUPLE',
      'NEWOBJ',
      'EMPTY_DICT',
      'MARK',
      text('_handle'),
      words(TREES),
      text('_handle'),
      words('x'),
      'SETITEMS',
      'BUILD',
    ),
  ],
  [
    'a booster made by the older protocols',
    ['booster-structure'],
    pickle(
      global('copyreg', '_reconstructor'),
      global('lightgbm.basic', 'Booster'),
      global('builtins', 'object'),
      'NONE',
      'TUPLE3',
      'REDUCE',
      'EMPTY_DICT',
      text('_handle'),
      words('x'),
      'SETITEM',
      'BUILD',
    ),
  ],
];

describe('boosters in pickles', () => {
  for (const [what, rules, content] of CASES) {
    it(`${what} → ${rules.join(', ') || 'pass'}`, () => {
      const result = scanBytes('a.pkl', content);
      expect(rulesOf(result), JSON.stringify(result.findings)).to.have.members(rules);
    });
  }

  it('may be larger than a text file, up to a limit of their own', () => {
    const whole = lightgbm(words(TREES));
    expect(rulesOf(scanBytes('a.pkl', whole, 'model', { textBytes: 100 }))).to.deep.equal([]);
    expect(scanBytes('a.pkl', whole, 'model', { boosterBytes: 100 }).verdict).to.equal('block');
  });
});
