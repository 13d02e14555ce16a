import { createHash, randomBytes } from 'node:crypto';
import { Conflict, Gone, Invalid, NotFound } from '../../errors.ts';
import type { ArtifactStore } from './artifact-store.ts';
import { checkDigest, tooLarge } from './rules.ts';
import type { Clock } from '../ports/runtime.ts';
import {
  readDone,
  readInfo,
  readPosition,
  stateKey,
  tailPrefix,
  type ResumableInfo,
  type ResumablePosition,
} from './resumable-state.ts';
import { ResumableSessions } from './resumable-sessions.ts';
import type { Append } from './resumable-writer.ts';
import type { RunningDigest, UploadLocks } from '../ports/blob-store.ts';

/**
 * MinIO removes an open multipart upload 24 hours after it began, so none may be promised for
 * longer.
 */
const RESUMABLE_LIFE_MS = 23 * 3600_000;
const PARTS_MAX = 10_000;
const MIB = 1024 * 1024;

export type NewResumable = Pick<
  ResumableInfo,
  'owner' | 'size' | 'field' | 'filename' | 'type' | 'digest' | 'metadata'
>;
export interface ResumableDeps {
  store: ArtifactStore;
  locks: UploadLocks;
  clock: Clock;
  maxBytes: number;
  lingerMs?: number | undefined;
}

/**
 * Uploads that can be cut and continued, by this process or another: parts of a fixed size in an S3
 * multipart upload, what is behind the last full part in small objects beside it, and one small
 * object that says what it is. Nothing is kept elsewhere.
 *
 * Two writers at once (a lock lost with Redis) can do no harm: parts have fixed places, and the
 * object is completed by the etags of the very parts whose bytes the digest saw; where another
 * wrote between, the digest is taken again from the stored object.
 */
export class ResumableUploads {
  readonly #deps: ResumableDeps;
  readonly #sessions: ResumableSessions;

