import { ThreadDigester } from '../../src/adapters/digest/thread-digester.ts';
import { ArtifactStore } from '../../src/services/uploads/artifact-store.ts';
import { PartBuffers } from '../../src/services/uploads/part-buffers.ts';
import type { BlobStore } from '../../src/services/ports/blob-store.ts';
import { MemoryBlobStore } from './memory-blob-store.ts';
import { realClock } from './real-clock.ts';

export const PART_BYTES = 5 * 1024 * 1024;

/** The product's `ObjectStore`, on memory unless another storage is given. */
export function objectStore(
  blobs: BlobStore = new MemoryBlobStore(),
  partBytes = PART_BYTES,
): ArtifactStore {
  return new ArtifactStore({
    blobs,
    digester: new ThreadDigester(),
    buffers: new PartBuffers(partBytes, 4),
    clock: realClock,
    partsInFlight: 3,
  });
}
