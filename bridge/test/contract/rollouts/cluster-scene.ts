import { createHash, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { KubeConfig } from '@kubernetes/client-node';
import { KubernetesBuildPods } from '../../../src/adapters/kubernetes/build-pods.ts';
import { KubernetesClient } from '../../../src/adapters/kubernetes/client.ts';
import { KubernetesCluster } from '../../../src/adapters/kubernetes/cluster.ts';
import { HttpGateway } from '../../../src/adapters/kubernetes/gateway.ts';
import { OutboundClient } from '../../../src/adapters/outbound/outbound-client.ts';
import { parseAllowList } from '../../../src/domain/outbound-address.ts';
import type { Judgement } from '../../../src/domain/rollouts/types.ts';
import { TraefikMetrics } from '../../../src/adapters/traefik/metrics.ts';
import { HttpRegistry, registryAccess } from '../../../src/adapters/registry/registry.ts';
import { NotFound, Unavailable } from '../../../src/errors.ts';
import { podListener } from '../../../src/http/builds/pod-listener.ts';
import { buildJob } from '../../../src/services/builds/build-job.ts';
import { reconcileJob } from '../../../src/services/rollouts/reconcile.ts';
import type { DeploymentWork, OdooPort, VersionWork } from '../../../src/services/ports/odoo.ts';
import type { Clock, Logger } from '../../../src/services/ports/runtime.ts';
import type { JobHandler } from '../../../src/services/ports/jobs.ts';
import type { ObjectStore } from '../../../src/services/ports/object-store.ts';
import { clusterFacts } from './cluster-facts.ts';
import { listenAsGate } from '../builds/gate-listener.ts';
import type { ClusterFacts } from './cluster-facts.ts';
import { deploymentWork } from '../../fakes/deployment-work.ts';

export interface BuildReport {
  state: string;
  image?: string;
  image_digest?: string;
  log_key?: string;
  reason?: string;
}
export interface FactsReport {
  phase: string;
  reason: string;
  endpointUrl: string | null;
  observed: {
    readyReplicas: number;
    traffic: number;
    pods: { name: string }[];
    rollout?: { step: number; waitingFor: string | null; weight: number; judgements: Judgement[] };
  };
  conditions: { type: string; status: string; reason: string; message: string }[];
}

const quiet: Logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => quiet };
const clock: Clock = {
  now: () => new Date(),
  sleep: async (ms, signal) => pause(ms, undefined, signal ? { signal } : {}),
};
const SECRET = randomBytes(32).toString('hex');
/** digests of the files → the image that this process built of them */
const IMAGES = new Map<string, Pick<VersionWork, 'image' | 'imageDigest'>>();

/**
 * Builds and rollouts on a real cluster, registry and gateway, with the pod listener of the bridge
 * on a port of its own. Only Odoo and the object store are in memory: what they say is the test's
 * to choose.
 */
export class ClusterScene {
  readonly slug = `ct-${randomBytes(3).toString('hex')}`;
  readonly versions = new Map<number, VersionWork>();
  readonly deployments = new Map<number, DeploymentWork>();
  readonly builds: (BuildReport & { version_id: number })[] = [];
  readonly facts: (FactsReport & { deploymentId: number })[] = [];
  readonly objects = new Map<string, Buffer>();
  readonly stored = new Map<string, string>();
  readonly cluster: KubernetesCluster;
  readonly pods: KubernetesBuildPods;
  readonly registry: HttpRegistry;
  readonly client: KubernetesClient;
  readonly env: ClusterFacts;
  readonly tokenSecret = SECRET;
  readonly odoo: OdooPort;
  readonly store: ObjectStore;
  readonly #listener: Server;
  /** a registry that claims to have everything, for images that cannot be pulled */
  claimsAll = false;
  odooIsAway = false;
  /** what could not be asked, in the order in which it was tried */
  readonly away: string[] = [];

