import { createSHA256 } from 'hash-wasm';

const CHUNK_BYTES = 8 * 1024 * 1024;

export type DigestAnswer =
  { id: string; share: number } | { id: string; digest: string } | { id: string; error: string };

/**
 * Reads a file piece by piece and says its SHA-256; one file at a time, so that the disk is read in
 * order.
 */
let queue: Promise<void> = Promise.resolve();
addEventListener('message', ({ data }: MessageEvent<{ id: string; file: File }>) => {
  queue = queue.then(() => digest(data.id, data.file));
});

async function digest(id: string, file: File): Promise<void> {
  const answer = (message: DigestAnswer): void => postMessage(message);
  try {
    const sha = await createSHA256();
    for (let at = 0; at < file.size; at += CHUNK_BYTES) {
      sha.update(new Uint8Array(await file.slice(at, at + CHUNK_BYTES).arrayBuffer()));
      answer({ id, share: Math.min(1, (at + CHUNK_BYTES) / file.size) });
    }
    answer({ id, digest: `sha256:${sha.digest('hex')}` });
  } catch (error) {
    answer({ id, error: String(error) });
  }
}
