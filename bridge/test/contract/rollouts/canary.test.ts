import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { setTimeout as pause } from 'node:timers/promises';
import { PrometheusMetrics } from '../../../src/adapters/prometheus/metrics.ts';
import { TraefikMetrics } from '../../../src/adapters/traefik/metrics.ts';
import type { Judge, Step } from '../../../src/domain/rollouts/strategy.ts';
import { ClusterScene, digitsContext } from './cluster-scene.ts';
import { startPrometheus } from './prometheus-server.ts';
import { EXAMPLE, infer, steadyRequests, stopRequests } from './steady-requests.ts';

const SMALL = {
  port: 8080,
  readinessPath: '/v2/health/ready',
  cpu: '50m',
  memory: '256Mi',
  replicas: 1,
};
const V1 = 201,
  V2 = 202,
  FAILS = 203;
const JUDGE: Judge = {
  kind: 'judge',
  seconds: 3,
  minRequests: 10,
  maxErrorRate: 0.05,
  maxLatencyRatio: 20,
  maxRestarts: 0,
  tooLittle: 'wait',
  withinSeconds: 30,
  signal: null,
};
const canary = (percent: number, ...between: Step[]): Step[] => [
  { kind: 'scale', percent: 100 },
  { kind: 'preview' },
  { kind: 'weight', percent },
  ...between,
  { kind: 'weight', percent: 100 },
];

/** Ready, and then every other request is an error. */
const FLAKY = `ARG REGISTRY
FROM \${REGISTRY}/base/python:3.11
COPY flaky.py /srv/
USER 65532
CMD ["python3", "/srv/flaky.py"]
`;
const FLAKY_PY = `
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
asked = 0
class Handler(BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    def answer(self, status):
        self.rfile.read(int(self.headers.get('content-length') or 0))
        self.send_response(status)
        self.send_header('content-length', '2')
        self.end_headers()
        self.wfile.write(b'{}')
    def do_GET(self):
        self.answer(200)
    def do_POST(self):
        global asked
        asked += 1
        self.answer(200 if asked % 2 else 500)
    def log_message(self, *args):
        pass
ThreadingHTTPServer(('', 8080), Handler).serve_forever()
`;

