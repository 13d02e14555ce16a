import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { BRIDGE_NODE_OPTIONS, bundleBridge } from '../../bundle.ts';
import { freePort } from '../../../stack/free-port.ts';

/** long enough for any machine; what does not come at all ends the test */
const START_DEADLINE_MS = 120_000;
/** port 1 of the loopback: nobody listens there */
const NOBODY = '127.0.0.1:1';

/** Bundled, as it runs in production. */
describe('the bridge as a program', function () {
  this.timeout(2 * START_DEADLINE_MS);
  let folder: string;
  let child: ChildProcess | undefined;
  let program: string;
  before(async () => (program = await bundleBridge()));
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'creativeflow-main-'))));
  afterEach(() => {
    child?.kill('SIGKILL');
    rmSync(folder, { recursive: true });
  });

  const start = (
    env: Record<string, string>,
  ): { output: () => string; ended: Promise<number | null> } => {
    const bridge = spawn(process.execPath, [...BRIDGE_NODE_OPTIONS, program], {
      env: { PATH: process.env['PATH'] ?? '', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child = bridge;
    let text = '';
    for (const stream of [bridge.stdout, bridge.stderr])
      stream.on('data', (chunk) => (text += String(chunk)));
    return {
      output: () => text,
      ended: once(bridge, 'close').then(([code]) => code as number | null),
    };
  };

  it('starts while every part is away, says which, and stops when it is told to', async () => {
    const [port, podPort] = [await freePort(), await freePort()];
    writeFileSync(join(folder, 'kubeconfig'), kubeconfig(`https://${NOBODY}`));
    const { output, ended } = start({
      BRIDGE_PORT: String(port),
      BRIDGE_POD_HOST: '127.0.0.1',
      BRIDGE_POD_PORT: String(podPort),
      BRIDGE_PUBLIC_URL: 'https://mlops.example',
      ENDPOINTS_PUBLIC_URL: 'https://endpoints.example',
      ODOO_URL: `http://${NOBODY}`,
      ODOO_DB: 'none',
      ODOO_SERVICE_KEY: 'f3a9c1',
      ODOO_RECEIPT_SECRET: 'k'.repeat(32),
      OUTBOX_DATABASE_URL: `postgres://nobody@${NOBODY}/none`,
      REDIS_URL: `redis://${NOBODY}/0`,
      MINIO_ENDPOINT: `http://${NOBODY}`,
      MINIO_ACCESS_KEY: 'a7Fq',
      MINIO_SECRET_KEY: 'w1Lp',
      MINIO_BUCKET: 'mlops',
      REGISTRY_URL: `http://${NOBODY}`,
      REGISTRY_NAME: 'registry:1',
      KUBECONFIG: join(folder, 'kubeconfig'),
      BUILD_NAMESPACE: 'build',
      BUILD_IMAGE: 'builder:1',
      GATEWAY_NAME: 'mlops',
      GATEWAY_NAMESPACE: 'gateway',
      SESSION_SECRET: 's'.repeat(32),
    });
    const url = `http://127.0.0.1:${port}`;
    await until(async () => (await fetch(`${url}/health/live`)).status === 200, output);
    const ready = await fetch(`${url}/health/ready`);
    const { parts } = (await ready.json()) as { parts: Record<string, string> };
    expect(ready.status).to.equal(503);
    expect(Object.keys(parts)).to.have.members(['odoo', 'postgres', 'redis', 'minio']);
    expect(Object.values(parts)).not.to.include('ok');
    expect(
      (await fetch(`${url}/mlops/models`, { headers: { authorization: 'Bearer a-key' } })).status,
      'Odoo is away',
    ).to.equal(503);
    child!.kill('SIGTERM');
    expect(await ended, `1 is an end by its own deadline:\n${output()}`).to.equal(0);
    expect(output()).not.to.contain('bridge.unhandled');
  });

  it('refuses to start half-right, with all faults and no stack', async () => {
    const { output, ended } = start({ ODOO_URL: 'not a url' });
    expect(await ended).to.equal(1);
    for (const name of ['ODOO_URL', 'REDIS_URL', 'SESSION_SECRET', 'KUBECONFIG'])
      expect(output()).to.contain(`- ${name}: `);
    expect(output()).not.to.match(/^ +at /m);
  });
});

async function until(condition: () => Promise<boolean>, output: () => string): Promise<void> {
  const deadline = Date.now() + START_DEADLINE_MS;
  while (!(await condition().catch(() => false))) {
    if (Date.now() > deadline) throw new Error(`The bridge did not start:\n${output()}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function kubeconfig(server: string): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'none',
    contexts: [{ name: 'none', context: { cluster: 'none', user: 'none' } }],
    clusters: [{ name: 'none', cluster: { server } }],
    users: [{ name: 'none', user: { token: 'none' } }],
  });
}
