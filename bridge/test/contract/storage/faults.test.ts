import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { Redis } from 'ioredis';
import { MinioBlobStore } from '../../../src/adapters/minio/minio-blob-store.ts';
import { realClock } from '../../fakes/real-clock.ts';
import { OWN_MINIO, ownMinio, ownRedis, type OwnServer } from './servers.ts';
import { digestOf, TusClient, until } from './tus-client.ts';

const PART = 5 * 1024 * 1024;
const DOCKERFILE = Buffer.from('FROM scratch\n');
const PROGRAM = fileURLToPath(new URL('../../fakes/upload-process.ts', import.meta.url));

/** What happens to uploads when parts of the system die. Servers of its own: it kills them. */
describe('uploads through faults', function () {
  this.timeout(90_000);
  let minio: OwnServer;
  let redis: OwnServer;
  let blobs: MinioBlobStore;
  const bridges: ChildProcess[] = [];

  before(async () => {
    [minio, redis] = await Promise.all([ownMinio(), ownRedis()]);
    blobs = new MinioBlobStore(
      { endpoint: `http://127.0.0.1:${minio.port}`, bucket: 'faults', ...OWN_MINIO },
      realClock,
    );
    await blobs.ensureBucket();
  });
  afterEach(() => {
    for (const bridge of bridges.splice(0)) bridge.kill('SIGKILL');
  });
  after(async () => {
    await minio?.end();
    await redis?.end();
  });

  const startBridge = async (): Promise<{ client: TusClient; kill(): Promise<void> }> => {
    const child = spawn(process.execPath, ['--import', 'tsx', PROGRAM], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: {
        ...process.env,
        PART_BYTES: String(PART),
        MINIO: JSON.stringify({
          endpoint: `http://127.0.0.1:${minio.port}`,
          bucket: 'faults',
          ...OWN_MINIO,
        }),
        REDIS: `redis://127.0.0.1:${redis.port}`,
      },
    });
    bridges.push(child);
    let output = '';
    child.stdout!.on('data', (chunk) => {
      output += String(chunk);
    });
    await until(() => /port \d+/.test(output), 30_000);
    return {
      client: new TusClient(`http://127.0.0.1:${/port (\d+)/.exec(output)![1]}`),
      kill: async () => {
        const gone = new Promise((resolve) => {
          child.once('exit', resolve);
        });
        child.kill('SIGKILL');
        await gone;
      },
    };
  };
  /** The digest that Odoo would be told. */
  const registeredDigest = async (client: TusClient, path: string): Promise<string> => {
    const dockerfile = await client.create(DOCKERFILE.length, {
      filename: 'Dockerfile',
      field: 'dockerfile',
    });
    await client.sendAll(dockerfile, DOCKERFILE, [DOCKERFILE.length]);
    const answer = await client.register(path, dockerfile, '1.0.0');
    expect(answer.status, JSON.stringify(answer.body)).to.equal(202);
    return answer.body.artifacts[0].digest;
  };

  it('a bridge killed in the middle of a PATCH: another one goes on, and the digest is right', async () => {
    const bytes = randomBytes(8 * PART + 321);
    const first = await startBridge();
    const path = await first.client.create(bytes.length);
    await first.client.patch(path, 0, bytes.subarray(0, PART + 1000));
    const line = first.client.opened(
      path,
      PART + 1000,
      bytes.length - PART - 1000,
      bytes.subarray(PART + 1000, 5 * PART + 77),
    );
    await until(async () => (await first.client.head(path)).offset! >= 3 * PART);
    await first.kill();
    line.cut();
    const second = await startBridge();
    const { offset } = await second.client.head(path);
    expect(offset).to.be.within(3 * PART, 5 * PART);
    await second.client.sendAllFrom(path, bytes);
    expect(await registeredDigest(second.client, path)).to.equal(digestOf(bytes));
  });

  it('a bridge killed in the middle of a multipart upload: nothing is visible', async () => {
    const seen = async (): Promise<string[]> => {
      const keys = [];
      for await (const { key } of blobs.list('')) keys.push(key);
      return keys;
    };
    const before = await seen();
    const bridge = await startBridge();
    const form = `--B\r\nContent-Disposition: form-data; name="modelFile"; filename="m.bin"\r\n\r\n`;
    const body = new ReadableStream({
      start(controller) {
        controller.enqueue(Buffer.from(form));
        controller.enqueue(randomBytes(4 * PART));
      },
    }); // never closed
    const open = new AbortController();
    const sending = fetch(`${bridge.client.url}/mlops/models/upload`, {
      method: 'POST',
      body,
      duplex: 'half',
      signal: open.signal,
      headers: { authorization: 'Bearer ada', 'content-type': 'multipart/form-data; boundary=B' },
    } as RequestInit).catch(() => null);
    await until(async () => {
      const [upload] = (await blobs.openUploads()).slice(-1);
      return upload !== undefined && (await blobs.parts(upload.key, upload.uploadId)).length >= 3;
    });
    await bridge.kill();
    open.abort();
    await sending;
    expect(await seen()).to.deep.equal(before);
    for (const { key, uploadId } of await blobs.openUploads()) await blobs.abort(key, uploadId);
  });

  it('MinIO killed and back within a PATCH: the PATCH succeeds', async () => {
    const bytes = randomBytes(6 * PART);
    const { client } = await startBridge();
    const path = await client.create(bytes.length);
    const line = client.opened(path, 0, bytes.length, bytes.subarray(0, 2 * PART));
    await until(async () => (await client.head(path)).offset === 2 * PART);
    await minio.kill();
    line.send(bytes.subarray(2 * PART));
    await until(() => client.isDropped(path));
    await minio.start();
    expect(await line.answer).to.match(/^HTTP\/1\.1 204/);
    expect(await registeredDigest(client, path)).to.equal(digestOf(bytes));
  });

  it('MinIO away: creation answers 503, HEAD drops the line, and both work again when it is back', async () => {
    const { client } = await startBridge();
    const path = await client.create(10);
    await minio.kill();
    expect([
      await client.isDropped(path),
      (await client.ask('POST', '/mlops/uploads', client.creation(10))).status,
    ]).to.deep.equal([true, 503]);
    await minio.start();
    // it takes requests a moment before it has read its own state
    await until(
      async () => !(await client.isDropped(path)) && (await client.head(path)).offset === 0,
    );
  });

  it('Redis emptied, then killed, in the middle: the upload goes on', async () => {
    const bytes = randomBytes(4 * PART + 9);
    const { client } = await startBridge();
    const path = await client.create(bytes.length);
    const line = client.opened(path, 0, 2 * PART, bytes.subarray(0, PART));
    await until(async () => (await client.head(path)).offset === PART);
    const direct = new Redis(redis.port, '127.0.0.1');
    await direct.flushall();
    direct.disconnect();
    line.send(bytes.subarray(PART, 2 * PART));
    expect(await line.answer).to.match(/^HTTP\/1\.1 204/);
    await redis.kill();
    expect(
      (await client.patch(path, 2 * PART, bytes.subarray(2 * PART, 3 * PART))).status,
    ).to.equal(204);
    await redis.start();
    await client.sendAllFrom(path, bytes);
    expect(await registeredDigest(client, path)).to.equal(digestOf(bytes));
  });

  it('two bridges, one Redis: the newer request takes over across processes', async () => {
    const bytes = randomBytes(3 * PART);
    const [one, two] = [await startBridge(), await startBridge()];
    const path = await one.client.create(bytes.length);
    const hanging = one.client.opened(path, 0, bytes.length, bytes.subarray(0, PART + 10));
    await until(async () => (await one.client.head(path)).offset === PART);
    const early = await two.client.patch(path, PART, bytes.subarray(PART));
    // The first bridge puts away its 10 bytes before it lets go: the second's offset is then no
    // longer right, and it is told so.
    expect(early.status).to.equal(409);
    expect(await hanging.answer).to.match(/^HTTP\/1\.1 204/);
    expect((await two.client.head(path)).offset).to.equal(PART + 10);
    await two.client.sendAllFrom(path, bytes);
    expect(await registeredDigest(two.client, path)).to.equal(digestOf(bytes));
  });
});
