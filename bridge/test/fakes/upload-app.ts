import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type NextFunction, type Request, type Response } from 'express';
import { ThreadDigester } from '../../src/adapters/digest/thread-digester.ts';
import { BridgeError, Unauthenticated } from '../../src/errors.ts';
import { uploadRouter } from '../../src/http/uploads.ts';
import { ArtifactStore } from '../../src/services/artifact-store.ts';
import { LocalUploadLocks } from '../../src/services/local-upload-locks.ts';
import { PartBuffers } from '../../src/services/part-buffers.ts';
import type { Clock, OdooPort } from '../../src/services/ports.ts';
import { ResumableUploads } from '../../src/services/upload-resumable.ts';
import type { BlobStore, UploadLocks } from '../../src/services/upload-ports.ts';
import { MemoryBlobStore } from './memory-blob-store.ts';
import { realClock } from './real-clock.ts';
import { RECEIPT_SECRET, UploadOdoo } from './upload-odoo.ts';

export interface UploadAppOptions { blobs?: BlobStore; odoo?: OdooPort; locks?: UploadLocks; clock?: Clock; maxBytes?: number; partBytes?: number; partsInFlight?: number }
export interface UploadApp { url: string; port: number; server: Server; store: ArtifactStore; uploads: ResumableUploads; close(): Promise<void> }

/** The upload routes of the bridge alone on a port of their own. A bearer token names the user. */
export async function startUploadApp(options: UploadAppOptions = {}): Promise<UploadApp> {
  const { blobs = new MemoryBlobStore(), odoo = new UploadOdoo(), locks = new LocalUploadLocks(), clock = realClock, maxBytes = 10 * 2 ** 30 } = options;
  const partsInFlight = options.partsInFlight ?? 4;
  const digester = new ThreadDigester();
  const store = new ArtifactStore({ blobs, digester, clock, partsInFlight, buffers: new PartBuffers(options.partBytes ?? 8 * 2 ** 20, 2 * partsInFlight) });
  const uploads = new ResumableUploads({ store, locks, clock, maxBytes });
  const app = express();
  app.use(uploadRouter({
    store, odoo, clock, receiptSecret: RECEIPT_SECRET, maxBytes, uploads, requestIdOf: () => 'test',
    callerOf: (request) => {
      const key = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
      if (!key) throw new Unauthenticated('nobody is logged in', { code: 'login-needed' });
      return { kind: 'key', key };
    },
  }));
  app.use((error: Error, _request: Request, response: Response, next: NextFunction) => {
    if (response.headersSent) return next(error);
    const { status, code, errors, remedy } = error instanceof BridgeError ? error : { status: 500, code: 'failed', errors: undefined, remedy: undefined };
    if (status === 500) console.error(error);
    response.status(status).type('application/problem+json').send(JSON.stringify({ status, code, detail: error.message, errors, remedy }));
  });
  const server = createServer({ requestTimeout: 0 }, app);
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`, port, server, store, uploads,
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => { server.close(() => resolve()); });
      await digester.close();
    },
  };
}
