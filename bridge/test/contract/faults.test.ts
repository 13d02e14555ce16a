import { expect } from 'chai';
import { setTimeout as pause } from 'node:timers/promises';
import { KubeConfig } from '@kubernetes/client-node';
import type { V1Node } from '@kubernetes/client-node';
import { readStackFacts } from '../../../stack/facts.ts';
import { daemonPid } from '../../../stack/process.ts';
import { KubernetesClient } from '../../src/adapters/kubernetes/client.ts';
import type { Step } from '../../src/domain/rollouts/strategy.ts';
import { ClusterScene, digitsContext } from './rollouts/cluster-scene.ts';
import { EXAMPLE, infer, steadyRequests, stopRequests } from './rollouts/steady-requests.ts';

const SMALL = {
  port: 8080,
  readinessPath: '/v2/health/ready',
  cpu: '50m',
  memory: '256Mi',
  replicas: 1,
};
const V1 = 301,
  V2 = 302,
  SLOW = 303,
  HUNGRY = 304;
const CANARY: Step[] = [
  { kind: 'scale', percent: 100 },
  { kind: 'preview' },
  { kind: 'weight', percent: 50 },
  { kind: 'wait', seconds: 4 },
  { kind: 'weight', percent: 100 },
];
/** Less than after which the cluster takes its node for gone. */
const API_AWAY_MS = 20_000;
const AWAY_MS = 6_000;
const SETTLED_MS = 12_000;

const script = (file: string): string =>
  `ARG REGISTRY\nFROM \${REGISTRY}/base/python:3.11\nCOPY ${file} /srv/\nUSER 65532\nCMD ["python3", "/srv/${file}"]\n`;
const SLOW_PY = `
import http.server, time
time.sleep(8)
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.send_header('content-length', '0'); self.end_headers()
    def log_message(self, *args): pass
http.server.ThreadingHTTPServer(('', 8080), Handler).serve_forever()
`;
const HUNGRY_PY = 'print("reads all of it", flush=True)\nall = bytearray(b"x" * (1 << 30))\n';

/**
 * docs/failures.md, on the real cluster. A server that is away is stopped as it is (SIGSTOP):
 * nothing is closed, nothing answers.
 */
