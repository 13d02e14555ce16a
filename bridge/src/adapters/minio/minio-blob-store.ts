import type { Readable } from 'node:stream';
import { BridgeError, Conflict, NotFound, Unavailable } from '../../errors.ts';
import type { Clock } from '../../services/ports/runtime.ts';
import type {
  BlobStat,
  BlobStore,
  OpenUpload,
  PartPlace,
  StoredPart,
} from '../../services/ports/blob-store.ts';
import { openClient, type MinioConfig, type OpenClient } from './open-client.ts';
import { rawRequest, SILENCE_MS, type RawAnswer, type RawRequest } from './raw-request.ts';
import { fromClient, storageError } from './storage-error.ts';

const ANSWER_DEADLINE_MS = 20_000;
/**
 * How long a part is tried again while the storage restarts. Its bytes wait in memory, the client
 * waits behind them.
 */
const PART_DEADLINE_MS = 45_000;
const PART_PAUSE_MS = 250;
const URL_LIFE_SECONDS = 600;
/** A reader of an object may pause this long (a scan that thinks). */
const READ_SILENCE_MS = 10 * SILENCE_MS;

/** `BlobStore` on MinIO, or on any server of the S3 kind that knows `If-None-Match` on PUT. */
export class MinioBlobStore implements BlobStore {
  readonly #client: OpenClient;
  readonly #bucket: string;
  readonly #clock: Clock;
  readonly #deadlineMs: number;

  constructor(config: MinioConfig, clock: Clock) {
    this.#deadlineMs = config.deadlineMs ?? ANSWER_DEADLINE_MS;
    this.#bucket = config.bucket;
    this.#clock = clock;
    this.#client = openClient(config);
  }

  /** Makes the bucket when it is not there yet. */
  async ensureBucket(): Promise<void> {
    await this.#ask(`bucket ${this.#bucket}`, async () => {
      if (!(await this.#client.bucketExists(this.#bucket)))
        await this.#client.makeBucket(this.#bucket);
    });
  }

