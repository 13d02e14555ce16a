import { MemoryBlobStore, SMALL_PART_BYTES } from '../../../fakes/memory-blob-store.ts';
import { collectContract } from '../../../contract/storage/collect-orphans.suite.ts';

collectContract('in memory', async () => new MemoryBlobStore(), SMALL_PART_BYTES);