  private constructor(env: ClusterFacts, listener: Server) {
    this.env = env;
    this.#listener = listener;
    const config = new KubeConfig();
    config.loadFromFile(env.kubeconfig);
    this.client = new KubernetesClient(config);
    this.cluster = new KubernetesCluster(this.client, {
      name: env.gatewayName,
      namespace: env.gatewayNamespace,
      sources: env.gatewaySources ?? [],
    });
    this.registry = new HttpRegistry(env.registryUrl);
    this.odoo = {
      call: async (
        _caller: unknown,
        model: string,
        method: string,
        kwargs: Record<string, unknown>,
      ) => this.#answer(model, method, kwargs),
    } as unknown as OdooPort;
    this.store = {
      get: async (key: string) => {
        const bytes = this.objects.get(key);
        if (!bytes) throw new NotFound(key, { code: 'object-not-found' });
        return Readable.from([bytes]);
      },
      putSmall: async (key: string, body: string) => {
        this.stored.set(key, body);
      },
    } as unknown as ObjectStore;
    listener.on(
      'request',
      podListener({
        odoo: this.odoo,
        store: this.store,
        clock,
        log: quiet,
        registry: registryAccess(env.registryUrl),
        tokenSecret: SECRET,
      }),
    );
    const port = (this.#listener.address() as AddressInfo).port;
    this.pods = new KubernetesBuildPods(this.client, {
      namespace: env.buildNamespace,
      image: env.buildImage,
      registryName: this.gateName,
      podHost: env.podHost,
      podPort: port,
    });
  }

  static async open(): Promise<ClusterScene> {
    const env = await clusterFacts();
    const listener = createServer();
    await listenAsGate(listener, env.podHost, env.gatePorts);
    return new ClusterScene(env, listener);
  }

  /** the registry's name with this test's own port: the gate */
  get gateName(): string {
    return `${this.env.registryName.split(':')[0]}:${(this.#listener.address() as AddressInfo).port}`;
  }

  addVersion(
    versionId: number,
    files: Record<string, string | Buffer>,
    over: Partial<VersionWork> = {},
  ): VersionWork {
    const artifacts = Object.entries(files).map(([filename, content]) => {
      const bytes = Buffer.from(content);
      const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
      this.objects.set(digest, bytes);
      return {
        kind: filename === 'Dockerfile' ? ('dockerfile' as const) : ('side' as const),
        filename,
        objectKey: digest,
        digest,
        size: bytes.length,
      };
    });
    const work: VersionWork = {
      versionId,
      modelId: 1,
      slug: this.slug,
      name: this.slug,
      version: `${versionId}`,
      status: 'PendingStagingDeployment',
      generation: 1,
      companyId: 1,
      artifacts,
      serving: {},
      image: null,
      imageDigest: null,
      buildState: 'wanted',
      scan: null,
      params: null,
      inputSchema: null,
      outputSchema: null,
      deployments: [],
      ...over,
    };
    this.versions.set(versionId, work);
    return work;
  }

  want(
    deploymentId: number,
    versionId: number,
    over: Partial<DeploymentWork> = {},
    kind: 'staging' | 'production' = 'production',
  ): DeploymentWork {
    const version = this.versions.get(versionId)!;
    const stable = this.#stable(kind);
    const work = deploymentWork(
      {
        deploymentId,
        versionId,
        slug: this.slug,
        version: version.version,
        image: version.image,
        imageDigest: version.imageDigest,
        generation: 1,
        deadlineAt: new Date(Date.now() + 65_000).toISOString(),
        serving: version.serving,
        previous: stable,
        stable,
        ...over,
      },
      {
        name: kind,
        kind,
        namespace: `mlops-${kind}`,
        gatewayUrl: this.env.gatewayUrl,
        registry: this.env.registryName,
        maxGpus: 64,
      },
    );
    this.deployments.set(deploymentId, work);
    return work;
  }

  /** what serves by Odoo's record */
  #stable(kind: 'staging' | 'production', except = 0): DeploymentWork['stable'] {
    const live = [...this.deployments.values()].findLast(
      (one) =>
        one.isLive &&
        one.desired === 'serving' &&
        one.environment.kind === kind &&
        one.deploymentId !== except,
    );
    if (!live) return null;
    const { deploymentId, versionId, version, image, imageDigest, serving } = live;
    return { deploymentId, versionId, version, image, imageDigest, serving };
  }

