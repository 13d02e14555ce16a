import type { DigestAnswer } from './digest.worker.ts';

let worker: Worker | undefined;
const waiting = new Map<string, (answer: DigestAnswer) => void>();

/**
 * The SHA-256 of a file as `sha256:<hex>`, taken beside the page's thread; `onShare` hears 0…1.
 * Undefined where the browser cannot: the server takes its own in any case.
 */
export function digestOf(
  id: string,
  file: File,
  onShare: (share: number) => void,
): Promise<string | undefined> {
  worker ??= start();
  return new Promise((done) => {
    waiting.set(id, (answer) => {
      if ('share' in answer) return onShare(answer.share);
      waiting.delete(id);
      done('digest' in answer ? answer.digest : undefined);
    });
    worker?.postMessage({ id, file });
  });
}

function start(): Worker {
  const made = new Worker(new URL('./digest.worker.ts', import.meta.url), { type: 'module' });
  made.addEventListener('message', ({ data }: MessageEvent<DigestAnswer>) =>
    waiting.get(data.id)?.(data),
  );
  made.addEventListener('error', () => {
    for (const [id, answer] of waiting) answer({ id, error: 'worker' });
    worker = undefined;
  });
  return made;
}
