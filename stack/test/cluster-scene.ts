import { readStackFacts } from '../facts.ts';
import { waitFor } from '../process.ts';
import { run, tryRun } from '../run.ts';

interface PodStatus { phase?: string; conditions?: { type: string; status: string; reason?: string; message?: string }[] }

/** A place in the running cluster for one test: what is applied through it carries a label, and goes at the end. */
export class ClusterScene {
  readonly facts = readStackFacts();
  readonly id = `t${Date.now().toString(36)}`;
  readonly image = `${this.facts.registryName}/base/python:3.11`;
  readonly pause = `${this.facts.registryName}/pause:3.10`;

  kubectl(args: string[], input?: object, kubeconfig = this.facts.adminKubeconfig): Promise<string> {
    return run(this.facts.kubectl, ['kubectl', '--kubeconfig', kubeconfig, ...args], { deadlineMs: 60_000, ...(input ? { input: JSON.stringify(input) } : {}) });
  }

  apply(object: { metadata: object }): Promise<string> {
    const labelled = { ...object, metadata: { ...object.metadata, labels: { app: this.id, ...('labels' in object.metadata ? (object.metadata.labels as object) : {}) } } };
    return this.kubectl(['apply', '--server-side', '-f', '-'], labelled);
  }

  /** A pod that the level "restricted" admits. */
  pod(name: string, namespace: string, container: object, over: object = {}): { metadata: object; kind: string; spec: object } {
    return {
      apiVersion: 'v1', kind: 'Pod', metadata: { name: this.named(name), namespace, labels: { part: this.named(name) } },
      spec: {
        automountServiceAccountToken: false, restartPolicy: 'Never', terminationGracePeriodSeconds: 0, enableServiceLinks: false,
        securityContext: { runAsNonRoot: true, runAsUser: 65532, seccompProfile: { type: 'RuntimeDefault' } },
        containers: [{
          name: 'main', image: this.image,
          securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } }, ...container,
        }],
        ...over,
      },
    } as never;
  }

  named(name: string): string {
    return `${this.id}-${name}`;
  }

  async podStatus(name: string, namespace: string): Promise<PodStatus> {
    return (JSON.parse(await this.kubectl(['-n', namespace, 'get', 'pod', this.named(name), '-o', 'json'])) as { status: PodStatus }).status;
  }

  /** Waits until a pod is as wanted; past the deadline the error holds what the pod said last. */
  async podIs(name: string, namespace: string, wanted: (status: PodStatus) => boolean, deadlineMs = 60_000): Promise<void> {
    let last: PodStatus = {};
    await waitFor(`pod ${name}`, deadlineMs, async () => wanted((last = await this.podStatus(name, namespace)))).catch((error: Error) => {
      throw new Error(`${error.message}; its last status: ${JSON.stringify(last)}`);
    });
  }

  async close(): Promise<void> {
    for (const namespace of ['mlops-staging', 'mlops-production']) {
      await tryRun(this.facts.kubectl, ['kubectl', '--kubeconfig', this.facts.adminKubeconfig, '-n', namespace, 'delete', 'pod,service,httproute', '-l', `app=${this.id}`, '--now', '--wait=false']);
    }
  }
}

export function condition(status: PodStatus, type: string): { status: string; reason?: string; message?: string } | undefined {
  return status.conditions?.find((candidate) => candidate.type === type);
}
