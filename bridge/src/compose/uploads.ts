import type { Router } from 'express';
import { ThreadDigester } from '../adapters/digest/thread-digester.ts';
import type { RequestIdentity } from '../http/uploads/tus/router.ts';
import { uploadRouter } from '../http/uploads/router.ts';
import { ArtifactStore } from '../services/uploads/artifact-store.ts';
import { OrphanCollector } from '../services/uploads/collect-orphans.ts';
import { PartBuffers } from '../services/uploads/part-buffers.ts';
import type { OdooPort } from '../services/ports/odoo.ts';
import type { Clock, Logger } from '../services/ports/runtime.ts';
import { ResumableUploads } from '../services/uploads/resumable-uploads.ts';
import type { BlobStore, UploadLocks } from '../services/ports/blob-store.ts';

/**
 * Measured (docs/benchmarks.md): smaller parts cost the bridge and MinIO more, larger ones only
 * memory.
 */
const PART_BYTES = 16 * 1024 * 1024;
const PARTS_IN_FLIGHT = 4;
/** Two uploads at full speed; further ones get slower, not the memory larger. */
const EXTRA_BUFFERS = 2 * PARTS_IN_FLIGHT;

export interface UploadParts {
  blobs: BlobStore;
  locks: UploadLocks;
  odoo: OdooPort;
  clock: Clock;
  log: Logger;
  receiptSecret: string;
  maxBytes: number;
  partBytes?: number;
  partsInFlight?: number;
  lingerMs?: number;
}

/**
 * Everything about bytes, wired together. `store` is the ObjectStore of all jobs. Run `collector`
 * about once an hour, anywhere.
 */
export function composeUploads(parts: UploadParts & RequestIdentity): {
  store: ArtifactStore;
  uploads: ResumableUploads;
  router: Router;
  collector: OrphanCollector;
  close(): Promise<void>;
} {
  const { blobs, locks, odoo, clock, log, receiptSecret, maxBytes, callerOf, requestIdOf } = parts;
  const digester = new ThreadDigester();
  const store = new ArtifactStore({
    blobs,
    digester,
    clock,
    buffers: new PartBuffers(parts.partBytes ?? PART_BYTES, EXTRA_BUFFERS),
    partsInFlight: parts.partsInFlight ?? PARTS_IN_FLIGHT,
  });
  const uploads = new ResumableUploads({ store, locks, clock, maxBytes, lingerMs: parts.lingerMs });
  return {
    store,
    uploads,
    router: uploadRouter({
      store,
      odoo,
      clock,
      receiptSecret,
      maxBytes,
      uploads,
      callerOf,
      requestIdOf,
    }),
    collector: new OrphanCollector({ store, uploads, odoo, clock, log }),
    close: async () => {
      await uploads.close();
      await digester.close();
    },
  };
}
