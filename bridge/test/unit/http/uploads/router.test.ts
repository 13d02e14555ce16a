import { createHash, randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { expect } from 'chai';
import { StorageFull, Unavailable } from '../../../../src/errors.ts';
import { MemoryBlobStore, SMALL_PART_BYTES } from '../../../fakes/memory-blob-store.ts';
import { startUploadApp, type UploadApp } from '../../../fakes/upload-app.ts';
import { UploadOdoo } from '../../../fakes/upload-odoo.ts';

const PART = SMALL_PART_BYTES;
const digest = (bytes: Buffer): string =>
  `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
const DOCKERFILE = 'ARG REGISTRY\nFROM ${REGISTRY}/base/python:3.11\n';
type Entry = [name: string, content: string | Buffer, filename?: string];

describe('POST /mlops/models/upload', () => {
  let blobs: MemoryBlobStore;
  let odoo: UploadOdoo;
  let app: UploadApp;
  beforeEach(async () => {
    [blobs, odoo] = [new MemoryBlobStore(), new UploadOdoo()];
    app = await startUploadApp({ blobs, odoo, maxBytes: 4 * PART, partBytes: PART });
  });
  afterEach(() => app.close());

  const metadata = (more: object = {}): Entry => [
    'metadata',
    JSON.stringify({ name: 'digits', version: '1.0.0', ...more }),
  ];
  const model = (bytes: Buffer = randomBytes(1000), name = 'model.safetensors'): Entry => [
    'modelFile',
    bytes,
    name,
  ];
  const dockerfile: Entry = ['dockerfile', DOCKERFILE, 'Dockerfile'];
  const send = async (entries: Entry[], headers: Record<string, string> = {}) => {
    const form = new FormData();
    for (const [name, content, filename] of entries) {
      if (filename === undefined) form.append(name, String(content));
      else form.append(name, new Blob([content as Buffer<ArrayBuffer>]), filename);
    }
    const answer = await fetch(`${app.url}/mlops/models/upload`, {
      method: 'POST',
      body: form,
      headers: { authorization: 'Bearer ada', ...headers },
    });
    return {
      status: answer.status,
      headers: answer.headers,
      body: (await answer.json()) as Record<string, any>,
    };
  };
  const nothingLeft = (): void => {
    expect(blobs.uploads.size, 'open uploads').to.equal(0);
    expect([...blobs.objects.keys()], 'objects').to.deep.equal([]);
    expect(odoo.versions).to.deep.equal([]);
  };

  for (const [what, size] of [
    ['small', 1000],
    ['of one part', PART],
    ['of many parts', 3 * PART + 77],
  ] as const) {
    it(`takes a model ${what}, metadata first or last, and tells Odoo of its bytes`, async () => {
      for (const [index, order] of [
        ['m', 'd', 'f'],
        ['f', 'd', 'm'],
        ['d', 'f', 'm'],
      ].entries()) {
        const bytes = randomBytes(size);
        const entries: Record<string, Entry> = {
          m: metadata({ version: `1.${index}.0` }),
          d: dockerfile,
          f: model(bytes),
        };
        const { status, body } = await send(order.map((each) => entries[each]!));
        expect(status).to.equal(202);
        expect(body).to.include({
          modelId: 1,
          versionId: index + 1,
          initialStatus: 'Validating',
          created: true,
        });
        const artifact = odoo.versions[index]!.payload['artifacts'].find(
          (each: any) => each.kind === 'model',
        );
        expect(artifact).to.include({ filename: 'model.safetensors', digest: digest(bytes), size });
        expect((await app.store.stat(artifact.objectKey))!.size).to.equal(size);
      }
    });
  }

  it('takes side files, and an announced digest by metadata, by part header or by request header', async () => {
    const bytes = randomBytes(2 * PART);
    const { status, body } = await send(
      [
        metadata({
          digests: {
            'model.safetensors': digest(bytes),
            Dockerfile: digest(Buffer.from(DOCKERFILE)),
          },
        }),
        dockerfile,
        model(bytes),
        ['sideFiles', 'print(1)', 'serve.py'],
        ['sideFiles', '{}', 'labels.json'],
      ],
      { 'repr-digest': `sha-256=:${createHash('sha256').update(bytes).digest('base64')}:` },
    );
    expect([status, body['artifacts'].map((each: any) => each.filename)]).to.deep.equal([
      202,
      ['Dockerfile', 'model.safetensors', 'serve.py', 'labels.json'],
    ]);
  });

  const wrong = `sha256:${'0'.repeat(64)}`;
  const refusals: [string, Entry[], number, string, string | null, Record<string, string>?][] = [
    ['no model', [metadata(), dockerfile], 422, 'upload-incomplete', 'modelFile'],
    ['no Dockerfile', [metadata(), model()], 422, 'upload-incomplete', 'dockerfile'],
    ['no metadata', [dockerfile, model()], 422, 'upload-incomplete', 'metadata'],
    [
      'an empty model',
      [metadata(), dockerfile, model(Buffer.alloc(0))],
      422,
      'upload-refused',
      'modelFile',
    ],
    [
      'a model of another kind',
      [metadata(), dockerfile, model(undefined, 'model.exe')],
      422,
      'upload-refused',
      'modelFile',
    ],
    [
      'a name with folders',
      [metadata(), dockerfile, ['sideFiles', 'x', '../x.py']],
      422,
      'upload-refused',
      'sideFiles',
    ],
    [
      'a binary Dockerfile',
      [metadata(), ['dockerfile', Buffer.from([0, 255, 1]), 'Dockerfile']],
      422,
      'upload-refused',
      'dockerfile',
    ],
    [
      'a large Dockerfile',
      [metadata(), ['dockerfile', 'x'.repeat(1024 * 1024 + 1), 'Dockerfile'], model()],
      413,
      'upload-too-large',
      'dockerfile',
    ],
    [
      'a model over the limit',
      [metadata(), dockerfile, model(randomBytes(4 * PART + 1))],
      413,
      'upload-too-large',
      'modelFile',
    ],
    [
      'a request far over the limit',
      [metadata(), dockerfile, model(Buffer.alloc(4 * PART + 9 * 1024 * 1024))],
      413,
      'upload-too-large',
      'modelFile',
    ],
    [
      'metadata that is not JSON',
      [['metadata', '{'], dockerfile, model()],
      422,
      'metadata-invalid',
      'metadata',
    ],
    [
      'metadata without a version',
      [['metadata', '{"name":"x"}'], dockerfile, model()],
      422,
      'metadata-invalid',
      'metadata.version',
    ],
    [
      'metadata with unknown fields',
      [metadata({ colour: 'red' }), dockerfile, model()],
      422,
      'metadata-invalid',
      'metadata',
    ],
    ['two models', [metadata(), dockerfile, model(), model()], 422, 'upload-refused', 'modelFile'],
    [
      'two files of one name',
      [metadata(), dockerfile, ['sideFiles', 'x', 'a.py'], ['sideFiles', 'y', 'a.py']],
      422,
      'upload-refused',
      'sideFiles',
    ],
    ['an unknown field', [metadata(), ['picture', 'x', 'a.png']], 422, 'upload-refused', 'picture'],
    [
      'another digest in the metadata',
      [
        metadata({ digests: { 'model.safetensors': wrong } }),
        dockerfile,
        model(randomBytes(2 * PART)),
      ],
      422,
      'digest-mismatch',
      'modelFile',
    ],
    [
      'another digest in metadata that comes last',
      [
        dockerfile,
        model(randomBytes(2 * PART)),
        metadata({ digests: { 'model.safetensors': wrong } }),
      ],
      422,
      'digest-mismatch',
      'modelFile',
    ],
    [
      'another digest in the header',
      [metadata(), dockerfile, model()],
      422,
      'digest-mismatch',
      'modelFile',
      { digest: `SHA-256=${Buffer.alloc(32).toString('base64')}` },
    ],
    [
      'a digest for a file that did not come',
      [metadata({ digests: { 'other.bin': wrong } }), dockerfile, model()],
      422,
      'upload-incomplete',
      'metadata.digests.other.bin',
    ],
    [
      'a key that is no key',
      [metadata(), dockerfile, model()],
      422,
      'upload-refused',
      'Idempotency-Key',
      { 'idempotency-key': 'with blank' },
    ],
  ];
  for (const [what, entries, status, code, field, headers] of refusals) {
    it(`refuses ${what}, and leaves nothing`, async () => {
      const answer = await send(entries, headers);
      expect([answer.status, answer.body['code']], answer.body['detail']).to.deep.equal([
        status,
        code,
      ]);
      if (field) expect(answer.body['errors'].map((each: any) => each.field)).to.include(field);
      nothingLeft();
    });
  }

  it('asks Odoo before it keeps a byte: a version that exists is refused at once', async () => {
    expect((await send([metadata(), dockerfile, model()])).status).to.equal(202);
    const before = blobs.objects.size;
    const answer = await send([metadata(), dockerfile, model(randomBytes(3 * PART))]);
    expect([answer.status, answer.body['code']]).to.deep.equal([409, 'version-exists']);
    expect([blobs.objects.size, blobs.uploads.size]).to.deep.equal([before, 0]);
  });

  it('refuses who is not logged in and who may not upload, before the body', async () => {
    expect((await send([metadata(), dockerfile, model()], { authorization: '' })).status).to.equal(
      401,
    );
    expect(
      (await send([metadata(), dockerfile, model()], { authorization: 'Bearer vera' })).status,
    ).to.equal(403);
    nothingLeft();
    expect(odoo.calls).to.deep.equal([]);
  });

  it('answers the first answer to the same Idempotency-Key, and gives a key to those without', async () => {
    const entries = [metadata(), dockerfile, model()];
    const first = await send(entries, { 'idempotency-key': 'k-1' });
    const again = await send(entries, { 'idempotency-key': 'k-1' });
    expect([first.status, again.status]).to.deep.equal([202, 202]);
    expect(again.body).to.deep.equal({ ...first.body, created: false });
    expect(odoo.versions.length).to.equal(1);
    expect(
      (await send([metadata({ version: '2' }), dockerfile, model()])).headers.get(
        'idempotency-key',
      ),
    ).to.match(/^[0-9a-f-]{36}$/);
  });

  it('stores the same bytes once', async () => {
    const bytes = randomBytes(2 * PART);
    await send([metadata({ version: '1' }), dockerfile, model(bytes)]);
    const keys = [...blobs.objects.keys()].filter((key) => !key.startsWith('claims/')).sort();
    await send([metadata({ version: '2' }), dockerfile, model(bytes)]);
    expect(
      [...blobs.objects.keys()].filter((key) => !key.startsWith('claims/')).sort(),
    ).to.deep.equal(keys);
    expect(odoo.versions.length).to.equal(2);
  });

  it('a full storage answers 507, one that is away 503; nothing is registered', async () => {
    blobs.failing = { putPart: new StorageFull('full', { code: 'storage-full' }) };
    expect((await send([metadata(), dockerfile, model(randomBytes(3 * PART))])).status).to.equal(
      507,
    );
    blobs.failing = { putIfAbsent: new Unavailable('away', { code: 'storage-unavailable' }) };
    expect((await send([metadata(), dockerfile, model()])).status).to.equal(503);
    blobs.failing = {};
    nothingLeft();
  });

  it('takes the upload when Odoo comes back while it waits', async () => {
    let calls = 0;
    const call = odoo.call.bind(odoo);
    odoo.call = async (caller, name, method, kwargs) => {
      if (method === 'register_version' && ++calls === 1)
        throw new Unavailable('Odoo restarts', { code: 'odoo-unavailable' });
      return call(caller, name, method, kwargs as Record<string, any>) as never;
    };
    expect((await send([metadata(), dockerfile, model()])).status).to.equal(202);
    expect(odoo.versions.length).to.equal(1);
  });

  it('with Odoo down at the end answers 503 and how to go on; the same key then registers once', async () => {
    let now = Date.now();
    await app.close();
    app = await startUploadApp({
      blobs,
      odoo,
      clock: {
        now: () => new Date(now),
        sleep: async (ms) => {
          now += ms;
        },
      },
    });
    const call = odoo.call.bind(odoo);
    odoo.call = async (caller, name, method, kwargs) => {
      if (method === 'register_version' && now - Date.now() < 1800_000)
        throw new Unavailable('Odoo is down', { code: 'odoo-unavailable' });
      return call(caller, name, method, kwargs as Record<string, any>) as never;
    };
    const entries = [metadata(), dockerfile, model(randomBytes(2 * PART))];
    const failed = await send(entries, { 'idempotency-key': 'k-2' });
    expect([failed.status, failed.body['code']]).to.deep.equal([503, 'registration-pending']);
    expect(failed.body['remedy']).to.contain('k-2');
    expect(odoo.versions).to.deep.equal([]);
    now = Date.now() + 3600_000;
    expect((await send(entries, { 'idempotency-key': 'k-2' })).body).to.include({ created: true });
    expect(odoo.versions.length).to.equal(1);
  });

  it('a client that goes away in mid-body leaves nothing', async () => {
    const socket = connect(app.port, '127.0.0.1');
    socket.write(
      `POST /mlops/models/upload HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ada\r\nContent-Type: multipart/form-data; boundary=B\r\nContent-Length: ${4 * PART}\r\n\r\n`,
    );
    socket.write(
      '--B\r\nContent-Disposition: form-data; name="modelFile"; filename="m.bin"\r\n\r\n',
    );
    socket.write(randomBytes(2 * PART + 1000));
    await until(() => [...blobs.uploads.values()].some(({ parts }) => parts.size === 2));
    socket.destroy();
    await until(() => blobs.uploads.size === 0);
    nothingLeft();
  });

  it('tells a client in mid-body why it refuses, whole, and goes on with the next request on the same line', async () => {
    const socket = connect(app.port, '127.0.0.1');
    let answer = '';
    socket.on('data', (chunk) => {
      answer += String(chunk);
    });
    const start =
      '--B\r\nContent-Disposition: form-data; name="metadata"\r\n\r\nnot json\r\n--B\r\n';
    socket.write(
      `POST /mlops/models/upload HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ada\r\nContent-Type: multipart/form-data; boundary=B\r\nContent-Length: ${start.length + PART}\r\n\r\n`,
    );
    socket.write(start);
    await until(() => whole(answer));
    expect(answer)
      .to.match(/^HTTP\/1.1 422 /)
      .and.to.include('metadata-invalid');
    answer = '';
    socket.write(randomBytes(PART)); // a client that reads only when it has sent everything
    socket.write(
      'HEAD /mlops/uploads/0123456789abcdef0123456789abcdef HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ada\r\nTus-Resumable: 1.0.0\r\n\r\n',
    );
    await until(() => answer.startsWith('HTTP/1.1 404 '));
    socket.destroy();
    nothingLeft();
  });
});

/** Whether an answer has come to the end that its header announces. */
function whole(answer: string): boolean {
  const [head, body] = answer.split('\r\n\r\n');
  return (
    body !== undefined &&
    Buffer.byteLength(body) === Number(/^content-length: (\d+)$/im.exec(head!)?.[1])
  );
}

async function until(condition: () => boolean, ms = 60_000): Promise<void> {
  const deadline = Date.now() + ms;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`not within ${ms} ms: ${condition}`);
    await new Promise((resolve) => {
      setTimeout(resolve, 5);
    });
  }
}
