import { MemoryBlobStore } from '../../fakes/memory-blob-store.ts';
import { tusContract } from '../../contract/storage/tus.suite.ts';

tusContract('in memory', async () => new MemoryBlobStore());
