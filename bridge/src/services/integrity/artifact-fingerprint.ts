import { buffer as readAll } from 'node:stream/consumers';
import { POINTER_TYPE } from '../uploads/artifact-store.ts';
import type { ArtifactBytes } from '../ports/integrity.ts';
import type { BlobStat, BlobStore } from '../ports/blob-store.ts';

/**
 * Artifacts as they lie in the storage now: pointers are followed anew each time, since one that
 * was changed is to be noticed.
 */
export function artifactBytes(blobs: Pick<BlobStore, 'get' | 'stat'>): ArtifactBytes {
  return {
    get: async (key) => blobs.get((await placeOf(blobs, key))?.at ?? key),
    witness: async (key) => {
      const place = await placeOf(blobs, key);
      return place && { size: place.stat.size, mark: place.mark };
    },
  };
}

async function placeOf(
  blobs: Pick<BlobStore, 'get' | 'stat'>,
  key: string,
): Promise<{ at: string; stat: BlobStat; mark: string } | null> {
  const stat = await blobs.stat(key);
  if (stat === null || stat.contentType !== POINTER_TYPE)
    return stat && { at: key, stat, mark: markOf(stat) };
  const at = storedAt(String(await readAll(await blobs.get(key))));
  const behind = at === null ? null : await blobs.stat(at);
  return at === null || behind === null
    ? null
    : { at, stat: behind, mark: `${markOf(stat)} ${markOf(behind)}` };
}

/** null: what lies there is no pointer of ours any more */
function storedAt(text: string): string | null {
  try {
    const { storedAt: at } = JSON.parse(text) as { storedAt?: unknown };
    return typeof at === 'string' ? at : null;
  } catch {
    return null;
  }
}

const markOf = ({ etag, size, lastModified }: BlobStat): string =>
  `${etag ?? ''}:${size}:${lastModified.toISOString()}`;
