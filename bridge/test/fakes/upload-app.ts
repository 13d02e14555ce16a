import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type NextFunction, type Request, type Response } from 'express';
import { composeUploads } from '../../src/compose/uploads.ts';
import { BridgeError, Unauthenticated } from '../../src/errors.ts';
import { attachUploadLines } from '../../src/http/uploads/direct-body.ts';
import type { ArtifactStore } from '../../src/services/uploads/artifact-store.ts';
import { LocalUploadLocks } from '../../src/adapters/redis/local-upload-locks.ts';
import type { OdooPort } from '../../src/services/ports/odoo.ts';
import type { Clock, Logger } from '../../src/services/ports/runtime.ts';
import type { ResumableUploads } from '../../src/services/uploads/resumable-uploads.ts';
import type { BlobStore, UploadLocks } from '../../src/services/ports/blob-store.ts';
import { MemoryBlobStore } from './memory-blob-store.ts';
import { realClock } from './real-clock.ts';
import { RECEIPT_SECRET, UploadOdoo } from './upload-odoo.ts';

export interface UploadAppOptions {
  blobs?: BlobStore;
  odoo?: OdooPort;
  locks?: UploadLocks;
  clock?: Clock;
  maxBytes?: number;
  partBytes?: number;
  partsInFlight?: number;
  lingerMs?: number;
}
export interface UploadApp {
  url: string;
  port: number;
  server: Server;
  store: ArtifactStore;
  uploads: ResumableUploads;
  close(): Promise<void>;
}

const silent: Logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => silent };

/** The upload routes of the bridge alone on a port of their own. A bearer token names the user. */
export async function startUploadApp(options: UploadAppOptions = {}): Promise<UploadApp> {
  const {
    blobs = new MemoryBlobStore(),
    odoo = new UploadOdoo(),
    locks = new LocalUploadLocks(),
    clock = realClock,
    maxBytes = 10 * 2 ** 30,
  } = options;
  const { store, uploads, router, close } = composeUploads({
    blobs,
    odoo,
    locks,
    clock,
    log: silent,
    maxBytes,
    receiptSecret: RECEIPT_SECRET,
    requestIdOf: () => 'test',
    ...(options.partBytes ? { partBytes: options.partBytes } : {}),
    ...(options.partsInFlight ? { partsInFlight: options.partsInFlight } : {}),
    ...(options.lingerMs ? { lingerMs: options.lingerMs } : {}),
    callerOf: (request) => {
      const key = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
      if (!key) throw new Unauthenticated('nobody is logged in', { code: 'login-needed' });
      return { kind: 'key', key };
    },
  });
  const app = express();
  app.use(router);
  app.use((error: Error, _request: Request, response: Response, next: NextFunction) => {
    if (response.headersSent) return next(error);
    const { status, code, errors, remedy } =
      error instanceof BridgeError
        ? error
        : { status: 500, code: 'failed', errors: undefined, remedy: undefined };
    if (status === 500) console.error(error);
    response
      .status(status)
      .type('application/problem+json')
      .send(JSON.stringify({ status, code, detail: error.message, errors, remedy }));
  });
  const server = createServer({ requestTimeout: 0 }, app);
  const lines = attachUploadLines(server);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    server,
    store,
    uploads,
    close: async () => {
      server.closeAllConnections();
      lines.closeAll();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
      await close();
    },
  };
}
