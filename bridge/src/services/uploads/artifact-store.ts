import { StagedArtifact } from './staged-artifact.ts';
import type { ArtifactSink, ArtifactSource, StagedArtifactOptions } from './staged-artifact.ts';
import { buffer as readAll } from 'node:stream/consumers';
import type { Readable } from 'node:stream';
import { NotFound, Unavailable } from '../../errors.ts';
import type { PartBuffers } from './part-buffers.ts';
import type { Clock } from '../ports/runtime.ts';
import type { ObjectStore, StoredObject } from '../ports/object-store.ts';
import type { BlobStat, BlobStore, Digester } from '../ports/blob-store.ts';

export const POINTER_TYPE = 'application/vnd.creativeflow.pointer+json';
/** A pointer's body is shorter than this. */
export const POINTER_MAX_BYTES = 1024;
const CLAIM_WAIT_MS = 15_000;
/** A remembered pointer costs 200 bytes. */
const POINTERS_REMEMBERED = 2000;

interface Pointer {
  storedAt: string;
  size: number;
  digest: string;
}
export interface ArtifactStoreDeps {
  blobs: BlobStore;
  digester: Digester;
  buffers: PartBuffers;
  clock: Clock;
  /** parts of one upload on their way at the same time */
  partsInFlight: number;
}

/**
 * `ObjectStore`: artifacts addressed by their digest, never overwritten.
 *
 * The digest is known only after the last byte, and S3 can neither rename an object nor give an
 * open multipart upload another key; a server-side copy costs as much as the upload itself. So what
 * is larger than one part lies at `blobs/<uuid>`, and its digest's key holds a pointer to it, which
 * `get` and `stat` follow. A file of one part lies at its digest's key itself.
 */
export class ArtifactStore implements ObjectStore, ArtifactSink {
  readonly blobs: BlobStore;
  readonly digester: Digester;
  readonly buffers: PartBuffers;
  readonly partsInFlight: number;
  readonly #clock: Clock;
  readonly #pointers = new Map<string, Pointer>();

  constructor(deps: ArtifactStoreDeps) {
    this.blobs = deps.blobs;
    this.digester = deps.digester;
    this.buffers = deps.buffers;
    this.partsInFlight = deps.partsInFlight;
    this.#clock = deps.clock;
  }

  open(options: StagedArtifactOptions): StagedArtifact {
    return new StagedArtifact(this, options);
  }

