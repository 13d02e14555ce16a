import { putStream } from '../../fakes/put-stream.ts';
import { randomBytes, randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { ThreadDigester } from '../../../src/adapters/digest/thread-digester.ts';
import { Unavailable } from '../../../src/errors.ts';
import {
  ArtifactStore,
  artifactKey,
  claimKey,
} from '../../../src/services/uploads/artifact-store.ts';
import { ORPHAN_GRACE_MS, OrphanCollector } from '../../../src/services/uploads/collect-orphans.ts';
import { LocalUploadLocks } from '../../../src/adapters/redis/local-upload-locks.ts';
import { PartBuffers } from '../../../src/services/uploads/part-buffers.ts';
import { ResumableUploads } from '../../../src/services/uploads/resumable-uploads.ts';
import type { BlobStore } from '../../../src/services/ports/blob-store.ts';
import { UploadOdoo } from '../../fakes/upload-odoo.ts';
import { pieces } from './object-store.suite.ts';

const log = { debug() {}, info() {}, warn() {}, error() {}, child: () => log };

/** `make` answers an empty storage each time. */
export function collectContract(
  name: string,
  make: () => Promise<BlobStore>,
  PART = 5 * 1024 * 1024,
): void {
  describe(`collecting orphans: ${name}`, () => {
    let blobs: BlobStore;
    let odoo: UploadOdoo;
    let store: ArtifactStore;
    let uploads: ResumableUploads;
    let collector: OrphanCollector;
    let later = 0;
    const clock = {
      now: () => new Date(Date.now() + later),
      sleep: (ms: number) =>
        new Promise<void>((resolve) => {
          setTimeout(resolve, ms);
        }),
    };

    beforeEach(async () => {
      later = 0;
      [blobs, odoo] = [await make(), new UploadOdoo()];
      store = new ArtifactStore({
        blobs,
        digester: new ThreadDigester(),
        buffers: new PartBuffers(PART, 4),
        clock,
        partsInFlight: 2,
      });
      uploads = new ResumableUploads({
        store,
        locks: new LocalUploadLocks(),
        clock,
        maxBytes: 1e9,
      });
      collector = new OrphanCollector({ store, uploads, odoo, clock, log });
    });
    const keys = async (): Promise<string[]> => {
      const all = [];
      for await (const { key } of blobs.list('')) all.push(key);
      return all;
    };
    const stored = async (size: number, known: boolean) => {
      const object = await putStream(store, pieces(randomBytes(size)), { maxBytes: 1e9 });
      if (known)
        odoo.versions.push({
          uid: 7,
          versionId: 1,
          payload: { artifacts: [{ objectKey: object.key }] },
        });
      return object;
    };
    const tusUpload = async (size: number, sent: Buffer) => {
      const info = await uploads.create({
        owner: 7,
        size,
        field: 'modelFile',
        filename: 'm.bin',
        type: null,
        digest: null,
        metadata: '',
      });
      await uploads.append(info, {
        offset: 0,
        checksum: null,
        body: async (write) => {
          await write(sent);
          return true;
        },
      });
      return info;
    };

    it('touches nothing within the grace time', async () => {
      await stored(100, false);
      await stored(2 * PART, false);
      await tusUpload(3 * PART, randomBytes(PART + 3));
      await blobs.begin(`blobs/${randomUUID()}`);
      const before = await keys();
      later = ORPHAN_GRACE_MS - 2 * 3600_000;
      expect(await collector.run()).to.deep.equal({
        expiredUploads: 0,
        openUploads: 0,
        blobs: 0,
        artifacts: 0,
        claims: 0,
      });
      expect([await keys(), (await blobs.openUploads()).length]).to.deep.equal([before, 2]);
    });

    it('takes artifacts that no record names, with their bytes, and leaves the others', async () => {
      const [small, large] = [await stored(100, true), await stored(2 * PART, true)];
      await stored(200, false);
      await stored(3 * PART, false);
      later = ORPHAN_GRACE_MS + 60_000;
      expect((await collector.run()).artifacts).to.equal(2);
      expect(await keys()).to.have.members([small.key, large.key, await store.storedAt(large.key)]);
      expect((await collector.run()).artifacts).to.equal(0);
    });

    it('takes expired tus uploads, open and finished, but not what became an artifact', async () => {
      await tusUpload(3 * PART, randomBytes(PART + 3));
      await tusUpload(2 * PART, randomBytes(2 * PART));
      const bytes = randomBytes(PART + 1);
      const { digest, size, key } = await uploads.finished(await tusUpload(bytes.length, bytes));
      const artifact = await store.adopt(digest, size, { key });
      odoo.versions.push({
        uid: 7,
        versionId: 1,
        payload: { artifacts: [{ objectKey: artifact.key }] },
      });
      later = ORPHAN_GRACE_MS + 60_000;
      expect((await collector.run()).expiredUploads).to.equal(3);
      expect(await keys()).to.have.members([artifact.key, key]);
      expect(await blobs.openUploads()).to.deep.equal([]);
      expect((await store.stat(artifact.key))!.size).to.equal(size);
    });

    it('takes multipart uploads that nobody finishes, blobs without a pointer and old claims', async () => {
      const key = `blobs/${randomUUID()}`;
      await blobs.putPart({ key, uploadId: await blobs.begin(key), number: 1 }, randomBytes(10));
      await blobs.put(`blobs/${randomUUID()}`, 'bytes', 'application/octet-stream');
      await blobs.put('claims/x', 'reuse', 'text/plain');
      later = ORPHAN_GRACE_MS + 60_000;
      expect(await collector.run()).to.deep.equal({
        expiredUploads: 0,
        openUploads: 1,
        blobs: 1,
        artifacts: 0,
        claims: 1,
      });
      expect([await keys(), await blobs.openUploads()]).to.deep.equal([[], []]);
    });

    it('leaves an orphan that an upload uses again in this moment', async () => {
      const bytes = randomBytes(2 * PART);
      const orphan = await putStream(store, pieces(bytes), { maxBytes: 1e9 });
      later = ORPHAN_GRACE_MS + 60_000;
      const call = odoo.call.bind(odoo);
      let asked = 0;
      // Between the collector's question and its claim, an upload of the same bytes comes to its
      // end.
      odoo.call = async (caller, model, method, kwargs) => {
        const answer = await call(caller, model, method, kwargs as Record<string, any>);
        if (asked++ === 0) await putStream(store, pieces(bytes), { maxBytes: 1e9 });
        return answer as never;
      };
      expect((await collector.run()).artifacts).to.equal(0);
      expect((await store.stat(orphan.key))!.size).to.equal(bytes.length);
    });

    it('an upload that meets a collector at work waits and stores its own', async () => {
      const bytes = randomBytes(100);
      const orphan = await putStream(store, pieces(bytes), { maxBytes: 1e9 });
      await blobs.put(claimKey(orphan.key), 'collect', 'text/plain');
      const sending = putStream(store, pieces(bytes), { maxBytes: 1e9 });
      await clock.sleep(150);
      await store.remove(orphan.key);
      await blobs.remove(claimKey(orphan.key));
      expect((await sending).key).to.equal(artifactKey(orphan.digest));
      expect((await store.stat(orphan.key))!.size).to.equal(100);
    });

    it('removes nothing when Odoo does not answer', async () => {
      const orphan = await stored(100, false);
      later = ORPHAN_GRACE_MS + 60_000;
      odoo.down = true;
      expect(await collector.run().catch((error) => error)).to.be.instanceOf(Unavailable);
      expect(await store.stat(orphan.key)).to.not.equal(null);
    });
  });
}
