import { Rejected } from '../../report.ts';

const FIRST = /^tree\r?\nversion=v[1-9]\r?\nnum_class=/;
const NUMBER = /^-?([0-9]+(\.[0-9]*)?([eE][+-]?[0-9]+)?|inf|nan)$/;
const TREES_MAX = 1_000_000;
const CLASSES_MAX = 100_000;
const HEAD = new Set([
  'version',
  'num_class',
  'num_tree_per_iteration',
  'label_index',
  'max_feature_idx',
  'objective',
  'average_output',
  'feature_names',
  'monotone_constraints',
  'feature_infos',
  'tree_sizes',
]);
/** what a tree has of each leaf, and of each node; not every version writes all */
const OF_LEAVES = ['leaf_weight', 'leaf_count', 'leaf_const'];
const OF_NODES = ['split_gain', 'internal_value', 'internal_weight', 'internal_count'];
const IN_TREE = new Set([
  'num_leaves',
  'num_cat',
  'split_feature',
  'threshold',
  'decision_type',
  'left_child',
  'right_child',
  'leaf_value',
  'cat_boundaries',
  'cat_threshold',
  'is_linear',
  'num_features',
  'leaf_features',
  'leaf_coeff',
  'shrinkage',
  ...OF_LEAVES,
  ...OF_NODES,
]);
const CATEGORICAL = 1;
/** bits of decision_type: categories, where a missing value goes, and what is one */
const DECISIONS = 16;

/** What `save_model` of LightGBM writes: a text that begins so. */
export const isLightgbm = (text: string): boolean => FIRST.test(text);

/**
 * LightGBM walks the trees by the numbers that the file gives it: each tree has as many of
 * everything as it says, every child is a node or a leaf of it and belongs to nobody else, and it
 * asks for a feature that there is. What follows the trees are notes, line by line.
 */
export function checkLightgbm(text: string): void {
  // LightGBM ends a line here too
  if (text.includes('\r')) wrong('its lines end with carriage returns', 0);
  const lines = text.split('\n');
  const end = lines.indexOf('end of trees');
  if (end < 0) wrong('the trees do not end', 0);
  const first = lines.findIndex((line) => line.startsWith('Tree='));
  const head = block(lines, 1, first < 0 ? end : first, HEAD);
  const features = whole(head, 'max_feature_idx', 0) + 1;
  checkOutputs(head);
  const sizes: number[] = [];
  let trees = 0;
  for (let at = first < 0 ? end : first; at < end; trees++) {
    if (lines[at] !== `Tree=${trees}`) wrong(`tree ${trees} is missing`, at);
    let next = at + 1;
    while (next < end && !lines[next]!.startsWith('Tree=')) next++;
    if (trees >= TREES_MAX) throw new Rejected('limit-exceeded', `More than ${TREES_MAX} trees.`);
    checkTree(block(lines, at + 1, next, IN_TREE), features, at);
    sizes.push(lines.slice(at, next).reduce((sum, line) => sum + line.length + 1, 0));
    at = next;
  }
  // LightGBM goes from tree to tree by these, wherever they lead it
  const stated = head.get('tree_sizes');
  if (stated !== undefined && stated !== sizes.join(' '))
    wrong('its trees have other sizes than it says', 0);
  checkNotes(lines, end + 1);
}

/** What follows the trees, line by line. */
function checkNotes(lines: readonly string[], start: number): void {
  for (let at = start; at < lines.length; at++) {
    if (
      !/^(|[^=]{1,4096}=[0-9.e+-]+|feature[_ ]importances:|parameters:|end of parameters|\[[a-z_0-9]+: .*\]|pandas_categorical:.*)$/.test(
        lines[at]!,
      )
    )
      wrong('behind the trees is a line that LightGBM does not write', at);
  }
}

/**
 * For each row it writes as many numbers as there are trees in a round, and the objective reads as
 * many as it names, where room is for the classes.
 */
function checkOutputs(head: Map<string, string>): void {
  const classes = whole(head, 'num_class', 0);
  if (classes < 1 || classes > CLASSES_MAX) wrong(`there are ${classes} classes`, 0);
  if (whole(head, 'num_tree_per_iteration', 0) !== classes)
    wrong('a round has more or fewer trees than there are classes', 0);
  for (const setting of (head.get('objective') ?? '').split(' ')) {
    if (setting.includes('num_class') && setting !== `num_class:${classes}`)
      wrong('the objective has other classes than the model', 0);
  }
  if (
    /^multiclass/.test(head.get('objective') ?? '') &&
    !/ num_class:/.test(head.get('objective')!)
  )
    wrong('the objective does not say how many classes it has', 0);
}

