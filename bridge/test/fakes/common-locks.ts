import { LocalUploadLocks } from '../../src/adapters/redis/local-upload-locks.ts';
import type { UploadLock } from '../../src/services/ports/blob-store.ts';

/** Locks that all instances in this process see, as those in Redis are seen by all bridges. */
export class CommonLocks extends LocalUploadLocks {
  override async acquire(id: string): Promise<UploadLock> {
    return { ...(await super.acquire(id)), shared: true };
  }
}
