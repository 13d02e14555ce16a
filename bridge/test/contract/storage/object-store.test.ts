import { objectStore } from '../../fakes/object-store.ts';
import { minioBlobs } from './minio.ts';
import { objectStoreContract } from './object-store.suite.ts';

objectStoreContract('MinIO', async () => objectStore(await minioBlobs('storage-contract')));
