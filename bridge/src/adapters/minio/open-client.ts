import type { IncomingMessage } from 'node:http';
import { Client } from 'minio';

export interface MinioConfig {
  endpoint: string;
  accessKey: string;
  secretKey: string;
  bucket: string;
  region?: string;
  deadlineMs?: number;
}

export function openClient(config: MinioConfig): OpenClient {
  const url = new URL(config.endpoint);
  const useSSL = url.protocol === 'https:';
  return new OpenClient({
    endPoint: url.hostname,
    port: Number(url.port || (useSSL ? 443 : 80)),
    useSSL,
    accessKey: config.accessKey,
    secretKey: config.secretKey,
    region: config.region ?? 'us-east-1',
    retryOptions: { disableRetry: true },
  });
}

/**
 * What the client's types hide: its own page of parts, and a HEAD of a bucket with the headers of
 * the answer.
 */
export class OpenClient extends Client {
  async headBucket(bucketName: string): Promise<IncomingMessage> {
    const answer = await this.makeRequestAsync({ method: 'HEAD', bucketName }, '', [200], '');
    answer.resume();
    return answer;
  }

  partsAfter(
    bucket: string,
    key: string,
    uploadId: string,
    marker: number,
  ): Promise<{
    isTruncated: boolean;
    marker: number;
    parts: { part: number; size: number; etag: string }[];
  }> {
    return (this as unknown as { listPartsQuery: OpenClient['partsAfter'] }).listPartsQuery(
      bucket,
      key,
      uploadId,
      marker,
    );
  }
}
