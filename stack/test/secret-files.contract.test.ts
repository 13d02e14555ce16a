import { chmodSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { stackContext } from '../facts.ts';
import { freePort } from '../free-port.ts';
import { waitFor } from '../process.ts';
import { ensureSecrets } from '../secrets.ts';
import type { Server, StackContext } from '../server.ts';
import { ensureCertificate } from '../servers/certificate.ts';
import { ensurePki } from '../servers/kubernetes/pki.ts';
import { writeConfiguration } from '../servers/odoo/configuration.ts';
import { redis } from '../servers/redis.ts';
import { registry } from '../servers/registry.ts';
import { KEYS, MAY_HOLD } from './secret-files.ts';
import { filesBelow, readIfThere, secretsIn } from './secret-walk.ts';

/**
 * What the stack writes for its servers, into a state folder of this test: also over files that a
 * former release left open.
 */
describe('what the servers are given to read', function () {
  this.timeout(120_000);
  let context: StackContext;
  const started: Server[] = [redis, registry];

  before(async () => {
    const base = stackContext();
    const state = mkdtempSync(join(tmpdir(), 'secret-files-'));
    context = {
      ...base,
      state,
      ports: { ...base.ports, redis: await freePort(), registry: await freePort() },
      secrets: ensureSecrets(state),
    };
    await written();
    // as if they had been made by hand, or by a release that minded less
    for (const { path } of filesBelow(state))
      if (KEYS.test(path)) chmodSync(join(state, path), 0o644);
    await written();
  });
  after(async () => {
    for (const server of started) await server.stop(context);
    rmSync(context.state, { recursive: true });
  });

  async function written(): Promise<void> {
    ensureSecrets(context.state);
    writeConfiguration(context);
    await ensureCertificate(context);
    await ensurePki(context);
    for (const server of started) {
      await server.start(context);
      await waitFor(server.name, 15_000, () => server.ready(context));
    }
  }

  it('is listed by nobody else', () => {
    expect(statSync(context.state).mode & 0o066).to.equal(0);
  });

  it('is for its owner alone where it is a key or holds a secret', () => {
    const open = [...filesBelow(context.state)].filter(
      ({ path, mode }) =>
        (KEYS.test(path) ||
          secretsIn(readIfThere(join(context.state, path)), context.secrets).length > 0) &&
        mode !== 0o600,
    );
    expect(open).to.deep.equal([]);
  });

  it('holds the secrets of its own purpose and no other', () => {
    const wrong = [...filesBelow(context.state)].flatMap(({ path }) =>
      secretsIn(readIfThere(join(context.state, path)), context.secrets)
        .filter(
          (name) => !MAY_HOLD.some(([file, secrets]) => file.test(path) && secrets.test(name)),
        )
        .map((name) => `${path}: ${name}`),
    );
    expect(wrong).to.deep.equal([]);
  });
});

describe('looking for a secret', () => {
  const secrets = { a: 'Qm4uZ0vT-3xKp_9hWqLr2sNd', b: 'other' };
  for (const [how, text] of [
    ['as it is', `x=${secrets.a};`],
    ['in a URL', `redis://:${encodeURIComponent(secrets.a)}@h`],
    ['as a password in base64', Buffer.from(`node:${secrets.a}`).toString('base64')],
    ['in hex', Buffer.from(secrets.a).toString('hex')],
  ] as const) {
    it(`finds one ${how}`, () => {
      expect(secretsIn(Buffer.from(text), secrets)).to.deep.equal(['a']);
    });
  }
});
