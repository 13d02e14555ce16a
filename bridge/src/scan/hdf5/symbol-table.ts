import type { Cursor } from './cursor.ts';
import type { Hdf5File } from './file.ts';
import { LocalHeap } from './local-heap.ts';
import { linkName, type Link } from './links.ts';
import { TreeLevels } from './tree-levels.ts';

const GROUP_NODE = 0;
const NODE_HEAD_BYTES = 24;
const ENTRY_BYTES = 40;
const LEAF_HEAD_BYTES = 8;
const HARD = 0;
const CACHED_GROUP = 1;
const SOFT = 2;

interface SymbolEntry {
  nameAt: number;
  header: number | null;
  cached?: { tree: number | null; heap: number | null } | undefined;
  soft?: number;
}

/** An entry of a group, as it also stands for the root group in the superblock. */
export function readSymbolEntry(block: Cursor): SymbolEntry {
  const nameAt = block.length();
  const header = block.address();
  const cache = block.u32();
  block.zeros(4);
  const scratch = block.take(16);
  if (cache === CACHED_GROUP)
    return { nameAt, header, cached: { tree: scratch.address(), heap: scratch.address() } };
  if (cache === SOFT) return { nameAt, header, soft: scratch.u32() };
  return cache === HARD
    ? { nameAt, header }
    : block.fail('an entry of a group is of an unknown kind');
}

/** The groups of the older form: a tree whose leaves name the members, with the names in a heap. */
export function readSymbolTable(
  file: Hdf5File,
  tree: number | null,
  heapAt: number | null,
): Link[] {
  const heap = new LocalHeap(file, heapAt);
  const links: Link[] = [];
  let last: Buffer | null = null;
  // readers that search follow the order of the names, readers that list do not: it must be the
  // same for both
  const inOrder = (name: Buffer, cursor: Cursor): void => {
    if (last !== null && Buffer.compare(last, name) >= 0)
      cursor.fail(
        `the members of a group are not in the order of their names, or have one name twice (${JSON.stringify(name.toString('latin1').slice(0, 80))})`,
      );
    last = name;
  };
  const leaf = (at: number, low: Buffer, high: Buffer): void => {
    const block = file.claim(
      at,
      LEAF_HEAD_BYTES + 2 * file.leafK * ENTRY_BYTES,
      'A leaf of a group',
    );
    block.mark('SNOD');
    block.version(1);
    block.zeros(1);
    const count = block.u16();
    if (count > 2 * file.leafK) block.fail('a leaf has more entries than room');
    for (let i = 0; i < count; i++) {
      const entryAt = block.at;
      const entry = readSymbolEntry(block);
      const bytes = heap.name(entry.nameAt);
      inOrder(bytes, block);
      if (Buffer.compare(bytes, low) <= 0 || Buffer.compare(bytes, high) > 0)
        block.fail('a name stands in a leaf that does not hold such names');
      const name = linkName(bytes, block);
      if (entry.soft !== undefined)
        links.push({
          name,
          at: entryAt,
          kind: 'soft',
          target: heap.name(entry.soft).toString('latin1'),
        });
      else if (entry.header === null) block.fail('an entry leads nowhere');
      else links.push({ name, at: entryAt, kind: 'hard', to: entry.header, cached: entry.cached });
    }
    block.rest();
  };
  walkGroupTree(file, tree, heap, leaf);
  heap.checkUse(file);
  return links;
}

function walkGroupTree(
  file: Hdf5File,
  root: number | null,
  heap: LocalHeap,
  leaf: (at: number, low: Buffer, high: Buffer) => void,
): void {
  const levels = new TreeLevels();
  const node = (at: number | null, level: number | null, depth: number): void => {
    const block = file.claim(
      at,
      NODE_HEAD_BYTES + 2 * file.groupK * 8 + (2 * file.groupK + 1) * 8,
      'A node of a group',
    );
    const { level: own, count } = levels.readHead(block, at, level, {
      type: GROUP_NODE,
      entriesMax: 2 * file.groupK,
      otherwise: 'a tree of a group holds something else than names',
    });
    let low = count > 0 ? heap.name(block.length()) : Buffer.alloc(0);
    for (let i = 0; i < count; i++) {
      const child = block.address();
      const high = heap.name(block.length());
      if (child === null) block.fail('a node leads nowhere');
      else if (own === 0) leaf(child, low, high);
      else node(child, own - 1, depth + 1);
      low = high;
    }
    if (depth === 0 && levels.isOpen) block.fail('the last node of a tree has a neighbour');
  };
  node(root, null, 0);
}
