import { expect } from 'chai';
import { httpAnswers, waitFor } from '../process.ts';
import { ClusterScene, condition } from './cluster-scene.ts';

/**
 * What the product takes for granted of a cluster, shown on the one that runs. Needs `npm run stack
 * -- up traefik`.
 */
describe('cluster', function () {
  this.timeout(180_000);
  let scene: ClusterScene;
  before(async () => {
    scene = await new ClusterScene().open();
  });
  after(async () => {
    await scene?.close();
  });

  it('runs a restricted pod from the base image, with byte code that need not be compiled again', async () => {
    const script =
      'import numpy, os; print(numpy.arange(6).sum(), os.getuid(), open(numpy.__cached__, "rb").read(8)[4])';
    await scene.apply(scene.pod('numpy', scene.namespace, { command: ['python3', '-c', script] }));
    await scene.podIs(
      'numpy',
      scene.namespace,
      ({ phase }) => phase === 'Succeeded' || phase === 'Failed',
    );
    const uncheckedHash = 1;
    expect(
      (await scene.kubectl(['-n', scene.namespace, 'logs', scene.named('numpy')])).trim(),
    ).to.equal(`15 65532 ${uncheckedHash}`);
  });

  it('refuses a pod that may become root where models serve', async () => {
    const pod = scene.pod('root', 'mlops-production', {}, { securityContext: { runAsUser: 0 } });
    const refusal = await scene.apply(pod).then(
      () => '',
      (error: Error) => error.message,
    );
    expect(refusal)
      .to.match(/violates PodSecurity "restricted/)
      .and.match(/runAsNonRoot/);
  });

  it('gives each backend its share of the traffic, exactly, under the path without its prefix, counted by service', async () => {
    const serve = (name: string): string =>
      [
        'import http.server as h',
        'class A(h.BaseHTTPRequestHandler):',
        '  def log_message(self, *a): pass',
        `  def do_GET(self): b = ("${name} " + self.path).encode(); self.send_response(200); self.send_header("content-length", str(len(b))); self.end_headers(); self.wfile.write(b)`,
        'h.ThreadingHTTPServer(("", 8080), A).serve_forever()',
      ].join('\n');
    for (const name of ['stable', 'canary']) {
      await scene.apply(
        scene.pod(name, scene.namespace, {
          command: ['python3', '-c', serve(name)],
          ports: [{ containerPort: 8080 }],
          readinessProbe: { httpGet: { path: '/', port: 8080 }, periodSeconds: 1 },
        }),
      );
    }
    for (const name of ['stable', 'canary']) {
      await scene.podIs(
        name,
        scene.namespace,
        (status) => condition(status, 'Ready')?.status === 'True',
      );
      await scene.serve(name, 'mlops-staging');
    }
    const prefix = `/endpoints/staging/${scene.id}`;
    await scene.apply({
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'HTTPRoute',
      metadata: { name: scene.id, namespace: 'mlops-staging' },
      spec: {
        parentRefs: [{ name: 'mlops', namespace: 'mlops-gateway' }],
        rules: [
          {
            matches: [{ path: { type: 'PathPrefix', value: prefix } }],
            filters: [
              {
                type: 'URLRewrite',
                urlRewrite: { path: { type: 'ReplacePrefixMatch', replacePrefixMatch: '/' } },
              },
            ],
            backendRefs: [
              { name: scene.named('stable'), port: 80, weight: 90 },
              { name: scene.named('canary'), port: 80, weight: 10 },
            ],
          },
        ],
      },
    } as never);
    const url = `${scene.facts.gatewayUrl}${prefix}`;
    await waitFor('the route', 20_000, () => httpAnswers(url));
    const answers: string[] = [];
    for (let n = 0; n < 100; n++)
      answers.push(
        await (await fetch(`${url}/v2/health`, { signal: AbortSignal.timeout(5000) })).text(),
      );
    expect(answers.filter((answer) => answer === 'canary /v2/health')).to.have.length(10);
    expect(answers.filter((answer) => answer === 'stable /v2/health')).to.have.length(90);
    const metrics = await (await fetch(scene.facts.gatewayMetricsUrl)).text();
    expect(metrics).to.match(
      new RegExp(
        `traefik_service_requests_total\\{code="200",method="GET",protocol="http",service="mlops-staging-${scene.named('canary')}-http-80@kubernetesgateway"\\}`,
      ),
    );
  });

  it('lets the ninth GPU wait until one is free', async () => {
    const gpus = (count: number): object => ({
      image: scene.pause,
      resources: {
        requests: { 'nvidia.com/gpu': String(count) },
        limits: { 'nvidia.com/gpu': String(count) },
      },
    });
    await scene.apply(scene.pod('eight', scene.namespace, gpus(8)));
    // others' pods may hold some for a while
    await scene.podIs('eight', scene.namespace, ({ phase }) => phase === 'Running', 120_000);
    await scene.apply(scene.pod('ninth', scene.namespace, gpus(1)));
    await scene.podIs('ninth', scene.namespace, (status) =>
      /Insufficient nvidia.com\/gpu/.test(condition(status, 'PodScheduled')?.message ?? ''),
    );
    await scene.kubectl(['-n', scene.namespace, 'delete', 'pod', scene.named('eight'), '--now']);
    await scene.podIs('ninth', scene.namespace, ({ phase }) => phase === 'Running');
  });

  for (const overlay of ['local', 'production']) {
    it(`accepts the manifests of k8s/overlays/${overlay}`, async () => {
      const applied = await scene.kubectl([
        'apply',
        '--server-side',
        '--dry-run=server',
        '--force-conflicts',
        '-k',
        `${scene.facts.root}/k8s/overlays/${overlay}`,
      ]);
      expect(applied)
        .to.match(/gateway\.gateway\.networking\.k8s\.io\/mlops serverside-applied/)
        .and.match(/namespace\/mlops-production serverside-applied/);
    });
  }

  describe('rights of the bridge', () => {
    const may = [
      'create deployments.apps -n mlops-staging',
      'patch httproutes.gateway.networking.k8s.io -n mlops-production',
      'get pods/log -n mlops-build',
      'create secrets -n mlops-build',
      'list nodes',
      'list pods -A',
      'patch configmaps/approved-images -n mlops-staging',
      'create poddisruptionbudgets.policy -n mlops-production',
    ];
    const mayNot = [
      'patch configmaps/other -n mlops-staging',
      'patch configmaps/approved-images -n mlops-build',
      'list configmaps -n mlops-staging',
      'patch validatingadmissionpolicies.admissionregistration.k8s.io',
      'get secrets -n mlops-build',
      'list secrets -n mlops-production',
      'create pods -n mlops-production',
      'create pods/exec -n mlops-production',
      'create deployments.apps -n mlops-build',
      'patch gateways.gateway.networking.k8s.io -n mlops-gateway',
      'patch resourcequotas -n mlops-staging',
      'create namespaces',
      'create rolebindings.rbac.authorization.k8s.io -n mlops-staging',
      'patch nodes',
    ];
    for (const [expected, questions] of [
      ['yes', may],
      ['no', mayNot],
    ] as const) {
      for (const question of questions) {
        it(`${expected === 'yes' ? 'allow' : 'refuse'} to ${question}`, async () => {
          const [verb, resource, ...where] = question.split(' ');
          const answer = await scene
            .kubectl(
              ['auth', 'can-i', verb!, resource!, ...where],
              undefined,
              scene.facts.bridgeKubeconfig,
            )
            .catch((error: Error) => error.message);
          expect(answer.match(/^(yes|no)\b/m)?.[1], answer).to.equal(expected);
        });
      }
    }
  });
});
