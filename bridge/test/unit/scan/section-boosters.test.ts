import { expect } from 'chai';
import fs from 'node:fs';
import { rulesOf, scanBytes } from './scan-bytes.ts';

const SAMPLES = new URL('../../samples/scan/honest/', import.meta.url);
const sample = (name: string): Buffer => fs.readFileSync(new URL(name, SAMPLES));
const JSON_MODEL = sample('xgb-model.json').toString();
const UBJ = sample('xgb-model.ubj');
const LINEAR = sample('lgb-linear.txt').toString();
const TEXT = sample('lgb-model.txt').toString();

/** the first tree of the model, changed */
function tree(change: Record<string, unknown>, parameters: Record<string, string> = {}): string {
  const root = JSON.parse(JSON_MODEL) as {
    learner: { gradient_booster: { model: { trees: Record<string, unknown>[] } } };
  };
  const [first] = root.learner.gradient_booster.model.trees;
  Object.assign(first!, change);
  Object.assign(first!['tree_param'] as object, parameters);
  return JSON.stringify(root);
}
const bytes = (find: string, put: Uint8Array | string): Buffer => {
  const at = UBJ.indexOf(find) + find.length;
  return Buffer.concat([
    UBJ.subarray(0, at),
    Buffer.from(put as Uint8Array),
    UBJ.subarray(at + put.length),
  ]);
};