  #record({ deployment_id, generation, progress }: Record<string, unknown>): unknown {
    const work = this.deployments.get(Number(deployment_id))!;
    if (generation !== work.generation) return { accepted: false };
    const next = progress as NonNullable<DeploymentWork['progress']>;
    if (next.step >= (work.progress?.step ?? 0)) work.progress = next;
    return { accepted: true, progress: structuredClone(work.progress) };
  }

  /** one is live at a time; tests say themselves what becomes of the one before */
  #goLive(work: DeploymentWork): void {
    for (const other of this.deployments.values())
      if (other !== work && other.environment.kind === work.environment.kind) other.isLive = false;
    work.isLive = true;
  }

  build = async (versionId: number, deadlineMs = 150_000): Promise<BuildReport> => {
    const job = buildJob({
      odoo: this.odoo,
      store: this.store,
      registry: this.registry,
      pods: this.pods,
      clock,
      registryName: this.gateName,
      tokenSecret: SECRET,
    });
    await this.#until(job, versionId, () => this.versions.get(versionId)!.generation, deadlineMs);
    return this.builds.findLast((report) => report.version_id === versionId)!;
  };

  /** Its image, built once for all scenes of the process that only deploy it. */
  async haveImage(versionId: number): Promise<void> {
    const version = this.versions.get(versionId)!;
    const files = version.artifacts.map(({ filename, digest }) => `${filename} ${digest}`).join();
    if (!IMAGES.has(files)) {
      const built = await this.build(versionId);
      if (built.state !== 'done') throw new Error(`version ${versionId}: ${built.reason}`);
      const { image, imageDigest } = version;
      IMAGES.set(files, { image, imageDigest });
    }
    Object.assign(version, IMAGES.get(files));
  }

  reconcile = async (deploymentId: number, deadlineMs = 90_000): Promise<FactsReport> => {
    const registry = {
      digestOf: async (repository: string, reference: string) =>
        this.claimsAll ? reference : this.registry.digestOf(repository, reference),
    };
    const job = reconcileJob({
      recent: { take: () => null },
      odoo: this.odoo,
      cluster: this.cluster,
      registry,
      gateway: new HttpGateway(
        new OutboundClient(parseAllowList(new URL(this.env.gatewayUrl).host)),
      ),
      metrics: new TraefikMetrics(this.env.metricsUrl),
      clock,
      endpointsUrl: this.env.gatewayUrl,
      registryName: this.env.registryName,
    });
    await this.#until(
      job,
      deploymentId,
      () => this.deployments.get(deploymentId)!.generation,
      deadlineMs,
    );
    return this.facts.findLast((report) => report.deploymentId === deploymentId)!;
  };

  url(kind: 'staging' | 'production' = 'production'): string {
    return `${this.env.gatewayUrl}/endpoints/${kind}/${this.slug}`;
  }

  async close(): Promise<void> {
    for (const [id, work] of this.deployments) {
      Object.assign(work, {
        desired: 'removed',
        phase: 'Superseded',
        isLive: false,
        siblings: [],
        generation: work.generation + 1,
      });
      await this.reconcile(id);
    }
    for (const id of this.versions.keys())
      for (const generation of [1, 2]) await this.pods.remove(id, generation);
    this.#listener.close();
    this.#listener.closeAllConnections();
  }

  async #until(
    job: JobHandler,
    subjectId: number,
    generation: () => number,
    deadlineMs: number,
  ): Promise<void> {
    const signal = AbortSignal.timeout(deadlineMs);
    for (;;) {
      const result = await job(
        { eventId: 1, key: 'test', generation: generation(), subjectId },
        { log: quiet, signal, requestId: 'contract-test' },
      ).catch((error: unknown) => {
        // as the queue does: what is away is tried again
        if (!(error instanceof Unavailable) || signal.aborted) throw error;
        this.away.push(error.message);
        return { done: false as const, againInMs: 500, why: error.message };
      });
      if (result.done) return;
      if (signal.aborted) throw new Error(`no end within ${deadlineMs} ms: ${result.why}`);
      await pause(result.againInMs);
    }
  }

  #answer(model: string, method: string, kwargs: Record<string, unknown>): unknown {
    if (this.odooIsAway) throw new Unavailable('Odoo is away.', { code: 'odoo-unavailable' });
    if (method === 'work' && model === 'mlops.deployment') {
      const work = this.deployments.get(Number(kwargs.deployment_id))!;
      return structuredClone({
        ...work,
        stable: work.isLive
          ? work.stable
          : (this.#stable(work.environment.kind, work.deploymentId) ?? null),
      });
    }
    if (method === 'work') return structuredClone(this.versions.get(Number(kwargs.version_id)));
    if (method === 'record_progress') return this.#record(kwargs);
    if (method === 'report_build') {
      const report = kwargs as unknown as BuildReport & { version_id: number };
      const version = this.versions.get(report.version_id)!;
      this.builds.push(report);
      version.buildState = report.state;
      if (report.state === 'done')
        Object.assign(version, { image: report.image, imageDigest: report.image_digest });
      return { accepted: true };
    }
    const work = this.deployments.get(Number(kwargs.deployment_id))!;
    if (kwargs.generation !== work.generation) return { accepted: false };
    const facts = kwargs.facts as FactsReport;
    this.facts.push({ ...facts, deploymentId: work.deploymentId });
    if (work.desired === 'serving') work.phase = facts.phase;
    if (facts.phase === 'Ready') this.#goLive(work);
    return { accepted: true };
  }
}

/** The digits example; the bridge tells it under which name it serves. */
export async function digitsContext(
  folder: 'digits' | 'digits-v2' = 'digits',
): Promise<Record<string, string | Buffer>> {
  const examples = new URL('../../../../examples/', import.meta.url);
  return {
    Dockerfile: await readFile(new URL('digits/Dockerfile', examples), 'utf8'),
    'serve.py': await readFile(new URL('digits/serve.py', examples), 'utf8'),
    'model.safetensors': await readFile(new URL(`${folder}/model.safetensors`, examples)),
  };
}
