import { KubeConfig } from '@kubernetes/client-node';
import { expect } from 'chai';
import { KubernetesClient } from '../../../src/adapters/kubernetes/client.ts';
import { MinioBlobStore } from '../../../src/adapters/minio/minio-blob-store.ts';
import { Odoo } from '../../../src/adapters/odoo/odoo.ts';
import { PrometheusMetrics } from '../../../src/adapters/prometheus/metrics.ts';
import { HttpImageLayers } from '../../../src/adapters/registry/image-layers.ts';
import { HttpImageStore } from '../../../src/adapters/registry/image-store.ts';
import { HttpRegistry } from '../../../src/adapters/registry/registry.ts';
import { TraefikMetrics } from '../../../src/adapters/traefik/metrics.ts';
import { systemClock } from '../../../src/clock.ts';
import { BridgeError } from '../../../src/errors.ts';
import { ODD_ANSWERS, oddServer, type OddServer } from './odd-server.ts';

const DEADLINE_MS = 300;
const DIGEST = `sha256:${'0'.repeat(64)}`;
type Operations = Record<string, () => Promise<unknown>>;

/** Every question that the bridge asks of a part, put to whatever listens on `url`. */
function operationsOf(url: string): Operations {
  const odoo = new Odoo(
    { url, database: 'db', serviceKey: 'k', serviceConnections: 2, deadlineMs: DEADLINE_MS },
    systemClock,
  );
  const config = new KubeConfig();
  config.loadFromClusterAndUser({ name: 'c', server: url, skipTLSVerify: true }, { name: 'u' });
  const cluster = new KubernetesClient(config, DEADLINE_MS);
  const storage = new MinioBlobStore(
    { endpoint: url, accessKey: 'a', secretKey: 's', bucket: 'mlops', deadlineMs: DEADLINE_MS },
    systemClock,
  );
  const registry = new HttpRegistry(url, DEADLINE_MS);
  const images = new HttpImageStore(url, DEADLINE_MS);
  const path = '/apis/apps/v1/namespaces/n/deployments';
  return {
    'Odoo, as a person': () => odoo.whoami({ kind: 'session', cookie: 'session_id=x' }),
    'Odoo, with a key': () => odoo.whoami({ kind: 'key', key: 'k' }),
    'Odoo, as the bridge': () =>
      odoo.call({ kind: 'service' }, 'mlops.deployment', 'work', { deployment_id: 1 }),
    'Odoo, at login': () => odoo.login('ada', 'p', undefined, undefined),
    'the cluster, for an object': () => cluster.get(`${path}/x`),
    'the cluster, for a list': () => cluster.list(path),
    'the cluster, to apply': () => cluster.apply(`${path}/x`, {}),
    'the cluster, to create': () => cluster.create(path, {}),
    'the cluster, to remove': () => cluster.remove(`${path}/x`),
    'the storage, whether an object is there': () => storage.stat('artifacts/x'),
    'the storage, to list': async () => {
      for await (const _ of storage.list('artifacts/')) break;
    },
    'the storage, to begin an upload': () => storage.begin('artifacts/x'),
    'the storage, for the parts of an upload': () => storage.parts('artifacts/x', 'u'),
    'the storage, to write once': () => storage.putIfAbsent('pointers/x', 'x', 'text/plain'),
    'the registry, for a digest': () => registry.digestOf('digits', 'v1'),
    'the registry, for a manifest': () => images.manifest('digits', 'v1'),
    'the registry, for a blob': () => images.hasBlob('digits', DIGEST),
    'the registry, for layers': () =>
      new HttpImageLayers(url, DEADLINE_MS).layersOf('digits', DIGEST),
    'the gateway, for its metrics': () => new TraefikMetrics(`${url}/metrics`, DEADLINE_MS).all(),
    Prometheus: () => new PrometheusMetrics({ url }, DEADLINE_MS).counters('n', 'r'),
  };
}

/**
 * Any JSON may be the result of a method of Odoo: the call cannot tell, whoever reads the result
 * does.
 */
const CANNOT_TELL = ['answers with null', 'answers with a list', 'answers with other JSON'];

async function outcomeOf(question: () => Promise<unknown>): Promise<string> {
  try {
    return `taken for an answer: ${JSON.stringify(await question())}`;
  } catch (error) {
    return error instanceof BridgeError ? `${error.status}` : `${String(error)}`;
  }
}

describe('a part that does not answer as itself is unavailable, and no fact is learnt from it', () => {
  for (const [what, answer] of Object.entries(ODD_ANSWERS)) {
    it(`when it ${what}`, async () => {
      const server: OddServer = await oddServer(answer);
      try {
        const asked = Object.entries(operationsOf(`http://127.0.0.1:${server.port}`)).filter(
          ([name]) => name !== 'Odoo, as the bridge' || !CANNOT_TELL.includes(what),
        );
        const outcomes = await Promise.all(
          asked.map(async ([name, ask]) => [name, await outcomeOf(ask)]),
        );
        const expected = Object.fromEntries(asked.map(([name]) => [name, '503']));
        expect(Object.fromEntries(outcomes)).to.deep.equal(expected);
      } finally {
        await server.close();
      }
    });
  }

  it('when nothing listens', async () => {
    const asked = Object.entries(operationsOf('http://127.0.0.1:1'));
    const outcomes = await Promise.all(
      asked.map(async ([name, ask]) => [name, await outcomeOf(ask)]),
    );
    expect(Object.fromEntries(outcomes)).to.deep.equal(
      Object.fromEntries(asked.map(([name]) => [name, '503'])),
    );
  });
});
