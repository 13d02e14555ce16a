import { putStream } from '../../fakes/put-stream.ts';
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer as readAll } from 'node:stream/consumers';
import { expect } from 'chai';
import type { BridgeError } from '../../../src/errors.ts';
import type { ArtifactStore } from '../../../src/services/uploads/artifact-store.ts';
import { PART_BYTES } from '../../fakes/object-store.ts';

const digestOf = (bytes: Buffer): string =>
  `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
export const pieces = (bytes: Buffer, size = 60_000): Readable =>
  Readable.from(
    (function* () {
      for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
    })(),
  );

export async function caught(work: Promise<unknown>): Promise<BridgeError> {
  const outcome = await work.then(
    () => null,
    (error: BridgeError) => error,
  );
  if (!outcome) throw new Error('no error was thrown');
  return outcome;
}

/**
 * What every ObjectStore, and the BlobStore under it, must do. `make` answers one that is ready;
 * keys are unique to each run.
 */
export function objectStoreContract(
  name: string,
  make: () => Promise<ArtifactStore>,
  partBytes = PART_BYTES,
): void {
  describe(`ObjectStore contract: ${name}`, () => {
    let store: ArtifactStore;
    before(async () => {
      store = await make();
    });

    const keysUnder = async (prefix: string): Promise<string[]> => {
      const keys: string[] = [];
      for await (const { key } of store.blobs.list(prefix)) keys.push(key);
      return keys;
    };

    for (const [what, size] of [
      ['nothing', 0],
      ['one byte', 1],
      ['just under a part', partBytes - 1],
      ['one part', partBytes],
      ['one part and a byte', partBytes + 1],
      ['seven parts and a bit', 7 * partBytes + 12_345],
    ] as const) {
      it(`stores ${what} under its digest and gives it back`, async () => {
        const bytes = randomBytes(size);
        const stored = await putStream(store, pieces(bytes), { maxBytes: 100_000_000 });
        expect(stored.digest).to.equal(digestOf(bytes));
        expect(stored.size).to.equal(size);
        expect(stored.key).to.equal(
          `artifacts/sha256/${stored.digest.slice(7, 9)}/${stored.digest.slice(7)}`,
        );
        expect((await store.stat(stored.key))!.size).to.equal(size);
        expect(digestOf(await readAll(await store.get(stored.key)))).to.equal(stored.digest);
      });
    }

    it('gives ranges of small and of large objects', async () => {
      for (const size of [1000, 2 * partBytes]) {
        const bytes = randomBytes(size);
        const { key } = await putStream(store, pieces(bytes), { maxBytes: size });
        expect(
          (await readAll(await store.get(key, { start: 10, end: 19 }))).equals(
            bytes.subarray(10, 20),
          ),
        ).to.equal(true);
        expect(
          (await readAll(await store.get(key, { start: size - 5 }))).equals(bytes.subarray(-5)),
        ).to.equal(true);
        expect(
          (await readAll(await store.get(key, { start: 0, end: 0 }))).equals(bytes.subarray(0, 1)),
        ).to.equal(true);
      }
    });

    it('never writes the same bytes twice', async () => {
      for (const size of [5000, 2 * partBytes]) {
        const bytes = randomBytes(size);
        const first = await putStream(store, pieces(bytes), { maxBytes: size });
        const [before, blobs] = [
          (await store.stat(first.key))!.lastModified,
          await keysUnder('blobs/'),
        ];
        const again = await Promise.all(
          [1, 2, 3].map(() => putStream(store, pieces(bytes), { maxBytes: size })),
        );
        expect(again).to.deep.equal([first, first, first]);
        expect((await store.stat(first.key))!.lastModified).to.deep.equal(before);
        expect(await keysUnder('blobs/')).to.deep.equal(blobs);
      }
    });

    it('gives one object to those who send the same bytes at the same time', async () => {
      const bytes = randomBytes(2 * partBytes);
      const blobs = await keysUnder('blobs/');
      const stored = await Promise.all(
        [1, 2, 3].map(() => putStream(store, pieces(bytes), { maxBytes: bytes.length })),
      );
      expect(new Set(stored.map(({ key }) => key)).size).to.equal(1);
      expect((await keysUnder('blobs/')).length).to.equal(blobs.length + 1);
      expect(digestOf(await readAll(await store.get(stored[0]!.key)))).to.equal(stored[0]!.digest);
    });

    it('leaves nothing when the stream breaks, is too long, has another digest or is called off', async () => {
      const [objects, uploads] = [await keysUnder(''), await store.blobs.openUploads()];
      const bytes = randomBytes(4 * partBytes);
      const breaking = Readable.from(
        (function* () {
          yield bytes;
          throw new Error('cut');
        })(),
      );
      expect((await caught(putStream(store, breaking, { maxBytes: 1e9 }))).message).to.equal('cut');
      expect(
        (await caught(putStream(store, pieces(bytes), { maxBytes: bytes.length - 1 }))).code,
      ).to.equal('upload-too-large');
      expect(
        (
          await caught(
            putStream(store, pieces(bytes), {
              maxBytes: 1e9,
              expectedDigest: `sha256:${'0'.repeat(64)}`,
            }),
          )
        ).code,
      ).to.equal('digest-mismatch');
      const off = new AbortController();
      const callingOff = new Readable({
        read() {
          setImmediate(() => this.push(bytes.subarray(0, 1_000_000)));
        },
      });
      setTimeout(() => off.abort(new Error('called off')), 100);
      expect(
        (await caught(putStream(store, callingOff, { maxBytes: 1e12, signal: off.signal })))
          .message,
      ).to.equal('called off');
      expect(await keysUnder('')).to.deep.equal(objects);
      expect(
        (await store.blobs.openUploads()).map(({ uploadId }) => uploadId).sort(),
      ).to.deep.equal(uploads.map(({ uploadId }) => uploadId).sort());
    });

    it('accepts the digest that the client named', async () => {
      const bytes = randomBytes(partBytes + 7);
      expect(
        (await putStream(store, pieces(bytes), { maxBytes: 1e9, expectedDigest: digestOf(bytes) }))
          .digest,
      ).to.equal(digestOf(bytes));
    });

    it('removes an artifact with its bytes; removing twice is no error; what is gone is NotFound', async () => {
      const { key } = await putStream(store, pieces(randomBytes(2 * partBytes)), { maxBytes: 1e9 });
      const blob = await store.storedAt(key);
      await readAll(await store.get(key, { start: 0, end: 1 }));
      await store.remove(key);
      await store.remove(key);
      expect(await store.stat(key)).to.equal(null);
      expect(await store.blobs.stat(blob)).to.equal(null);
      expect((await caught(store.get(key))).status).to.equal(404);
    });

    it('finds an artifact again that was removed and stored anew', async () => {
      const bytes = randomBytes(2 * partBytes);
      const { key } = await putStream(store, pieces(bytes), { maxBytes: 1e9 });
      await readAll(await store.get(key, { start: 0, end: 1 }));
      const other = await make(); // another bridge instance
      await other.remove(key);
      await putStream(other, pieces(bytes), { maxBytes: 1e9 });
      expect(digestOf(await readAll(await store.get(key)))).to.equal(digestOf(bytes));
    });

    it('lists artifacts with their own sizes', async () => {
      const { key, size } = await putStream(store, pieces(randomBytes(2 * partBytes)), {
        maxBytes: 1e9,
      });
      const listed = [];
      for await (const item of store.list(key)) listed.push(item);
      expect(listed.map((item) => [item.key, item.size])).to.deep.equal([[key, size]]);
    });

    it('puts small objects over each other, and putIfAbsent never', async () => {
      const key = `tests/${randomUUID()}`;
      await store.putSmall(key, 'one', 'text/plain');
      await store.putSmall(key, Buffer.from('two'), 'text/plain');
      expect(String(await readAll(await store.get(key)))).to.equal('two');
      expect(await store.blobs.putIfAbsent(key, 'three', 'text/plain')).to.equal(false);
      expect(String(await readAll(await store.get(key)))).to.equal('two');
      expect((await store.blobs.stat(key))!.contentType).to.equal('text/plain');
      await store.remove(key);
    });

    it('multipart: shows nothing before the end, replaces parts, drops unnamed ones, refuses changed ones', async () => {
      const { blobs } = store;
      const key = `tests/${randomUUID()}`;
      const uploadId = await blobs.begin(key);
      const [a, b] = [randomBytes(partBytes), randomBytes(100)];
      const old = await blobs.putPart({ key, uploadId, number: 1 }, randomBytes(partBytes));
      const etagB = await blobs.putPart({ key, uploadId, number: 2 }, b);
      await blobs.putPart({ key, uploadId, number: 3 }, randomBytes(1));
      const etagA = await blobs.putPart({ key, uploadId, number: 1 }, a);
      expect(await blobs.stat(key)).to.equal(null);
      expect(await blobs.parts(key, uploadId)).to.deep.equal([
        { number: 1, size: partBytes, etag: etagA },
        { number: 2, size: 100, etag: etagB },
        { number: 3, size: 1, etag: (await blobs.parts(key, uploadId))[2]!.etag },
      ]);
      expect(
        (
          await caught(
            blobs.complete(key, uploadId, [
              { number: 1, etag: old },
              { number: 2, etag: etagB },
            ]),
          )
        ).code,
      ).to.equal('upload-parts-changed');
      await blobs.complete(key, uploadId, [
        { number: 1, etag: etagA },
        { number: 2, etag: etagB },
      ]);
      expect(digestOf(await readAll(await blobs.get(key)))).to.equal(
        digestOf(Buffer.concat([a, b])),
      );
      expect((await caught(blobs.parts(key, uploadId))).code).to.equal('upload-not-found');
      await blobs.abort(key, uploadId);
      await blobs.remove(key);
    });

    it('multipart: lists more parts than one answer holds', async () => {
      const key = `tests/${randomUUID()}`;
      const uploadId = await store.blobs.begin(key);
      const numbers = Array.from({ length: 1005 }, (_, index) => index + 1);
      const queue = [...numbers];
      await Promise.all(
        Array.from({ length: 8 }, async () => {
          for (let number = queue.shift(); number; number = queue.shift())
            await store.blobs.putPart({ key, uploadId, number }, Buffer.from('x'));
        }),
      );
      expect((await store.blobs.parts(key, uploadId)).map(({ number }) => number)).to.deep.equal(
        numbers,
      );
      expect(
        (await store.blobs.parts(key, uploadId, 1003)).map(({ number }) => number),
      ).to.deep.equal([1004, 1005]);
      expect(
        (await store.blobs.openUploads()).some(
          (open) => open.key === key && open.uploadId === uploadId,
        ),
      ).to.equal(true);
      await store.blobs.abort(key, uploadId);
    });
  });
}
