import { createHash, randomBytes } from 'node:crypto';
import { buffer as readAll } from 'node:stream/consumers';
import { Conflict, Invalid, NotFound } from '../errors.ts';
import type { ArtifactStore } from './artifact-store.ts';
import { checkDigest, tooLarge } from './artifact-upload.ts';
import { PartPump } from './part-pump.ts';
import type { Clock } from './ports.ts';
import { partSize, readDone, readInfo, readPosition, stateKey, tailKey, tailPrefix, type ResumableInfo, type ResumablePosition } from './resumable-state.ts';
import { ChecksumMismatch, Gone } from './upload-errors.ts';
import type { DigestAlgorithm, RunningDigest, StoredPart, UploadLocks } from './upload-ports.ts';

/** MinIO removes an open multipart upload 24 hours after it began, so none may be promised for longer. */
export const RESUMABLE_LIFE_MS = 23 * 3600_000;
const PARTS_MAX = 10_000;
const MIB = 1024 * 1024;
/** After so many small requests the pieces behind the last full part are joined. */
const TAIL_PIECES_MAX = 16;
/** A running digest of an upload that nobody continues is given up after this; it is then taken from the stored object. */
const RUNNING_KEPT_MS = 30 * 60_000;

export type NewResumable = Pick<ResumableInfo, 'owner' | 'size' | 'field' | 'filename' | 'type' | 'digest' | 'metadata'>;
export interface Append {
  offset: number;
  /** gives the body to `write`; resolves true when it came whole, false when the line was cut */
  body(write: (chunk: Buffer) => Promise<void> | undefined, stop: AbortSignal): Promise<boolean>;
  checksum: { algorithm: DigestAlgorithm; value: Buffer } | null;
}
export interface ResumableDeps { store: ArtifactStore; locks: UploadLocks; clock: Clock; maxBytes: number }
/** What this process remembers of an upload that it writes. Losing it costs time, never bytes. */
interface Running { parts: StoredPart[]; digest: RunningDigest | null; digested: number; usedAt: number }

/**
 * Uploads that can be cut and continued, by this process or another: parts of a fixed size in an S3 multipart upload, what is
 * behind the last full part in small objects beside it, and one small object that says what it is. Nothing is kept elsewhere.
 *
 * Two writers at once (a lock lost with Redis) can do no harm: parts have fixed places, and the object is completed by the etags
 * of the very parts whose bytes the digest saw; where another wrote between, the digest is taken again from the stored object.
 */
export class ResumableUploads {
  readonly #deps: ResumableDeps;
  readonly #running = new Map<string, Running>();

