import { minioBlobs } from './minio.ts';
import { collectContract } from './collect-orphans.suite.ts';

collectContract('MinIO', async () => {
  const blobs = await minioBlobs('collect-orphans');
  for await (const { key } of blobs.list('')) await blobs.remove(key);
  for (const { key, uploadId } of await blobs.openUploads()) await blobs.abort(key, uploadId);
  return blobs;
});
