import type { Cursor } from './cursor.ts';

const DEPTH_MAX = 16;

/** What the nodes of one older tree must be. */
interface NodeKind {
  readonly type: number;
  readonly entriesMax: number;
  /** what is wrong with a node of another type */
  readonly otherwise: string;
}

/** The levels of an older tree, whose nodes know their neighbours on the same level. */
export class TreeLevels {
  /** the node before, on each level */
  private readonly before: { at: number; right: number | null }[] = [];

  /** `level`: on which the node must be; null for the root, which may be on any. */
  readHead(
    block: Cursor,
    at: number | null,
    level: number | null,
    { type, entriesMax, otherwise }: NodeKind,
  ): { level: number; count: number } {
    block.mark('TREE');
    if (block.u8() !== type) block.fail(otherwise);
    const own = block.u8();
    if (level !== null ? own !== level : own > DEPTH_MAX)
      block.fail('a tree has a node on the wrong level');
    const count = block.u16();
    if (count > entriesMax) block.fail('a node has more entries than room');
    const left = block.address();
    const right = block.address();
    const neighbour = this.before[own];
    if (left !== (neighbour?.at ?? null) || (neighbour !== undefined && neighbour.right !== at))
      block.fail('neighbouring nodes of a tree do not know each other');
    this.before[own] = { at: at!, right };
    return { level: own, count };
  }

  /** Does the last node of a level name one behind it? */
  get isOpen(): boolean {
    return this.before.some((last) => last.right !== null);
  }
}