function checkTree(tree: Map<string, string>, features: number, at: number): void {
  const leaves = whole(tree, 'num_leaves', at);
  const categories = whole(tree, 'num_cat', at);
  if (leaves < 1) wrong('a tree has no leaf', at);
  const column = (key: string, length: number): number[] => {
    const values = numbers(tree, key, at);
    return values.length === length
      ? values
      : wrong(`a tree of ${leaves} leaves has ${values.length} of ${key}`, at);
  };
  const optional = (key: string, length: number): void =>
    void ((tree.get(key) ?? '') === '' || column(key, length));
  column('leaf_value', leaves);
  for (const key of OF_LEAVES) optional(key, leaves);
  checkLinear(tree, leaves, features, at);
  optional('shrinkage', 1);
  if (leaves === 1) return;
  for (const key of OF_NODES) optional(key, leaves - 1);
  const asked = column('split_feature', leaves - 1);
  const children = [...column('left_child', leaves - 1), ...column('right_child', leaves - 1)];
  const thresholds = column('threshold', leaves - 1);
  checkDecisions(column('decision_type', leaves - 1), thresholds, categories, at);
  if (categories > 0) {
    const bounds = column('cat_boundaries', categories + 1);
    checkBounds(bounds, at);
    if (!column('cat_threshold', bounds[categories]!).every((word) => isBelow(word, 2 ** 32)))
      wrong('a set of categories is no set of bits', at);
  }
  if (!asked.every((feature) => isBelow(feature, features)))
    wrong(`a tree asks for a feature that is not there; there are ${features}`, at);
  checkChildren(children, leaves, at);
}

const isBelow = (value: number | undefined, end: number): boolean =>
  Number.isInteger(value) && value! >= 0 && value! < end;

/** A node that decides by categories has the number of a set of them as its threshold. */
function checkDecisions(
  decisions: readonly number[],
  thresholds: readonly number[],
  categories: number,
  at: number,
): void {
  decisions.forEach((decision, node) => {
    if (!isBelow(decision, DECISIONS)) wrong(`a node decides by ${decision}`, at);
    if ((decision & CATEGORICAL) !== 0 && !isBelow(thresholds[node], categories))
      wrong(`a node asks for a set of categories that is not there; there are ${categories}`, at);
  });
}

function checkBounds(bounds: readonly number[], at: number): void {
  if (
    bounds[0] !== 0 ||
    bounds.some((bound, i) => !Number.isInteger(bound) || (i > 0 && bound < bounds[i - 1]!))
  )
    wrong('the sets of categories are out of order', at);
}

/** Nodes count from 0, leaves from -1 down; the first node belongs to nobody. */
function checkChildren(children: readonly number[], leaves: number, at: number): void {
  const taken = new Set<number>([0]);
  for (const child of children) {
    if (!Number.isInteger(child) || child < -leaves || child >= leaves - 1 || taken.has(child))
      wrong(`a node has a child ${child} that is none of its own`, at);
    taken.add(child);
  }
}

/** A leaf may be a sum of features, each by its number. */
function checkLinear(
  tree: Map<string, string>,
  leaves: number,
  features: number,
  at: number,
): void {
  const linear = tree.get('is_linear') ?? '0';
  if (linear !== '0' && linear !== '1') wrong('a tree is neither linear nor not', at);
  if (linear === '0') return;
  const counts = numbers(tree, 'num_features', at);
  const total = counts.reduce(
    (sum, count) => (Number.isInteger(count) && count >= 0 ? sum + count : NaN),
    0,
  );
  const [used, factors] = [numbers(tree, 'leaf_features', at), numbers(tree, 'leaf_coeff', at)];
  if (
    counts.length !== leaves ||
    numbers(tree, 'leaf_const', at).length !== leaves ||
    used.length !== total ||
    factors.length !== total
  )
    wrong('the leaves of a linear tree do not have what they say', at);
  if (used.some((feature) => !Number.isInteger(feature) || feature < 0 || feature >= features))
    wrong('a leaf is made of a feature that is not there', at);
}

/** `key=value`, a line each; a key twice is none, nor is one that LightGBM does not write. */
function block(
  lines: string[],
  from: number,
  to: number,
  known: ReadonlySet<string>,
): Map<string, string> {
  const entries = new Map<string, string>();
  for (let at = from; at < to; at++) {
    const line = lines[at]!;
    if (line === '') continue;
    const [, key, value] =
      /^([a-z_]+)(?:=(.*))?$/.exec(line) ?? wrong('a line is no `key=value`', at);
    if (known === IN_TREE && !/^[-+0-9.einfa ]*$/.test(value ?? ''))
      wrong(`${key} holds what is no number`, at);
    if (!known.has(key!)) wrong(`${key} is nothing that LightGBM writes`, at);
    if (entries.has(key!)) wrong(`${key} is there twice`, at);
    entries.set(key!, value ?? '');
  }
  return entries;
}

function whole(entries: Map<string, string>, key: string, at: number): number {
  const text = entries.get(key) ?? '';
  return /^[0-9]{1,9}$/.test(text) ? Number(text) : wrong(`${key} is no count`, at);
}

function numbers(entries: Map<string, string>, key: string, at: number): number[] {
  const text = entries.get(key) ?? '';
  const words = text.split(' ').filter((word) => word !== '');
  return words.map((one) =>
    NUMBER.test(one)
      ? Number(one.replace(/^(-?)(inf|nan)$/, '$10'))
      : wrong(`${key} holds what is no number`, at),
  );
}

function wrong(why: string, line: number): never {
  throw new Rejected(
    'booster-structure',
    `The model is not one that LightGBM writes: ${why} (line ${line + 1}).`,
  );
}
