import { once } from 'node:events';
import { lookup } from 'node:dns/promises';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import { expect } from 'chai';
import { parseAllDocuments } from 'yaml';
import { allowServingManifest } from '../../bridge/src/adapters/kubernetes/manifests.ts';
import { readStackFacts } from '../facts.ts';
import { GATES_OF_TESTS, type PortName } from '../ports.ts';
import { httpAnswers, waitFor } from '../process.ts';
import { run } from '../run.ts';
import { POD_BRIDGE_ADDRESS } from '../server.ts';

interface KubernetesObject {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string };
  spec?: object;
}
interface Target {
  host: string;
  port: number;
}

const METADATA = '169.254.169.254';
const SERVE =
  'import http.server as h; h.ThreadingHTTPServer(("", 8080), h.SimpleHTTPRequestHandler).serve_forever()';
const PROBE = `
import concurrent.futures as f, json, socket, sys
def reached(t):
    try:
        socket.create_connection((t["host"], t["port"]), 2).close()
        return True
    except OSError:
        return False
targets = json.loads(sys.argv[1])
with f.ThreadPoolExecutor(40) as pool: print(json.dumps(dict(zip(targets, pool.map(reached, targets.values())))))
`;
/** On loopback, of which pods know the bridge's address alone. */
const SERVERS: PortName[] = [
  'postgres',
  'redis',
  'minio',
  'odoo',
  'registry',
  'etcd',
  'apiserver',
  'traefikWeb',
  'traefikMetrics',
  'bridge',
  'nginxHttps',
  'kubeProxyHealth',
  'networkPoliciesHealth',
];

/**
 * Whether somebody answers there is the way out's to say: they are no addresses of this machine.
 */
const LETS_PASS = ['the API server by its Service', 'the addresses of a cloud'];

/**
 * What pods reach under the policies of k8s/, enforced: in namespaces of the test's own that have
 * those of the real ones.
 */
