import { createHash, randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { Conflict, NotFound } from '../../src/errors.ts';
import type {
  BlobStat,
  BlobStore,
  OpenUpload,
  PartPlace,
  StoredPart,
} from '../../src/services/ports/blob-store.ts';

/**
 * S3 wants parts of 5 MiB. The rules are the same with smaller ones, and bytes in memory are hashed
 * and copied as slowly as others.
 */
export const SMALL_PART_BYTES = 5 * 256 * 1024;

/**
 * `BlobStore` in memory, with S3's rules: nothing visible before `complete`, parts of a least size
 * but the last, etags that must match.
 */
export class MemoryBlobStore implements BlobStore {
  readonly objects = new Map<string, { body: Buffer; contentType: string; lastModified: Date }>();
  readonly uploads = new Map<
    string,
    { key: string; startedAt: Date; parts: Map<number, { body: Buffer; etag: string }> }
  >();
  /** set by a test: thrown by the next calls of this name */
  failing: Partial<Record<keyof BlobStore, Error>> = {};
  now: () => Date = () => new Date();

  async get(key: string, range?: { start: number; end?: number }): Promise<Readable> {
    this.#maybeFail('get');
    const { body } = this.#object(key);
    return Readable.from([
      body.subarray(range?.start ?? 0, range?.end === undefined ? undefined : range.end + 1),
    ]);
  }
  async stat(key: string): Promise<BlobStat | null> {
    this.#maybeFail('stat');
    const object = this.objects.get(key);
    return object
      ? {
          size: object.body.length,
          lastModified: object.lastModified,
          contentType: object.contentType,
        }
      : null;
  }
  async put(key: string, body: Buffer | string, contentType: string): Promise<void> {
    this.#maybeFail('put');
    this.objects.set(key, { body: Buffer.from(body), contentType, lastModified: this.now() });
  }
  async putIfAbsent(key: string, body: Buffer | string, contentType: string): Promise<boolean> {
    this.#maybeFail('putIfAbsent');
    if (this.objects.has(key)) return false;
    this.objects.set(key, { body: Buffer.from(body), contentType, lastModified: this.now() });
    return true;
  }
  async remove(key: string): Promise<void> {
    this.#maybeFail('remove');
    this.objects.delete(key);
  }
  async *list(prefix: string): AsyncIterable<{ key: string; size: number; lastModified: Date }> {
    this.#maybeFail('list');
    for (const key of [...this.objects.keys()].sort()) {
      const object = this.objects.get(key);
      if (object && key.startsWith(prefix))
        yield { key, size: object.body.length, lastModified: object.lastModified };
    }
  }
  async begin(key: string): Promise<string> {
    this.#maybeFail('begin');
    const uploadId = randomUUID();
    this.uploads.set(uploadId, { key, startedAt: this.now(), parts: new Map() });
    return uploadId;
  }
  async putPart(place: PartPlace, body: Buffer, signal?: AbortSignal): Promise<string> {
    const { key, uploadId, number } = place;
    signal?.throwIfAborted();
    this.#maybeFail('putPart');
    const etag = createHash('md5').update(body).digest('hex');
    this.#upload(key, uploadId).parts.set(number, { body: Buffer.from(body), etag });
    return etag;
  }
  async parts(key: string, uploadId: string, after = 0): Promise<StoredPart[]> {
    this.#maybeFail('parts');
    return [...this.#upload(key, uploadId).parts]
      .map(([number, { body, etag }]) => ({ number, size: body.length, etag }))
      .filter(({ number }) => number > after)
      .sort((a, b) => a.number - b.number);
  }
  async complete(
    key: string,
    uploadId: string,
    named: { number: number; etag: string }[],
  ): Promise<void> {
    this.#maybeFail('complete');
    const upload = this.#upload(key, uploadId);
    const bodies = named.map(({ number, etag }, index) => {
      const part = upload.parts.get(number);
      if (
        !part ||
        part.etag !== etag ||
        (index < named.length - 1 && part.body.length < SMALL_PART_BYTES)
      ) {
        throw new Conflict(`part ${number} is missing, small or another`, {
          code: 'upload-parts-changed',
        });
      }
      return part.body;
    });
    this.objects.set(key, {
      body: Buffer.concat(bodies),
      contentType: 'application/octet-stream',
      lastModified: this.now(),
    });
    this.uploads.delete(uploadId);
  }
  async abort(_key: string, uploadId: string): Promise<void> {
    this.#maybeFail('abort');
    this.uploads.delete(uploadId);
  }
  async openUploads(): Promise<OpenUpload[]> {
    return [...this.uploads].map(([uploadId, { key, startedAt }]) => ({
      key,
      uploadId,
      startedAt,
    }));
  }

  #object(key: string) {
    const object = this.objects.get(key);
    if (!object) throw new NotFound(`${key} does not exist`, { code: 'object-not-found' });
    return object;
  }
  #upload(key: string, uploadId: string) {
    const upload = this.uploads.get(uploadId);
    if (!upload || upload.key !== key)
      throw new NotFound(`the upload of ${key} is not open`, { code: 'upload-not-found' });
    return upload;
  }
  #maybeFail(name: keyof BlobStore): void {
    const error = this.failing[name];
    if (error) throw error;
  }
}
