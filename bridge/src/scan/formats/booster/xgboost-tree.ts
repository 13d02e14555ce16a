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
  checkNumber(tree, index);
  const column = (key: string, length = nodes): ArrayLike<number> => {
    const values = numbers(tree, key);
    return values.length === length
      ? values
      : wrong(`tree ${index} has ${nodes} nodes and ${values.length} ${key}`);
  };
  const optional = (key: string): ArrayLike<number> | null => (tree.has(key) ? column(key) : null);
  const columns: TreeColumns = {
    left: column('left_children'),
    right: column('right_children'),
    parents: column('parents'),
    asked: column('split_indices'),
  };
  for (const key of ['split_conditions', 'default_left']) column(key);
  for (const key of ['loss_changes', 'sum_hessian']) optional(key);
  const kinds = optional('split_type');
  const leaves = checkWeights(tree, nodes, outputs, index);
  checkNodes(columns, features, numbered ? (leaves ?? nodes) : 0, index);
  const rootParent = columns.parents[0];
  if (nodes > 0 && rootParent !== NO_PARENT && rootParent !== NONE)
    wrong(`the first node of tree ${index} has a parent`);
  checkCategories(tree, kinds, columns.left, index);
}

/** Of each node: its children, its parent and the feature that it asks for. */
interface TreeColumns {
  readonly left: ArrayLike<number>;
  readonly right: ArrayLike<number>;
  readonly parents: ArrayLike<number>;
  readonly asked: ArrayLike<number>;
}

function checkNumber(tree: Table, index: number): void {
  const id = tree.get('id');
  if (id !== undefined && (id instanceof JsonNumber ? Number(id.text) : id) !== index)
    wrong(`tree ${index} has another number`);
}

/** `leafEnd`: a leaf may have a number below it in the place of its right child. */
function checkNodes(
  { left, right, parents, asked }: TreeColumns,
  features: number,
  leafEnd: number,
  index: number,
): void {
  const nodes = left.length;
  const taken = new Uint8Array(nodes);
  const isOwn = (child: number, node: number): boolean =>
    isBelow(child, nodes) && child > 0 && taken[child] !== 1 && parents[child] === node;
  for (let node = 0; node < nodes; node++) {
    const isLeaf = left[node] === NONE;
    if (isLeaf !== (right[node] === NONE) && !(isLeaf && isWithin(right[node]!, leafEnd)))
      wrong(`node ${node} of tree ${index} has one child`);
    if (isLeaf) continue;
    if (!isBelow(asked[node], features))
      wrong(`node ${node} of tree ${index} asks for feature ${asked[node]} of ${features}`);
    for (const child of [left[node]!, right[node]!]) {
      if (!isOwn(child, node))
        wrong(`node ${node} of tree ${index} has a child ${child} that is none of its own`);
      taken[child] = 1;
    }
  }
}

const isWithin = (value: number, end: number): boolean => value >= 0 && value < end;
const isBelow = (value: number | undefined, end: number): boolean =>
  Number.isInteger(value) && isWithin(value!, end);

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
  const end = checkSets({ asking, begins, sizes }, left, index);
  if (end !== all.length) wrong(`tree ${index} has ${all.length} categories and sets of ${end}`);
  if (!Array.from(all).every((category) => isBelow(category, CATEGORY_MAX + 1)))
    wrong(`a category of tree ${index} is none`);
  checkKinds(kinds, left.length, new Set(Array.from(asking)), index);
}

/** Which nodes ask for categories, and where the set of each lies in the list of all. */
interface CategorySets {
  readonly asking: ArrayLike<number>;
  readonly begins: ArrayLike<number>;
  readonly sizes: ArrayLike<number>;
}

/** Answers where the last set ends. */
function checkSets(
  { asking, begins, sizes }: CategorySets,
  left: ArrayLike<number>,
  index: number,
): number {
  let position = 0;
  for (let i = 0; i < asking.length; i++) {
    const node = asking[i]!;
    if (left[node] === undefined || (i > 0 && node <= asking[i - 1]!))
      wrong(`categories of tree ${index} are of a node that is not there`);
    if (begins[i] !== position || !(Number.isInteger(sizes[i]) && sizes[i]! > 0))
      wrong(`a set of categories of tree ${index} does not begin behind the one before`);
    position += sizes[i]!;
  }
  return position;
}

/** Those nodes ask for categories, and no others, that have them. */
function checkKinds(
  kinds: ArrayLike<number> | null,
  nodes: number,
  asks: ReadonlySet<number>,
  index: number,
): void {
  for (let node = 0; node < nodes; node++) {
    const kind = kinds?.[node] ?? 0;
    if (kind !== 0 && kind !== 1) wrong(`node ${node} of tree ${index} asks in the way ${kind}`);
    if ((kind === 1) !== asks.has(node))
      wrong(
        `node ${node} of tree ${index} asks for categories and has none, or the other way round`,
      );
  }
}
