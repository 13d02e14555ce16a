import { JsonNumber } from '../../json/strict.ts';
import { count, numbers, optionalCount, type Table, wrong } from './xgboost-values.ts';

const NONE = -1;
const NO_PARENT = 2147483647;
/** a set of categories takes a bit for each up to the largest */
const CATEGORY_MAX = 2 ** 24;

/**
 * Each node has its place, its children belong to nobody else, and it asks for a feature that there
 * is, or for categories that it has.
 */
export function checkTree(tree: Table, features: number, groups: number, index: number): void {
  const parameters =
    tree.get('tree_param') instanceof Map
      ? (tree.get('tree_param') as Table)
      : wrong(`tree ${index} does not say how large it is`);
  const nodes = count(parameters, 'num_nodes');
  const outputs = optionalCount(parameters, 'size_leaf_vector');
  // a leaf of several outputs keeps its number where its other child would be
  const numbered = outputs > 1;
  if (numbered && outputs !== groups)
    wrong(`a leaf of tree ${index} has ${outputs} outputs of ${groups}`);
  const id = tree.get('id');
  if (id !== undefined && (id instanceof JsonNumber ? Number(id.text) : id) !== index)
    wrong(`tree ${index} has another number`);
  const column = (key: string, length = nodes): ArrayLike<number> => {
    const values = numbers(tree, key);
    return values.length === length
      ? values
      : wrong(`tree ${index} has ${nodes} nodes and ${values.length} ${key}`);
  };
  const optional = (key: string): ArrayLike<number> | null => (tree.has(key) ? column(key) : null);
  const [left, right, parents, features_] = [
    column('left_children'),
    column('right_children'),
    column('parents'),
    column('split_indices'),
  ];
  for (const key of ['split_conditions', 'default_left']) column(key);
  for (const key of ['loss_changes', 'sum_hessian']) optional(key);
  const kinds = optional('split_type');
  const leaves = checkWeights(tree, nodes, outputs, index);
  const taken = new Uint8Array(nodes);
  for (let node = 0; node < nodes; node++) {
    const lone =
      (left[node] === NONE) !== (right[node] === NONE) &&
      !(numbered && left[node] === NONE && right[node]! >= 0 && right[node]! < (leaves ?? nodes));
    if (lone) wrong(`node ${node} of tree ${index} has one child`);
    if (left[node] === NONE) continue;
    if (!(
      Number.isInteger(features_[node]) &&
      features_[node]! >= 0 &&
      features_[node]! < features
    ))
      wrong(`node ${node} of tree ${index} asks for feature ${features_[node]} of ${features}`);
    for (const child of [left[node]!, right[node]!]) {
      if (
        !Number.isInteger(child) ||
        child <= 0 ||
        child >= nodes ||
        taken[child] === 1 ||
        parents[child] !== node
      )
        wrong(`node ${node} of tree ${index} has a child ${child} that is none of its own`);
      taken[child] = 1;
    }
  }
  if (nodes > 0 && parents[0] !== NO_PARENT && parents[0] !== NONE)
    wrong(`the first node of tree ${index} has a parent`);
  checkCategories(tree, kinds, left, index);
}

/** The weights of nodes; answers how many leaves have weights of their own beside them. */
function checkWeights(tree: Table, nodes: number, outputs: number, index: number): number | null {
  const wide = Math.max(1, outputs);
  const weights = numbers(tree, 'base_weights').length;
  if (weights !== nodes * wide && !(tree.has('leaf_weights') && weights === 0))
    wrong(`tree ${index} has ${nodes} nodes and ${weights} base_weights`);
  if (!tree.has('leaf_weights')) return null;
  const leaves = numbers(tree, 'leaf_weights').length / wide;
  return Number.isInteger(leaves)
    ? leaves
    : wrong(`a leaf of tree ${index} has not all of its weights`);
}

/**
 * Sets of categories: which node asks for which, where it begins in the list of all, and how many
 * it has.
 */
function checkCategories(
  tree: Table,
  kinds: ArrayLike<number> | null,
  left: ArrayLike<number>,
  index: number,
): void {
  if (!tree.has('categories_nodes')) {
    if (kinds !== null && Array.from(kinds).some((kind) => kind !== 0))
      wrong(`tree ${index} asks for categories and has none`);
    return;
  }
  const [asking, begins, sizes, all] = [
    'categories_nodes',
    'categories_segments',
    'categories_sizes',
    'categories',
  ].map((key) => numbers(tree, key)) as [
    ArrayLike<number>,
    ArrayLike<number>,
    ArrayLike<number>,
    ArrayLike<number>,
  ];
  if (begins.length !== asking.length || sizes.length !== asking.length)
    wrong(`not every node of tree ${index} that asks for categories has them`);
  const asks = new Set<number>();
  let position = 0;
  for (let i = 0; i < asking.length; i++) {
    const node = asking[i]!;
    if (left[node] === undefined || (i > 0 && node <= asking[i - 1]!))
      wrong(`categories of tree ${index} are of a node that is not there`);
    if (begins[i] !== position || !(Number.isInteger(sizes[i]) && sizes[i]! > 0))
      wrong(`a set of categories of tree ${index} does not begin behind the one before`);
    position += sizes[i]!;
    asks.add(node);
  }
  if (position !== all.length)
    wrong(`tree ${index} has ${all.length} categories and sets of ${position}`);
  if (
    Array.from(all).some(
      (category) => !Number.isInteger(category) || category < 0 || category > CATEGORY_MAX,
    )
  )
    wrong(`a category of tree ${index} is none`);
  for (let node = 0; node < left.length; node++) {
    const kind = kinds?.[node] ?? 0;
    if (kind !== 0 && kind !== 1) wrong(`node ${node} of tree ${index} asks in the way ${kind}`);
    if ((kind === 1) !== asks.has(node))
      wrong(
        `node ${node} of tree ${index} asks for categories and has none, or the other way round`,
      );
  }
}
