import { randomBytes } from 'node:crypto';
import { expect } from 'chai';
import { StorageFull } from '../../../../src/errors.ts';
import { digestOf, TusClient, until } from '../../../contract/storage/tus-client.ts';
import { CommonLocks } from '../../../fakes/common-locks.ts';
import { MemoryBlobStore, SMALL_PART_BYTES as PART } from '../../../fakes/memory-blob-store.ts';
import { startUploadApp, type UploadApp } from '../../../fakes/upload-app.ts';

/** A storage whose parts arrive when the test says so. */
class SlowStore extends MemoryBlobStore {
  asked = 0;
  #gate: Promise<void> = Promise.resolve();
  open: () => void = () => undefined;
  shut(): void {
    this.#gate = new Promise((resolve) => {
      this.open = resolve;
    });
  }
  override async putPart(...part: Parameters<MemoryBlobStore['putPart']>): Promise<string> {
    await this.#gate;
    return super.putPart(...part);
  }
  override async parts(
    ...asked: Parameters<MemoryBlobStore['parts']>
  ): ReturnType<MemoryBlobStore['parts']> {
    this.asked += 1;
    return super.parts(...asked);
  }
}

describe('a tus upload between its requests', () => {
  let blobs: SlowStore;
  let one: UploadApp;
  let two: UploadApp;
  let ada: TusClient;
  let elsewhere: TusClient;
  const bytes = randomBytes(4 * PART);
  const piece = (at: number, parts: number): Buffer =>
    bytes.subarray(at * PART, (at + parts) * PART);

  const start = async (lingerMs: number): Promise<void> => {
    blobs = new SlowStore();
    const options = { blobs, locks: new CommonLocks(), partBytes: PART, lingerMs };
    [one, two] = [await startUploadApp(options), await startUploadApp(options)];
    [ada, elsewhere] = [new TusClient(one.url), new TusClient(two.url)];
  };
  afterEach(async () => {
    blobs.open();
    await Promise.all([one.close(), two.close()]);
  });

  it('is answered when its bytes are here, stored while the next ones come, and looked up once', async () => {
    await start(60_000);
    const path = await ada.create(bytes.length);
    blobs.shut();
    expect((await ada.patch(path, 0, piece(0, 1))).offset).to.equal(PART);
    expect((await ada.patch(path, PART, piece(1, 1))).offset).to.equal(2 * PART);
    expect((await ada.head(path)).offset).to.equal(2 * PART);
    expect([...blobs.uploads.values()][0]!.parts.size).to.equal(0);
    const last = ada.patch(path, 2 * PART, piece(2, 2));
    blobs.open();
    expect((await last).offset).to.equal(bytes.length);
    expect(
      [...blobs.objects].find(([key]) => key.startsWith('blobs/'))![1].body.equals(bytes),
    ).to.equal(true);
    expect(
      JSON.parse(String(blobs.objects.get(`tus/${path.slice(-32)}/done`)!.body)),
    ).to.deep.equal({ digest: digestOf(bytes) });
    expect(blobs.asked).to.equal(1);
  });

  it('is put away when another instance is asked, which then stands at the same place', async () => {
    await start(50);
    const path = await ada.create(bytes.length);
    await ada.patch(path, 0, bytes.subarray(0, PART + 10));
    // what is asked too early, on a busy machine, hears of less and of nothing wrong
    await until(async () => (await elsewhere.head(path)).offset === PART + 10);
    await ada.patch(path, PART + 10, bytes.subarray(PART + 10, 2 * PART + 10));
    expect(
      (await elsewhere.patch(path, 2 * PART + 10, bytes.subarray(2 * PART + 10))).offset,
    ).to.equal(bytes.length);
  });

  it('whose stored bytes are fewer than the answered ones says so, and goes on from there', async () => {
    await start(60_000);
    const path = await ada.create(bytes.length);
    await ada.patch(path, 0, piece(0, 1));
    await one.uploads.close();
    blobs.failing = { putPart: new StorageFull('full', { code: 'storage-full' }) };
    await ada.patch(path, PART, piece(1, 1));
    // With the last bytes, which are answered when all are stored: before, the failure may not be
    // known yet.
    expect((await ada.patch(path, 2 * PART, piece(2, 2))).status).to.equal(507);
    blobs.failing = {};
    expect((await ada.patch(path, 2 * PART, piece(2, 1))).status).to.equal(409);
    await ada.sendAllFrom(path, bytes);
    expect((await ada.head(path)).offset).to.equal(bytes.length);
  });

  it('is stored before the process ends', async () => {
    await start(60_000);
    const path = await ada.create(bytes.length);
    await ada.patch(path, 0, bytes.subarray(0, PART + 10));
    await one.uploads.close();
    expect((await elsewhere.patch(path, PART + 10, bytes.subarray(PART + 10))).offset).to.equal(
      bytes.length,
    );
  });
});
