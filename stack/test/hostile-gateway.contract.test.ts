import { expect } from 'chai';
import { routeManifest } from '../../bridge/src/adapters/kubernetes/manifests.ts';
import { waitFor } from '../process.ts';
import { ClusterScene, condition } from './cluster-scene.ts';
import { NginxScene, valuesOf } from './nginx-scene.ts';

const MARK = 'mark7f3a';
const SERVER = `
import http.server, json
TOLD = []
class A(http.server.BaseHTTPRequestHandler):
  protocol_version = "HTTP/1.1"
  def log_message(self, *a): pass
  def do_GET(self):
    told = self.path == "/told"
    if not told: TOLD.append([self.path, list(self.headers.items())])
    if self.path == "/early":
      self.wfile.write(b"HTTP/1.1 103 Early Hints\\r\\nLink: </app/>; rel=preload\\r\\nSet-Cookie: early=1\\r\\n\\r\\n")
    if self.path == "/tunnel":
      self.wfile.write(b"HTTP/1.1 101 Switching Protocols\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\n\\r\\nopened"); return
    body = json.dumps(TOLD).encode() if told else b"<script>1</script>"
    self.send_response(200)
    for name in ("Set-Cookie", "Service-Worker-Allowed", "Clear-Site-Data", "Refresh", "Content-Security-Policy", "Access-Control-Allow-Origin", "X-Accel-Redirect"):
      self.send_header(name, "evil")
    self.send_header("Content-Type", "text/html"); self.send_header("Content-Length", str(len(body))); self.end_headers()
    self.wfile.write(body)
http.server.ThreadingHTTPServer(("", 8080), A).serve_forever()
`;

/**
 * A hostile pod behind the real gateway, with a route as the bridge writes it. Needs `npm run stack
 * -- up traefik`.
 */
describe('The gateway before a hostile pod', function () {
  this.timeout(120_000);
  let scene: ClusterScene;
  let front: NginxScene;
  let path: string;
  before(async () => {
    scene = await new ClusterScene().open();
    front = await NginxScene.start([], scene.facts.ports.traefikWeb);
    path = `/endpoints/staging/${scene.id}`;
    await scene.apply(
      scene.pod('hostile', scene.namespace, {
        command: ['python3', '-c', SERVER],
        ports: [{ containerPort: 8080 }],
        readinessProbe: { httpGet: { path: '/v2', port: 8080 }, periodSeconds: 1 },
      }),
    );
    await scene.podIs(
      'hostile',
      scene.namespace,
      (status) => condition(status, 'Ready')?.status === 'True',
    );
    await scene.serve('hostile', 'mlops-staging');
    const name = scene.named('hostile');
    const spec = {
      namespace: 'mlops-staging',
      name: scene.id,
      slug: scene.id,
      path,
      backends: [{ revision: name, weight: 100 }],
      changedBy: 1,
      before: null,
    };
    await scene.apply(
      routeManifest(spec as never, { name: 'mlops', namespace: 'mlops-gateway' }) as never,
    );
    await waitFor(
      'the route',
      20_000,
      async () => (await fetch(`${scene.facts.gatewayUrl}${path}/v2`)).status === 200,
    );
  });
  after(async () => {
    await front?.stop();
    await scene?.close();
  });

  const told = async (): Promise<string> =>
    (await fetch(`${scene.facts.gatewayUrl}${path}/told`)).text();

  it('hands it no cookie and no key, also when nothing stands before the gateway', async () => {
    const headers = {
      cookie: `__Host-cf_session=${MARK}`,
      authorization: `Bearer ${MARK}`,
      'proxy-authorization': MARK,
      'x-consumer-key': MARK,
    };
    const answer = await fetch(`${scene.facts.gatewayUrl}${path}/direct`, { headers });
    expect(answer.headers.get('content-security-policy')).to.match(/^sandbox;/);
    for (const name of [
      'set-cookie',
      'service-worker-allowed',
      'clear-site-data',
      'refresh',
      'access-control-allow-origin',
    ])
      expect(answer.headers.get(name), name).to.equal(null);
    expect(await told())
      .to.contain('/direct')
      .and.not.contain(MARK);
  });

  it('and behind nginx no address and no name of the visitor either, and nothing early', async () => {
    const answer = await front.get(`${path}/guarded`, [
      `Cookie: session_id=${MARK}`,
      `Authorization: Basic ${MARK}`,
      `X-Anything: ${MARK}`,
      `Referer: https://app/${MARK}`,
    ]);
    expect([answer.status, answer.body]).to.deep.equal([200, '<script>1</script>']);
    expect(valuesOf(answer, 'content-security-policy')).to.have.length(1);
    expect(answer.text).not.to.contain('evil');
    expect(await told())
      .to.contain('/guarded')
      .and.not.contain(MARK);
    const early = await front.get(`${path}/early`);
    expect(early.text).not.to.match(/early=1|preload|evil/);
    const tunnel = await front.get(`${path}/tunnel`, ['Upgrade: websocket']);
    expect([tunnel.status, tunnel.text.includes('opened')]).to.deep.equal([400, false]);
    expect((await front.get(`${path}/tunnel`)).text).not.to.contain('opened');
  });
});
