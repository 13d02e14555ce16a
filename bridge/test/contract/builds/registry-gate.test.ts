import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { extract } from 'tar-stream';
import { HttpRegistry, registryAccess } from '../../../src/adapters/registry/registry.ts';
import { NotFound } from '../../../src/errors.ts';
import { podListener } from '../../../src/http/builds/pod-listener.ts';
import type { OdooPort } from '../../../src/services/ports/odoo.ts';
import type { Logger } from '../../../src/services/ports/runtime.ts';
import type { ObjectStore } from '../../../src/services/ports/object-store.ts';
import { signGrant } from '../../../src/services/builds/build-token.ts';
import { freePort } from '../../../../stack/free-port.ts';
import { htpasswd } from '../../../../stack/servers/registry-access.ts';

const run = promisify(execFile);
const SECRET = 'a secret of this test';
const PASSWORD = 'q8Zt4uW2';
const OWN = 'models/digits';
const quiet: Logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => quiet };
const sha256 = (bytes: Buffer | string): string =>
  `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

/**
 * The gate before a real registry (Debian's docker-registry), talked to by buildah as a build pod
 * does.
 */
describe('registry gate', function () {
  this.timeout(60_000);
  let folder: string;
  let registry: ChildProcess;
  let registryUrl: string;
  let gate: Server;
  let gateName: string;
  const objects = new Map([
    ['m', randomBytes(3_000_000)],
    ['d', Buffer.from('FROM scratch\n')],
  ]);

  const token = (over: object = {}): string =>
    signGrant(
      {
        versionId: 12,
        generation: 3,
        repository: OWN,
        expiresAt: Math.floor(Date.now() / 1000) + 300,
        ...over,
      },
      SECRET,
    );
  const basic = (value: string): Record<string, string> => ({
    authorization: `Basic ${Buffer.from(`build:${value}`).toString('base64')}`,
  });
  const ask = (
    path: string,
    init: RequestInit & { duplex?: 'half' } = {},
    value = token(),
  ): Promise<Response> =>
    fetch(`http://${gateName}${path}`, {
      ...init,
      headers: { ...basic(value), ...(init.headers as Record<string, string> | undefined) },
    });

  /** at the registry itself, as the bridge */
  const direct = (path: string, init: RequestInit = {}): Promise<Response> => {
    const { origin, authorization } = registryAccess(registryUrl);
    return fetch(new URL(path, origin), { ...init, headers: { authorization: authorization! } });
  };

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gate-'));
    const port = await freePort();
    registryUrl = `http://bridge:${PASSWORD}@127.0.0.1:${port}`;
    const users = await htpasswd({ registryPassword: PASSWORD, registryPullPassword: 'p' });
    await writeFile(join(folder, 'htpasswd'), users, { mode: 0o600 });
    await writeFile(
      join(folder, 'registry.yml'),
      `version: 0.1\nlog: {level: error}\nstorage: {filesystem: {rootdirectory: ${folder}/data}}\nauth: {htpasswd: {realm: registry, path: ${folder}/htpasswd}}\nhttp: {addr: '127.0.0.1:${port}'}\n`,
    );
    registry = spawn('docker-registry', ['serve', join(folder, 'registry.yml')], {
      stdio: 'ignore',
    });
    const deadline = Date.now() + 15_000;
    while (
      !(await direct('/v2/').then(
        (answer) => answer.ok,
        () => false,
      ))
    ) {
      if (Date.now() > deadline) throw new Error('docker-registry did not start within 15 s');
      await new Promise((resolve) => {
        setTimeout(resolve, 50);
      });
    }
    const artifacts = [
      {
        kind: 'model',
        filename: 'model.bin',
        objectKey: 'm',
        digest: sha256(objects.get('m')!),
        size: 3_000_000,
      },
      {
        kind: 'dockerfile',
        filename: 'my.Dockerfile',
        objectKey: 'd',
        digest: sha256(objects.get('d')!),
        size: 13,
      },
      {
        kind: 'side',
        filename: 'lib/serve.py',
        objectKey: 'd',
        digest: sha256(objects.get('d')!),
        size: 13,
      },
    ];
    const odoo = { call: async () => ({ generation: 3, artifacts }) } as unknown as OdooPort;
    const store = {
      get: async (key: string) => {
        const bytes = objects.get(key);
        if (!bytes) throw new NotFound('gone', { code: 'object-not-found' });
        return Readable.from([bytes.subarray(0, 10), bytes.subarray(10)]);
      },
    } as unknown as ObjectStore;
    const clock = { now: () => new Date(), sleep: async () => undefined };
    gate = podListener({
      odoo,
      store,
      clock,
      log: quiet,
      registry: registryAccess(registryUrl),
      tokenSecret: SECRET,
    }).listen(0, '127.0.0.1');
    await once(gate, 'listening');
    gateName = `127.0.0.1:${(gate.address() as AddressInfo).port}`;
  });
  after(async () => {
    gate?.close();
    gate?.closeAllConnections();
    if (registry && registry.exitCode === null) {
      registry.kill();
      await once(registry, 'exit');
    }
    await rm(folder, { recursive: true, force: true });
  });

  it('asks for a token, and takes only one that holds', async () => {
    const bare = await fetch(`http://${gateName}/v2/`);
    expect(bare.status).to.equal(401);
    expect(bare.headers.get('www-authenticate')).to.match(/^Basic/);
    expect((await ask('/v2/')).status).to.equal(200);
    expect((await ask('/v2/', {}, token({ expiresAt: 1 }))).status).to.equal(401);
    expect((await ask('/v2/', {}, 'made.up')).status).to.equal(401);
  });

  it('stands before a registry that lets nobody in without a login, and gives none away', async () => {
    const { origin } = registryAccess(registryUrl);
    for (const headers of [{}, basic(token()), basic(PASSWORD)])
      expect((await fetch(`${origin}/v2/${OWN}/tags/list`, { headers })).status).to.equal(401);
    const answer = await ask('/v2/');
    const told = JSON.stringify([...answer.headers]) + (await answer.text());
    for (const part of [PASSWORD, Buffer.from(`bridge:${PASSWORD}`).toString('base64')])
      expect(told).not.to.include(part);
    expect(
      (
        await fetch(`http://${gateName}/v2/`, {
          headers: {
            authorization: `Basic ${Buffer.from(`bridge:${PASSWORD}`).toString('base64')}`,
          },
        })
      ).status,
      "the bridge's own login is none at the gate",
    ).to.equal(401);
  });

  it('lets buildah push to its own repository and pull it again', async () => {
    const layer = join(folder, 'layer');
    await writeFile(layer, randomBytes(2_000_000));
    const image = `${gateName}/${OWN}:v12-g3`;
    const buildah = (...args: string[]) =>
      run('buildah', [
        '--storage-driver',
        'vfs',
        '--root',
        join(folder, 'root'),
        '--runroot',
        join(folder, 'run'),
        ...args,
      ]);
    const { stdout: container } = await buildah('from', 'scratch');
    await buildah('copy', container.trim(), layer, '/layer');
    await buildah('commit', container.trim(), image);
    await buildah(
      'push',
      '--creds',
      `build:${token()}`,
      '--tls-verify=false',
      '--digestfile',
      join(folder, 'digest'),
      image,
    );
    const digest = await new HttpRegistry(registryUrl).digestOf(OWN, 'v12-g3');
    expect(digest).to.match(/^sha256:/);
    expect((await run('cat', [join(folder, 'digest')])).stdout).to.equal(digest);
    expect(
      (
        await ask(`/v2/${OWN}/manifests/${digest}`, {
          headers: { accept: 'application/vnd.oci.image.manifest.v1+json' },
        })
      ).status,
    ).to.equal(200);
    await buildah('rmi', '--all', '--force');
    await buildah('pull', '--creds', `build:${token()}`, '--tls-verify=false', image);
    const refused = await buildah(
      'push',
      '--creds',
      `build:${token()}`,
      '--tls-verify=false',
      image,
      `docker://${gateName}/base/python:3.11`,
    ).catch((error: Error) => error);
    expect(String((refused as Error).message)).to.match(/denied|This build may/i);
  });

  it('answers with a Location that leads back to the gate, and streams an upload of unknown length', async () => {
    const begun = await ask(`/v2/${OWN}/blobs/uploads/`, { method: 'POST' });
    expect(begun.status).to.equal(202);
    const location = begun.headers.get('location') ?? '';
    expect(location).to.match(/^\/v2\/models\/digits\/blobs\/uploads\//);
    const bytes = randomBytes(5_000_000);
    const parts = Readable.from([bytes.subarray(0, 1_000_000), bytes.subarray(1_000_000)]);
    const patched = await ask(location, {
      method: 'PATCH',
      body: Readable.toWeb(parts) as ReadableStream,
      duplex: 'half',
      headers: { 'content-type': 'application/octet-stream' },
    });
    expect(patched.status).to.equal(202);
    const next = patched.headers.get('location') ?? '';
    const stored = await ask(`${next}${next.includes('?') ? '&' : '?'}digest=${sha256(bytes)}`, {
      method: 'PUT',
    });
    expect(stored.status).to.equal(201);
    const read = await ask(`/v2/${OWN}/blobs/${sha256(bytes)}`);
    expect(sha256(Buffer.from(await read.arrayBuffer()))).to.equal(sha256(bytes));
  });

  it("does not hand over another model's blob by a mount", async () => {
    const secret = Buffer.from('weights of another team');
    const begun = await direct('/v2/models/secret/blobs/uploads/', { method: 'POST' });
    const place = new URL(begun.headers.get('location') ?? '', registryAccess(registryUrl).origin);
    place.searchParams.set('digest', sha256(secret));
    expect((await direct(place.href, { method: 'PUT', body: secret })).status).to.equal(201);
    const mounted = await ask(
      `/v2/${OWN}/blobs/uploads/?mount=${sha256(secret)}&from=models%2Fsecret`,
      { method: 'POST' },
    );
    expect(mounted.status, 'an ordinary upload session, not a mounted blob').to.equal(202);
    expect((await ask(`/v2/${OWN}/blobs/${sha256(secret)}`)).status).to.equal(404);
    expect((await ask(`/v2/models/secret/blobs/${sha256(secret)}`)).status).to.equal(403);
  });

  it('streams the context of its own build only', async () => {
    const answer = await ask('/builds/12-3/context.tar');
    expect(answer.status).to.equal(200);
    const found: Record<string, string> = {};
    const tar = extract();
    tar.on('entry', (header, stream, next) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: unknown) => chunks.push(chunk as Buffer));
      stream.on('end', () => {
        found[header.name] = sha256(Buffer.concat(chunks));
        next();
      });
    });
    const done = once(tar, 'finish');
    tar.end(Buffer.from(await answer.arrayBuffer()));
    await done;
    expect(found).to.deep.equal({
      'model.bin': sha256(objects.get('m')!),
      Dockerfile: sha256(objects.get('d')!),
      'lib/serve.py': sha256(objects.get('d')!),
    });
    expect((await ask('/builds/13-3/context.tar')).status).to.equal(404);
    expect((await ask('/builds/12-4/context.tar')).status).to.equal(404);
  });

  it('ends the connection when an object is gone, so that no half context looks whole', async () => {
    const kept = objects.get('d')!;
    objects.delete('d');
    const outcome = await ask('/builds/12-3/context.tar')
      .then(async (answer) => {
        await answer.arrayBuffer();
        return 'whole';
      })
      .catch(() => 'cut');
    objects.set('d', kept);
    expect(outcome).to.equal('cut');
  });

  it('answers 502 while the registry is away', async () => {
    const away = podListener({
      odoo: {} as OdooPort,
      store: {} as ObjectStore,
      clock: { now: () => new Date(), sleep: async () => undefined },
      log: quiet,
      registry: { origin: `http://127.0.0.1:${await freePort()}`, authorization: undefined },
      tokenSecret: SECRET,
    }).listen(0, '127.0.0.1');
    await once(away, 'listening');
    const answer = await fetch(`http://127.0.0.1:${(away.address() as AddressInfo).port}/v2/`, {
      headers: basic(token()),
    });
    away.close();
    away.closeAllConnections();
    expect(answer.status).to.equal(502);
  });
});
