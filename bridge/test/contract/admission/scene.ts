import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import type { RequestOptions } from 'node:https';
import { join } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import { parseAllDocuments } from 'yaml';
import { ApprovedImages } from '../../../src/adapters/kubernetes/approved-images.ts';
import { buildPod } from '../../../src/adapters/kubernetes/build-pod.ts';
import { KubernetesClient } from '../../../src/adapters/kubernetes/client.ts';
import { deploymentManifest } from '../../../src/adapters/kubernetes/manifests.ts';
import { buildCommandsManifest } from '../../../../scripts/build-commands.ts';
import { clusterFacts } from '../rollouts/cluster-facts.ts';
import type { ClusterFacts } from '../rollouts/cluster-facts.ts';

const BASE = join(import.meta.dirname, '../../../../k8s/base');
const POLICIES = ['admission.yaml', 'admission-serving.yaml', 'admission-build.yaml'];
const DIGEST = `sha256:${'a'.repeat(64)}`;
const DEADLINE_MS = 15_000;
const POLICY_GROUP = '/apis/admissionregistration.k8s.io/v1';

export type Manifest = Record<string, unknown> & {
  kind: string;
  metadata: Record<string, unknown>;
};
/**
 * `admitted` with what the API server made of it; `refused` by a policy of ours; `invalid`: it
 * never came to be asked
 */
export interface Verdict {
  kind: 'admitted' | 'refused' | 'invalid';
  message: string;
  object: Record<string, unknown>;
}

/**
 * The policies of this checkout's k8s/base on the real API server, under names of this run and
 * bound to two namespaces of this run: what others do in the cluster goes on under theirs.
 * Everything is asked as the administrator and as a dry run.
 */
export class AdmissionScene {
  readonly id = `adm-${randomBytes(3).toString('hex')}`;
  readonly serving = `${this.id}-serving`;
  readonly build = `${this.id}-build`;
  readonly revision = 'digits-v7';
  readonly image: string;
  readonly facts: ClusterFacts;
  readonly #config = new KubeConfig();
  readonly #admin: KubernetesClient;
  readonly #made: string[] = [];

  private constructor(facts: ClusterFacts) {
    this.facts = facts;
    this.image = `${facts.registryName}/models/digits@${DIGEST}`;
    this.#config.loadFromFile(facts.adminKubeconfig);
    this.#admin = new KubernetesClient(this.#config);
  }

