import { readStackFacts } from '../../../../stack/facts.ts';
import { MinioBlobStore } from '../../../src/adapters/minio/minio-blob-store.ts';
import type { MinioConfig } from '../../../src/adapters/minio/open-client.ts';
import { realClock } from '../../fakes/real-clock.ts';

/**
 * The MinIO of TEST_MINIO_URL (with TEST_MINIO_ACCESS_KEY and _SECRET_KEY) when it is set, else
 * that of the running stack.
 */
export function minioConfig(bucket: string): MinioConfig {
  const { TEST_MINIO_URL, TEST_MINIO_ACCESS_KEY, TEST_MINIO_SECRET_KEY } = process.env;
  if (TEST_MINIO_URL)
    return {
      endpoint: TEST_MINIO_URL,
      accessKey: TEST_MINIO_ACCESS_KEY!,
      secretKey: TEST_MINIO_SECRET_KEY!,
      bucket,
    };
  const { endPoint, port, accessKey, secretKey } = readStackFacts().minio;
  return { endpoint: `http://${endPoint}:${port}`, accessKey, secretKey, bucket };
}

/** Buckets of tests are their own, never the product's. */
export async function minioBlobs(bucket: string): Promise<MinioBlobStore> {
  const blobs = new MinioBlobStore(minioConfig(bucket), realClock);
  await blobs.ensureBucket();
  return blobs;
}