describe('a canary on the cluster', function () {
  this.timeout(240_000);
  let scene: ClusterScene;
  let metrics: TraefikMetrics;

  before(async () => {
    scene = await ClusterScene.open();
    metrics = new TraefikMetrics(scene.env.metricsUrl);
    const serving = { serving: SMALL, inputSchema: { example: EXAMPLE } };
    scene.addVersion(V1, await digitsContext(), serving);
    scene.addVersion(V2, await digitsContext('digits-v2'), serving);
    scene.addVersion(FAILS, { Dockerfile: FLAKY, 'flaky.py': FLAKY_PY }, { serving: SMALL });
    for (const id of [V1, V2, FAILS]) await scene.haveImage(id);
    scene.want(1, V1);
    expect((await scene.reconcile(1)).phase).to.equal('Ready');
  });
  afterEach(stopRequests);
  after(async () => {
    await scene?.close();
  });

  const counted = async (id: number): Promise<number> =>
    (await metrics.counters('mlops-production', `${scene.slug}-v${id}`)).requests;
  /** until the rollout waits for this */
  const waitsFor = async (deploymentId: number, what: string): Promise<void> => {
    const deadline = Date.now() + 60_000;
    while (
      scene.facts.findLast((facts) => facts.deploymentId === deploymentId)?.observed.rollout
        ?.waitingFor !== what
    ) {
      if (Date.now() > deadline)
        throw new Error(`not waiting for ${what}: ${JSON.stringify(scene.facts.at(-1))}`);
      await pause(50);
    }
  };

  it('gives exactly its share of traffic, lets testers choose a side, and gives all of it back when it is aborted', async () => {
    scene.want(2, V2, {
      strategy: 'canary',
      steps: canary(10, { kind: 'approve', withinSeconds: 60 }),
    });
    const rollout = scene.reconcile(2);
    await waitsFor(2, 'person');
    const before = [await counted(V1), await counted(V2)];
    for (let asked = 0; asked < 200; asked += 1) expect((await infer(scene)).status).to.equal(200);
    expect((await counted(V2)) - before[1]!, 'of 200 requests').to.be.within(19, 21);
    expect((await counted(V1)) - before[0]!).to.be.within(179, 181);

    expect((await infer(scene, { 'creativeflow-traffic': 'canary' })).by).to.equal(
      `${scene.slug}-v${V2}`,
    );
    expect((await infer(scene, { 'creativeflow-traffic': 'stable' })).by).to.equal(
      `${scene.slug}-v${V1}`,
    );
    expect((await infer(scene, { cookie: 'theme=dark; creativeflow-traffic=canary' })).by).to.equal(
      `${scene.slug}-v${V2}`,
    );

    // 10 % of 4096 ends of a session's id
    const answeredBy = (session: string): string =>
      `${scene.slug}-v${Number.parseInt(session.slice(-3), 16) < 410 ? V2 : V1}`;
    for (const session of [
      'a7f5c1d2-0000-4000-8000-000000000000',
      '9b1f-199',
      '9b1f-19A',
      'X-FFF',
      ...Array.from({ length: 20 }, () => randomUUID()),
    ]) {
      expect((await infer(scene, { 'creativeflow-session': session })).by, session).to.equal(
        answeredBy(session),
      );
      expect(
        (await infer(scene, { cookie: `creativeflow-session=${session}; theme=fff` })).by,
        session,
      ).to.equal(answeredBy(session));
    }
    expect(
      (
        await infer(scene, {
          'creativeflow-session': randomUUID(),
          'creativeflow-traffic': 'canary',
        })
      ).by,
      'a tester chooses',
    ).to.equal(`${scene.slug}-v${V2}`);
    expect((await infer(scene, { 'creativeflow-session': 'no digits' })).status).to.equal(200);

    const began = Date.now();
    Object.assign(scene.deployments.get(2)!, {
      desired: 'removed',
      phase: 'Failed',
      generation: 2,
    });
    const aborted = scene.reconcile(2);
    while ((await infer(scene)).by !== `${scene.slug}-v${V1}`)
      expect(Date.now() - began, 'from the abort to the old version').to.be.below(5_000);
    await Promise.all([rollout, aborted]);
    expect(await scene.cluster.revision('mlops-production', `${scene.slug}-v${V2}`)).to.equal(null);
  });

  it('is judged by its own traffic, passes and takes over without a lost request; another bridge goes on in the middle', async () => {
    const load = steadyRequests(scene);
    scene.want(3, V2, { strategy: 'canary', steps: canary(30, JUDGE) });
    const first = scene.reconcile(3, 25_000).catch(() => undefined);
    await waitsFor(3, 'judgement');
    // what one bridge began another, which knows nothing of it, ends
    const second = scene.reconcile(3);
    const report = await second;
    await first;
    expect(report.phase, report.reason).to.equal('Ready');
    const judgements = scene.facts.findLast(
      (facts) => facts.deploymentId === 3 && (facts.observed.rollout?.judgements.length ?? 0) > 0,
    )!.observed.rollout!.judgements;
    expect(judgements.at(-1)!.verdict).to.equal('pass');
    expect(judgements.at(-1)!.numbers.canary.requests).to.be.at.least(10);
    await load.until((answers) => answers.at(-1)!.by.endsWith(`v${V2}`));
    const answers = await load.stop();
    expect(
      answers.filter((answer) => answer.status !== 200),
      'lost requests',
    ).to.deep.equal([]);
    Object.assign(scene.deployments.get(1)!, {
      desired: 'removed',
      phase: 'Superseded',
      isLive: false,
      generation: 2,
      siblings: [],
    });
    await scene.reconcile(1);
  });

  it('fails by its errors, with the numbers in the reason, and what served before serves on', async () => {
    const load = steadyRequests(scene);
    scene.want(4, FAILS, { strategy: 'canary', steps: canary(30, JUDGE), protocol: 'http' });
    const report = await scene.reconcile(4);
    expect(report.phase).to.equal('Failed');
    expect(report.reason).to.match(
      /^JudgementFailed: (4\d|5\d)(\.\d)? % of \d+ requests failed, of the stable version's 0 % of \d+/,
    );
    await load.until((answers) => answers.at(-1)!.by.endsWith(`v${V2}`));
    const before = (await load.stop()).length;
    expect(before).to.be.above(30);
    expect((await infer(scene)).status).to.equal(200);
    expect(await scene.cluster.revision('mlops-production', `${scene.slug}-v${FAILS}`)).to.equal(
      null,
    );
  });

  it('is counted alike by the gateway itself and by a Prometheus that scrapes it', async () => {
    const prometheus = await startPrometheus(scene.env.metricsUrl);
    try {
      const scraped = new PrometheusMetrics({ url: prometheus.url });
      const counted = await metrics.counters('mlops-production', `${scene.slug}-v${V2}`);
      expect(counted.requests, 'there is something to compare').to.be.above(0);
      let other = await scraped.counters('mlops-production', `${scene.slug}-v${V2}`);
      for (
        const deadline = Date.now() + 30_000;
        other.requests < counted.requests && Date.now() < deadline;
        await pause(200)
      ) {
        other = await scraped.counters('mlops-production', `${scene.slug}-v${V2}`);
      }
      expect(other).to.deep.equal(counted);
      expect(await scraped.counters('mlops-production', `${scene.slug}-v9`)).to.deep.equal({
        requests: 0,
        errors: 0,
        buckets: [],
      });
    } finally {
      prometheus.stop();
    }
  });
});
