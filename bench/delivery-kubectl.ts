import { readStackFacts } from '../stack/facts.ts';
import { waitFor } from '../stack/process.ts';
import { run } from '../stack/run.ts';

interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: {
    name: string;
    namespace: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
  };
  spec: Record<string, unknown>;
}

const ROLLOUT_MS = 180_000;
const QUIET_MS = 120_000;
/** the same rules for pods as where the bridge deploys (k8s/base/namespaces.yaml) */
const LABELS = {
  'pod-security.kubernetes.io/enforce': 'restricted',
  'pod-security.kubernetes.io/warn': 'restricted',
};

/** The plain way: what the bridge has applied, applied by kubectl in a namespace of its own. */
export class PlainKubectl {
  readonly namespace: string;

  constructor(namespace: string) {
    this.namespace = namespace;
  }

  async prepare(): Promise<void> {
    await kubectl(['apply', '-f', '-'], {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: this.namespace, labels: LABELS },
    });
    await waitFor('the namespace to have its service account', QUIET_MS, async () =>
      (await kubectl(['get', 'serviceaccount', '-n', this.namespace, '-o', 'name'])).includes(
        'default',
      ),
    );
  }

  /** What the bridge applied for one revision, as it stands in the cluster now. */
  async manifests(from: string, revision: string, route: string): Promise<Manifest[]> {
    const names = [
      `deployment/${revision}`,
      `service/${revision}`,
      `networkpolicy/${revision}`,
      'networkpolicy/default-deny',
      `httproute/${route}`,
    ];
    const { items } = JSON.parse(await kubectl(['get', '-n', from, ...names, '-o', 'json'])) as {
      items: Manifest[];
    };
    return items.map(({ apiVersion, kind, metadata, spec }) => ({
      apiVersion,
      kind,
      spec: kind === 'Service' ? withoutAddresses(spec) : spec,
      metadata: { name: metadata.name, namespace: this.namespace, labels: metadata.labels ?? {} },
    }));
  }

  /** Seconds of `kubectl apply` and `kubectl rollout status` together. */
  async deploy(manifests: Manifest[]): Promise<number> {
    const revision = manifests.find(({ kind }) => kind === 'Deployment')!.metadata.name;
    const start = performance.now();
    await kubectl(['apply', '-f', '-'], { apiVersion: 'v1', kind: 'List', items: manifests });
    await kubectl([
      'rollout',
      'status',
      `deployment/${revision}`,
      '-n',
      this.namespace,
      `--timeout=${ROLLOUT_MS / 1000}s`,
    ]);
    return (performance.now() - start) / 1000;
  }

  /** Takes it away and waits until its pods are gone. */
  async remove(): Promise<void> {
    await kubectl([
      'delete',
      'deployment,service,networkpolicy,httproute',
      '--all',
      '-n',
      this.namespace,
      '--wait=false',
    ]);
    await settled(this.namespace);
  }

  async end(): Promise<void> {
    await kubectl(['delete', 'namespace', this.namespace, '--wait=false']);
  }
}

/**
 * Waits until no pod comes or goes in the namespace: what the round before left must not slow down
 * the next.
 */
export async function settled(namespace: string, selector = ''): Promise<void> {
  await waitFor(`the pods of ${namespace} to settle`, QUIET_MS, async () => {
    const { items } = JSON.parse(
      await kubectl(['get', 'pods', '-n', namespace, '-l', selector, '-o', 'json']),
    ) as { items: { metadata: { deletionTimestamp?: string }; status: { phase: string } }[] };
    return items.every(
      ({ metadata, status }) =>
        metadata.deletionTimestamp === undefined && status.phase === 'Running',
    );
  });
}

function withoutAddresses({
  clusterIP: _one,
  clusterIPs: _all,
  ...spec
}: Record<string, unknown>): Record<string, unknown> {
  return spec;
}

function kubectl(args: string[], input?: object): Promise<string> {
  const { kubectl: program, adminKubeconfig } = readStackFacts();
  return run(
    program,
    ['kubectl', '--kubeconfig', adminKubeconfig, ...args],
    input ? { input: JSON.stringify(input) } : {},
  );
}
