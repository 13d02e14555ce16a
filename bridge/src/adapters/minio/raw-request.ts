import { Agent as HttpAgent, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { storageError } from './storage-error.ts';

/** No byte moved for this long: the storage is gone. */
export const SILENCE_MS = 30_000;
const AGENT = { keepAlive: true, maxSockets: 64, timeout: SILENCE_MS };
const agents = { 'http:': new HttpAgent(AGENT), 'https:': new HttpsAgent(AGENT) };

export interface RawRequest {
  readonly method: 'PUT' | 'POST';
  readonly body: Buffer;
  readonly headers?: Record<string, string>;
  readonly signal?: AbortSignal | undefined;
  /** no byte moved for this long ends it */
  readonly silenceMs?: number;
}
export interface RawAnswer {
  etag: string;
  text: string;
}

/**
 * One request to a presigned URL with its body in memory. minio's own client copies and hashes
 * bodies, which halves the speed of large parts.
 * @throws BridgeError by the S3 code answered; Unavailable when there is no answer
 */
export function rawRequest(
  url: string,
  what: string,
  { method, body, headers, signal, silenceMs = SILENCE_MS }: RawRequest,
): Promise<RawAnswer> {
  const target = new URL(url);
  const secure = target.protocol === 'https:';
  return new Promise((resolve, reject) => {
    const fail = (error: unknown): void => reject(storageError('', what, error));
    const request = (secure ? httpsRequest : httpRequest)(
      target,
      {
        method,
        agent: secure ? agents['https:'] : agents['http:'],
        signal,
        headers: { ...headers, 'content-length': body.length },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', fail);
        response.on('end', () => {
          const text = String(Buffer.concat(chunks));
          // MinIO may say 200 at once and tell of a failure in the body.
          const code = /<Code>(\w+)<\/Code>/.exec(text)?.[1];
          const isDone =
            method === 'PUT'
              ? Boolean(response.headers.etag)
              : /<CompleteMultipartUploadResult\b/.test(text);
          if (response.statusCode === 200 && !code && !isDone)
            reject(storageError('', what, new Error('the answer is not that of an S3 server')));
          else if (response.statusCode === 200 && !code)
            resolve({ etag: (response.headers.etag ?? '').replaceAll('"', ''), text });
          else reject(storageError(code ?? String(response.statusCode), what));
        });
      },
    );
    request.setTimeout(silenceMs, () => request.destroy(new Error(`silent for ${silenceMs} ms`)));
    request.on('error', fail);
    request.end(body);
  });
}