describe('faults on the cluster', function () {
  this.timeout(240_000);
  let scene: ClusterScene;
  const stopped = new Set<number>();

  before(async () => {
    scene = await ClusterScene.open();
    const serving = { serving: SMALL, inputSchema: { example: EXAMPLE } };
    scene.addVersion(V1, await digitsContext(), serving);
    scene.addVersion(V2, await digitsContext('digits-v2'), serving);
    scene.addVersion(
      SLOW,
      { Dockerfile: script('slow.py'), 'slow.py': SLOW_PY },
      { serving: { ...SMALL, readinessPath: '/' } },
    );
    scene.addVersion(
      HUNGRY,
      { Dockerfile: script('hungry.py'), 'hungry.py': HUNGRY_PY },
      { serving: { ...SMALL, memory: '64Mi' } },
    );
    for (const id of [V1, V2, SLOW, HUNGRY]) await scene.haveImage(id);
    scene.want(1, V1);
    expect((await scene.reconcile(1)).phase).to.equal('Ready');
  });
  afterEach(() => {
    stopRequests();
    for (const pid of stopped) process.kill(pid, 'SIGCONT');
    stopped.clear();
    scene.odooIsAway = false;
  });
  after(async () => {
    await scene?.close();
  });

  const away = async (server: string, forMs: number): Promise<void> => {
    const pid = daemonPid(readStackFacts(), server);
    if (pid === null) throw new Error(`${server} does not run`);
    process.kill(pid, 'SIGSTOP');
    stopped.add(pid);
    await pause(forMs);
    process.kill(pid, 'SIGCONT');
    stopped.delete(pid);
  };
  /**
   * The cluster has not doubted its nodes for a while, so that the next test finds it as this one
   * did.
   */
  const settled = async (): Promise<void> => {
    const deadline = Date.now() + 90_000;
    for (let since = Date.now(); Date.now() - since < SETTLED_MS; await pause(500)) {
      const nodes = await administrator()
        .list<V1Node>('/api/v1/nodes')
        .catch(() => []);
      const ready =
        nodes.length > 0 &&
        nodes.every(({ status }) =>
          status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True'),
        );
      if (!ready) since = Date.now();
      if (Date.now() > deadline) throw new Error('the nodes are not Ready');
    }
  };
  const administrator = (): KubernetesClient => {
    const config = new KubeConfig();
    config.loadFromFile(scene.env.adminKubeconfig);
    return new KubernetesClient(config);
  };
  const at50 = async (deploymentId: number): Promise<void> => {
    const deadline = Date.now() + 60_000;
    while (
      scene.facts.findLast((facts) => facts.deploymentId === deploymentId)?.observed.traffic !== 50
    ) {
      if (Date.now() > deadline)
        throw new Error(`not at 50 %: ${JSON.stringify(scene.facts.at(-1))}`);
      await pause(50);
    }
  };
  const failed = async (deploymentId: number, why: RegExp): Promise<void> => {
    const report = await scene.reconcile(deploymentId);
    expect(report.phase).to.equal('Failed');
    expect(report.reason).to.match(why);
    expect((await infer(scene)).status, 'what served before').to.equal(200);
  };
  /** A canary of the version that does not serve, which ends as the only one that does. */
  const canary = async (
    deploymentId: number,
    meanwhile: () => Promise<void>,
    lost: (status: number) => boolean = (status) => status !== 200,
  ): Promise<void> => {
    const versionId = deploymentId % 2 === 0 ? V2 : V1;
    const load = steadyRequests(scene);
    scene.want(deploymentId, versionId, {
      strategy: 'canary',
      steps: CANARY,
      deadlineAt: new Date(Date.now() + 180_000).toISOString(),
    });
    const rollout = scene.reconcile(deploymentId, 170_000);
    await at50(deploymentId);
    await meanwhile();
    const report = await rollout;
    expect(report.phase, report.reason).to.equal('Ready');
    await load.until((answers) => answers.at(-1)!.by.endsWith(`v${versionId}`));
    expect(
      (await load.stop()).filter(({ status }) => lost(status)),
      'lost requests',
    ).to.deep.equal([]);
  };

  it('never ready: fails at its deadline with what was seen last, and what served before serves on', async () => {
    scene.addVersion(
      305,
      {},
      {
        serving: { ...SMALL, readinessPath: '/nowhere' },
        image: scene.versions.get(V1)!.image,
        imageDigest: scene.versions.get(V1)!.imageDigest,
      },
    );
    scene.want(11, 305, { deadlineAt: new Date(Date.now() + 15_000).toISOString() });
    await failed(11, /^DeadlineExceeded: ProbeFailed: .*404/);
  });

  it('slow to ready: is waited for', async () => {
    scene.want(13, SLOW, { protocol: 'http' }, 'staging');
    const report = await scene.reconcile(13);
    expect(report.phase, report.reason).to.equal('Ready');
    // which of both is told last depends on how soon the first probe comes
    const told = scene.facts
      .filter(({ deploymentId }) => deploymentId === 13)
      .map(({ reason }) => reason);
    expect(
      told.some((reason) => /^(0 of 1 pods ready|ProbeFailed: )/.test(reason)),
      told.join(' | '),
    ).to.equal(true);
  });

  it('out of memory: fails with the limit that it met, and what served before serves on', async () => {
    scene.want(15, HUNGRY);
    await failed(15, /OOMKilled/);
  });

  it('quota: fails before anything is touched, with what the quota allows', async () => {
    const admin = administrator();
    const path = '/api/v1/namespaces/mlops-production/resourcequotas';
    await admin.create(path, {
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { name: scene.slug },
      spec: { hard: { 'limits.memory': '1Mi' } },
    });
    try {
      scene.want(17, V2);
      await failed(
        17,
        new RegExp(`^QuotaExceeded: The quota ${scene.slug} allows limits.memory 1Mi`),
      );
      expect(await scene.cluster.revision('mlops-production', `${scene.slug}-v${V2}`)).to.equal(
        null,
      );
    } finally {
      await admin.remove(`${path}/${scene.slug}`, {});
    }
  });

  it('Odoo away in mid-canary: nothing moves, and the canary ends when it is back', async () => {
    await canary(20, async () => {
      scene.odooIsAway = true;
      await pause(AWAY_MS);
      const weights = (await scene.cluster.route('mlops-production', scene.slug))?.backends.map(
        ({ weight }) => weight,
      );
      expect(
        weights,
        `while Odoo is away; before: ${scene.facts
          .slice(-8)
          .map(
            ({ reason, observed }) =>
              `${reason} ${observed.traffic} % ${observed.readyReplicas} ready`,
          )
          .join(' | ')}`,
      ).to.deep.equal([50, 50]);
      scene.odooIsAway = false;
    });
    expect(scene.away).to.include('Odoo is away.');
  });

  it('the registry away: nothing is started without knowing that the image is there, and it is when it is back', async () => {
    scene.addVersion(
      306,
      {},
      {
        serving: SMALL,
        inputSchema: { example: EXAMPLE },
        image: scene.versions.get(V1)!.image,
        imageDigest: scene.versions.get(V1)!.imageDigest,
      },
    );
    const back = away('registry', AWAY_MS);
    scene.want(21, 306);
    const rollout = scene.reconcile(21);
    await pause(AWAY_MS / 2);
    expect(
      await scene.cluster.revision('mlops-production', `${scene.slug}-v306`),
      'while it is away',
    ).to.equal(null);
    await back;
    const report = await rollout;
    expect(report.phase, report.reason).to.equal('Ready');
  });

  it('the gateway away in mid-canary: requests wait for it, and the canary ends when it is back', async () => {
    await canary(22, () => away('traefik', AWAY_MS));
  });

  // the last: afterwards the cluster may take its node for gone for a moment
  it('the API server away in mid-canary: traffic goes on as it was divided, and the canary ends when it is back', async () => {
    await canary(23, () => away('apiserver', API_AWAY_MS));
    await settled();
  });
});
