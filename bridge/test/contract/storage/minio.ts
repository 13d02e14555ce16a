import { MinioBlobStore, type MinioConfig } from '../../../src/adapters/minio/minio-blob-store.ts';
import { realClock } from '../../fakes/real-clock.ts';

/** The MinIO of TEST_MINIO_URL (with TEST_MINIO_ACCESS_KEY and _SECRET_KEY) when it is set, else that of the running stack. */
export async function minioConfig(bucket: string): Promise<MinioConfig> {
  const { TEST_MINIO_URL, TEST_MINIO_ACCESS_KEY, TEST_MINIO_SECRET_KEY } = process.env;
  if (TEST_MINIO_URL) return { endpoint: TEST_MINIO_URL, accessKey: TEST_MINIO_ACCESS_KEY!, secretKey: TEST_MINIO_SECRET_KEY!, bucket };
  const { readStackFacts } = await import('../../../../stack/facts.ts' as string) as { readStackFacts(): { bridgeEnv: Record<string, string> } };
  const env = readStackFacts().bridgeEnv;
  return { endpoint: env['MINIO_ENDPOINT']!, accessKey: env['MINIO_ACCESS_KEY']!, secretKey: env['MINIO_SECRET_KEY']!, bucket };
}

export async function minioBlobs(bucket: string): Promise<MinioBlobStore> {
  const blobs = new MinioBlobStore(await minioConfig(bucket), realClock);
  await blobs.ensureBucket();
  return blobs;
}