describe('XGBoost and LightGBM', () => {
  const cases: [string, string[], string, Buffer | string][] = [
    ['XGBoost as JSON', [], 'model.json', JSON_MODEL],
    ['XGBoost as UBJSON', [], 'model.ubj', UBJ],
    ['LightGBM', [], 'model.txt', TEXT],
    [
      'a tree of a group that is not there',
      ['booster-structure'],
      'model.json',
      JSON_MODEL.replace(/"tree_info":\[0/, '"tree_info":[7'),
    ],
    ['a tree with the number of another', ['booster-structure'], 'model.json', tree({ id: 1 })],
    [
      'a leaf of more outputs than there are',
      ['booster-structure'],
      'model.json',
      tree({ base_weights: Array(27).fill(0) }, { size_leaf_vector: '9' }),
    ],
    [
      'a set of categories before the first',
      ['booster-structure'],
      'model.json',
      tree({
        categories_nodes: [0],
        categories_segments: [0],
        categories_sizes: [1],
        categories: [-5],
        split_type: [1, 0, 0],
      }),
    ],
    [
      'a set of categories behind the last',
      ['booster-structure'],
      'model.json',
      tree({
        categories_nodes: [0],
        categories_segments: [9],
        categories_sizes: [1],
        categories: [0],
        split_type: [1, 0, 0],
      }),
    ],
    [
      'a set of categories of no node',
      ['booster-structure'],
      'model.json',
      tree({
        categories_nodes: [70],
        categories_segments: [0],
        categories_sizes: [1],
        categories: [0],
      }),
    ],
    [
      'a node that asks for categories and has none',
      ['booster-structure'],
      'model.json',
      tree({ split_type: [1, 0, 0] }),
    ],
    [
      'a set of categories',
      [],
      'model.json',
      tree({
        categories_nodes: [0],
        categories_segments: [0],
        categories_sizes: [1],
        categories: [1],
        split_type: [1, 0, 0],
      }),
    ],
    [
      'NaN where a node asks for categories',
      [],
      'model.json',
      tree({}).replace(/"split_conditions":\[[^,]*,/, '"split_conditions":[NaN,'),
    ],
    [
      'no features',
      ['booster-structure'],
      'model.json',
      JSON_MODEL.replace(/("num_feature":)"\d+"(,"num_target":"1"\})/, '$1"0"$2'),
    ],
    [
      'base scores for outputs that are not there',
      ['booster-structure'],
      'model.json',
      JSON_MODEL.replace(/"base_score":"[^"]*"/, '"base_score":"[1,2,3]"'),
    ],
    [
      'rounds of trees that are not there',
      ['booster-structure'],
      'model.json',
      JSON_MODEL.replace(/"iteration_indptr":\[0/, '"iteration_indptr":[0,900'),
    ],
    [
      'LightGBM with line ends of Windows, which ends its process',
      ['booster-structure'],
      'model.txt',
      TEXT.replace(/\n/g, '\r\n'),
    ],
    [
      'a child behind the last node',
      ['booster-structure'],
      'model.json',
      tree({ left_children: [9, -1, -1] }),
    ],
    [
      'a child before the first',
      ['booster-structure'],
      'model.json',
      tree({ left_children: [-2, -1, -1] }),
    ],
    [
      'a child that is its own parent',
      ['booster-structure'],
      'model.json',
      tree({ left_children: [0, -1, -1] }),
    ],
    [
      'one child for both sides',
      ['booster-structure'],
      'model.json',
      tree({ left_children: [2, -1, -1] }),
    ],
    ['half a node', ['booster-structure'], 'model.json', tree({ left_children: [-1, -1, -1] })],
    [
      'a child whose parent is another',
      ['booster-structure'],
      'model.json',
      tree({ parents: [2147483647, 0, 1] }),
    ],
    [
      'more nodes than there are',
      ['booster-structure'],
      'model.json',
      tree({}, { num_nodes: '4' }),
    ],
    ['a count that is none', ['booster-structure'], 'model.json', tree({}, { num_nodes: '-3' })],
    [
      'a feature that is not there',
      ['booster-structure'],
      'model.json',
      tree({ split_indices: [9, 0, 0] }),
    ],
    [
      'a text among the numbers',
      ['booster-structure'],
      'model.json',
      tree({ split_conditions: ['a', 0, 0] }),
    ],
    [
      'a booster of another kind',
      ['booster-structure'],
      'model.json',
      JSON_MODEL.replace('"gbtree"}', '"evil"}'),
    ],
    [
      'a key twice',
      ['json-invalid'],
      'model.json',
      JSON_MODEL.replace('"version"', '"version":[1],"version"'),
    ],
    ['JSON of something else', ['format-not-understood'], 'model.json', '{"learner": {}}'],
    [
      'UBJSON with bytes behind',
      ['format-trailing-data'],
      'model.ubj',
      Buffer.concat([UBJ, Buffer.from('x')]),
    ],
    ['UBJSON that is cut', ['booster-structure'], 'model.ubj', UBJ.subarray(0, -9)],
    [
      'UBJSON with a text longer than the file',
      ['booster-structure'],
      'model.ubj',
      bytes('attributes{L', Buffer.alloc(8, 0x7f)),
    ],
    [
      'UBJSON with a negative length',
      ['booster-structure'],
      'model.ubj',
      bytes('attributes{L', Buffer.alloc(8, 0xff)),
    ],
    [
      'UBJSON with an array longer than the file',
      ['booster-structure'],
      'model.ubj',
      bytes('feature_names[#L', Buffer.alloc(8, 0x01)),
    ],
    [
      'UBJSON of arrays in arrays',
      ['booster-structure'],
      'model.ubj',
      Buffer.concat([Buffer.from('7b69076c6561726e6572', 'hex'), Buffer.alloc(100_000, '[')]),
    ],
    ['UBJSON that is none', ['booster-structure'], 'model.ubj', Buffer.alloc(40, 0xee)],
    [
      'LightGBM: a child behind the last node',
      ['booster-structure'],
      'model.txt',
      TEXT.replace(/left_child=-1/, 'left_child=7'),
    ],
    [
      'LightGBM: a leaf that is not there',
      ['booster-structure'],
      'model.txt',
      TEXT.replace(/left_child=-1/, 'left_child=-9'),
    ],
    [
      'LightGBM: a leaf for both sides',
      ['booster-structure'],
      'model.txt',
      TEXT.replace(/left_child=-1/, 'left_child=-2'),
    ],
    [
      'LightGBM: fewer numbers than leaves',
      ['booster-structure'],
      'model.txt',
      TEXT.replace(/leaf_value=\S+ /, 'leaf_value='),
    ],
    [
      'LightGBM: a feature that is not there',
      ['booster-structure'],
      'model.txt',
      TEXT.replace(/split_feature=\d/, 'split_feature=99'),
    ],
    [
      'LightGBM: many categories',
      ['booster-structure'],
      'model.txt',
      TEXT.replace(/num_cat=0/, 'num_cat=5'),
    ],
    [
      'LightGBM: a key twice',
      ['booster-structure'],
      'model.txt',
      TEXT.replace(/num_cat=0/, 'num_cat=0\nnum_cat=1'),
    ],
    [
      'LightGBM: a line of something else',
      ['booster-structure'],
      'model.txt',
      TEXT.replace('end of trees\n', 'end of trees\nimport os\n'),
    ],
    [
      'LightGBM: more trees in a round than there are classes',
      ['booster-structure'],
      'model.txt',
      TEXT.replace('num_tree_per_iteration=1', 'num_tree_per_iteration=900'),
    ],
    [
      'LightGBM: an objective of more classes',
      ['booster-structure'],
      'model.txt',
      TEXT.replace(/objective=.*/, 'objective=multiclass num_class:900'),
    ],
    [
      'LightGBM: an objective of classes without their number',
      ['booster-structure'],
      'model.txt',
      TEXT.replace(/objective=.*/, 'objective=multiclassova'),
    ],
    [
      'LightGBM: categories of a tree that has none',
      ['booster-structure'],
      'model.txt',
      TEXT.replace(/decision_type=\d+/, 'decision_type=1'),
    ],
    [
      'LightGBM: sizes that lead elsewhere',
      ['booster-structure'],
      'model.txt',
      TEXT.replace(/tree_sizes=\d/, 'tree_sizes=9'),
    ],
    [
      'LightGBM: a key of its own in a tree',
      ['booster-structure'],
      'model.txt',
      TEXT.replace(/num_cat=0/, 'num_cat=0\nx=Tree=0'),
    ],
    [
      'LightGBM: a leaf of a feature that is not there',
      ['booster-structure'],
      'model.txt',
      LINEAR.replace(/num_features=.*/, 'num_features=1 0')
        .replace(/leaf_features=.*/, 'leaf_features=900')
        .replace(/leaf_coeff=.*/, 'leaf_coeff=1'),
    ],
    ['LightGBM: a linear tree', [], 'model.txt', LINEAR],
    [
      'LightGBM: a second line in a line',
      ['booster-structure'],
      'model.txt',
      TEXT.replace(/objective=.*/, '$&\rnum_class=900'),
    ],
    [
      'LightGBM without an end',
      ['booster-structure'],
      'model.txt',
      TEXT.replace('end of trees', ''),
    ],
    [
      'LightGBM: more trees than told',
      ['booster-structure'],
      'model.txt',
      TEXT.replace(/tree_sizes=/, 'tree_sizes=1 '),
    ],
  ];
  for (const [what, rules, name, content] of cases) {
    it(`${what} → ${rules.join() || 'pass'}`, () => {
      const result = scanBytes(name, content);
      expect(rulesOf(result), JSON.stringify(result.findings)).to.have.members(rules);
      expect(result.details.formats[name]).to.match(/xgboost|lightgbm|json/);
    });
  }

  it('never crashes, wherever a byte is changed or the file is cut', () => {
    for (const [name, whole] of [
      ['a.ubj', UBJ],
      ['a.txt', Buffer.from(TEXT)],
    ] as [string, Buffer][]) {
      for (let at = 0; at < whole.length; at += 11) {
        const changed = Buffer.from(whole);
        changed[at]! ^= [0x01, 0x80, 0xff][at % 3]!;
        for (const one of [changed, whole.subarray(0, at)])
          expect(rulesOf(scanBytes(name, one)), `${name} at ${at}`).to.not.include('scan-crashed');
      }
    }
  }).timeout(60_000);
});