  static async open(): Promise<AdmissionScene> {
    const scene = new AdmissionScene(await clusterFacts());
    await scene.#prepare().catch(async (error: Error) => {
      await scene.close();
      throw error;
    });
    return scene;
  }

  async #prepare(): Promise<void> {
    for (const file of POLICIES)
      for (const policy of this.#own(file))
        await this.#make(
          `${POLICY_GROUP}/${policy.kind === 'ValidatingAdmissionPolicy' ? 'validatingadmissionpolicies' : 'validatingadmissionpolicybindings'}`,
          policy,
        );
    const annotations = { 'creativeflow.io/registry': this.facts.registryName };
    await this.#namespace(this.serving, 'serving', annotations, { [this.revision]: this.image });
    const [commands] = parseAllDocuments(buildCommandsManifest()).map(
      (document) => document.toJS() as { data: object },
    );
    await this.#namespace(
      this.build,
      'build',
      {
        ...annotations,
        'creativeflow.io/builder': this.facts.buildImage.slice(this.facts.registryName.length + 1),
        'creativeflow.io/gate': this.facts.podHost,
      },
      commands!.data,
    );
    await this.settled(() => this.tried(this.servingPod()), 'admitted');
    await this.settled(() => this.tried(this.buildPod()), 'admitted');
    // a policy holds a moment after it was written: the last to come is waited for
    for (const [namespace, pod] of [
      [this.serving, this.servingPod()],
      [this.build, this.buildPod()],
    ] as const) {
      for (const kind of ['shape', 'maker']) {
        const wrong =
          kind === 'shape'
            ? withSpec(pod, { hostNetwork: true })
            : { ...podTemplate(), metadata: { name: 'x', namespace } };
        await this.settled(() => this.tried(wrong), 'refused');
      }
    }
  }

  async close(): Promise<void> {
    for (const path of this.#made.reverse()) await this.#admin.remove(path);
  }

  /** As the bridge applies it. */
  deployment(): Manifest {
    return deploymentManifest({
      namespace: this.serving,
      revision: this.revision,
      slug: 'digits',
      modelId: 3,
      versionId: 7,
      image: this.image,
      replicas: 1,
      port: 8080,
      readinessPath: '/v2/health/ready',
      requests: { cpu: '50m', memory: '256Mi', cpuLimit: '1', memoryLimit: '256Mi', gpus: 1 },
    }) as unknown as Manifest;
  }

  /** As a ReplicaSet makes it of the bridge's Deployment. */
  servingPod(): Manifest {
    const { template } = this.deployment()['spec'] as {
      template: { metadata: { labels: object }; spec: object };
    };
    return {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { ...template.metadata, name: this.revision, namespace: this.serving },
      spec: template.spec,
    };
  }

  buildPod(): Manifest {
    const settings = {
      namespace: this.build,
      image: this.facts.buildImage,
      registryName: this.facts.registryName,
      podHost: this.facts.podHost,
      podPort: 15000,
      httpProxy: 'http://proxy.example:3128',
    };
    return buildPod(
      {
        versionId: 7,
        generation: 1,
        attempt: 1,
        target: `${this.facts.registryName}/models/digits:v7-g1`,
        token: 't',
        contents: { 'serve.py': DIGEST },
        labels: { a: 'b' },
        deadlineSeconds: 600,
        timeless: true,
        without: ['model.bin'],
      },
      settings,
    ) as unknown as Manifest;
  }

  get<T>(path: string): Promise<T | null> {
    return this.#admin.get<T>(path);
  }

  list<T>(path: string): Promise<T[]> {
    return this.#admin.list<T>(path);
  }

  merge(path: string, patch: object): Promise<void> {
    return this.#admin.merge(path, patch);
  }

  /** which images may run, as the bridge writes it down */
  approved(): ApprovedImages {
    return new ApprovedImages(this.#admin);
  }

  /** asks again until a policy has read what was written a moment ago */
  async settled(ask: () => Promise<Verdict>, kind: Verdict['kind']): Promise<Verdict> {
    for (const deadline = Date.now() + DEADLINE_MS; ;) {
      const verdict = await ask();
      if (verdict.kind === kind) return verdict;
      if (Date.now() > deadline) throw new Error(`not ${kind}: ${verdict.message}`);
    }
  }

  /** Creates for real, in a namespace of this run. */
  create(body: Manifest): Promise<boolean> {
    return this.#admin.create(pathOf(body), body);
  }

  tried(body: Manifest): Promise<Verdict> {
    return this.#ask('POST', pathOf(body), body);
  }

  /** an update of what is there, by JSON merge patch */
  changed(path: string, patch: object): Promise<Verdict> {
    return this.#ask('PATCH', path, patch, 'application/merge-patch+json');
  }

  #ask(method: string, path: string, body: object, type = 'application/json'): Promise<Verdict> {
    return new Promise((resolve, reject) => {
      const url = new URL(`${path}?dryRun=All`, this.#config.getCurrentCluster()!.server);
      const options: RequestOptions = {
        method,
        headers: { 'content-type': type, accept: 'application/json' },
        timeout: DEADLINE_MS,
      };
      void this.#config.applyToHTTPSOptions(options).then(() => {
        const question = request(url, options, (answer) => {
          const chunks: Buffer[] = [];
          answer
            .on('data', (chunk: Buffer) => chunks.push(chunk))
            .on('end', () =>
              resolve(verdictOf(answer.statusCode ?? 0, Buffer.concat(chunks).toString())),
            );
        });
        question.on('error', reject).end(JSON.stringify(body));
      }, reject);
    });
  }

  /** the policies of a file, under names and labels of this run */
  #own(file: string): Manifest[] {
    const text = readFileSync(join(BASE, file), 'utf8')
      .replaceAll('creativeflow.io/purpose', `creativeflow.io/${this.id}`)
      .replaceAll(/(name|policyName): creativeflow-/g, `$1: ${this.id}-`);
    return parseAllDocuments(text).map((document) => document.toJS() as Manifest);
  }

  async #namespace(
    name: string,
    purpose: string,
    annotations: object,
    data: object,
  ): Promise<void> {
    await this.#make('/api/v1/namespaces', {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name, labels: { [`creativeflow.io/${this.id}`]: purpose } },
    });
    await this.#admin.create(`/api/v1/namespaces/${name}/configmaps`, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'approved-images', namespace: name, annotations },
      data,
    });
    await this.#admin.create(`/api/v1/namespaces/${name}/serviceaccounts`, {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name: 'other' },
    });
    // the controllers write it into each namespace; no pod is admitted before
    const deadline = Date.now() + DEADLINE_MS;
    while ((await this.get(`/api/v1/namespaces/${name}/serviceaccounts/default`)) === null)
      if (Date.now() > deadline) throw new Error(`no service account in ${name}`);
  }

  async #make(collection: string, body: Manifest): Promise<void> {
    await this.#admin.create(collection, body);
    this.#made.push(`${collection}/${String(body.metadata['name'])}`);
  }
}

export function withSpec(pod: Manifest, over: object): Manifest {
  return { ...pod, spec: { ...(pod['spec'] as object), ...over } };
}

function podTemplate(): Manifest {
  return {
    apiVersion: 'v1',
    kind: 'PodTemplate',
    metadata: {},
    template: {
      metadata: { labels: { a: 'b' } },
      spec: { containers: [{ name: 'a', image: 'b' }] },
    },
  };
}

function pathOf({ apiVersion, kind, metadata }: Manifest): string {
  const group = apiVersion === 'v1' ? '/api/v1' : `/apis/${String(apiVersion)}`;
  return `${group}/namespaces/${String(metadata['namespace'])}/${kind.toLowerCase()}s`;
}

function verdictOf(status: number, body: string): Verdict {
  const object = JSON.parse(body) as Record<string, unknown>;
  if (status < 300) return { kind: 'admitted', message: '', object };
  const message = String(object['message']);
  return {
    kind: /ValidatingAdmissionPolicy '[^']+' with binding '[^']+' denied request/.test(message)
      ? 'refused'
      : 'invalid',
    message,
    object,
  };
}
