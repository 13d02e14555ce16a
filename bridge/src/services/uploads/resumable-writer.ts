import { buffer as readAll } from 'node:stream/consumers';
import type { ArtifactStore } from './artifact-store.ts';
import { tooLarge } from './rules.ts';
import { PartPump } from './part-writer.ts';
import {
  makeVoid,
  tailKey,
  type ResumableInfo,
  type ResumablePosition,
} from './resumable-state.ts';
import { ChecksumMismatch } from '../../errors.ts';
import type { DigestAlgorithm, RunningDigest } from '../ports/blob-store.ts';

/** After so many small requests the pieces behind the last full part are joined. */
const TAIL_PIECES_MAX = 16;

export interface Append {
  offset: number;
  /** gives the body to `write`; resolves true when it came whole, false when the line was cut */
  body(write: (chunk: Buffer) => Promise<void> | undefined, stop: AbortSignal): Promise<boolean>;
  checksum: { algorithm: DigestAlgorithm; value: Buffer } | null;
}

/**
 * Writes one resumable upload, request after request. What a request brings is on its way to the
 * storage when it is answered; `settle` waits until it is there. After a failure other than of a
 * checksum it is of no more use: the storage knows the position.
 */
export class ResumableWriter {
  readonly info: ResumableInfo;
  readonly #store: ArtifactStore;
  #position: ResumablePosition;
  #offset: number;
  #pump: PartPump | null = null;
  /** of all bytes up to the offset; null when another process brought some of them */
  #digest: RunningDigest | null;

  /** @param position as the storage has it */
  constructor(
    store: ArtifactStore,
    info: ResumableInfo,
    position: ResumablePosition,
    digest: RunningDigest | null,
  ) {
    this.info = info;
    this.#store = store;
    this.#position = position;
    this.#offset = position.offset;
    this.#digest = digest;
  }

  /**
   * where the next byte goes; what lies before it is received, and stored once `settle` has ended
   */
  get offset(): number {
    return this.#offset;
  }
  get position(): ResumablePosition {
    return this.#position;
  }
  get digest(): RunningDigest | null {
    return this.#digest;
  }

  /**
   * Takes the bytes behind the offset; answers the new one. What came before a cut is kept, unless
   * a checksum stands over it.
   */
  async take(append: Append, stop: AbortSignal): Promise<number> {
    if (append.checksum) return this.#takeChecked(append, append.checksum, stop);
    const pump = (this.#pump ??= await this.#open(this.#digest ? [this.#digest] : [], false));
    await append.body((chunk) => {
      this.#count(chunk.length);
      return pump.write(chunk);
    }, stop);
    if (this.#offset === this.info.size) await this.settle();
    return this.#offset;
  }

  /** Stores all that was received and gives the memory back. */
  async settle(): Promise<void> {
    const pump = this.#pump;
    if (!pump) return;
    await pump.digestRest();
    await this.#put(pump);
    this.#pump = null;
    await pump.close();
  }

  /** Gives the memory back, whatever is on its way. */
  async close(): Promise<void> {
    await this.#pump?.close();
    this.#pump = null;
  }

  async #takeChecked(
    append: Append,
    { algorithm, value }: NonNullable<Append['checksum']>,
    stop: AbortSignal,
  ): Promise<number> {
    await this.settle();
    const before = this.#offset;
    const sum = this.#store.digester.start(algorithm);
    // Bytes that fail their checksum must not have gone into the digest of the file.
    const digest = this.#digest?.fork() ?? null;
    const pump = await this.#open(digest ? [digest, sum] : [sum], true);
    try {
      const whole = await append.body((chunk) => {
        this.#count(chunk.length);
        return pump.write(chunk);
      }, stop);
      await pump.digestRest();
      if (!whole || (await sum.hex()) !== value.toString('hex')) {
        this.#offset = before;
        await pump.close();
        await makeVoid(
          this.#store.blobs,
          this.info,
          pump.stored.map(({ number }) => number),
        );
        if (!whole) return before;
        throw new ChecksumMismatch(
          'The bytes do not have the checksum that the request names; they were thrown away.',
          { code: 'checksum-mismatch', remedy: 'Send them again.' },
        );
      }
      await this.#put(pump);
      this.#digest?.drop();
      this.#digest = digest;
      return this.#offset;
    } finally {
      sum.drop();
      if (digest !== this.#digest) digest?.drop();
      await pump.close();
    }
  }

  #count(bytes: number): void {
    if (this.#offset + bytes > this.info.size)
      throw tooLarge('The body goes beyond Upload-Length, and', this.info.size);
    this.#offset += bytes;
  }

  async #open(digests: RunningDigest[], holdFirst: boolean): Promise<PartPump> {
    const { key, uploadId, partBytes } = this.info;
    const { blobs, buffers, partsInFlight } = this.#store;
    const pump = new PartPump({
      store: blobs,
      buffers,
      partBytes,
      inFlight: partsInFlight,
      firstNumber: this.#position.parts.length + 1,
      target: async () => ({ key, uploadId }),
      digests,
      holdFirst,
    });
    try {
      for (const piece of this.#position.tail)
        pump.prefill(await readAll(await blobs.get(piece.key)));
      return pump;
    } catch (error) {
      await pump.close();
      throw error;
    }
  }

  async #put(pump: PartPump): Promise<void> {
    const last = this.#offset === this.info.size;
    await pump.flush({ last });
    const tail = last ? this.#position.tail : await this.#keepRest(pump);
    this.#position = {
      ...this.#position,
      offset: this.#offset,
      parts: [...this.#position.parts, ...pump.stored],
      tail,
    };
  }

  /** What does not fill a part becomes a piece of the tail; many pieces become one. */
  async #keepRest(pump: PartPump): Promise<ResumablePosition['tail']> {
    const { blobs } = this.#store;
    const { id } = this.info;
    const { rest, begun } = pump;
    const old = this.#position.tail;
    const partStart = this.#offset - rest.length;
    const already = begun ? 0 : this.#position.offset - partStart;
    let tail = begun ? [] : old;
    if (rest.length > already) {
      const from = old.length >= TAIL_PIECES_MAX ? 0 : already;
      const piece = {
        key: tailKey(id, partStart + from),
        start: partStart + from,
        size: rest.length - from,
      };
      await blobs.put(piece.key, rest.subarray(from), 'application/octet-stream');
      tail = from === 0 ? [piece] : [...tail, piece];
    }
    if (begun) for (const { key } of old) await blobs.remove(key);
    return tail;
  }
}
