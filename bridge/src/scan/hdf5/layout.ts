import type { Cursor } from './cursor.ts';

/** Where the data of a dataset lie. */
export type Layout =
  | { kind: 'compact'; at: number; bytes: number }
  /** bytes null: as many as the elements need, which older writers leave out */
  | { kind: 'contiguous'; at: number | null; bytes: number | null }
  | ChunkedLayout
  | { kind: 'virtual' };

export interface ChunkedLayout {
  readonly kind: 'chunked';
  readonly at: number | null;
  readonly chunk: number[];
  readonly elementBytes: number;
  readonly index: ChunkIndex;
}

/** How the chunks are found. */
type ChunkIndex =
  | { kind: 'tree' }
  | { kind: 'single'; bytes: number | null; mask: number }
  | { kind: 'implicit' }
  | { kind: 'fixed'; pageBits: number }
  | { kind: 'extensible'; settings: number[] }
  | { kind: 'tree-2' };

const COMPACT = 0;
const CONTIGUOUS = 1;
const CHUNKED = 2;
const VIRTUAL = 3;
const RANK_MAX = 33;
/** of version 4: a single chunk went through filters */
const SINGLE_FILTERED = 0x02;
const FLAGS_MAX = 0x03;

export function readLayout(body: Cursor): Layout {
  const version = body.version(1, 2, 3, 4, 5);
  return version <= 2 ? readOld(body, version) : readNew(body, version);
}

function readOld(body: Cursor, version: number): Layout {
  const rank = rankOf(body);
  const kind = body.u8();
  body.zeros(5);
  const at = kind === COMPACT ? null : body.address();
  const dimensions = Array.from({ length: rank }, body.u32);
  if (kind === CHUNKED)
    return chunked(body, {
      at,
      chunk: dimensions,
      elementBytes: body.u32(),
      index: { kind: 'tree' },
    });
  if (kind === COMPACT) {
    const bytes = body.u32();
    return { kind: 'compact', at: body.take(bytes).base, bytes };
  }
  return kind === CONTIGUOUS
    ? { kind: 'contiguous', at, bytes: null }
    : body.fail(`data lie in an unknown way (${version}, ${kind})`);
}

function readNew(body: Cursor, version: number): Layout {
  const kind = body.u8();
  switch (kind) {
    case COMPACT: {
      const bytes = body.u16();
      return { kind: 'compact', at: body.take(bytes).base, bytes };
    }
    case CONTIGUOUS:
      return { kind: 'contiguous', at: body.address(), bytes: body.length() };
    case VIRTUAL:
      body.take(body.left);
      return { kind: 'virtual' };
    case CHUNKED: {
      if (version >= 4) return readIndexed(body);
      const rank = rankOf(body) - 1;
      const at = body.address();
      const chunk = Array.from({ length: rank }, body.u32);
      return chunked(body, { at, chunk, elementBytes: body.u32(), index: { kind: 'tree' } });
    }
    default:
      return body.fail('data lie in an unknown way');
  }
}

function readIndexed(body: Cursor): Layout {
  const flags = body.u8();
  if (flags > FLAGS_MAX) body.fail('chunks have unknown flags');
  const rank = rankOf(body) - 1;
  const numberBytes = body.u8();
  if (numberBytes < 1 || numberBytes > 8) body.fail('the sizes of chunks have no size');
  const chunk = Array.from({ length: rank }, () => body.number(numberBytes));
  const elementBytes = body.number(numberBytes);
  const index = readIndex(body, flags);
  return chunked(body, { at: body.address(), chunk, elementBytes, index });
}

function readIndex(body: Cursor, flags: number): ChunkIndex {
  switch (body.u8()) {
    case 1: {
      if ((flags & SINGLE_FILTERED) === 0) return { kind: 'single', bytes: null, mask: 0 };
      const bytes = body.length();
      return { kind: 'single', bytes, mask: body.u32() };
    }
    case 2:
      return { kind: 'implicit' };
    case 3:
      return { kind: 'fixed', pageBits: body.u8() };
    case 4:
      return { kind: 'extensible', settings: Array.from({ length: 5 }, body.u8) };
    case 5:
      body.take(6);
      return { kind: 'tree-2' };
    default:
      return body.fail('chunks are found in an unknown way');
  }
}

function rankOf(body: Cursor): number {
  const rank = body.u8();
  return rank < 1 || rank > RANK_MAX ? body.fail('chunks have no dimensions, or too many') : rank;
}

function chunked(body: Cursor, layout: Omit<ChunkedLayout, 'kind'>): ChunkedLayout {
  if (layout.chunk.some((size) => size === 0)) body.fail('a chunk has no size');
  return { kind: 'chunked', ...layout };
}
