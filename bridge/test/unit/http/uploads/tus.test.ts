import { CommonLocks } from '../../../fakes/common-locks.ts';
import { MemoryBlobStore, SMALL_PART_BYTES } from '../../../fakes/memory-blob-store.ts';
import { tusContract } from '../../../contract/storage/tus.suite.ts';

tusContract('in memory', async () => new MemoryBlobStore(), SMALL_PART_BYTES);
tusContract(
  'in memory, both instances see the locks',
  async () => new MemoryBlobStore(),
  SMALL_PART_BYTES,
  new CommonLocks(),
);