  constructor(deps: ResumableDeps) {
    this.#deps = deps;
    this.#sessions = new ResumableSessions({
      ...deps,
      complete: (info, position, digest) => this.#complete(info, position, digest),
    });
  }

  get maxBytes(): number {
    return this.#deps.maxBytes;
  }

  async create(asked: NewResumable): Promise<ResumableInfo> {
    if (asked.size > this.#deps.maxBytes) throw tooLarge('Upload-Length', this.#deps.maxBytes);
    const id = randomBytes(16).toString('hex');
    const key = `blobs/${id}`;
    const now = this.#deps.clock.now().getTime();
    const info: ResumableInfo = {
      id,
      key,
      uploadId: await this.#blobs.begin(key),
      ...asked,
      partBytes: this.#partBytes(asked.size),
      createdAt: new Date(now).toISOString(),
      expiresAt: new Date(now + RESUMABLE_LIFE_MS).toISOString(),
    };
    try {
      await this.#blobs.put(stateKey(id, 'info'), JSON.stringify(info), 'application/json');
    } catch (error) {
      await this.#blobs.abort(key, info.uploadId);
      throw error;
    }
    return info;
  }

  /** @throws NotFound also for another user's upload; Gone when it has expired */
  async find(id: string, owner: number): Promise<ResumableInfo> {
    const info =
      this.#sessions.infoOf(id) ??
      (/^[0-9a-f]{32}$/.test(id) ? await readInfo(this.#blobs, id) : null);
    if (!info || info.owner !== owner)
      throw new NotFound('There is no such upload.', {
        code: 'upload-not-found',
        remedy: 'Begin it again.',
      });
    if (Date.parse(info.expiresAt) <= this.#deps.clock.now().getTime())
      throw new Gone('This upload has expired.', {
        code: 'upload-expired',
        remedy: 'Begin it again.',
      });
    return info;
  }

  async offset(info: ResumableInfo): Promise<number> {
    const mine = await this.#sessions.offsetOf(info.id);
    if (mine?.idle) return mine.offset;
    if (!mine) await this.#deps.locks.free(info.id, this.#sessions.handoverMs);
    return Math.max((await readPosition(this.#blobs, info)).offset, mine?.offset ?? 0);
  }

  /**
   * Takes bytes at `offset`; answers the new offset. What came before a cut is kept, unless a
   * checksum stands over it.
   */
  append(info: ResumableInfo, append: Append): Promise<number> {
    return this.#sessions.append(info, append);
  }

  /**
   * The digest of an upload whose bytes are all here. Reads the object when no process saw all its
   * bytes.
   */
  async finished(info: ResumableInfo): Promise<{ digest: string; size: number; key: string }> {
    const lock = await this.#deps.locks.acquire(info.id);
    try {
      let done = await readDone(this.#blobs, info.id);
      if (!done) {
        const position = await readPosition(this.#blobs, info);
        if (position.offset !== info.size) {
          throw new Conflict(
            `"${info.filename}" is not complete: ${position.offset} of ${info.size} bytes are here.`,
            { code: 'upload-incomplete', remedy: 'Continue the upload.' },
          );
        }
        done = await this.#complete(info, position, null);
      }
      const digest = done.digest ?? (await this.#digestStored(info));
      checkDigest(info.field, digest, info.digest ?? undefined);
      return { digest, size: info.size, key: info.key };
    } finally {
      await lock.release();
    }
  }

  /** Removes an upload and all its bytes, unless they have become an artifact. */
  async remove(info: ResumableInfo): Promise<void> {
    const lock = await this.#deps.locks.acquire(info.id);
    try {
      this.#sessions.forget(info.id);
      const done = await readDone(this.#blobs, info.id);
      await this.#blobs.abort(info.key, info.uploadId);
      const artifact = done?.digest ? await this.#deps.store.storedAtDigest(done.digest) : null;
      if (artifact !== info.key) await this.#blobs.remove(info.key);
      for await (const { key } of this.#blobs.list(`tus/${info.id}/`))
        if (!key.endsWith('/info')) await this.#blobs.remove(key);
      // last: whatever is left before it is found by it again
      await this.#blobs.remove(stateKey(info.id, 'info'));
    } finally {
      await lock.release();
    }
  }

  /** Stores what was received. Before the process ends. */
  close(): Promise<void> {
    return this.#sessions.close();
  }

  async #complete(
    info: ResumableInfo,
    position: ResumablePosition,
    digest: RunningDigest | null,
  ): Promise<{ digest: string | null }> {
    let seen = digest;
    if (!position.complete) {
      try {
        await this.#blobs.complete(info.key, info.uploadId, position.parts);
      } catch (error) {
        if (!(error instanceof Conflict)) throw error;
        // Another process wrote a part again: its bytes count, and our digest has not seen them.
        seen?.drop();
        seen = null;
        await this.#blobs.complete(
          info.key,
          info.uploadId,
          (await readPosition(this.#blobs, info)).parts,
        );
      }
    }
    const done = { digest: seen ? `sha256:${await seen.hex()}` : null };
    await this.#blobs.put(stateKey(info.id, 'done'), JSON.stringify(done), 'application/json');
    for await (const { key } of this.#blobs.list(tailPrefix(info.id)))
      await this.#blobs.remove(key);
    return done;
  }

  async #digestStored(info: ResumableInfo): Promise<string> {
    const hash = createHash('sha256');
    for await (const chunk of await this.#blobs.get(info.key)) hash.update(chunk as Buffer);
    const digest = `sha256:${hash.digest('hex')}`;
    await this.#blobs.put(
      stateKey(info.id, 'done'),
      JSON.stringify({ digest }),
      'application/json',
    );
    return digest;
  }

  #partBytes(size: number): number {
    const least = Math.ceil(size / PARTS_MAX / MIB) * MIB;
    const { bytes } = this.#deps.store.buffers;
    if (least > bytes)
      throw new Invalid('The file is too large for this storage.', { code: 'upload-too-large' });
    return bytes;
  }

  get #blobs() {
    return this.#deps.store.blobs;
  }
}