  async get(key: string, range?: { start: number; end?: number }): Promise<Readable> {
    const remembered = this.#pointers.get(key);
    const pointer = remembered ?? (await this.#pointerAt(key));
    if (!pointer) return this.blobs.get(key, range);
    try {
      return await this.blobs.get(pointer.storedAt, range);
    } catch (error) {
      // The remembered pointer may be of an object that was removed and stored again since.
      this.#pointers.delete(key);
      if (remembered && error instanceof NotFound) return this.get(key, range);
      throw error;
    }
  }

  async stat(key: string): Promise<{ size: number; lastModified: Date } | null> {
    const stat = await this.blobs.stat(key);
    if (!stat) return null;
    const pointer = await this.#pointerAt(key, stat);
    return { size: pointer?.size ?? stat.size, lastModified: stat.lastModified };
  }

  async putSmall(key: string, body: Buffer | string, contentType: string): Promise<void> {
    await this.blobs.put(key, body, contentType);
  }

  /**
   * Of a pointer and its bytes the pointer goes first: what is left after a crash is found by the
   * collector.
   */
  async remove(key: string): Promise<void> {
    const pointer = await this.#pointerAt(key);
    this.#pointers.delete(key);
    await this.blobs.remove(key);
    if (pointer) await this.blobs.remove(pointer.storedAt);
  }

  /** Sizes are those of the artifacts, not of their pointers. */
  async *list(prefix: string): AsyncIterable<{ key: string; size: number; lastModified: Date }> {
    for await (const item of this.blobs.list(prefix)) {
      const pointer =
        item.size < POINTER_MAX_BYTES && item.key.startsWith('artifacts/')
          ? await this.#pointerAt(item.key)
          : null;
      yield pointer ? { ...item, size: pointer.size } : item;
    }
  }

  /** Where the bytes of `key` really lie. */
  async storedAt(key: string): Promise<string> {
    return (await this.#pointerAt(key))?.storedAt ?? key;
  }

  /** The same for a digest; null when no artifact has it. */
  async storedAtDigest(digest: string): Promise<string | null> {
    const key = artifactKey(digest);
    return (await this.blobs.stat(key)) ? this.storedAt(key) : null;
  }

  /** Gives sealed bytes their digest's key. Whatever of `source` is not used again is removed. */
  async adopt(digest: string, size: number, source: ArtifactSource): Promise<StoredObject> {
    const key = artifactKey(digest);
    const stored = { key, digest, size };
    if (await this.#reuse(key, size)) {
      await this.#discard(source, key);
      return stored;
    }
    if (Buffer.isBuffer(source)) {
      if (!(await this.blobs.putIfAbsent(key, source, 'application/octet-stream')))
        await this.#reuse(key, size);
      return stored;
    }
    if ('uploadId' in source) await this.blobs.complete(source.key, source.uploadId, source.parts);
    else if (!(await this.blobs.stat(source.key)))
      throw new NotFound('The uploaded file is no longer there.', {
        code: 'upload-not-found',
        remedy: 'Upload it again.',
      });
    const pointer: Pointer = { storedAt: source.key, size, digest };
    if (await this.blobs.putIfAbsent(key, JSON.stringify(pointer), POINTER_TYPE)) return stored;
    // Somebody stored the same bytes in the same moment: theirs is the artifact.
    await this.#reuse(key, size);
    await this.#discard({ key: source.key }, key);
    return stored;
  }

  /**
   * true: the artifact is there and the collector leaves it alone for now (it may be one that no
   * record names yet).
   */
  async #reuse(key: string, size: number): Promise<boolean> {
    if ((await this.stat(key))?.size !== size) return false;
    const claim = claimKey(key);
    const deadline = this.#clock.now().getTime() + CLAIM_WAIT_MS;
    for (;;) {
      if (await this.blobs.putIfAbsent(claim, 'reuse', 'text/plain')) break;
      const holder = await readAll(await this.blobs.get(claim)).then(String, (error) => {
        if (error instanceof NotFound) return 'gone';
        throw error;
      });
      if (holder === 'reuse') break;
      if (this.#clock.now().getTime() > deadline) {
        throw new Unavailable('The same file is currently being deleted.', {
          code: 'artifact-busy',
          remedy: 'Send it again in a minute.',
          retryAfterSeconds: 60,
        });
      }
      await this.#clock.sleep(100);
    }
    return (await this.stat(key))?.size === size;
  }

  async #discard(source: ArtifactSource, key: string): Promise<void> {
    if (Buffer.isBuffer(source)) return;
    if ('uploadId' in source) await this.blobs.abort(source.key, source.uploadId);
    else if ((await this.storedAt(key)) !== source.key) await this.blobs.remove(source.key);
  }

  async #pointerAt(key: string, known?: BlobStat): Promise<Pointer | null> {
    if (!key.startsWith('artifacts/')) return null;
    const stat = known ?? (await this.blobs.stat(key));
    if (stat?.contentType !== POINTER_TYPE) return null;
    const remembered = this.#pointers.get(key);
    if (remembered) return remembered;
    const pointer = JSON.parse(String(await readAll(await this.blobs.get(key)))) as Pointer;
    if (this.#pointers.size >= POINTERS_REMEMBERED) this.#pointers.clear();
    this.#pointers.set(key, pointer);
    return pointer;
  }
}

/** `sha256:<hex>` → `artifacts/sha256/<first two>/<hex>` */
export function artifactKey(digest: string): string {
  const hex = digest.slice('sha256:'.length);
  return `artifacts/sha256/${hex.slice(0, 2)}/${hex}`;
}
/** Who uses the artifact again (`reuse`) or takes it away (`collect`) says so here first. */
export function claimKey(artifact: string): string {
  return `claims/${artifact.slice(artifact.lastIndexOf('/') + 1)}`;
}
