import { createHash } from 'node:crypto';
import type { LayerFrame } from '../../domain/builds/model-layer.ts';
import { Failed, NotFound } from '../../errors.ts';
import type { VersionWork } from '../ports/odoo.ts';
import type { ObjectStore } from '../ports/object-store.ts';

type Artifact = VersionWork['artifacts'][number];

/**
 * The bytes of a model's layer in their order, out of object storage, never more than a buffer of
 * them in memory; both digests are taken on the way.
 */
export class LayerBytes {
  readonly #layer = createHash('sha256');
  readonly #chunks: AsyncGenerator<Buffer, void>;
  #rest: Buffer = Buffer.alloc(0);
  /** why no more bytes came; told to nobody else when they are the body of a request */
  failure: Error | null = null;

  constructor(store: ObjectStore, artifact: Artifact, frame: LayerFrame) {
    this.#chunks = chunksOf(store, artifact, frame);
  }

  /** The next `length` bytes. */
  async *take(length: number): AsyncGenerator<Buffer, void> {
    let left = length;
    while (left > 0) {
      const chunk = this.#rest.length > 0 ? this.#rest : await this.#next();
      const part = chunk.subarray(0, left);
      this.#rest = chunk.subarray(part.length);
      left -= part.length;
      this.#layer.update(part);
      yield part;
    }
  }

  /** Reads on without handing anything out, for bytes that the other side has already. */
  async skip(length: number): Promise<void> {
    for await (const part of this.take(length)) void part;
  }

  /** the digest of all bytes taken */
  digest(): string {
    return `sha256:${this.#layer.digest('hex')}`;
  }

  async close(): Promise<void> {
    await this.#chunks.return();
  }

  async #next(): Promise<Buffer> {
    try {
      const { value, done } = await this.#chunks.next();
      if (done) throw new Error('the layer ended too early');
      return value;
    } catch (error) {
      this.failure = error as Error;
      throw error;
    }
  }
}

async function* chunksOf(
  store: ObjectStore,
  artifact: Artifact,
  frame: LayerFrame,
): AsyncGenerator<Buffer, void> {
  yield frame.head;
  const content = createHash('sha256');
  let size = 0;
  for await (const chunk of objectBytes(store, artifact.objectKey)) {
    size += chunk.length;
    content.update(chunk);
    if (size > artifact.size) break; // not the file that was approved; its digest says so below
    yield chunk;
  }
  const digest = `sha256:${content.digest('hex')}`;
  if (digest !== artifact.digest) {
    throw new Failed(
      `ArtifactChanged: ${artifact.filename} is ${digest}, approved was ${artifact.digest}.`,
      { code: 'artifact-changed' },
    );
  }
  if (frame.tail.length > 0) yield frame.tail;
}

/**
 * A line to the storage that breaks is taken up again where it broke, as long as each brings
 * something: a registry may forget an upload that pauses.
 */
async function* objectBytes(store: ObjectStore, key: string): AsyncGenerator<Buffer, void> {
  let [at, brokeAt] = [0, 0];
  for (;;) {
    try {
      for await (const chunk of await store.get(key, at === 0 ? undefined : { start: at })) {
        at += (chunk as Buffer).length;
        yield chunk as Buffer;
      }
      return;
    } catch (error) {
      if (at === brokeAt || error instanceof NotFound) throw error;
      brokeAt = at;
    }
  }
}
