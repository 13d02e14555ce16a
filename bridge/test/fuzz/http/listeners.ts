// Both listeners of the bridge with fakes behind, in a process of their own that a fault may end.
// Prints their ports.
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { LocalUploadLocks } from '../../../src/adapters/redis/local-upload-locks.ts';
import { composeUploads } from '../../../src/compose/uploads.ts';
import { Unauthenticated } from '../../../src/errors.ts';
import { createListener } from '../../../src/http/listener.ts';
import { podListener } from '../../../src/http/builds/pod-listener.ts';
import { attachUploadLines } from '../../../src/http/uploads/direct-body.ts';
import type { Logger } from '../../../src/services/ports/runtime.ts';
import { attachSocketHub } from '../../../src/ws/hub.ts';
import { MemoryBlobStore } from '../../fakes/memory-blob-store.ts';
import { realClock } from '../../fakes/real-clock.ts';
import { UploadOdoo } from '../../fakes/upload-odoo.ts';
import { person, startHttpApp } from '../../unit/http/http-app.ts';

const log: Logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => log };
const odoo = new UploadOdoo();
const { router, store } = composeUploads({
  blobs: new MemoryBlobStore(),
  odoo,
  locks: new LocalUploadLocks(),
  clock: realClock,
  log,
  maxBytes: 2 ** 20,
  receiptSecret: 'fuzz-fuzz-fuzz-fuzz',
  requestIdOf: () => 'fuzz',
  callerOf: ({ headers }) => {
    if (headers.authorization !== 'Bearer ada')
      throw new Unauthenticated('nobody is logged in', { code: 'login-needed' });
    return { kind: 'key', key: 'ada' };
  },
});
const app = await startHttpApp({ uploads: router });
attachUploadLines(app.server);
attachSocketHub(app.server, {
  log,
  origins: [],
  authenticate: async ({ headers }) => {
    await new Promise((resolve) => {
      setTimeout(resolve, 2);
    });
    if (headers.authorization !== 'Bearer ada')
      throw new Unauthenticated('nobody is logged in', { code: 'login-needed' });
    return { whoami: person('ada'), stillGood: async () => true };
  },
  journal: { after: async () => [], head: async () => 0, onAppend: () => () => undefined },
});
const pods = createListener(
  podListener({
    odoo,
    store,
    clock: realClock,
    log,
    registry: { origin: 'http://127.0.0.1:9', authorization: undefined },
    tokenSecret: 'fuzz-fuzz-fuzz-fuzz',
  }),
);
pods.listen(0, '127.0.0.1');
await once(pods, 'listening');
process.stdout.write(
  `${JSON.stringify([new URL(app.url).port, (pods.address() as AddressInfo).port].map(Number))}\n`,
);
