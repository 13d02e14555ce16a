import type { Cursor } from './cursor.ts';
import { readTree2 } from './btree2.ts';
import type { Hdf5File } from './file.ts';

const CHUNK_NODE = 1;
const NODE_HEAD_BYTES = 24;
const DEPTH_MAX = 16;
const TREE2_PLAIN = 10;
const TREE2_FILTERED = 11;

/**
 * A chunk as it is stored; null bytes: as many as it has without filters. `offset` in chunks, where
 * the index tells it. `mask`: filters left out.
 */
export type EachChunk = (
  at: number | null,
  bytes: number | null,
  offset: number[] | null,
  cursor: Cursor,
  mask: number,
) => void;

/** The index of chunks that all older files have. */
export function readChunkTree(
  file: Hdf5File,
  root: number | null,
  chunk: number[],
  each: EachChunk,
): void {
  const keyBytes = 8 + 8 * (chunk.length + 1);
  const before: { at: number; right: number | null }[] = [];
  const readKey = (block: Cursor): { bytes: number; mask: number; offset: number[] } => {
    const bytes = block.u32();
    const mask = block.u32();
    const offset = chunk.map((size) => {
      const place = block.length();
      return place % size === 0 ? place / size : block.fail('a chunk lies askew');
    });
    return { bytes, mask, offset };
  };
  const node = (at: number | null, level: number | null): void => {
    const block = file.claim(
      at,
      NODE_HEAD_BYTES + 2 * file.chunkK * 8 + (2 * file.chunkK + 1) * keyBytes,
      'A node of chunks',
    );
    block.mark('TREE');
    if (block.u8() !== CHUNK_NODE) block.fail('a tree of chunks holds something else');
    const own = block.u8();
    if (level !== null ? own !== level : own > DEPTH_MAX)
      block.fail('a tree has a node on the wrong level');
    const count = block.u16();
    if (count > 2 * file.chunkK) block.fail('a node has more entries than room');
    const left = block.address();
    const right = block.address();
    const neighbour = before[own];
    if (left !== (neighbour?.at ?? null) || (neighbour !== undefined && neighbour.right !== at))
      block.fail('neighbouring nodes of a tree do not know each other');
    before[own] = { at: at!, right };
    for (let i = 0; i < count; i++) {
      const key = readKey(block);
      block.zeros(8);
      const child = block.address();
      if (own === 0) each(child, key.bytes, key.offset, block, key.mask);
      else node(child, own - 1);
    }
  };
  node(root, null);
}

/** The index of chunks that may grow in several dimensions. */
export function readChunkTree2(
  file: Hdf5File,
  root: number | null,
  rank: number,
  filtered: boolean,
  each: EachChunk,
): void {
  readTree2(file, root, filtered ? TREE2_FILTERED : TREE2_PLAIN, (record) => {
    const at = record.address();
    const sizeBytes = record.left - 8 * rank - (filtered ? 4 : 0);
    if (filtered ? sizeBytes < 1 || sizeBytes > 8 : sizeBytes !== 0)
      record.fail('a chunk is described with too many bytes, or too few');
    const bytes = filtered ? record.number(sizeBytes) : null;
    const mask = filtered ? record.u32() : 0;
    each(at, bytes, Array.from({ length: rank }, record.length), record, mask);
  });
}
