import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { registryAccess } from '../../bridge/src/adapters/registry/registry.ts';
import { freePort } from '../free-port.ts';
import { pushLayout } from '../images/push.ts';
import { stackContext } from '../facts.ts';
import { waitFor } from '../process.ts';
import { ensureSecrets } from '../secrets.ts';
import type { StackContext } from '../server.ts';
import { mirror } from '../servers/kubernetes/containerd.ts';
import { REGISTRY_USERS, registryUrl, type RegistryUser } from '../servers/registry-access.ts';
import { registry } from '../servers/registry.ts';
import { emptyImage } from './empty-image.ts';

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';

/** The stack's own registry, started a second time with state, port and secrets of this test. */
describe('the registry of the stack', function () {
  this.timeout(60_000);
  let context: StackContext;
  let origin: string;

  before(async () => {
    const base = stackContext();
    const state = mkdtempSync(join(tmpdir(), 'registry-'));
    context = {
      ...base,
      state,
      ports: { ...base.ports, registry: await freePort() },
      secrets: ensureSecrets(state),
    };
    origin = `http://127.0.0.1:${context.ports.registry}`;
    await registry.start(context);
    await waitFor('the registry', 15_000, () => registry.ready(context));
    await pushLayout(
      emptyImage(join(state, 'layout')),
      registryUrl(context, 'bridge'),
      'models/a:1',
    );
  });
  after(async () => {
    if (!context) return;
    await registry.stop(context);
    rmSync(context.state, { recursive: true });
  });

  const ask = async (
    method: string,
    path: string,
    headers: Record<string, string> = {},
  ): Promise<number> => {
    const body = method === 'PUT' || method === 'PATCH' ? '{}' : undefined;
    const answer = await fetch(`${origin}${path}`, {
      method,
      headers: { accept: MANIFEST, ...headers },
      ...(body ? { body } : {}),
    });
    await answer.body?.cancel();
    return answer.status;
  };
  const basic = (user: string, password: string): Record<string, string> => ({
    authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
  });

  const paths = [
    '/v2/',
    '/v2/_catalog',
    '/v2/models/a/tags/list',
    '/v2/models/a/manifests/1',
    `/v2/models/a/blobs/sha256:${'0'.repeat(64)}`,
    '/v2/models/a/blobs/uploads/',
  ];
  for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']) {
    it(`answers 401 to ${method} without a login, on every path`, async () => {
      for (const path of paths) expect(await ask(method, path), path).to.equal(401);
    });
  }

  it("answers 401 to a wrong password, another purpose's secret and an unknown user", async () => {
    for (const [name, value] of Object.entries(context.secrets)) {
      if (name !== REGISTRY_USERS.bridge)
        expect(await ask('GET', '/v2/', basic('bridge', value)), name).to.equal(401);
      expect(await ask('GET', '/v2/', basic('somebody', value)), name).to.equal(401);
    }
    expect(await ask('GET', '/v2/', basic('bridge', ''))).to.equal(401);
  });

  for (const user of Object.keys(REGISTRY_USERS) as RegistryUser[]) {
    it(`lets ${user} read with its own login`, async () => {
      const { authorization } = registryAccess(registryUrl(context, user));
      expect(
        await ask('GET', '/v2/models/a/manifests/1', { authorization: authorization! }),
      ).to.equal(200);
    });
  }

  it('gives containerd the login of the node, and not that of the bridge', () => {
    const text = mirror(registryUrl(context, 'node'));
    const header = /authorization = "Basic ([^"]+)"/.exec(text)![1]!;
    expect(Buffer.from(header, 'base64').toString()).to.equal(
      `node:${context.secrets[REGISTRY_USERS.node]}`,
    );
    expect(text).to.include(`server = "${origin}"`).and.not.include('@');
    // the host, and the server that is asked after it
    expect(text.match(/authorization = /g)).to.have.length(2);
  });

  it('keeps its files to their owner, with no secret of another purpose in them', async () => {
    const folder = join(context.state, 'registry');
    for (const name of ['config.yml', 'htpasswd']) {
      expect(statSync(join(folder, name)).mode & 0o777, name).to.equal(0o600);
      const text = readFileSync(join(folder, name), 'utf8');
      const held = Object.entries(context.secrets)
        .filter(([, value]) => text.includes(value))
        .map(([secret]) => secret);
      expect(held, name).to.deep.equal(name === 'config.yml' ? ['registryHttpSecret'] : []);
    }
  });

  it('goes on running when it is started again with the same users', async () => {
    const before = readFileSync(join(context.state, 'run', 'registry.pid'), 'utf8');
    await registry.start(context);
    expect(readFileSync(join(context.state, 'run', 'registry.pid'), 'utf8')).to.equal(before);
  });
});
