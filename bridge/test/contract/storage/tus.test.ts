import { minioBlobs } from './minio.ts';
import { tusContract } from './tus.suite.ts';

tusContract('MinIO', () => minioBlobs('tus-contract'));
