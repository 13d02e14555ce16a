/**
 * Memory for parts on their way to the storage, shared by all uploads of this process, so that it
 * is flat whatever is sent. Every upload may always have one buffer (a slow client never waits for
 * another's); further ones, for parts in flight, come out of a common allowance. Buffers lie in
 * shared memory: the digest thread reads them without a copy.
 */
export class PartBuffers {
  /** size of one buffer, and so the largest part */
  readonly bytes: number;
  #extraLeft: number;
  readonly #idle: Buffer[] = [];
  readonly #keepIdle: number;

  /** @param extra how many buffers all uploads together may hold beyond one each */
  constructor(bytes: number, extra: number) {
    this.bytes = bytes;
    this.#extraLeft = extra;
    this.#keepIdle = extra + 1;
  }

  /**
   * The account of one upload. `take` answers null while neither its own one nor an extra one is
   * free.
   */
  share(): BufferShare {
    let held = 0;
    return {
      take: () => {
        if (held > 0) {
          if (this.#extraLeft === 0) return null;
          this.#extraLeft -= 1;
        }
        held += 1;
        const memory = this.#idle.pop() ?? Buffer.from(new SharedArrayBuffer(this.bytes));
        let released = false;
        return {
          memory,
          length: 0,
          release: () => {
            if (released) return;
            released = true;
            held -= 1;
            if (held > 0) this.#extraLeft += 1; // the one still held becomes the upload's own
            if (this.#idle.length < this.#keepIdle) this.#idle.push(memory);
          },
        };
      },
    };
  }
}

export interface BufferShare {
  take(): PartBuffer | null;
}
export interface PartBuffer {
  readonly memory: Buffer;
  length: number;
  release(): void;
}
