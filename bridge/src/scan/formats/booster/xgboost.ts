import { checkTree } from './xgboost-tree.ts';
import {
  asList,
  count,
  list,
  numbers,
  optionalCount,
  table,
  type Table,
  type Value,
  wrong,
} from './xgboost-values.ts';

const GROUPS_MAX = 100_000;
/** what a Config says again of the Model beside it, and in which part */
const REPEATED = {
  learner_model_param: ['num_feature', 'num_class', 'num_target'],
  gbtree_model_param: ['num_trees', 'num_parallel_tree', 'size_leaf_vector'],
};

/** What XGBoost saves as .json and .ubj has these two keys and no others. */
export const isXgboost = (root: Value): boolean =>
  root instanceof Map &&
  root.size === 2 &&
  root.has('learner') &&
  Array.isArray(asList(root.get('version') as Value));

/**
 * https://xgboost.readthedocs.io/en/stable/tutorials/saving_model.html. XGBoost walks the trees by
 * the numbers that the file gives it, and adds what they say to the outputs that the file names:
 * each of these must be there.
 */
export function checkXgboost(root: Value): void {
  const learner = table(root, 'learner');
  const booster = table(learner, 'gradient_booster');
  const name = booster.get('name');
  const parameters = table(learner, 'learner_model_param');
  const features = count(parameters, 'num_feature');
  const groups = Math.max(
    1,
    optionalCount(parameters, 'num_class'),
    optionalCount(parameters, 'num_target'),
  );
  if (groups > GROUPS_MAX) wrong(`it has ${groups} outputs`);
  checkBaseScore(parameters.get('base_score'), groups);
  if (name === 'gblinear') {
    const { length } = numbers(table(booster, 'model'), 'weights');
    // of no round there are none
    return length === 0 || length === (features + 1) * groups
      ? undefined
      : wrong(`it has ${length} weights for ${features} features`);
  }
  if (name !== 'gbtree' && name !== 'dart')
    wrong(
      `the booster is ${typeof name === 'string' ? JSON.stringify(name.slice(0, 40)) : 'none'}`,
    );
  checkTrees(booster, name === 'dart', features, groups);
}

/** `dart`: each tree has a weight, beside the model. */
function checkTrees(booster: Table, dart: boolean, features: number, groups: number): void {
  const model = table(dart ? table(booster, 'gbtree') : booster, 'model');
  const trees = list(model, 'trees');
  if (trees.length !== count(table(model, 'gbtree_model_param'), 'num_trees'))
    wrong('there are more or fewer trees than it says');
  const info = numbers(model, 'tree_info');
  if (info.length !== trees.length) wrong('not every tree has its group');
  if (!every(info, (group) => Number.isInteger(group) && group >= 0 && group < groups))
    wrong(`a tree is of a group that is not there; there are ${groups}`);
  if (dart && numbers(booster, 'weight_drop').length !== trees.length)
    wrong('not every tree has its weight');
  if (model.has('iteration_indptr'))
    checkBounds(numbers(model, 'iteration_indptr'), trees.length, 'rounds');
  if (model.has('cats')) checkCategories(table(model, 'cats'));
  trees.forEach((tree, i) =>
    checkTree(
      tree instanceof Map ? (tree as Table) : wrong(`tree ${i} is none`),
      features,
      groups,
      i,
    ),
  );
}

/**
 * What a pickled booster holds: the settings of its training, and the model. XGBoost takes numbers
 * of the model from both.
 */
export function checkXgboostSnapshot(root: Value): void {
  if (!(root instanceof Map) || root.size !== 2)
    wrong('a pickled one consists of Config and Model');
  const [config, model] = [table(root, 'Config'), table(root, 'Model')];
  for (const part of [config, model])
    if (!isXgboost(part)) wrong('a part of a pickled one has not the two keys of an XGBoost model');
  checkXgboost(model);
  const [said, meant] = [table(config, 'learner'), table(model, 'learner')];
  const [training, booster] = [table(said, 'gradient_booster'), table(meant, 'gradient_booster')];
  if (training.get('name') !== booster.get('name')) wrong('its settings are of another booster');
  agree(said, meant, 'learner_model_param');
  const inner = booster.get('name') === 'dart' ? table(booster, 'gbtree') : booster;
  if (booster.get('name') === 'gblinear') return;
  for (const settings of [training, training.get('gbtree'), training.get('model')]) {
    if (settings instanceof Map && settings.has('gbtree_model_param'))
      agree(settings as Table, table(inner, 'model'), 'gbtree_model_param');
  }
}

/** No count that the settings repeat is another one than the model's. */
function agree(said: Table, meant: Table, part: keyof typeof REPEATED): void {
  const [settings, parameters] = [said.get(part), table(meant, part)];
  if (settings === undefined) return;
  if (!(settings instanceof Map)) wrong(`${part} is missing`);
  for (const key of REPEATED[part]) {
    const repeated = (settings as Table).get(key);
    if (repeated !== undefined && repeated !== parameters.get(key))
      wrong(`its settings say another ${key} than the model`);
  }
}

/** `5E-1`, or `[5E-1,2E0]`: one number, or one for each output. */
function checkBaseScore(score: Value | undefined, groups: number): void {
  if (score === undefined) return;
  const given = typeof score === 'string' ? score.replace(/^\[(.*)\]$/, '$1').split(',').length : 0;
  if (given !== 1 && given !== groups) wrong(`it has ${given} base scores for ${groups} outputs`);
}

/** The categories that it was trained with, feature by feature: texts in one row, or numbers. */
function checkCategories(cats: Table): void {
  const kept = list(cats, 'enc');
  const segments =
    cats.get('feature_segments') === undefined ? [] : numbers(cats, 'feature_segments');
  const order = numbers(cats, 'sorted_idx');
  if (kept.length === 0 && segments.length === 0 && order.length === 0) return;
  if (segments.length !== kept.length + 1) wrong('not every feature has its categories');
  checkBounds(segments, order.length, 'categories');
  kept.forEach((feature, i) => {
    const one =
      feature instanceof Map ? (feature as Table) : wrong('the categories of a feature are none');
    const length = segments[i + 1]! - segments[i]!;
    const values = numbers(one, 'values');
    const offsets = one.has('offsets') ? numbers(one, 'offsets') : null;
    if (offsets !== null && (offsets.length > 0 || values.length > 0))
      checkBounds(offsets, values.length, 'categories');
    if ((offsets === null ? values.length : Math.max(0, offsets.length - 1)) !== length)
      wrong('a feature has more or fewer categories than it says');
    for (let at = segments[i]!; at < segments[i + 1]!; at++)
      if (!(Number.isInteger(order[at]) && order[at]! >= 0 && order[at]! < length))
        wrong('a category is sorted to where none is');
  });
}

/** 0, then no number smaller than the one before, then `last`. */
function checkBounds(bounds: ArrayLike<number>, last: number, of: string): void {
  const rising = every(
    bounds,
    (bound, i) => Number.isInteger(bound) && (i === 0 ? bound === 0 : bound >= bounds[i - 1]!),
  );
  if (!rising || bounds.length === 0 || bounds[bounds.length - 1] !== last)
    wrong(`the bounds of its ${of} are out of order`);
}

function every(values: ArrayLike<number>, test: (value: number, i: number) => boolean): boolean {
  for (let i = 0; i < values.length; i++) if (!test(values[i]!, i)) return false;
  return true;
}
