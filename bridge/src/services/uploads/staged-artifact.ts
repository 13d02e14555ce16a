import { checkDigest, tooLarge } from './rules.ts';
import { randomUUID } from 'node:crypto';
import type { StoredObject } from '../ports/object-store.ts';
import { PartPump } from './part-writer.ts';
import type { BlobStore, Digester, RunningDigest } from '../ports/blob-store.ts';
import type { PartBuffers } from './part-buffers.ts';

/** What a staged artifact needs of the store that adopts it. */
export interface ArtifactSink {
  readonly blobs: BlobStore;
  readonly digester: Digester;
  readonly buffers: PartBuffers;
  /** parts of one upload in flight at the same time */
  readonly partsInFlight: number;
  adopt(digest: string, size: number, source: ArtifactSource): Promise<StoredObject>;
}

/**
 * Where the bytes of a sealed upload are: in memory, in parts of an open multipart upload, or in an
 * object already.
 */
export type ArtifactSource =
  | Buffer
  | { key: string; uploadId: string; parts: { number: number; etag: string }[] }
  | { key: string };

/** Memory that small files of one request may keep until they are committed. */
export class BufferBudget {
  #left: number;
  constructor(bytes: number) {
    this.#left = bytes;
  }
  take(bytes: number): boolean {
    if (bytes > this.#left) return false;
    this.#left -= bytes;
    return true;
  }
}

export interface StagedArtifactOptions {
  maxBytes: number;
  /** what the file is called in messages */
  field: string;
  expectedDigest?: string | undefined;
  kept: BufferBudget;
}

/**
 * One file on its way in: `write` … `seal` (all bytes are here, the digest is known) → `commit` (it
 * becomes visible) or `abort`. Until `commit` nothing can be seen in the storage, so a request may
 * check everything first.
 */
export class StagedArtifact {
  #bytes = 0;
  #sealed: { digest: string; body: Buffer | null } | null = null;
  #ended = false;
  #target: Promise<{ key: string; uploadId: string }> | null = null;
  readonly #store: ArtifactSink;
  readonly #options: StagedArtifactOptions;
  readonly #digest: RunningDigest;
  readonly #pump: PartPump;

  constructor(store: ArtifactSink, options: StagedArtifactOptions) {
    this.#store = store;
    this.#options = options;
    this.#digest = store.digester.start('sha256');
    this.#pump = new PartPump({
      store: store.blobs,
      buffers: store.buffers,
      partBytes: store.buffers.bytes,
      inFlight: store.partsInFlight,
      firstNumber: 1,
      digests: [this.#digest],
      target: () => this.#open(),
    });
  }

  get size(): number {
    return this.#bytes;
  }

  write(chunk: Buffer): Promise<void> | undefined {
    this.#bytes += chunk.length;
    if (this.#bytes > this.#options.maxBytes)
      throw tooLarge(this.#options.field, this.#options.maxBytes);
    return this.#pump.write(chunk);
  }

  /** @throws Invalid `digest-mismatch` when `expectedDigest` differs */
  async seal(): Promise<{ digest: string; size: number }> {
    if (!this.#sealed) {
      let body: Buffer | null = null;
      // Buffer.from copies: the part's own memory goes back to the others while this one waits for
      // its commit.
      if (!this.#pump.begun && this.#options.kept.take(this.#pump.rest.length)) {
        await this.#pump.digestRest();
        body = Buffer.from(this.#pump.rest);
      } else await this.#pump.flush({ last: true });
      this.#sealed = { digest: `sha256:${await this.#digest.hex()}`, body };
      if (body) await this.#pump.close();
    }
    checkDigest(this.#options.field, this.#sealed.digest, this.#options.expectedDigest);
    return { digest: this.#sealed.digest, size: this.#bytes };
  }

  /**
   * Makes the sealed file visible under its digest's key; the same bytes stored before are used
   * again.
   */
  async commit(): Promise<StoredObject> {
    const { digest, body } = this.#sealed!;
    const source = body ?? { ...(await this.#target!), parts: this.#pump.stored };
    const stored = await this.#store.adopt(digest, this.#bytes, source);
    this.#ended = true;
    await this.#pump.close();
    return stored;
  }

  /**
   * Leaves nothing behind. May be called at any time, also after `commit` (then it does nothing).
   */
  async abort(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    await this.#pump.close();
    if (!this.#sealed) this.#digest.drop();
    // The upload may just be opening: it is aborted when it is open. One that could not be opened
    // left nothing.
    const target = await this.#target?.catch(() => null);
    if (target) await this.#store.blobs.abort(target.key, target.uploadId);
  }

  #open(): Promise<{ key: string; uploadId: string }> {
    const key = `blobs/${randomUUID()}`;
    this.#target = this.#store.blobs.begin(key).then((uploadId) => ({ key, uploadId }));
    return this.#target;
  }
}
