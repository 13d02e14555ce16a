import { registryAccess } from '../../bridge/src/adapters/registry/registry.ts';
import { readStackFacts } from '../facts.ts';
import { waitFor } from '../process.ts';
import { run, tryRun } from '../run.ts';

const MANIFESTS =
  'application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json';

interface PodManifest {
  metadata: { namespace: string; labels: Record<string, string> };
  spec: { containers: { image: string }[] };
}
interface PodStatus {
  phase?: string;
  conditions?: { type: string; status: string; reason?: string; message?: string }[];
}

/**
 * A place in the running cluster for one test: what is applied through it carries a label, and goes
 * at the end.
 */
export class ClusterScene {
  readonly facts = readStackFacts();
  readonly id = `t${Date.now().toString(36)}`;
  readonly image = `${this.facts.registryName}/base/python:3.11`;
  /**
   * where pods of any shape may run: the namespaces of k8s/ admit what the bridge makes and nothing
   * else
   */
  readonly namespace = `cluster-${this.id}`;
  readonly #approved: [string, string][] = [];
  readonly pause = `${this.facts.registryName}/pause:3.10`;

  kubectl(
    args: string[],
    input?: object,
    kubeconfig = this.facts.adminKubeconfig,
  ): Promise<string> {
    return run(this.facts.kubectl, ['kubectl', '--kubeconfig', kubeconfig, ...args], {
      deadlineMs: 60_000,
      ...(input ? { input: JSON.stringify(input) } : {}),
    });
  }

  async apply(object: { metadata: object; kind?: string }): Promise<string> {
    if (
      object.kind === 'Pod' &&
      (object.metadata as { namespace: string }).namespace !== this.namespace
    )
      await this.#approve(object as unknown as PodManifest);
    const labelled = {
      ...object,
      metadata: {
        ...object.metadata,
        labels: {
          app: this.id,
          ...('labels' in object.metadata ? (object.metadata.labels as object) : {}),
        },
      },
    };
    return this.kubectl(['apply', '--server-side', '-f', '-'], labelled);
  }

  /**
   * The cluster runs what was approved, by digest: here the test says so itself, as its
   * administrator.
   */
  async #approve({ metadata, spec }: PodManifest): Promise<void> {
    const [container] = spec.containers;
    const [repository, tag] = container!.image.slice(this.facts.registryName.length + 1).split(':');
    const { origin, authorization } = registryAccess(this.facts.registryUrl);
    const answer = await fetch(`${origin}/v2/${repository}/manifests/${tag}`, {
      method: 'HEAD',
      headers: { accept: MANIFESTS, ...(authorization ? { authorization } : {}) },
    });
    container!.image = `${this.facts.registryName}/${repository}@${answer.headers.get('docker-content-digest')}`;
    await this.#list(metadata.namespace, {
      [metadata.labels['creativeflow.io/revision']!]: container!.image,
    });
    this.#approved.push([metadata.namespace, metadata.labels['creativeflow.io/revision']!]);
  }

  #list(namespace: string, data: Record<string, string | null>): Promise<string> {
    return this.kubectl([
      '-n',
      namespace,
      'patch',
      'configmap',
      'approved-images',
      '--type=merge',
      '-p',
      JSON.stringify({ data }),
    ]);
  }

  /** A pod that the level "restricted" admits. */
  pod(
    name: string,
    namespace: string,
    container: object,
    over: object = {},
  ): { metadata: object; kind: string; spec: object } {
    return {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: this.named(name),
        namespace,
        labels: { part: this.named(name), 'creativeflow.io/revision': this.named(name) },
      },
      spec: {
        automountServiceAccountToken: false,
        restartPolicy: 'Never',
        terminationGracePeriodSeconds: 0,
        enableServiceLinks: false,
        securityContext: {
          runAsNonRoot: true,
          runAsUser: 65532,
          seccompProfile: { type: 'RuntimeDefault' },
        },
        containers: [
          {
            name: 'main',
            image: this.image,
            securityContext: {
              allowPrivilegeEscalation: false,
              readOnlyRootFilesystem: true,
              capabilities: { drop: ['ALL'] },
            },
            ...container,
          },
        ],
        ...over,
      },
    } as never;
  }

  named(name: string): string {
    return `${this.id}-${name}`;
  }

  async podStatus(name: string, namespace: string): Promise<PodStatus> {
    return (
      JSON.parse(
        await this.kubectl(['-n', namespace, 'get', 'pod', this.named(name), '-o', 'json']),
      ) as { status: PodStatus }
    ).status;
  }

  /** Waits until a pod is as wanted; past the deadline the error holds what the pod said last. */
  async podIs(
    name: string,
    namespace: string,
    wanted: (status: PodStatus) => boolean,
    deadlineMs = 60_000,
  ): Promise<void> {
    let last: PodStatus = {};
    await waitFor(`pod ${name}`, deadlineMs, async () =>
      wanted((last = await this.podStatus(name, namespace))),
    ).catch((error: Error) => {
      throw new Error(`${error.message}; its last status: ${JSON.stringify(last)}`);
    });
  }

  async open(): Promise<this> {
    const level = 'pod-security.kubernetes.io/enforce';
    await this.apply({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: this.namespace, labels: { [level]: 'restricted' } },
    } as never);
    await waitFor(
      'the service account of the namespace',
      20_000,
      async () =>
        (await tryRun(this.facts.kubectl, [
          'kubectl',
          '--kubeconfig',
          this.facts.adminKubeconfig,
          '-n',
          this.namespace,
          'get',
          'serviceaccount',
          'default',
        ])) !== null,
    );
    return this;
  }

  /** Puts a pod of this test behind a Service where the gateway looks. */
  async serve(name: string, namespace: string): Promise<void> {
    const { podIP } = (await this.podStatus(name, this.namespace)) as { podIP: string };
    const metadata = { name: this.named(name), namespace };
    await this.apply({
      apiVersion: 'v1',
      kind: 'Service',
      metadata,
      spec: { ports: [{ name: 'http', port: 80, targetPort: 8080 }] },
    } as never);
    await this.apply({
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { ...metadata, labels: { 'kubernetes.io/service-name': this.named(name) } },
      addressType: 'IPv4',
      endpoints: [{ addresses: [podIP], conditions: { ready: true } }],
      ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
    } as never);
  }

  async close(): Promise<void> {
    await tryRun(this.facts.kubectl, [
      'kubectl',
      '--kubeconfig',
      this.facts.adminKubeconfig,
      'delete',
      'namespace',
      this.namespace,
      '--wait=false',
    ]);
    for (const [namespace, name] of this.#approved) await this.#list(namespace, { [name]: null });
    for (const namespace of ['mlops-staging', 'mlops-production']) {
      await tryRun(this.facts.kubectl, [
        'kubectl',
        '--kubeconfig',
        this.facts.adminKubeconfig,
        '-n',
        namespace,
        'delete',
        'pod,service,endpointslice,httproute',
        '-l',
        `app=${this.id}`,
        '--now',
        '--wait=false',
      ]);
    }
  }
}

export function condition(
  status: PodStatus,
  type: string,
): { status: string; reason?: string; message?: string } | undefined {
  return status.conditions?.find((candidate) => candidate.type === type);
}
