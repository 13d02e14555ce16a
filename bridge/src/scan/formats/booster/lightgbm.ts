import { Rejected } from '../../report.ts';

const FIRST = /^tree\r?\nversion=v[1-9]\r?\nnum_class=/;
const NUMBER = /^-?([0-9]+(\.[0-9]*)?([eE][+-]?[0-9]+)?|inf|nan)$/;
const TREES_MAX = 1_000_000;

/** What `save_model` of LightGBM writes: a text that begins so. */
export const isLightgbm = (text: string): boolean => FIRST.test(text);

/**
 * LightGBM walks the trees by the numbers that the file gives it: each tree has as many of everything as it says, every child is a node or a
 * leaf of it and belongs to nobody else, and it asks for a feature that there is. What follows the trees are notes, line by line.
 */
export function checkLightgbm(text: string): void {
  const lines = text.replace(/\r\n/g, '\n').split('\n');
  const end = lines.indexOf('end of trees');
  if (end < 0) wrong('the trees do not end', 0);
  const first = lines.findIndex((line) => line.startsWith('Tree='));
  const head = block(lines, 1, first < 0 ? end : first);
  const features = whole(head, 'max_feature_idx', 0) + 1;
  let trees = 0;
  for (let at = first < 0 ? end : first; at < end; trees++) {
    if (lines[at] !== `Tree=${trees}`) wrong(`tree ${trees} is missing`, at);
    let next = at + 1;
    while (next < end && !lines[next]!.startsWith('Tree=')) next++;
    if (trees >= TREES_MAX) throw new Rejected('limit-exceeded', `More than ${TREES_MAX} trees.`);
    checkTree(block(lines, at + 1, next), features, at);
    at = next;
  }
  const sizes = head.get('tree_sizes');
  if (sizes !== undefined && (sizes === '' ? 0 : sizes.split(' ').length) !== trees) wrong('there are more or fewer trees than it says', 0);
  for (let at = end + 1; at < lines.length; at++) {
    if (!/^(|[^=]{1,4096}=[0-9.e+-]+|feature[_ ]importances:|parameters:|end of parameters|\[[a-z_0-9]+: .*\]|pandas_categorical:.*)$/.test(lines[at]!)) wrong('behind the trees is a line that LightGBM does not write', at);
  }
}

function checkTree(tree: Map<string, string>, features: number, at: number): void {
  const leaves = whole(tree, 'num_leaves', at);
  const categories = whole(tree, 'num_cat', at);
  if (leaves < 1) wrong('a tree has no leaf', at);
  const column = (key: string, length: number): number[] => {
    const values = numbers(tree, key, at);
    return values.length === length ? values : wrong(`a tree of ${leaves} leaves has ${values.length} of ${key}`, at);
  };
  column('leaf_value', leaves);
  if (leaves === 1) return;
  const [asked, left, right] = [column('split_feature', leaves - 1), column('left_child', leaves - 1), column('right_child', leaves - 1)];
  column('threshold', leaves - 1);
  column('decision_type', leaves - 1);
  if (categories > 0) {
    const bounds = column('cat_boundaries', categories + 1);
    if (bounds[0] !== 0 || bounds.some((bound, i) => i > 0 && bound < bounds[i - 1]!)) wrong('the sets of categories are out of order', at);
    column('cat_threshold', bounds[categories]!);
  }
  if (asked.some((feature) => !Number.isInteger(feature) || feature < 0 || feature >= features)) wrong(`a tree asks for a feature that is not there; there are ${features}`, at);
  const taken = new Set<number>([0]);
  for (const child of [...left, ...right]) {
    if (!Number.isInteger(child) || child < -leaves || child >= leaves - 1 || taken.has(child)) wrong(`a node has a child ${child} that is none of its own`, at);
    taken.add(child);
  }
}

/** `key=value`, a line each; a key twice is none. */
function block(lines: string[], from: number, to: number): Map<string, string> {
  const entries = new Map<string, string>();
  for (let at = from; at < to; at++) {
    const line = lines[at]!;
    if (line === '') continue;
    const [, key, value] = /^([a-z_]+)(?:=(.*))?$/.exec(line) ?? wrong('a line is no `key=value`', at);
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
  if (text === '') return [];
  return text.split(' ').map((one) => (NUMBER.test(one) ? Number(one.replace(/^(-?)(inf|nan)$/, '$10')) : wrong(`${key} holds what is no number`, at)));
}

function wrong(why: string, line: number): never {
  throw new Rejected('booster-structure', `The model is not one that LightGBM writes: ${why} (line ${line + 1}).`);
}
