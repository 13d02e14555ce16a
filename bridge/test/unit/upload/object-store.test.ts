import { objectStore } from '../../fakes/object-store.ts';
import { MemoryBlobStore } from '../../fakes/memory-blob-store.ts';
import { objectStoreContract } from '../../contract/storage/object-store.suite.ts';

const blobs = new MemoryBlobStore();
objectStoreContract('in memory', async () => objectStore(blobs));