describe('NetworkPolicies on the cluster', function () {
  this.timeout(240_000);
  const facts = readStackFacts();
  const id = `np-${Date.now().toString(36)}`;
  const [ours, theirs, builds, open] = [`${id}-ours`, `${id}-theirs`, `${id}-builds`, `${id}-open`];
  const listeners: Server[] = [];
  let targets: Record<string, Target>;
  let addresses: Record<string, string>;

  before(async () => {
    const rendered = parseAllDocuments(
      await kubectl(['kustomize', `${import.meta.dirname}/../../k8s/overlays/local`]),
    ).map((one) => one.toJS() as KubernetesObject);
    const policies = (of: string, into: string): KubernetesObject[] =>
      rendered
        .filter(({ kind, metadata }) => kind === 'NetworkPolicy' && metadata.namespace === of)
        .map((policy) => ({ ...policy, metadata: { ...policy.metadata, namespace: into } }));
    const serves = {
      revision: `${id}-1`,
      namespace: ours,
      port: 8080,
      slug: 'x',
      modelId: 1,
      versionId: 1,
    } as Parameters<typeof allowServingManifest>[0];
    await apply(
      [ours, theirs, builds, open].map((name) => ({
        apiVersion: 'v1',
        kind: 'Namespace',
        metadata: { name },
      })),
    );
    await apply([
      ...policies('mlops-production', ours),
      ...policies('mlops-production', theirs),
      ...policies('mlops-build', builds),
      allowServingManifest(serves, [`${POD_BRIDGE_ADDRESS}/32`]) as KubernetesObject,
      pod('serving', ours, { 'creativeflow.io/revision': `${id}-1` }),
      pod('beside', ours),
      pod('other', theirs),
      pod('build', builds),
      pod('build-beside', builds),
      pod('free', open),
    ]);
    addresses = Object.fromEntries(
      await Promise.all(
        [
          ['serving', ours],
          ['beside', ours],
          ['other', theirs],
          ['build', builds],
          ['build-beside', builds],
          ['free', open],
        ].map(async ([name, namespace]) => [name, await readyAddress(name!, namespace!)]),
      ),
    );
    const gate = await listening(
      facts.ports.registry + 1,
      facts.ports.registry + GATES_OF_TESTS,
      POD_BRIDGE_ADDRESS,
    );
    const everywhere = await listening(0, 0, '::');
    const outside = Object.entries(networkInterfaces())
      .filter(([name]) => !/^(lo|cfpods0|veth)/.test(name))
      .flatMap(([, found]) => found ?? [])
      .find(({ family, internal }) => family === 'IPv4' && !internal);
    const resolver = /^nameserver\s+(\d+\.\d+\.\d+\.\d+)/m.exec(
      readFileSync('/etc/resolv.conf', 'utf8'),
    )?.[1];
    const packages = await lookup('deb.debian.org', 4).catch(() => null);
    const linkLocal = (networkInterfaces()['cfpods0'] ?? []).find(
      ({ family }) => family === 'IPv6',
    )?.address;
    targets = {
      'a serving pod on its port': { host: addresses['serving']!, port: 8080 },
      "the company's other pod": { host: addresses['beside']!, port: 8080 },
      "another company's pod": { host: addresses['other']!, port: 8080 },
      "another build's pod": { host: addresses['build-beside']!, port: 8080 },
      'a pod without policies': { host: addresses['free']!, port: 8080 },
      'the kubelet': { host: POD_BRIDGE_ADDRESS, port: facts.ports.kubelet },
      'the API server by its Service': { host: '10.96.0.1', port: 443 },
      'any server of this machine by the bridge': { host: POD_BRIDGE_ADDRESS, port: everywhere },
      'the addresses of a cloud': { host: METADATA, port: 80 },
      ...Object.fromEntries(
        SERVERS.map((name) => [name, { host: POD_BRIDGE_ADDRESS, port: facts.ports[name] }]),
      ),
      ...(outside
        ? {
            'any server of this machine by its own address': {
              host: outside.address,
              port: everywhere,
            },
          }
        : {}),
      ...(linkLocal
        ? { 'any server of this machine by IPv6': { host: `${linkLocal}%eth0`, port: everywhere } }
        : {}),
      'the gate': { host: POD_BRIDGE_ADDRESS, port: gate },
      ...(resolver ? { 'the resolver': { host: resolver, port: 53 } } : {}),
      ...(packages ? { 'a package registry': { host: packages.address, port: 80 } } : {}),
    };
    // the stack's own bridge listens there for builds
    delete targets['registry'];
    targets['the gate of the stack'] = { host: POD_BRIDGE_ADDRESS, port: facts.ports.registry };
  });
  after(async () => {
    for (const listener of listeners) listener.close();
    await kubectl(['delete', 'namespace', ours, theirs, builds, open, '--wait=false']);
  });

  const ALLOWED: Record<string, { from: () => [string, string]; to: string[] }> = {
    'a serving pod': { from: () => ['serving', ours], to: ['a serving pod on its port'] }, // itself
    'a build pod': {
      from: () => ['build', builds],
      to: ['the gate', 'the gate of the stack', 'the resolver', 'a package registry'],
    },
    'a pod without policies': {
      from: () => ['free', open],
      to: [
        'the gate',
        'the gate of the stack',
        'the resolver',
        'a package registry',
        'a pod without policies',
        ...LETS_PASS,
      ],
    },
  };
  for (const [who, { from, to }] of Object.entries(ALLOWED)) {
    it(`${who} reaches what it must, and nothing else`, async () => {
      const reached = JSON.parse(
        await kubectl([
          '-n',
          from()[1],
          'exec',
          from()[0],
          '--',
          'python3',
          '-c',
          PROBE,
          JSON.stringify(targets),
        ]),
      ) as Record<string, boolean>;
      const surely = to.filter((name) => name in targets && !LETS_PASS.includes(name));
      const yes = Object.keys(reached).filter((name) => reached[name]);
      expect(
        yes.filter((name) => !to.includes(name)),
        'reached and must not',
      ).to.deep.equal([]);
      expect(
        surely.filter((name) => !yes.includes(name)),
        'not reached and must',
      ).to.deep.equal([]);
    });
  }

  it('this machine reaches a serving pod, as the gateway and the kubelet do, and its probes stay green', async () => {
    expect(await httpAnswers(`http://${addresses['serving']}:8080/`)).to.equal(true);
    const restarts = await kubectl([
      '-n',
      ours,
      'get',
      'pod',
      'serving',
      '-o',
      'jsonpath={.status.containerStatuses[0].ready} {.status.containerStatuses[0].restartCount}',
    ]);
    expect(restarts).to.equal('true 0');
  });

  it('whoever enforces them is asked by status', async () => {
    expect(
      await httpAnswers(`http://127.0.0.1:${facts.ports.networkPoliciesHealth}/healthz`),
    ).to.equal(true);
  });

  function pod(
    name: string,
    namespace: string,
    labels: Record<string, string> = {},
  ): KubernetesObject {
    const probe = { tcpSocket: { port: 8080 }, periodSeconds: 1 };
    return {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace, labels } as KubernetesObject['metadata'],
      spec: {
        automountServiceAccountToken: false,
        terminationGracePeriodSeconds: 0,
        enableServiceLinks: false,
        dnsPolicy: 'Default',
        containers: [
          {
            name: 'main',
            image: `${facts.registryName}/base/python:3.11`,
            command: ['python3', '-c', SERVE],
            startupProbe: { ...probe, failureThreshold: 120 },
            readinessProbe: probe,
            livenessProbe: { ...probe, timeoutSeconds: 5, failureThreshold: 5 },
            resources: { requests: { cpu: '10m' } },
          },
        ],
      },
    };
  }

  async function readyAddress(name: string, namespace: string): Promise<string> {
    let found = '';
    await waitFor(`pod ${name}`, 120_000, async () => {
      const said = await kubectl([
        '-n',
        namespace,
        'get',
        'pod',
        name,
        '-o',
        'jsonpath={.status.containerStatuses[0].ready} {.status.podIP}',
      ]);
      const [ready, address = ''] = said.split(' ');
      found = address;
      return ready === 'true' && address !== '';
    });
    return found;
  }

  async function listening(first: number, last: number, host: string): Promise<number> {
    for (let port = first; port <= last; port++) {
      const server = createServer((_, answer) => void answer.end('here')).listen(port, host);
      if (
        await once(server, 'listening').then(
          () => true,
          () => false,
        )
      ) {
        listeners.push(server);
        return (server.address() as AddressInfo).port;
      }
    }
    throw new Error(`no port from ${first} to ${last} is free on ${host}`);
  }

  function apply(items: KubernetesObject[]): Promise<string> {
    return kubectl(['apply', '--server-side', '--force-conflicts', '-f', '-'], {
      apiVersion: 'v1',
      kind: 'List',
      items,
    });
  }

  function kubectl(args: string[], input?: object): Promise<string> {
    return run(facts.kubectl, ['kubectl', '--kubeconfig', facts.adminKubeconfig, ...args], {
      deadlineMs: 60_000,
      ...(input ? { input: JSON.stringify(input) } : {}),
    });
  }
});
