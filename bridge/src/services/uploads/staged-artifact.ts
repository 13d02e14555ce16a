import { randomUUID } from 'node:crypto';
import { Invalid, TooLarge } from '../../errors.ts';
import type { ArtifactStore } from './artifact-store.ts';
import type { StoredObject } from '../ports/core.ts';
import { PartPump } from './part-writer.ts';
import type { RunningDigest } from '../ports/blob-store.ts';

/** Memory that small files of one request may keep until they are committed. */
export class KeptMemory {
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

export interface ArtifactUploadOptions {
  maxBytes: number;
  /** what the file is called in messages */
  field: string;
  expectedDigest?: string | undefined;
  kept: KeptMemory;
}

/**
 * One file on its way in: `write` … `seal` (all bytes are here, the digest is known) → `commit` (it
 * becomes visible) or `abort`. Until `commit` nothing can be seen in the storage, so a request may
 * check everything first.
 */
export class ArtifactUpload {
  #bytes = 0;
  #sealed: { digest: string; body: Buffer | null } | null = null;
  #ended = false;
  #target: Promise<{ key: string; uploadId: string }> | null = null;
  readonly #store: ArtifactStore;
  readonly #options: ArtifactUploadOptions;
  readonly #digest: RunningDigest;
  readonly #pump: PartPump;

  constructor(store: ArtifactStore, options: ArtifactUploadOptions) {
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

export function tooLarge(field: string, maxBytes: number): TooLarge {
  return new TooLarge(`${field} is larger than ${maxBytes} bytes, the most that is accepted.`, {
    code: 'upload-too-large',
    remedy: 'Send a smaller file, or have the limit raised (UPLOAD_MAX_BYTES).',
    errors: [{ field, reason: `larger than ${maxBytes} bytes` }],
  });
}

export function checkDigest(field: string, digest: string, expected: string | undefined): void {
  if (!expected || expected === digest) return;
  const remedy =
    'The bytes changed on the way, or the digest was taken of another file. Take it again and send the file again.';
  throw new Invalid(`${field} arrived with the digest ${digest}, but ${expected} was announced.`, {
    code: 'digest-mismatch',
    remedy,
    errors: [{ field, reason: `digest is ${digest}, announced was ${expected}`, remedy }],
  });
}
