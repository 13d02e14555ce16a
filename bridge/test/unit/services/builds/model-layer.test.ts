import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { expect } from 'chai';
import { Conflict, NotFound } from '../../../../src/errors.ts';
import { ensureModelLayer } from '../../../../src/services/builds/model-layer.ts';
import type { LayerDone } from '../../../../src/services/builds/model-layer.ts';
import type { BlobPart, ImageStorePort } from '../../../../src/services/ports/image-store.ts';
import type { VersionWork } from '../../../../src/services/ports/odoo.ts';
import type { ObjectStore } from '../../../../src/services/ports/object-store.ts';

const sha256 = (bytes: Buffer): string =>
  `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
const FILE = { name: 'model.bin', path: 'srv/model.bin', uid: 0, gid: 0, mode: 0o644 };

/** A registry of blobs and uploads in memory. */
class MemoryImages {
  readonly blobs = new Map<string, Buffer>();
  readonly uploads = new Map<string, Buffer>();
  appended = 0;
  begun = 0;
  async hasBlob(repository: string, digest: string): Promise<boolean> {
    return this.blobs.has(`${repository}@${digest}`);
  }
  async mount(repository: string, digest: string, from: string): Promise<boolean> {
    const found = this.blobs.get(`${from}@${digest}`);
    if (found) this.blobs.set(`${repository}@${digest}`, found);
    return found !== undefined;
  }
  async begin(repository: string): Promise<string> {
    this.uploads.set(`${repository}#${(this.begun += 1)}`, Buffer.alloc(0));
    return `${repository}#${this.begun}`;
  }
  async progress(place: string): Promise<{ place: string; offset: number } | null> {
    const so = this.uploads.get(place);
    return so ? { place, offset: so.length } : null;
  }
  async append(place: string, { start, bytes }: BlobPart): Promise<string> {
    const so = this.uploads.get(place);
    if (so?.length !== start) throw new Conflict('not there', { code: 'blob-refused' });
    const parts = [so];
    for await (const chunk of bytes) {
      parts.push(chunk as Buffer);
      this.appended += (chunk as Buffer).length;
    }
    this.uploads.set(place, Buffer.concat(parts));
    return place;
  }
  async finish(place: string, digest: string): Promise<void> {
    const bytes = this.uploads.get(place)!;
    this.uploads.delete(place);
    if (sha256(bytes) !== digest) throw new Conflict('DIGEST_INVALID', { code: 'blob-refused' });
    this.blobs.set(`${place.split('#')[0]}@${digest}`, bytes);
  }
}

function scene() {
  const bytes = randomBytes(100_000);
  const images = new MemoryImages();
  const objects = new Map<string, Buffer>([['k', bytes]]);
  const breaksAt: number[] = [];
  const store = {
    get: async (key: string, range?: { start: number }) => {
      const found = objects.get(key);
      if (!found) throw new NotFound(key, { code: 'object-not-found' });
      const breakAt = key === 'k' ? breaksAt.shift() : undefined;
      return Readable.from(
        (async function* parts() {
          for (let at = range?.start ?? 0; at < found.length; at += 10_000) {
            if (breakAt !== undefined && at >= breakAt) throw new Error('cut');
            yield found.subarray(at, at + 10_000);
          }
        })(),
      );
    },
    putSmall: async (key: string, body: string) => {
      objects.set(key, Buffer.from(body));
    },
    remove: async (key: string) => {
      objects.delete(key);
    },
  } as unknown as ObjectStore;
  const artifact = {
    kind: 'model',
    filename: 'model.bin',
    objectKey: 'k',
    digest: sha256(bytes),
    size: bytes.length,
  } as VersionWork['artifacts'][number];
  const ensure = (repository = 'models/a', secret = 's'): Promise<LayerDone> =>
    ensureModelLayer(
      { store, images: images as unknown as ImageStorePort, secret, partBytes: 30_000 },
      repository,
      { file: FILE, artifact },
      new AbortController().signal,
    );
  return { images, objects, breaksAt, ensure, artifact };
}

describe('layer of a model, into the registry', () => {
  it('is written once, then known, and mounted into other repositories', async () => {
    const { images, ensure } = scene();
    const first = await ensure();
    expect(first).to.include({ how: 'written', resumedAt: 0 });
    expect(sha256(images.blobs.get(`models/a@${first.digest}`)!)).to.equal(first.digest);
    expect(await ensure()).to.deep.include({ how: 'there', digest: first.digest });
    expect(await ensure('models/b')).to.deep.include({ how: 'mounted', digest: first.digest });
    images.blobs.clear();
    expect(await ensure()).to.deep.include({ how: 'written', digest: first.digest });
  });

  it('believes only what it has signed itself', async () => {
    const { images, objects, ensure } = scene();
    await ensure();
    const key = [...objects.keys()].find((name) => name.startsWith('layers/'))!;
    const foreign = randomBytes(10);
    images.blobs.set(`models/a@${sha256(foreign)}`, foreign);
    const record = JSON.parse(objects.get(key)!.toString('utf8')) as { body: string };
    objects.set(
      key,
      Buffer.from(
        JSON.stringify({
          ...record,
          body: JSON.stringify({ digest: sha256(foreign), repository: 'models/a' }),
        }),
      ),
    );
    expect((await ensure()).how).to.equal('written');
    expect((await ensure('models/a', 'another secret')).how).to.equal('written');
  });

  it('takes up a broken line to the storage where it broke', async () => {
    const { images, breaksAt, ensure, artifact } = scene();
    breaksAt.push(40_000, 70_000);
    const { digest } = await ensure();
    expect(images.appended).to.equal(images.blobs.get(`models/a@${digest}`)!.length);
    expect(images.begun).to.equal(1);
    expect(artifact.size).to.be.lessThan(images.appended);
  });

  it('goes on with the upload of one that was killed, and begins anew when the registry forgot it', async () => {
    for (const forgotten of [false, true]) {
      const { images, breaksAt, ensure } = scene();
      breaksAt.push(70_000, 70_000);
      expect(await ensure().catch((error: Error) => error.message)).to.equal('cut');
      if (forgotten) images.uploads.clear();
      else
        for (const [place, bytes] of images.uploads)
          images.uploads.set(place, bytes.subarray(0, 60_000));
      expect(await ensure()).to.include({ how: 'written', resumedAt: forgotten ? 0 : 60_000 });
      expect(images.begun).to.equal(forgotten ? 2 : 1);
    }
  });

  it('drops an upload that two have written to', async () => {
    const { images, breaksAt, ensure } = scene();
    breaksAt.push(70_000, 70_000);
    await ensure().catch(() => undefined);
    for (const [place] of images.uploads) images.uploads.set(place, Buffer.alloc(60_000));
    expect(await ensure().catch((error: Error) => error.message)).to.equal('DIGEST_INVALID');
    expect(await ensure()).to.include({ how: 'written', resumedAt: 0 });
  });

  it('refuses an object that is longer, shorter or other than what was approved', async () => {
    for (const change of [Buffer.alloc(100_000), Buffer.alloc(99_999), Buffer.alloc(100_001)]) {
      const { images, objects, ensure } = scene();
      objects.set('k', change);
      expect(await ensure().catch((error: Error) => error.message)).to.match(
        /^ArtifactChanged: model\.bin is sha256:/,
      );
      expect(images.blobs.size).to.equal(0);
    }
  });
});
