/**
 * One build in a process of its own, so that its memory is its own: the bridge's build, its pod
 * listener, and nothing else. Says one line of JSON.
 */
import { once } from 'node:events';
import { KubeConfig } from '@kubernetes/client-node';
import { KubernetesBuildPods } from '../bridge/src/adapters/kubernetes/build-pods.ts';
import { KubernetesClient } from '../bridge/src/adapters/kubernetes/client.ts';
import { MinioBlobStore } from '../bridge/src/adapters/minio/minio-blob-store.ts';
import type { MinioConfig } from '../bridge/src/adapters/minio/open-client.ts';
import { HttpImageStore } from '../bridge/src/adapters/registry/image-store.ts';
import { HttpRegistry, registryAccess } from '../bridge/src/adapters/registry/registry.ts';
import { podListener } from '../bridge/src/http/builds/pod-listener.ts';
import { Build } from '../bridge/src/services/builds/build-job.ts';
import type { OdooPort, VersionWork } from '../bridge/src/services/ports/odoo.ts';
import type { Logger } from '../bridge/src/services/ports/runtime.ts';
import type { ObjectStore } from '../bridge/src/services/ports/object-store.ts';
import { realClock } from '../bridge/test/fakes/real-clock.ts';

export interface BuildOrder {
  layered: boolean;
  work: VersionWork;
  minio: MinioConfig;
  registryUrl: string;
  registryName: string;
  kubeconfig: string;
  podHost: string;
  podPort: number;
  namespace: string;
  image: string;
}
export interface BuildTook {
  state: string;
  reason?: string;
  digest?: string;
  seconds: number;
  /** bud and push alone, as the cluster has it */
  podSeconds: number | null;
  beforeMiB: number;
  peakMiB: number;
  cpuSeconds: number;
}

const order = JSON.parse(process.env.ORDER ?? '{}') as BuildOrder;
const quiet: Logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => quiet };
const { work } = order;
const kubeconfig = new KubeConfig();
kubeconfig.loadFromFile(order.kubeconfig);
const client = new KubernetesClient(kubeconfig);
const blobs = new MinioBlobStore(order.minio, realClock);
const store = {
  get: blobs.get.bind(blobs),
  putSmall: blobs.put.bind(blobs),
  remove: blobs.remove.bind(blobs),
} as unknown as ObjectStore;
const took: BuildTook = {
  state: '',
  seconds: 0,
  podSeconds: null,
  beforeMiB: 0,
  peakMiB: 0,
  cpuSeconds: 0,
};
const odoo = {
  call: async (
    _caller: unknown,
    _model: string,
    method: string,
    facts: { state: string; reason?: string; image_digest?: string },
  ) => {
    if (method === 'work') return work;
    work.buildState = facts.state;
    Object.assign(took, { state: facts.state, reason: facts.reason, digest: facts.image_digest });
    return { accepted: true };
  },
} as unknown as OdooPort;
const tokenSecret = 'a secret of this bench';
const server = podListener({
  odoo,
  store,
  clock: realClock,
  log: quiet,
  registry: registryAccess(order.registryUrl),
  tokenSecret,
}).listen(order.podPort, order.podHost);
await once(server, 'listening');
const pods = new KubernetesBuildPods(client, {
  namespace: order.namespace,
  image: order.image,
  registryName: order.registryName,
  podHost: order.podHost,
  podPort: order.podPort,
});
const build = new Build({
  odoo,
  store,
  registry: new HttpRegistry(order.registryUrl),
  pods,
  clock: realClock,
  registryName: order.registryName,
  tokenSecret,
  ...(order.layered
    ? {
        layering: {
          images: new HttpImageStore(order.registryUrl),
          buildImage: order.image,
          recordSecret: tokenSecret,
        },
      }
    : {}),
});
const rss = (): number => Math.round(process.memoryUsage().rss / 2 ** 20);
took.beforeMiB = rss();
const watch = setInterval(() => {
  took.peakMiB = Math.max(took.peakMiB, rss());
}, 50);
const [began, cpu] = [performance.now(), process.cpuUsage()];
for (;;) {
  const result = await build.tick(work.versionId, 1, {
    log: quiet,
    signal: AbortSignal.timeout(20 * 60_000),
    requestId: 'bench',
  });
  took.seconds = (performance.now() - began) / 1000;
  if (result.done) break;
  took.podSeconds = (await podSeconds()) ?? took.podSeconds;
  await new Promise((resolve) => {
    setTimeout(resolve, result.againInMs);
  });
}
clearInterval(watch);
const spent = process.cpuUsage(cpu);
took.cpuSeconds = (spent.user + spent.system) / 1e6;
process.stdout.write(`${JSON.stringify(took)}\n`, () => process.exit(0));

interface ContainerState {
  running?: { startedAt?: string };
  terminated?: { startedAt?: string; finishedAt?: string };
}

/** How long the building container has run so far. */
async function podSeconds(): Promise<number | null> {
  const pod = await client.get<{
    status?: { containerStatuses?: { state?: ContainerState }[] };
  }>(`/api/v1/namespaces/${order.namespace}/pods/build-v${work.versionId}-g1-a1`);
  const { running, terminated } = pod?.status?.containerStatuses?.[0]?.state ?? {};
  const from = terminated?.startedAt ?? running?.startedAt;
  if (from === undefined) return null;
  const until = terminated?.finishedAt ?? Date.now();
  return (new Date(until).getTime() - new Date(from).getTime()) / 1000;
}
