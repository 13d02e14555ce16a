import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { expect } from 'chai';
import { UPLOAD_LINE } from '../../../../src/contract/uploads.ts';
import { TusClient, until } from '../../../contract/storage/tus-client.ts';
import { MemoryBlobStore, SMALL_PART_BYTES as PART } from '../../../fakes/memory-blob-store.ts';
import { startUploadApp, type UploadApp } from '../../../fakes/upload-app.ts';
import { UploadOdoo } from '../../../fakes/upload-odoo.ts';

const FORM_TYPE = 'multipart/form-data; boundary=B';
const part = (head: string, body: string | Buffer): Buffer =>
  Buffer.concat([
    Buffer.from(`--B\r\nContent-Disposition: form-data; ${head}\r\n\r\n`),
    Buffer.from(body),
    Buffer.from('\r\n'),
  ]);
const form = (...parts: Buffer[]): Buffer => Buffer.concat([...parts, Buffer.from('--B--\r\n')]);
const METADATA = part('name="metadata"', '{"name":"digits","version":"1.0.0"}');
const DOCKERFILE = part('name="dockerfile"; filename="Dockerfile"', 'FROM scratch\n');

/** Uploads as nginx hands them on: their connections are taken over after the head. */
describe('an upload on a line of its own', () => {
  let blobs: MemoryBlobStore;
  let odoo: UploadOdoo;
  let app: UploadApp;
  beforeEach(async () => {
    [blobs, odoo] = [new MemoryBlobStore(), new UploadOdoo()];
    app = await startUploadApp({ blobs, odoo, partBytes: PART });
  });
  afterEach(() => app.close());

  /** Sends a head that announces `length` bytes; `answer` is all that comes until the line ends. */
  const open = (
    method: string,
    path: string,
    length: number | null,
    headers: Record<string, string>,
    first: Buffer = Buffer.alloc(0),
  ): { socket: Socket; answer: Promise<string>; text(): string } => {
    const socket = connect(app.port, '127.0.0.1');
    let text = '';
    socket.on('data', (chunk) => {
      text += String(chunk);
    });
    const all = {
      Host: 'x',
      Authorization: 'Bearer ada',
      Connection: 'upgrade',
      Upgrade: UPLOAD_LINE,
      ...(length === null
        ? { 'Transfer-Encoding': 'chunked' }
        : { 'Content-Length': String(length) }),
      ...headers,
    };
    const head = `${method} ${path} HTTP/1.1\r\n${Object.entries(all)
      .map(([name, value]) => `${name}: ${value}\r\n`)
      .join('')}\r\n`;
    socket.write(Buffer.concat([Buffer.from(head), first]));
    const answer = once(socket, 'close').then(
      () => text,
      () => text,
    );
    return { socket, answer, text: () => text };
  };
  const tus = (offset: number): Record<string, string> => ({
    'Tus-Resumable': '1.0.0',
    'Upload-Offset': String(offset),
    'Content-Type': 'application/offset+octet-stream',
  });
  const nothingLeft = (): void => {
    expect([blobs.uploads.size, blobs.objects.size, odoo.versions.length]).to.deep.equal([0, 0, 0]);
  };

  for (const [how, sizes] of [
    ['in one go', [Infinity]],
    ['its first bytes with the head', [60, Infinity]],
    ['in odd pieces', [1, 70_001, 3, 400_009]],
  ] as const) {
    it(`takes a form that comes ${how}`, async () => {
      const model = randomBytes(3 * PART + 77);
      const body = form(
        METADATA,
        DOCKERFILE,
        part('name="modelFile"; filename="m.safetensors"', model),
      );
      const first = how === 'in one go' ? Buffer.alloc(0) : body.subarray(0, sizes[0]);
      const { socket, answer } = open(
        'POST',
        '/mlops/models/upload',
        body.length,
        { 'Content-Type': FORM_TYPE },
        first,
      );
      for (let at = first.length, turn = 1; at < body.length; turn += 1) {
        const piece = body.subarray(at, at + sizes[turn % sizes.length]!);
        if (!socket.write(piece)) await once(socket, 'drain');
        at += piece.length;
      }
      expect(await answer)
        .to.match(/^HTTP\/1.1 202 /)
        .and.to.match(/^connection: close/im)
        .and.to.include(createHash('sha256').update(model).digest('hex'));
      expect(odoo.versions).to.have.length(1);
    });
  }

  it('takes the parts of a tus upload, whatever takes its time', async () => {
    const bytes = randomBytes(6 * PART);
    const client = new TusClient(app.url);
    const path = await client.create(bytes.length);
    const whoami = odoo.whoami.bind(odoo);
    odoo.whoami = async (caller) => {
      await new Promise((resolve) => {
        setImmediate(() => setImmediate(resolve));
      });
      return whoami(caller);
    };
    for (let at = 0; at < bytes.length; at += 2 * PART) {
      const { socket, answer } = open(
        'PATCH',
        path,
        2 * PART,
        tus(at),
        bytes.subarray(at, at + 1000),
      );
      socket.write(bytes.subarray(at + 1000, at + 2 * PART));
      expect(await answer)
        .to.match(/^HTTP\/1.1 204 /)
        .and.to.match(new RegExp(`^upload-offset: ${at + 2 * PART}`, 'im'));
    }
  });

  it('takes a small body that is read whole', async () => {
    const { answer } = open(
      'POST',
      '/mlops/models',
      2,
      { 'Content-Type': 'application/json' },
      Buffer.from('{}'),
    );
    expect(await answer)
      .to.match(/^HTTP\/1.1 422 /)
      .and.to.include('metadata-invalid');
  });

  for (const [who, headers, status] of [
    ['nobody', { Authorization: '' }, 401],
    ['a viewer', { Authorization: 'Bearer vera' }, 403],
  ] as const) {
    it(`tells ${who} why not, whole, and throws away the rest`, async () => {
      const { socket, answer, text } = open(
        'POST',
        '/mlops/models/upload',
        5 * PART,
        { 'Content-Type': FORM_TYPE, ...headers },
        METADATA,
      );
      await until(() => text().includes('"detail"'));
      socket.write(randomBytes(5 * PART - METADATA.length));
      expect(await answer).to.match(new RegExp(`^HTTP/1.1 ${status} `));
      nothingLeft();
    });
  }

  it('tells in mid-body what is wrong with it', async () => {
    const start = part('name="metadata"', 'not json');
    const { socket, answer, text } = open(
      'POST',
      '/mlops/models/upload',
      start.length + PART,
      { 'Content-Type': FORM_TYPE },
      start,
    );
    socket.write('--B');
    await until(() => text().includes('metadata-invalid'));
    socket.write(randomBytes(PART - 3));
    expect(await answer).to.match(/^HTTP\/1.1 422 /);
    nothingLeft();
  });

  it('keeps what came before the line broke (tus), or nothing (a form)', async () => {
    const bytes = randomBytes(4 * PART);
    const client = new TusClient(app.url);
    const path = await client.create(bytes.length);
    const line = open('PATCH', path, bytes.length, tus(0), bytes.subarray(0, PART + 500));
    await until(async () => (await client.head(path)).offset! >= PART);
    line.socket.destroy();
    await until(async () => (await client.head(path)).offset === PART + 500);
    await client.sendAllFrom(path, bytes);

    const objects = blobs.objects.size;
    const broken = open(
      'POST',
      '/mlops/models/upload',
      5 * PART,
      { 'Content-Type': FORM_TYPE },
      part('name="modelFile"; filename="m.onnx"', randomBytes(2 * PART)),
    );
    await until(() => blobs.uploads.size === 1);
    broken.socket.end();
    await until(() => blobs.uploads.size === 0);
    expect(blobs.objects.size).to.equal(objects);
  });

  it('counts as a connection of the server: who stops it waits for the answer', async () => {
    const body = form(METADATA, DOCKERFILE, part('name="modelFile"; filename="m.onnx"', 'x'));
    const { socket, answer } = open(
      'POST',
      '/mlops/models/upload',
      body.length,
      { 'Content-Type': FORM_TYPE },
      body.subarray(0, 20),
    );
    await until(
      () =>
        new Promise<boolean>((resolve) => {
          app.server.getConnections((_error, count) => resolve(count === 1));
        }),
    );
    const stopped = new Promise((resolve) => {
      app.server.close(resolve);
    });
    socket.write(body.subarray(20));
    expect(await answer).to.match(/^HTTP\/1.1 202 /);
    await stopped;
  });

  it('is for bodies of a known length', async () => {
    expect(
      await open('POST', '/mlops/models/upload', null, { 'Content-Type': FORM_TYPE }).answer,
    ).to.equal('');
  });
});