  constructor(deps: ResumableDeps) {
    this.#deps = deps;
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
      id, key, uploadId: await this.#blobs.begin(key), ...asked, partBytes: this.#partBytes(asked.size),
      createdAt: new Date(now).toISOString(), expiresAt: new Date(now + RESUMABLE_LIFE_MS).toISOString(),
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
    const info = /^[0-9a-f]{32}$/.test(id) ? await readInfo(this.#blobs, id) : null;
    if (!info || info.owner !== owner) throw new NotFound('There is no such upload.', { code: 'upload-not-found', remedy: 'Begin it again.' });
    if (Date.parse(info.expiresAt) <= this.#deps.clock.now().getTime()) throw new Gone('This upload has expired.', { code: 'upload-expired', remedy: 'Begin it again.' });
    return info;
  }

  async offset(info: ResumableInfo): Promise<number> {
    return (await readPosition(this.#blobs, info)).offset;
  }

  /** Takes bytes at `offset`; answers the new offset. What came before a cut is kept, unless a checksum stands over it. */
  async append(info: ResumableInfo, append: Append): Promise<number> {
    const lock = await this.#deps.locks.acquire(info.id);
    try {
      const { position, running } = await this.#resume(info);
      if (append.offset !== position.offset) {
        throw new Conflict(`The upload stands at ${position.offset}, not at ${append.offset}.`, { code: 'upload-offset', remedy: 'Ask for its offset (HEAD) and go on from there.' });
      }
      if (position.complete || position.offset === info.size) return info.size;
      await this.#makeVoid(info, position.strays);
      return await this.#take(info, position, running, append, lock.lost);
    } finally {
      await lock.release();
    }
  }

  /** The digest of an upload whose bytes are all here. Reads the object when no process saw all its bytes. */
  async finished(info: ResumableInfo): Promise<{ digest: string; size: number; key: string }> {
    const lock = await this.#deps.locks.acquire(info.id);
    try {
      let done = await readDone(this.#blobs, info.id);
      if (!done) {
        const position = await readPosition(this.#blobs, info);
        if (position.offset !== info.size) {
          throw new Conflict(`"${info.filename}" is not complete: ${position.offset} of ${info.size} bytes are here.`, { code: 'upload-incomplete', remedy: 'Continue the upload.' });
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
      this.#forget(info.id);
      const done = await readDone(this.#blobs, info.id);
      await this.#blobs.abort(info.key, info.uploadId);
      const artifact = done?.digest ? await this.#deps.store.storedAtDigest(done.digest) : null;
      if (artifact !== info.key) await this.#blobs.remove(info.key);
      for await (const { key } of this.#blobs.list(`tus/${info.id}/`)) if (!key.endsWith('/info')) await this.#blobs.remove(key);
      await this.#blobs.remove(stateKey(info.id, 'info')); // last: whatever is left before it is found by it again
    } finally {
      await lock.release();
    }
  }

  async #resume(info: ResumableInfo): Promise<{ position: ResumablePosition; running: Running }> {
    this.#forgetIdle();
    const mine = this.#running.get(info.id);
    let position = await readPosition(this.#blobs, info, mine?.parts);
    // Somebody else wrote since: what this process remembers is not the whole story.
    const stale = mine !== undefined && (position.parts.length > mine.parts.length || position.strays.length > 0 || position.complete || position.offset !== mine.digested);
    if (stale) {
      this.#forget(info.id);
      position = await readPosition(this.#blobs, info);
    }
    const fresh = (): Running => ({ parts: position.parts, digest: position.offset === 0 ? this.#deps.store.digester.start('sha256') : null, digested: 0, usedAt: 0 });
    const running = stale || !mine ? fresh() : mine;
    running.usedAt = this.#deps.clock.now().getTime();
    this.#running.set(info.id, running);
    return { position, running };
  }

  async #take(info: ResumableInfo, position: ResumablePosition, running: Running, append: Append, stop: AbortSignal): Promise<number> {
    const checksum = append.checksum && this.#deps.store.digester.start(append.checksum.algorithm);
    // Bytes that fail their checksum must not have gone into the digest of the file.
    const digest = checksum ? (running.digest?.fork() ?? null) : running.digest;
    const pump = new PartPump({
      store: this.#blobs, buffers: this.#deps.store.buffers, partBytes: info.partBytes, inFlight: this.#deps.store.partsInFlight, firstNumber: position.parts.length + 1,
      target: async () => ({ key: info.key, uploadId: info.uploadId }), digests: [digest, checksum].filter((each) => each !== null), holdFirst: checksum !== null,
    });
    try {
      for (const piece of position.tail) pump.prefill(await readAll(await this.#blobs.get(piece.key)));
      let received = 0;
      const whole = await append.body((chunk) => {
        received += chunk.length;
        if (position.offset + received > info.size) throw tooLarge('The body goes beyond Upload-Length, and', info.size);
        return pump.write(chunk);
      }, stop);
      await pump.digestRest();
      if (checksum && (!whole || !(await matches(checksum, append.checksum!.value)))) {
        await pump.close();
        await this.#makeVoid(info, pump.stored.map(({ number }) => number));
        if (!whole) {
          digest?.drop();
          return position.offset;
        }
        throw new ChecksumMismatch('The bytes do not have the checksum that the request names; they were thrown away.', { code: 'checksum-mismatch', remedy: 'Send them again.' });
      }
      const offset = position.offset + received;
      const last = offset === info.size;
      await pump.flush({ last });
      if (!last) await this.#keepRest(info, position, pump, offset);
      if (checksum) running.digest?.drop();
      running.digest = digest;
      running.parts = [...position.parts, ...pump.stored];
      running.digested = offset;
      if (last) await this.#complete(info, { ...position, offset, parts: running.parts }, digest);
      return offset;
    } catch (error) {
      if (digest !== running.digest) digest?.drop();
      // What the running digest has seen is no longer what is stored, but for a checksum: there it saw nothing.
      if (!(error instanceof ChecksumMismatch)) this.#forget(info.id);
      throw error;
    } finally {
      await pump.close();
    }
  }

  /** What does not fill a part becomes a piece of the tail; many pieces become one. */
  async #keepRest(info: ResumableInfo, position: ResumablePosition, pump: PartPump, offset: number): Promise<void> {
    const rest = pump.rest;
    const partStart = offset - rest.length;
    const already = pump.begun ? 0 : position.offset - partStart;
    if (rest.length > already) {
      const from = position.tail.length >= TAIL_PIECES_MAX ? 0 : already;
      await this.#blobs.put(tailKey(info.id, partStart + from), rest.subarray(from), 'application/octet-stream');
    }
    if (!pump.begun) return;
    for (const { key } of position.tail) await this.#blobs.remove(key);
  }

  async #complete(info: ResumableInfo, position: ResumablePosition, digest: RunningDigest | null): Promise<{ digest: string | null }> {
    let seen = digest;
    if (!position.complete) {
      try {
        await this.#blobs.complete(info.key, info.uploadId, position.parts);
      } catch (error) {
        if (!(error instanceof Conflict)) throw error;
        // Another process wrote a part again: its bytes count, and our digest has not seen them.
        seen?.drop();
        seen = null;
        await this.#blobs.complete(info.key, info.uploadId, (await readPosition(this.#blobs, info)).parts);
      }
    }
    const done = { digest: seen ? `sha256:${await seen.hex()}` : null };
    this.#running.delete(info.id);
    await this.#blobs.put(stateKey(info.id, 'done'), JSON.stringify(done), 'application/json');
    for await (const { key } of this.#blobs.list(tailPrefix(info.id))) await this.#blobs.remove(key);
    return done;
  }

  async #digestStored(info: ResumableInfo): Promise<string> {
    const hash = createHash('sha256');
    for await (const chunk of await this.#blobs.get(info.key)) hash.update(chunk as Buffer);
    const digest = `sha256:${hash.digest('hex')}`;
    await this.#blobs.put(stateKey(info.id, 'done'), JSON.stringify({ digest }), 'application/json');
    return digest;
  }

  /** A part of another size than its place wants counts for nothing; S3 cannot remove a single part. */
  async #makeVoid(info: ResumableInfo, numbers: number[]): Promise<void> {
    await Promise.all(numbers.map((number) => this.#blobs.putPart(info.key, info.uploadId, number, Buffer.alloc(partSize(info, number) === 1 ? 2 : 1))));
  }

  #partBytes(size: number): number {
    const least = Math.ceil(size / PARTS_MAX / MIB) * MIB;
    const { bytes } = this.#deps.store.buffers;
    if (least > bytes) throw new Invalid('The file is too large for this storage.', { code: 'upload-too-large' });
    return bytes;
  }

  #forget(id: string): void {
    this.#running.get(id)?.digest?.drop();
    this.#running.delete(id);
  }
  #forgetIdle(): void {
    const before = this.#deps.clock.now().getTime() - RUNNING_KEPT_MS;
    for (const [id, { usedAt }] of this.#running) if (usedAt < before) this.#forget(id);
  }
  get #blobs() {
    return this.#deps.store.blobs;
  }
}

async function matches(digest: RunningDigest, expected: Buffer): Promise<boolean> {
  return (await digest.hex()) === expected.toString('hex');
}
