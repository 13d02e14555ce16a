import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { Client } from 'minio';
import { MinioBlobStore } from '../../../src/adapters/minio/minio-blob-store.ts';
import { objectStore } from '../../fakes/object-store.ts';
import { realClock } from '../../fakes/real-clock.ts';
import { minioBlobs, minioConfig } from './minio.ts';
import { caught, objectStoreContract } from './object-store.suite.ts';

const VERSIONED = 'storage-contract-versioned';

function client(): Client {
  const { endpoint, accessKey, secretKey } = minioConfig(VERSIONED);
  const { hostname, port } = new URL(endpoint);
  return new Client({
    endPoint: hostname,
    port: Number(port),
    useSSL: false,
    accessKey,
    secretKey,
  });
}

objectStoreContract('MinIO', async () => objectStore(await minioBlobs('storage-contract')));

objectStoreContract('MinIO, versioned bucket', async () => {
  const blobs = await minioBlobs(VERSIONED);
  await client().setBucketVersioning(VERSIONED, { Status: 'Enabled' });
  return objectStore(blobs);
});

describe('MinIO', () => {
  it('removes all versions of an object, so that its bytes are freed', async () => {
    const blobs = await minioBlobs(VERSIONED);
    const key = `tests/${randomUUID()}`;
    await blobs.put(key, 'one', 'text/plain');
    await blobs.put(key, 'two', 'text/plain');
    await client().removeObject(VERSIONED, key); // leaves a delete marker
    await blobs.remove(key);
    const left = [];
    for await (const item of client().listObjects(VERSIONED, key, true, { IncludeVersion: true }))
      left.push(item);
    expect(left).to.deep.equal([]);
  });

  it('says what is wrong: no server, wrong key', async () => {
    const nobody = new MinioBlobStore(
      { endpoint: 'http://127.0.0.1:9', accessKey: 'a', secretKey: 'b', bucket: 'nothing' },
      realClock,
    );
    expect((await caught(nobody.stat('k'))).status).to.equal(503);
    expect((await caught(nobody.put('k', 'x', 'text/plain'))).status).to.equal(503);
    const stranger = new MinioBlobStore(
      { ...minioConfig(VERSIONED), secretKey: 'wrong-secret' },
      realClock,
    );
    expect((await caught(stranger.put('k', 'x', 'text/plain'))).code).to.equal('storage-refused');
    expect((await caught(stranger.begin('k'))).code).to.equal('storage-refused');
  });
});
