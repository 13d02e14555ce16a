import { connect } from 'node:net';
import { expect } from 'chai';
import { Failed, Invalid } from '../../../../src/errors.ts';
import type { Caller } from '../../../../src/services/ports/odoo.ts';
import { startUploadApp, type UploadApp } from '../../../fakes/upload-app.ts';
import { UploadOdoo } from '../../../fakes/upload-odoo.ts';

/**
 * Odoo as several transactions at once see it: all are told that the version is free, one insert
 * wins.
 */
class RacingOdoo extends UploadOdoo {
  fault = (): Error => new Failed('Odoo could not process the request.', { code: 'odoo-failed' });
  override async call<T>(
    caller: Caller,
    model: string,
    method: string,
    kwargs: Record<string, any>,
  ): Promise<T> {
    const taken =
      method === 'register_version' &&
      this.versions.some(
        ({ payload }) =>
          payload['name'] === kwargs['payload'].name &&
          payload['version'] === kwargs['payload'].version,
      );
    if (taken) throw this.fault();
    if (method === 'upload_check' && this.versions.length === 0)
      await new Promise((resolve) => {
        setTimeout(resolve, 50);
      });
    return super.call(caller, model, method, kwargs);
  }
}

const form = (metadata: string, side?: [string, string]): FormData => {
  const data = new FormData();
  data.set('metadata', metadata);
  data.set('modelFile', new Blob(['weights']), 'model.onnx');
  data.set('dockerfile', new Blob(['FROM scratch\n']), 'Dockerfile');
  if (side) data.append('sideFiles', new Blob([side[1]]), side[0]);
  return data;
};

describe('uploads at the edge', function () {
  this.timeout(120_000);
  let odoo: RacingOdoo;
  let app: UploadApp;
  beforeEach(async () => {
    odoo = new RacingOdoo();
    app = await startUploadApp({ odoo });
  });
  afterEach(() => app.close());

  const upload = async (
    metadata: string,
    side?: [string, string],
  ): Promise<{ status: number; body: any }> => {
    const answer = await fetch(`${app.url}/mlops/models/upload`, {
      method: 'POST',
      headers: { authorization: 'Bearer ada' },
      body: form(metadata, side),
    });
    return { status: answer.status, body: await answer.json() };
  };

  for (const [what, fault] of [
    [
      'Odoo’s failed transaction',
      () => new Failed('Odoo could not process the request.', { code: 'odoo-failed' }),
    ],
    ['Odoo’s own refusal', () => new Invalid('It exists already.', { code: 'refused' })],
  ] as const) {
    it(`five of one version at once: one is taken, the others are told 409, by ${what}`, async () => {
      odoo.fault = fault;
      const answers = await Promise.all(
        Array.from({ length: 5 }, () => upload('{"name":"m","version":"1"}')),
      );
      expect(answers.map(({ status }) => status).sort()).to.deep.equal([202, 409, 409, 409, 409]);
      for (const { status, body } of answers)
        if (status === 409) expect(body.code).to.equal('version-exists');
      expect(odoo.versions).to.have.length(1);
    });
  }

  for (const [field, metadata] of [
    ['metadata.params.a', '{"name":"m","version":"1","params":{"a":12345678901234567890}}'],
    ['metadata.metrics.b', '{"name":"m","version":"1","metrics":{"b":1e999}}'],
    ['metadata.description', '{"name":"m","version":"1","description":"\\u0000"}'],
    ['metadata.name', '{"name":"m\\u202egnp","version":"1"}'],
    ['metadata.name', '{"name":"m\\u200b","version":"1"}'],
    ['metadata.team', '{"name":"m","version":"1","team":"a\\u2066b"}'],
  ] as const) {
    it(`names ${field} of ${metadata}`, async () => {
      const { status, body } = await upload(metadata);
      expect([status, body.errors[0].field]).to.deep.equal([422, field]);
    });
  }

  it('keeps names in composed form, of models and of files', async () => {
    expect(
      (await upload('{"name":"cafe\\u0301","version":"1"}', ['cafe\u0301.txt', 'x'])).status,
    ).to.equal(202);
    expect(odoo.versions[0]!.payload['name']).to.equal('caf\u00e9');
    expect(odoo.versions[0]!.payload['artifacts'].map((one: any) => one.filename)).to.include(
      'caf\u00e9.txt',
    );
  });
  it('refuses a file whose name hides its direction', async () => {
    const { status, body } = await upload('{"name":"m","version":"1"}', ['a\u202etxt.py', 'x']);
    expect([status, body.errors[0].field]).to.deep.equal([422, 'sideFiles']);
  });
  it('takes an empty side file in both ways', async () => {
    expect((await upload('{"name":"m","version":"1"}', ['__init__.py', ''])).status).to.equal(202);
    const ids: Record<string, string> = {};
    for (const [field, name, body] of [
      ['modelFile', 'm.onnx', 'w'],
      ['dockerfile', 'Dockerfile', 'FROM scratch\n'],
      ['sideFiles', '__init__.py', ''],
    ] as const) {
      const metadata = Object.entries({ filename: name, field })
        .map(([key, value]) => `${key} ${Buffer.from(value).toString('base64')}`)
        .join(',');
      const answer = await fetch(`${app.url}/mlops/uploads`, {
        method: 'POST',
        ...(body ? { body } : {}),
        headers: {
          authorization: 'Bearer ada',
          'tus-resumable': '1.0.0',
          'upload-length': String(body.length),
          'upload-metadata': metadata,
          ...(body ? { 'content-type': 'application/offset+octet-stream' } : {}),
        },
      });
      expect(answer.status, name).to.equal(201);
      ids[field] = answer.headers.get('location')!;
    }
    const answer = await fetch(`${app.url}/mlops/models`, {
      method: 'POST',
      headers: { authorization: 'Bearer ada', 'content-type': 'application/json' },
      body: JSON.stringify({
        metadata: { name: 'm', version: '2' },
        uploads: {
          modelFile: ids['modelFile'],
          dockerfile: ids['dockerfile'],
          sideFiles: [ids['sideFiles']],
        },
      }),
    });
    expect(answer.status, await answer.clone().text()).to.equal(202);
  });

  it('40 slow ones without a login take no place', async () => {
    const slow = Array.from({ length: 40 }, () =>
      connect(app.port, '127.0.0.1', function (this: any) {
        this.write(
          'POST /mlops/models/upload HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=x\r\nContent-Length: 100000\r\n\r\n--x',
        );
      }),
    );
    await Promise.all(
      slow.map(
        (socket) =>
          new Promise((resolve) => {
            socket.once('data', resolve).on('error', resolve);
          }),
      ),
    );
    expect((await upload('{"name":"m","version":"9"}')).status).to.equal(202);
    for (const socket of slow) socket.destroy();
  });
});
