import { objectStore } from '../../../fakes/object-store.ts';
import { MemoryBlobStore, SMALL_PART_BYTES } from '../../../fakes/memory-blob-store.ts';
import { objectStoreContract } from '../../../contract/storage/object-store.suite.ts';

const blobs = new MemoryBlobStore();
objectStoreContract(
  'in memory',
  async () => objectStore(blobs, SMALL_PART_BYTES),
  SMALL_PART_BYTES,
);
