import { Locked } from '../../errors.ts';
import type { UploadLock, UploadLocks } from '../../services/ports/blob-store.ts';

/** How long the newer request waits until the older one has put away what it received. */
export const LOCK_PATIENCE_MS = 20_000;

/**
 * One writer at a time within this process. The newer request wins: its client is the one that is
 * still there.
 */
export class LocalUploadLocks implements UploadLocks {
  readonly #held = new Map<string, { asked: AbortController; freed: Promise<void> }>();

  async acquire(id: string): Promise<UploadLock> {
    const deadline = Date.now() + LOCK_PATIENCE_MS;
    for (let holder = this.#held.get(id); holder; holder = this.#held.get(id)) {
      holder.asked.abort(takenOver());
      await withinTime(holder.freed, deadline - Date.now());
    }
    const asked = new AbortController();
    let free!: () => void;
    const freed = new Promise<void>((resolve) => {
      free = resolve;
    });
    this.#held.set(id, { asked, freed });
    return {
      lost: asked.signal,
      shared: false,
      idle: () => undefined,
      busy: () => undefined,
      release: async () => {
        this.#held.delete(id);
        free();
      },
    };
  }

  async free(id: string, ms: number): Promise<void> {
    const holder = this.#held.get(id);
    if (holder) await withinTime(holder.freed, ms).catch(() => undefined);
  }
}

export function takenOver(): Locked {
  return new Locked('A newer request goes on with this upload.', {
    code: 'upload-locked',
    remedy: 'Ask for its offset (HEAD) and go on from there.',
  });
}

async function withinTime(freed: Promise<void>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () =>
        reject(
          new Locked('Another request writes this upload.', {
            code: 'upload-locked',
            remedy: 'Try again in a moment.',
            retryAfterSeconds: 5,
          }),
        ),
      Math.max(0, ms),
    );
  });
  try {
    await Promise.race([freed, late]);
  } finally {
    clearTimeout(timer);
  }
}
