import { Worker } from 'node:worker_threads';
import { Failed } from '../../errors.ts';
import type { DigestAlgorithm, Digester, RunningDigest } from '../../services/ports/blob-store.ts';

/**
 * Digests in one thread of their own: 1.4 GB/s beside the main thread, which so stays free for
 * sockets. Bytes in shared memory (PartBuffers) are read in place; others are copied by the
 * message.
 */
export class ThreadDigester implements Digester {
  #worker: Worker | null = null;
  #nextStream = 1;
  #nextSeq = 1;
  readonly #waiting = new Map<
    number,
    { resolve(hex: string | undefined): void; reject(error: Error): void }
  >();

  start(algorithm: DigestAlgorithm): RunningDigest {
    const worker = this.#thread();
    const stream = this.#nextStream++;
    worker.postMessage({ stream, op: 'start', algorithm });
    return this.#running(worker, stream);
  }

  #running(worker: Worker, stream: number): RunningDigest {
    return {
      update: async (bytes) => {
        await this.#ask(worker, stream, 'update', bytes);
      },
      hex: async () => (await this.#ask(worker, stream, 'hex'))!,
      fork: () => {
        const copy = this.#nextStream++;
        worker.postMessage({ stream: copy, op: 'fork', from: stream });
        return this.#running(worker, copy);
      },
      drop: () => worker.postMessage({ stream, op: 'drop' }),
    };
  }

  #ask(
    worker: Worker,
    stream: number,
    op: 'update' | 'hex',
    bytes?: Buffer,
  ): Promise<string | undefined> {
    // The thread that began the digest has ended: its state is lost, so the digest cannot go on.
    if (this.#worker !== worker) return Promise.reject(threadEnded());
    const seq = this.#nextSeq++;
    return new Promise((resolve, reject) => {
      // somebody waits: the process must not end under them
      if (this.#waiting.size === 0) worker.ref();
      this.#waiting.set(seq, { resolve, reject });
      worker.postMessage({ stream, seq, op, bytes: bytes && shareable(bytes) });
    });
  }

  async close(): Promise<void> {
    const worker = this.#worker;
    this.#worker = null;
    await worker?.terminate();
  }

  #thread(): Worker {
    if (this.#worker) return this.#worker;
    // execArgv: the thread needs none of the loaders that the program was started with.
    const worker = new Worker(new URL('./digest-worker.mjs', import.meta.url), { execArgv: [] });
    worker.unref();
    worker.on('message', ({ seq, hex, error }: { seq: number; hex?: string; error?: string }) => {
      const waiter = this.#waiting.get(seq);
      this.#waiting.delete(seq);
      if (this.#waiting.size === 0) worker.unref();
      if (error)
        waiter?.reject(
          new Failed(`The digest could not be taken: ${error}`, { code: 'digest-failed' }),
        );
      else waiter?.resolve(hex);
    });
    const ended = (): void => {
      if (this.#worker === worker) this.#worker = null;
      for (const waiter of this.#waiting.values()) waiter.reject(threadEnded());
      this.#waiting.clear();
    };
    worker.on('error', ended);
    worker.on('exit', ended);
    this.#worker = worker;
    return worker;
  }
}

/** A message copies the whole memory under a view: only shared memory goes as it is. */
function shareable(bytes: Buffer): Uint8Array {
  return bytes.buffer instanceof SharedArrayBuffer ? bytes : new Uint8Array(bytes);
}

function threadEnded(): Failed {
  return new Failed('The thread that takes digests has ended.', {
    code: 'digest-failed',
    remedy: 'Send the upload again.',
  });
}
