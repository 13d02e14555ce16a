import type { Cursor } from './cursor.ts';
import { readTree2 } from './btree2.ts';
import type { Hdf5File } from './file.ts';
import { TreeLevels } from './tree-levels.ts';

const CHUNK_NODE = 1;
const NODE_HEAD_BYTES = 24;
const TREE2_PLAIN = 10;
const TREE2_FILTERED = 11;

/** A chunk as it is stored. */
export interface StoredChunk {
  readonly at: number | null;
  /** null: as many as it has without filters */
  readonly bytes: number | null;
  /** in chunks, where the index tells it */
  readonly offset: number[] | null;
  /** filters left out */
  readonly mask: number;
  /** where the index speaks of it */
  readonly cursor: Cursor;
}
export type EachChunk = (chunk: StoredChunk) => void;

/** The index of chunks that all older files have. */
export function readChunkTree(
  file: Hdf5File,
  root: number | null,
  chunk: number[],
  each: EachChunk,
): void {
  const keyBytes = 8 + 8 * (chunk.length + 1);
  const levels = new TreeLevels();
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
    const { level: own, count } = levels.readHead(block, at, level, {
      type: CHUNK_NODE,
      entriesMax: 2 * file.chunkK,
      otherwise: 'a tree of chunks holds something else',
    });
    for (let i = 0; i < count; i++) {
      const key = readKey(block);
      block.zeros(8);
      const child = block.address();
      if (own === 0) each({ at: child, ...key, cursor: block });
      else node(child, own - 1);
    }
  };
  node(root, null);
}

/** What the dataset says of its chunks. */
interface ChunkForm {
  readonly rank: number;
  readonly filtered: boolean;
}

/** The index of chunks that may grow in several dimensions. */
export function readChunkTree2(
  file: Hdf5File,
  root: number | null,
  { rank, filtered }: ChunkForm,
  each: EachChunk,
): void {
  readTree2(file, root, filtered ? TREE2_FILTERED : TREE2_PLAIN, (record) => {
    const at = record.address();
    const sizeBytes = record.left - 8 * rank - (filtered ? 4 : 0);
    if (filtered ? sizeBytes < 1 || sizeBytes > 8 : sizeBytes !== 0)
      record.fail('a chunk is described with too many bytes, or too few');
    const bytes = filtered ? record.number(sizeBytes) : null;
    const mask = filtered ? record.u32() : 0;
    const offset = Array.from({ length: rank }, record.length);
    each({ at, bytes, offset, mask, cursor: record });
  });
}