  async get(key: string, range?: { start: number; end?: number }): Promise<Readable> {
    const length = range?.end === undefined ? 0 : range.end - range.start + 1;
    const answer = await this.#ask(`get ${key}`, () =>
      this.#client.getPartialObject(this.#bucket, key, range?.start ?? 0, length),
    );
    const socket = answer as unknown as { setTimeout?: (ms: number, then: () => void) => void };
    socket.setTimeout?.(READ_SILENCE_MS, () =>
      answer.destroy(
        new Unavailable(`get ${key}: the object storage is silent.`, {
          code: 'storage-unavailable',
        }),
      ),
    );
    return answer;
  }

  async stat(key: string): Promise<BlobStat | null> {
    try {
      const stat = await this.#ask(`stat ${key}`, () => this.#client.statObject(this.#bucket, key));
      if (!stat.etag)
        throw storageError('', `stat ${key}`, new Error('the answer is not that of an S3 server'));
      return {
        size: stat.size,
        lastModified: stat.lastModified,
        contentType: String(stat.metaData['content-type'] ?? ''),
        etag: stat.etag,
      };
    } catch (error) {
      if (!(error instanceof NotFound)) throw error;
      await this.#confirmBucket(`stat ${key}`);
      return null;
    }
  }

  /**
   * HEAD has no body: a bucket that is gone, or something else at that address, answers 404 like an
   * absent object.
   */
  async #confirmBucket(what: string): Promise<void> {
    const answer = await this.#ask(what, () => this.#client.headBucket(this.#bucket)).catch(
      (error: unknown) => {
        throw error instanceof NotFound ? storageError('NoSuchBucket', what) : error;
      },
    );
    if (answer.headers['x-amz-request-id'] === undefined)
      throw storageError('', what, new Error('not an S3 server'));
  }

  async put(
    key: string,
    body: Buffer | string,
    contentType: string,
    signal?: AbortSignal,
  ): Promise<void> {
    await this.#raw(key, {
      method: 'PUT',
      body: Buffer.from(body),
      headers: { 'content-type': contentType },
      signal,
    });
  }

  async putIfAbsent(key: string, body: Buffer | string, contentType: string): Promise<boolean> {
    try {
      await this.#raw(key, {
        method: 'PUT',
        body: Buffer.from(body),
        headers: { 'content-type': contentType, 'if-none-match': '*' },
      });
      return true;
    } catch (error) {
      if (error instanceof Conflict) return false;
      throw error;
    }
  }

  async remove(key: string): Promise<void> {
    // In a versioned bucket a plain delete only hides the object and frees nothing.
    for await (const { versionId } of this.#listed(key, true, key)) {
      await this.#ask(`remove ${key}`, () =>
        this.#client.removeObject(this.#bucket, key, versionId ? { versionId } : {}),
      );
    }
  }

  async *list(prefix: string): AsyncIterable<{ key: string; size: number; lastModified: Date }> {
    yield* this.#listed(prefix, false);
  }

  begin(key: string): Promise<string> {
    return this.#ask(`begin ${key}`, () =>
      this.#client.initiateNewMultipartUpload(this.#bucket, key, {}),
    );
  }

  async putPart(place: PartPlace, body: Buffer, signal?: AbortSignal): Promise<string> {
    const { key, uploadId, number } = place;
    const query = { uploadId, partNumber: String(number) };
    const deadline = this.#clock.now().getTime() + PART_DEADLINE_MS;
    for (let pause = PART_PAUSE_MS; ; pause = Math.min(2 * pause, 4000)) {
      try {
        return (await this.#raw(key, { method: 'PUT', body, signal }, query)).etag;
      } catch (error) {
        if (
          !(error instanceof Unavailable) ||
          signal?.aborted ||
          this.#clock.now().getTime() + pause > deadline
        )
          throw error;
        await this.#clock.sleep(pause, signal);
      }
    }
  }

  async parts(key: string, uploadId: string, after = 0): Promise<StoredPart[]> {
    const parts: { part: number; size: number; etag: string }[] = [];
    for (let marker = after, more = true; more;) {
      const page = await this.#ask(`parts of ${key}`, () =>
        this.#client.partsAfter(this.#bucket, key, uploadId, marker),
      );
      parts.push(...page.parts);
      [marker, more] = [Number(page.marker), page.isTruncated];
    }
    return parts
      .map(({ part, size, etag }) => ({ number: part, size, etag }))
      .sort((a, b) => a.number - b.number);
  }

  async complete(
    key: string,
    uploadId: string,
    parts: { number: number; etag: string }[],
  ): Promise<void> {
    const lines = parts.map(
      ({ number, etag }) => `<Part><PartNumber>${number}</PartNumber><ETag>"${etag}"</ETag></Part>`,
    );
    const body = `<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${lines.join('')}</CompleteMultipartUpload>`;
    const headers = { 'content-type': 'application/xml' };
    await this.#raw(key, { method: 'POST', body: Buffer.from(body), headers }, { uploadId });
  }

  async abort(key: string, uploadId: string): Promise<void> {
    try {
      await this.#ask(`abort ${key}`, () =>
        this.#client.abortMultipartUpload(this.#bucket, key, uploadId),
      );
    } catch (error) {
      if (!(error instanceof NotFound)) throw error;
    }
  }

  /**
   * MinIO knows only those begun since it started; older ones it removes by itself a day after
   * their beginning.
   */
  async openUploads(): Promise<OpenUpload[]> {
    const { uploads } = await this.#ask('list uploads', () =>
      this.#client.listIncompleteUploadsQuery(this.#bucket, '', '', '', ''),
    );
    return uploads.map((upload) => ({
      key: upload.key,
      uploadId: upload.uploadId,
      startedAt: new Date(upload.initiated as unknown as string),
    }));
  }

  async *#listed(
    prefix: string,
    versions: boolean,
    only?: string,
  ): AsyncIterable<{ key: string; size: number; lastModified: Date; versionId?: string }> {
    // minio's client takes any answer for an empty list
    await this.#confirmBucket(`list ${prefix}`);
    const stream = this.#client.listObjects(this.#bucket, prefix, true, {
      IncludeVersion: versions,
    });
    try {
      for await (const item of stream as AsyncIterable<{
        name?: string;
        size?: number;
        lastModified?: Date;
        versionId?: string;
      }>) {
        if (!item.name || (only && item.name !== only)) continue;
        yield {
          key: item.name,
          size: item.size ?? 0,
          lastModified: new Date(item.lastModified!),
          ...(item.versionId ? { versionId: item.versionId } : {}),
        };
      }
    } catch (error) {
      throw fromClient(error, `list ${prefix}`);
    }
  }

  async #raw(
    key: string,
    request: Omit<RawRequest, 'silenceMs'>,
    query: Record<string, string> = {},
  ): Promise<RawAnswer> {
    const { method } = request;
    const url = await this.#ask(`sign ${key}`, () =>
      this.#client.presignedUrl(method, this.#bucket, key, URL_LIFE_SECONDS, query),
    );
    const silenceMs = Math.min(SILENCE_MS, this.#deadlineMs * 1.5);
    return rawRequest(url, `${method} ${key}`, { ...request, silenceMs });
  }

  /** minio's client knows no deadline of its own. */
  async #ask<T>(what: string, call: () => Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new Error(`no answer within ${this.#deadlineMs} ms`)),
        this.#deadlineMs,
      );
    });
    try {
      return await Promise.race([call(), late]);
    } catch (error) {
      throw error instanceof BridgeError ? error : fromClient(error, what);
    } finally {
      clearTimeout(timer);
    }
  }
}
