import { randomBytes } from 'node:crypto';
import { expect } from 'chai';
import { Upload } from 'tus-js-client';
import type { BlobStore, UploadLocks } from '../../../src/services/ports/blob-store.ts';
import { startUploadApp, type UploadApp } from '../../fakes/upload-app.ts';
import { UploadOdoo } from '../../fakes/upload-odoo.ts';
import { base64Digest, digestOf, TusClient, until } from './tus-client.ts';

const DOCKERFILE = Buffer.from('ARG REGISTRY\nFROM ${REGISTRY}/base/python:3.11\n');

/**
 * tus 1.0 over real HTTP on any storage, with two bridge instances that share nothing but it, or
 * `locks` too. `PART`: the least part that the storage takes, 5 of its `MIB`.
 */
export function tusContract(
  name: string,
  make: () => Promise<BlobStore>,
  PART = 5 * 1024 * 1024,
  locks?: UploadLocks,
): void {
  const MIB = PART / 5;
  describe(`tus: ${name}`, () => {
    let blobs: BlobStore;
    let odoo: UploadOdoo;
    let one: UploadApp;
    let two: UploadApp;
    let ada: TusClient;
    let elsewhere: TusClient;
    let now = 0; // ms added to the clock
    let version = 0;
    const clock = {
      now: () => new Date(Date.now() + now),
      sleep: (ms: number) =>
        new Promise<void>((resolve) => {
          setTimeout(resolve, ms);
        }),
    };

    before(async () => {
      blobs = await make();
      odoo = new UploadOdoo();
      const options = {
        blobs,
        odoo,
        clock,
        partBytes: PART,
        maxBytes: 100 * MIB,
        ...(locks ? { locks } : {}),
      };
      [one, two] = [await startUploadApp(options), await startUploadApp(options)];
      [ada, elsewhere] = [new TusClient(one.url), new TusClient(two.url)];
    });
    after(async () => {
      await one.close();
      await two.close();
    });
    afterEach(() => {
      now = 0;
    });

    /** Registers the finished upload and looks at what Odoo was told and what is stored. */
    const registered = async (path: string, bytes: Buffer, via = ada): Promise<void> => {
      const dockerfile = await via.create(DOCKERFILE.length, {
        filename: 'Dockerfile',
        field: 'dockerfile',
      });
      await via.sendAll(dockerfile, DOCKERFILE, [DOCKERFILE.length]);
      const answer = await via.register(path, dockerfile, `0.${++version}.0`);
      expect(answer.status, JSON.stringify(answer.body)).to.equal(202);
      const artifact = odoo.versions.at(-1)!.payload['artifacts'][0];
      expect(artifact).to.include({
        kind: 'model',
        filename: 'model.safetensors',
        digest: digestOf(bytes),
        size: bytes.length,
      });
      const stored: Buffer[] = [];
      for await (const chunk of await one.store.get(artifact.objectKey))
        stored.push(chunk as Buffer);
      expect(digestOf(Buffer.concat(stored))).to.equal(artifact.digest);
    };
    const keysOf = async (path: string): Promise<string[]> => {
      const keys: string[] = [];
      const id = path.slice(path.lastIndexOf('/') + 1);
      for (const prefix of [`tus/${id}/`, `blobs/${id}`])
        for await (const { key } of blobs.list(prefix)) keys.push(key);
      return keys;
    };

    it('OPTIONS tells what it can do, without a login', async () => {
      const answer = await new TusClient(one.url, '').ask('OPTIONS', '/mlops/uploads', {
        'tus-resumable': '0.2',
      });
      expect(answer.status).to.equal(204);
      expect(answer.headers.get('tus-version')).to.equal('1.0.0');
      expect(answer.headers.get('tus-extension')!.split(',')).to.have.members([
        'creation',
        'creation-with-upload',
        'termination',
        'expiration',
        'checksum',
      ]);
      expect(answer.headers.get('tus-max-size')).to.equal(String(100 * MIB));
      expect(answer.headers.get('tus-checksum-algorithm')).to.equal('sha1,sha256');
    });

    it('creation: a location, an expiry, and HEAD gives length, offset and metadata back', async () => {
      const asked = ada.creation(1000, { filename: 'model.safetensors', colour: 'red' });
      const created = await ada.ask('POST', '/mlops/uploads', asked);
      expect(created.status).to.equal(201);
      expect(created.headers.get('location')).to.match(/^\/mlops\/uploads\/[0-9a-f]{32}$/);
      expect(Date.parse(created.headers.get('upload-expires')!)).to.be.greaterThan(
        Date.now() + 3600_000,
      );
      const head = await ada.head(created.headers.get('location')!);
      expect([
        head.status,
        head.offset,
        head.headers.get('upload-length'),
        head.headers.get('upload-metadata'),
        head.headers.get('cache-control'),
        head.headers.get('tus-resumable'),
      ]).to.deep.equal([200, 0, '1000', asked['upload-metadata'], 'no-store', '1.0.0']);
    });

    const refusals: [string, Record<string, string>, number, string][] = [
      ['another version of the protocol', { 'tus-resumable': '0.2.2' }, 412, 'tus-version'],
      ['no length', { 'upload-length': '' }, 400, 'tus-header'],
      ['a negative length', { 'upload-length': '-1' }, 400, 'tus-header'],
      [
        'a length over the limit',
        { 'upload-length': String(100 * MIB + 1) },
        413,
        'upload-too-large',
      ],
      ['an empty file', { 'upload-length': '0' }, 422, 'upload-refused'],
      ['a file without a name', { 'upload-metadata': 'filetype eA==' }, 422, 'upload-refused'],
      ['metadata that is not base64', { 'upload-metadata': 'filename ???' }, 422, 'upload-refused'],
      [
        'another kind of file',
        { 'upload-metadata': `filename ${Buffer.from('a.exe').toString('base64')}` },
        422,
        'upload-refused',
      ],
      ['no login', { authorization: '' }, 401, 'login-needed'],
      ['a viewer', { authorization: 'Bearer vera' }, 403, 'upload-forbidden'],
    ];
    for (const [what, headers, status, code] of refusals) {
      it(`creation refuses ${what}`, async () => {
        const answer = await ada.ask('POST', '/mlops/uploads', { ...ada.creation(10), ...headers });
        expect([answer.status, answer.body.code]).to.deep.equal([status, code]);
        if (status === 412) expect(answer.headers.get('tus-version')).to.equal('1.0.0');
      });
    }

    it('creation asks Odoo when it names the version, before any byte', async () => {
      odoo.versions.push({
        uid: 7,
        versionId: 99,
        payload: { name: 'taken', version: '1', idempotencyKey: 'other', artifacts: [] },
      });
      const answer = await ada.ask(
        'POST',
        '/mlops/uploads',
        ada.creation(10, { filename: 'a.bin', name: 'taken', version: '1' }),
      );
      expect([answer.status, answer.body.code]).to.deep.equal([409, 'version-exists']);
    });

    it('creation-with-upload takes the first bytes', async () => {
      const bytes = randomBytes(PART + 100);
      const answer = await ada.ask(
        'POST',
        '/mlops/uploads',
        { ...ada.creation(bytes.length), 'content-type': 'application/offset+octet-stream' },
        bytes.subarray(0, 3 * MIB),
      );
      expect([answer.status, answer.offset]).to.deep.equal([201, 3 * MIB]);
      const path = answer.headers.get('location')!;
      expect((await ada.patch(path, 3 * MIB, bytes.subarray(3 * MIB))).offset).to.equal(
        bytes.length,
      );
      await registered(path, bytes);
    });

    for (const [what, size, sizes] of [
      ['in one request', 3 * PART + 5, [100 * MIB]],
      ['part by part', 3 * PART, [PART]],
      ['in pieces smaller than a part', 2 * PART + 9, [MIB]],
      ['in pieces that fit nowhere', 4 * PART + 3, [1, 2 * PART - 1, 7, 6 * MIB + 11]],
      ['byte by byte, then the rest', PART + 1, [...Array<number>(40).fill(1), 100 * MIB]],
      ['of one byte', 1, [1]],
    ] as const) {
      it(`takes a file ${what}`, async () => {
        const bytes = randomBytes(size);
        const path = await ada.create(size);
        await ada.sendAll(path, bytes, [...sizes]);
        expect((await ada.head(path)).offset).to.equal(size);
        expect((await keysOf(path)).filter((key) => key.includes('/tail/'))).to.deep.equal([]);
        await registered(path, bytes);
      });
    }

    it('works with the stock client, also when its line breaks', async () => {
      const bytes = randomBytes(3 * PART + 1);
      let broken = 0;
      const url = await new Promise<string>((resolve, reject) => {
        const upload = new Upload(bytes, {
          endpoint: `${one.url}/mlops/uploads`,
          headers: { authorization: 'Bearer ada' },
          metadata: { filename: 'model.safetensors' },
          chunkSize: 2 * MIB,
          retryDelays: [0, 10, 20],
          onChunkComplete: () => {
            if (broken++ === 2) one.server.closeAllConnections();
          },
          onSuccess: () => resolve(upload.url!),
          onError: reject,
        });
        upload.start();
      });
      await registered(new URL(url).pathname, bytes);
    });

    it('HEAD drops the line while Odoo is away, for a stock client would begin anew at an answer', async () => {
      const bytes = randomBytes(PART + 100);
      const path = await ada.create(bytes.length);
      await ada.patch(path, 0, bytes.subarray(0, PART));
      odoo.down = true;
      try {
        expect(await ada.isDropped(path)).to.equal(true);
        expect(
          (await ada.patch(path, PART, bytes.subarray(PART))).status,
          'others are told',
        ).to.equal(503);
      } finally {
        odoo.down = false;
      }
      expect((await ada.head(path)).offset).to.equal(PART);
    });

    it('answers 409 at another offset, 415 for another type, 413 beyond the length, and changes nothing', async () => {
      const path = await ada.create(100);
      await ada.patch(path, 0, Buffer.alloc(10));
      expect((await ada.patch(path, 11, Buffer.alloc(5))).status).to.equal(409);
      expect((await ada.patch(path, 0, Buffer.alloc(5))).status).to.equal(409);
      expect(
        (await ada.patch(path, 10, Buffer.alloc(5), { 'content-type': 'application/octet-stream' }))
          .status,
      ).to.equal(415);
      expect((await ada.patch(path, 10, Buffer.alloc(91))).status).to.equal(413);
      expect((await ada.head(path)).offset).to.equal(10);
    });

    it('is there for its owner only', async () => {
      const path = await ada.create(10);
      const bob = new TusClient(one.url, 'bob');
      expect([
        (await bob.head(path)).status,
        (await bob.patch(path, 0, Buffer.alloc(10))).status,
        (await bob.ask('DELETE', path)).status,
      ]).to.deep.equal([404, 404, 404]);
      await ada.patch(path, 0, Buffer.alloc(10));
      expect((await bob.register(path, path, '9.9.9')).status).to.equal(404);
      expect((await ada.head('/mlops/uploads/0123456789abcdef0123456789abcdef')).status).to.equal(
        404,
      );
      expect((await ada.head('/mlops/uploads/..%2Finfo')).status).to.equal(404);
    });

    it('checksum: keeps bytes that match, throws away bytes that do not, knows its algorithms', async () => {
      const bytes = randomBytes(4 * PART);
      const path = await ada.create(bytes.length);
      const [first, second] = [bytes.subarray(0, PART - 10), bytes.subarray(PART - 10)];
      expect(
        (await ada.patch(path, 0, first, { 'upload-checksum': base64Digest('sha1', first) }))
          .status,
      ).to.equal(204);
      const bad = await ada.patch(path, first.length, randomBytes(second.length - 1), {
        'upload-checksum': base64Digest('sha256', second),
      });
      expect([bad.status, bad.body.code]).to.deep.equal([460, 'checksum-mismatch']);
      expect((await ada.head(path)).offset).to.equal(first.length);
      expect(
        (await ada.patch(path, first.length, second, { 'upload-checksum': 'md5 xxxx' })).status,
      ).to.equal(400);
      // Only as much as closes the gap before the parts that were thrown away: they must not count.
      const gap = second.subarray(0, PART);
      expect(
        (
          await ada.patch(path, first.length, gap, {
            'upload-checksum': base64Digest('sha256', gap),
          })
        ).offset,
      ).to.equal(first.length + PART);
      const rest = second.subarray(PART);
      expect(
        (
          await ada.patch(path, first.length + PART, rest, {
            'upload-checksum': base64Digest('sha256', rest),
          })
        ).offset,
      ).to.equal(bytes.length);
      await registered(path, bytes);
    });

    it('a cut line keeps what came, without a checksum over it', async () => {
      const bytes = randomBytes(3 * PART);
      const path = await ada.create(bytes.length);
      const line = ada.opened(path, 0, bytes.length, bytes.subarray(0, PART + 1234));
      await until(async () => (await ada.head(path)).offset === PART);
      line.cut();
      await until(async () => (await ada.head(path)).offset === PART + 1234);
      await ada.sendAllFrom(path, bytes);
      await registered(path, bytes);
    });

    it('a newer request takes over from one that hangs', async () => {
      const bytes = randomBytes(2 * PART);
      const path = await ada.create(bytes.length);
      const hanging = ada.opened(path, 0, bytes.length, bytes.subarray(0, PART));
      await until(async () => (await ada.head(path)).offset === PART);
      expect((await ada.patch(path, PART, bytes.subarray(PART))).status).to.equal(204);
      expect(await hanging.answer).to.match(/^HTTP\/1\.1 (204|423)/);
      await registered(path, bytes);
    });

    it('another instance goes on at any point, to and fro', async () => {
      const bytes = randomBytes(4 * PART + 17);
      const path = await ada.create(bytes.length);
      let offset = 0;
      for (const [turn, size] of [
        MIB,
        MIB,
        2 * MIB,
        4 * MIB,
        PART,
        3,
        2 * PART - 3 - MIB,
        MIB,
        100 * MIB,
      ].entries()) {
        const client = turn % 2 ? elsewhere : ada;
        expect((await client.head(path)).offset).to.equal(offset);
        offset = (await client.patch(path, offset, bytes.subarray(offset, offset + size))).offset!;
      }
      expect(offset).to.equal(bytes.length);
      await registered(path, bytes, elsewhere);
    });

    it('another instance brings less than a part in between', async () => {
      const bytes = randomBytes(PART + 5);
      const path = await ada.create(bytes.length);
      await ada.patch(path, 0, bytes.subarray(0, MIB));
      await elsewhere.patch(path, MIB, bytes.subarray(MIB, 2 * MIB));
      await ada.patch(path, 2 * MIB, bytes.subarray(2 * MIB));
      await registered(path, bytes);
    });

    it('two writers without a common lock: what is registered is what is stored', async () => {
      const [mine, theirs] = [randomBytes(3 * PART), randomBytes(3 * PART)];
      const path = await ada.create(mine.length);
      await Promise.all([ada.patch(path, 0, mine), elsewhere.patch(path, 0, theirs)]);
      const { offset } = await ada.head(path);
      if (offset! < mine.length) await ada.patch(path, offset!, mine.subarray(offset!));
      const dockerfile = await ada.create(DOCKERFILE.length, {
        filename: 'Dockerfile',
        field: 'dockerfile',
      });
      await ada.sendAll(dockerfile, DOCKERFILE, [DOCKERFILE.length]);
      expect((await ada.register(path, dockerfile, `0.${++version}.0`)).status).to.equal(202);
      const artifact = odoo.versions.at(-1)!.payload['artifacts'][0];
      const stored: Buffer[] = [];
      for await (const chunk of await one.store.get(artifact.objectKey))
        stored.push(chunk as Buffer);
      expect(digestOf(Buffer.concat(stored))).to.equal(artifact.digest);
    });

    it('parts that a killed process left behind a gap do not count, also when the gap closes', async () => {
      const bytes = randomBytes(4 * PART);
      const path = await ada.create(bytes.length);
      const info = JSON.parse(
        String(await collect(await blobs.get(`tus/${path.slice(-32)}/info`))),
      );
      await blobs.putPart({ key: info.key, uploadId: info.uploadId, number: 2 }, randomBytes(PART));
      await blobs.putPart({ key: info.key, uploadId: info.uploadId, number: 4 }, randomBytes(PART));
      expect((await ada.head(path)).offset).to.equal(0);
      expect((await ada.patch(path, 0, bytes.subarray(0, PART))).offset).to.equal(PART);
      expect((await elsewhere.head(path)).offset).to.equal(PART);
      expect((await elsewhere.patch(path, PART, bytes.subarray(PART))).offset).to.equal(
        bytes.length,
      );
      await registered(path, bytes);
    });

    it('DELETE frees everything; a registered one leaves its artifact', async () => {
      const bytes = randomBytes(2 * PART);
      const open = await ada.create(bytes.length);
      await ada.patch(open, 0, bytes.subarray(0, PART + 5));
      expect((await ada.ask('DELETE', open)).status).to.equal(204);
      expect([(await ada.head(open)).status, await keysOf(open)]).to.deep.equal([404, []]);
      expect((await blobs.openUploads()).some(({ key }) => key.endsWith(open.slice(-32)))).to.equal(
        false,
      );
      const path = await ada.create(bytes.length);
      await ada.sendAll(path, bytes, [bytes.length]);
      await registered(path, bytes);
      expect((await ada.ask('DELETE', path)).status).to.equal(204);
      expect(
        (await one.store.stat(odoo.versions.at(-1)!.payload['artifacts'][0].objectKey))!.size,
      ).to.equal(bytes.length);
    });

    it('expires: 410 afterwards', async () => {
      const path = await ada.create(10);
      now = 23 * 3600_000 + 1000;
      expect([
        (await ada.head(path)).status,
        (await ada.patch(path, 0, Buffer.alloc(10))).status,
      ]).to.deep.equal([410, 410]);
    });

    it('X-HTTP-Method-Override names the verb', async () => {
      const path = await ada.create(10);
      const answer = await ada.ask(
        'POST',
        path,
        {
          'x-http-method-override': 'PATCH',
          'content-type': 'application/offset+octet-stream',
          'upload-offset': '0',
        },
        Buffer.alloc(10),
      );
      expect([answer.status, answer.offset]).to.deep.equal([204, 10]);
    });

    it('registers only what is whole, of the right field and of the announced digest; the same key twice registers once', async () => {
      const bytes = randomBytes(PART + 1);
      const [path, dockerfile] = [
        await ada.create(bytes.length),
        await ada.create(DOCKERFILE.length, { filename: 'Dockerfile', field: 'dockerfile' }),
      ];
      await ada.sendAll(dockerfile, DOCKERFILE, [DOCKERFILE.length]);
      await ada.patch(path, 0, bytes.subarray(0, 10));
      expect((await ada.register(path, dockerfile, '8.0.0')).body.code).to.equal(
        'upload-incomplete',
      );
      await ada.patch(path, 10, bytes.subarray(10));
      expect((await ada.register(dockerfile, path, '8.0.0')).body.code).to.equal('upload-refused');
      expect(
        (
          await ada.register(
            path,
            dockerfile,
            '8.0.0',
            {},
            { digests: { 'model.safetensors': `sha256:${'0'.repeat(64)}` } },
          )
        ).body.code,
      ).to.equal('digest-mismatch');
      const announced = await ada.create(10, {
        filename: 'model.safetensors',
        digest: `sha256:${'0'.repeat(64)}`,
      });
      await ada.patch(announced, 0, Buffer.alloc(10));
      expect((await ada.register(announced, dockerfile, '8.0.0')).body.code).to.equal(
        'digest-mismatch',
      );
      const count = odoo.versions.length;
      const first = await ada.register(path, dockerfile, '8.0.0', { 'idempotency-key': 'reg-8' });
      const again = await elsewhere.register(path, dockerfile, '8.0.0', {
        'idempotency-key': 'reg-8',
      });
      expect([
        first.status,
        again.status,
        again.body.created,
        odoo.versions.length - count,
      ]).to.deep.equal([202, 202, false, 1]);
    });
  });
}

async function collect(stream: AsyncIterable<unknown>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
