import type { BlobStore, RunningDigest } from '../ports/blob-store.ts';
import type { BufferShare, PartBuffer, PartBuffers } from './part-buffers.ts';

export interface PartPumpOptions {
  store: BlobStore;
  buffers: PartBuffers;
  /** bytes of a part, at most `buffers.bytes`; all but the last part are exactly this long */
  partBytes: number;
  /** parts on their way at the same time */
  inFlight: number;
  firstNumber: number;
  /**
   * where the parts go; asked once, when the first one is full, so that a small file opens no
   * multipart upload
   */
  target(): Promise<{ key: string; uploadId: string }>;
  /** told of all bytes in their order */
  digests: RunningDigest[];
  /**
   * keep the first part in memory until `flush`: what is behind a gap does not count as received
   * (tus checksum)
   */
  holdFirst?: boolean;
}

/**
 * Cuts a stream of bytes into parts of equal size and stores several at a time. Memory: `inFlight +
 * 2` buffers at most. After a failure every call throws that failure; `close` gives the memory back
 * in any case.
 */
export class PartPump {
  readonly stored: { number: number; etag: string; size: number }[] = [];
  readonly #options: PartPumpOptions;
  readonly #share: BufferShare;
  readonly #sending = new Set<Promise<void>>();
  readonly #abort = new AbortController();
  #number: number;
  #current: PartBuffer | null = null;
  /** how much of `#current` the digests know */
  #digested = 0;
  #held: { number: number; buffer: PartBuffer } | null = null;
  #target: Promise<{ key: string; uploadId: string }> | null = null;
  #failure: Error | null = null;

  constructor(options: PartPumpOptions) {
    this.#options = options;
    this.#share = options.buffers.share();
    this.#number = options.firstNumber;
  }

  /** What waits in memory for its part to be full. Valid until the next write. */
  get rest(): Buffer {
    return this.#current ? this.#current.memory.subarray(0, this.#current.length) : Buffer.alloc(0);
  }
  /** whether a full part has left for the storage */
  get begun(): boolean {
    return this.#number > this.#options.firstNumber;
  }

  /**
   * Bytes of the first part that an earlier request brought; the digests know them. Before the
   * first write.
   */
  prefill(bytes: Buffer): void {
    this.#current ??= this.#share.take()!;
    bytes.copy(this.#current.memory, this.#current.length);
    this.#current.length += bytes.length;
    this.#digested = this.#current.length;
  }

  /**
   * Takes a copy of `chunk`. undefined: go on at once; a promise: wait for it before the next
   * write.
   */
  write(chunk: Buffer): Promise<void> | undefined {
    if (this.#failure) throw this.#failure;
    const done = this.#copy(chunk, 0);
    return done === chunk.length ? undefined : this.#writeSlowly(chunk, done);
  }

  /** Tells the digests of the rest too, so that they stand at the last byte written. */
  async digestRest(): Promise<void> {
    if (this.#current) await Promise.all(this.#digest(this.#current));
    if (this.#failure) throw this.#failure;
  }

  /**
   * Stores what is held and waits for everything on its way. `last`: the rest becomes the last
   * part, whatever its size.
   */
  async flush({ last }: { last: boolean }): Promise<void> {
    await this.#settle();
    if (this.#held) {
      const { number, buffer } = this.#held;
      this.#held = null;
      this.#send(number, buffer, []);
    }
    if (last && this.#current && this.#current.length > 0) this.#dispatch(this.#current);
    await this.#settle();
    this.stored.sort((a, b) => a.number - b.number);
  }

  /** Ends what is on its way and gives the memory back. What is stored stays stored. */
  async close(): Promise<void> {
    this.#failure ??= new Error('This upload is closed.');
    this.#abort.abort(this.#failure);
    await Promise.all(this.#sending);
    this.#held?.buffer.release();
    this.#current?.release();
    this.#held = null;
    this.#current = null;
  }

  /** Copies what fits now. Less than all means: no buffer is free, wait for a part on its way. */
  #copy(chunk: Buffer, from: number): number {
    let done = from;
    while (done < chunk.length) {
      this.#current ??= this.#nextBuffer();
      const current = this.#current;
      if (!current) break;
      const n = Math.min(this.#options.partBytes - current.length, chunk.length - done);
      // Not `copy`: into shared memory V8 does that byte by byte, unless both ends are aligned
      // alike.
      current.memory.fill(
        n === chunk.length ? chunk : chunk.subarray(done, done + n),
        current.length,
        current.length + n,
      );
      current.length += n;
      done += n;
      if (current.length === this.#options.partBytes) this.#dispatch(current);
    }
    return done;
  }

  async #writeSlowly(chunk: Buffer, from: number): Promise<void> {
    let done = from;
    while (done < chunk.length) {
      await Promise.race(this.#sending);
      if (this.#failure) throw this.#failure;
      done = this.#copy(chunk, done);
    }
  }

  /** null only while a part is on its way: its buffer comes back. */
  #nextBuffer(): PartBuffer | null {
    if (this.#sending.size >= this.#options.inFlight) return null;
    const buffer = this.#share.take();
    // The held part may be all that this upload holds; waiting for its buffer would be for ever.
    return buffer ?? (this.#sending.size === 0 ? this.#options.buffers.share().take() : null);
  }

  #dispatch(buffer: PartBuffer): void {
    const digested = this.#digest(buffer);
    const number = this.#number++;
    this.#current = null;
    this.#digested = 0;
    if (this.#options.holdFirst && number === this.#options.firstNumber) {
      this.#held = { number, buffer };
      this.#track(Promise.all(digested));
    } else this.#send(number, buffer, digested);
  }

  #digest(buffer: PartBuffer): Promise<void>[] {
    const bytes = buffer.memory.subarray(this.#digested, buffer.length);
    this.#digested = buffer.length;
    return bytes.length === 0 ? [] : this.#options.digests.map((digest) => digest.update(bytes));
  }

  #send(number: number, buffer: PartBuffer, digested: Promise<void>[]): void {
    const bytes = buffer.memory.subarray(0, buffer.length);
    this.#target ??= this.#options.target();
    const put = this.#target
      .then(({ key, uploadId }) =>
        this.#options.store.putPart({ key, uploadId, number }, bytes, this.#abort.signal),
      )
      .then((etag) => {
        this.stored.push({ number, etag, size: bytes.length });
      });
    // The memory is used again only when both the storage and the digests are through with it.
    this.#track(
      Promise.allSettled([put, ...digested]).then((results) => {
        buffer.release();
        for (const result of results) if (result.status === 'rejected') throw result.reason;
      }),
    );
  }

  #track(work: Promise<unknown>): void {
    const tracked: Promise<void> = work
      .then(
        () => undefined,
        (error: Error) => {
          this.#failure ??= error;
          this.#abort.abort(error);
        },
      )
      .finally(() => this.#sending.delete(tracked));
    this.#sending.add(tracked);
  }

  async #settle(): Promise<void> {
    await Promise.all(this.#sending);
    if (this.#failure) throw this.#failure;
  }
}
