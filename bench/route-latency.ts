/**
 * How long a change of a route takes to reach the traffic: from the answer of the API server to the
 * first request that goes the new way. The share of a rollback's time that belongs to the gateway.
 *
 *   npx tsx bench/route-latency.ts [--rounds 40]
 *
 * Needs the running stack; removes its one route at the end.
 */
import { Agent, get } from 'node:http';
import { parseArgs } from 'node:util';
import { setTimeout as delay } from 'node:timers/promises';
import { KubeConfig } from '@kubernetes/client-node';
import { KubernetesClient } from '../bridge/src/adapters/kubernetes/client.ts';
import { clusterFacts } from '../bridge/test/contract/rollouts/cluster-facts.ts';
import { quantile } from './quantile.ts';

const { values: flags } = parseArgs({ options: { rounds: { type: 'string', default: '40' } } });
const [NAMESPACE, NAME] = ['mlops-staging', 'bench-route-latency'];
const PATH = `/apis/gateway.networking.k8s.io/v1/namespaces/${NAMESPACE}/httproutes/${NAME}`;
const BEAT_MS = 2;
const PAUSE_MS = 500;
const SEEN_MS = 10_000;

const facts = await clusterFacts();
const config = new KubeConfig();
config.loadFromFile(facts.kubeconfig);
const client = new KubernetesClient(config);
const agent = new Agent({ keepAlive: true });

/** answers by itself, without any pod */
const route = (path: string): object => ({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'HTTPRoute',
  metadata: { name: NAME, namespace: NAMESPACE },
  spec: {
    parentRefs: [{ name: facts.gatewayName, namespace: facts.gatewayNamespace }],
    rules: [
      {
        matches: [{ path: { type: 'PathPrefix', value: path } }],
        filters: [
          {
            type: 'RequestRedirect',
            requestRedirect: { statusCode: 302, hostname: 'example.org' },
          },
        ],
      },
    ],
  },
});
const statusOf = (path: string): Promise<number> =>
  new Promise((resolve, reject) => {
    get(`${facts.gatewayUrl}${path}`, { agent }, (answer) =>
      answer.resume().on('end', () => resolve(answer.statusCode ?? 0)),
    ).on('error', reject);
  });

const took: number[] = [];
try {
  for (let round = 0; round < Number(flags.rounds); round += 1) {
    const path = `/${NAME}/${round}`;
    await client.apply(PATH, route(path));
    const applied = performance.now();
    while ((await statusOf(path)) !== 302) {
      if (performance.now() - applied > SEEN_MS)
        throw new Error(`${path} is not answered ${SEEN_MS} ms after it was applied.`);
      await delay(BEAT_MS);
    }
    took.push(performance.now() - applied);
    await delay(PAUSE_MS);
  }
} finally {
  await client.remove(PATH);
  agent.destroy();
}
const at = (part: number): number => Math.round(quantile(took, part));
console.log(
  `| changes | ms until the traffic goes the new way: p50, p90, longest |\n|---|---|\n| ${took.length} | ${at(0.5)}, ${at(0.9)}, ${at(1)} |`,
);
