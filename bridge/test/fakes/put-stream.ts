import type { Readable } from 'node:stream';
import type { ArtifactStore } from '../../src/services/uploads/artifact-store.ts';
import type { StoredObject } from '../../src/services/ports/object-store.ts';
import { BufferBudget } from '../../src/services/uploads/staged-artifact.ts';

/** One stream through the steps of an upload: write, seal, commit; aborted on any failure. */
export async function putStream(
  store: ArtifactStore,
  stream: Readable,
  options: { maxBytes: number; expectedDigest?: string; signal?: AbortSignal },
): Promise<StoredObject> {
  const upload = store.open({
    ...options,
    field: 'file',
    kept: new BufferBudget(store.buffers.bytes),
  });
  const stop = (): void => {
    stream.destroy(options.signal!.reason as Error);
  };
  try {
    options.signal?.throwIfAborted();
    options.signal?.addEventListener('abort', stop, { once: true });
    for await (const chunk of stream) await upload.write(chunk as Buffer);
    await upload.seal();
    return await upload.commit();
  } catch (error) {
    await upload.abort();
    throw error;
  } finally {
    options.signal?.removeEventListener('abort', stop);
  }
}
