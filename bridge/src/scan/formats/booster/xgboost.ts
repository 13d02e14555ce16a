import { JsonNumber, type JsonValue } from '../../json/strict.ts';
import { Rejected } from '../../report.ts';
import type { Ubjson } from './ubjson.ts';

type Value = JsonValue | Ubjson | Table;
type Table = Map<string, JsonValue | Ubjson>;

const NONE = -1;
const NO_PARENT = 2147483647;

/** What XGBoost saves as .json and .ubj has these two keys and no others. */
export const isXgboost = (root: Value): boolean => root instanceof Map && root.size === 2 && root.has('learner') && Array.isArray(asList(root.get('version') as Value));

/**
 * https://xgboost.readthedocs.io/en/stable/tutorials/saving_model.html. XGBoost walks the trees by the numbers that the file gives it: each
 * node has its place, its children come behind it and belong to nobody else, and it asks for a feature that there is.
 */
export function checkXgboost(root: Value): void {
  const learner = table(root, 'learner');
  const booster = table(learner, 'gradient_booster');
  const name = booster.get('name');
  const features = count(table(learner, 'learner_model_param'), 'num_feature');
  if (name === 'gblinear') return void numbers(table(booster, 'model'), 'weights');
  if (name !== 'gbtree' && name !== 'dart') wrong(`the booster is ${typeof name === 'string' ? JSON.stringify(name.slice(0, 40)) : 'none'}`);
  const model = table(name === 'dart' ? table(booster, 'gbtree') : booster, 'model');
  const trees = list(model, 'trees');
  if (trees.length !== count(table(model, 'gbtree_model_param'), 'num_trees')) wrong('there are more or fewer trees than it says');
  if (numbers(model, 'tree_info').length !== trees.length) wrong('not every tree has its group');
  trees.forEach((tree, i) => checkTree(tree instanceof Map ? (tree as Table) : wrong(`tree ${i} is none`), features, i));
}

function checkTree(tree: Table, features: number, index: number): void {
  const parameters = table(tree, 'tree_param');
  const nodes = count(parameters, 'num_nodes');
  // a leaf of several outputs keeps its number where its other child would be
  const numbered = count(parameters, 'size_leaf_vector') > 1;
  const column = (key: string): ArrayLike<number> => {
    const values = numbers(tree, key);
    return values.length === nodes ? values : wrong(`tree ${index} has ${nodes} nodes and ${values.length} ${key}`);
  };
  const [left, right, parents, features_] = [column('left_children'), column('right_children'), column('parents'), column('split_indices')];
  column('split_conditions');
  column('default_left');
  const taken = new Uint8Array(nodes);
  for (let node = 0; node < nodes; node++) {
    const lone = (left[node] === NONE) !== (right[node] === NONE) && !(numbered && left[node] === NONE && right[node]! >= 0 && right[node]! < nodes);
    if (lone) wrong(`node ${node} of tree ${index} has one child`);
    if (left[node] === NONE) continue;
    if (!(features_[node]! >= 0) || (features > 0 && features_[node]! >= features)) wrong(`node ${node} of tree ${index} asks for feature ${features_[node]} of ${features}`);
    for (const child of [left[node]!, right[node]!]) {
      if (!Number.isInteger(child) || child <= 0 || child >= nodes || taken[child] === 1 || parents[child] !== node) wrong(`node ${node} of tree ${index} has a child ${child} that is none of its own`);
      taken[child] = 1;
    }
  }
  if (nodes > 0 && parents[0] !== NO_PARENT && parents[0] !== NONE) wrong(`the first node of tree ${index} has a parent`);
}

function table(parent: Value, key: string): Table {
  const value = parent instanceof Map ? (parent as Table).get(key) : undefined;
  return value instanceof Map ? (value as Table) : wrong(`${key} is missing`);
}

function list(parent: Table, key: string): Value[] {
  const value = asList(parent.get(key));
  return value ?? wrong(`${key} is missing`);
}

const asList = (value: Value | undefined): Value[] | null => (Array.isArray(value) ? (value as Value[]) : value instanceof Float64Array ? [...value] : null);

function numbers(parent: Table, key: string): ArrayLike<number> {
  const value = parent.get(key);
  if (value instanceof Float64Array) return value;
  if (!Array.isArray(value)) return wrong(`${key} is missing`);
  return Float64Array.from(value as Value[], (one) => (one instanceof JsonNumber ? Number(one.text) : typeof one === 'number' ? one : typeof one === 'boolean' ? Number(one) : wrong(`${key} holds what is no number`)));
}

/** XGBoost writes its counts as texts. */
function count(parent: Table, key: string): number {
  const value = parent.get(key);
  return typeof value === 'string' && /^[0-9]{1,10}$/.test(value) ? Number(value) : wrong(`${key} is no count`);
}

function wrong(why: string): never {
  throw new Rejected('booster-structure', `The model is not one that XGBoost writes: ${why}.`);
}
