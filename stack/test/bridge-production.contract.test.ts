import { expect } from 'chai';
import { readStackFacts } from '../facts.ts';
import { waitFor } from '../process.ts';
import { run } from '../run.ts';

interface KubernetesObject {
  kind: string;
  metadata: { name: string; namespace?: string; labels?: Record<string, string> };
}
interface List<T> {
  items: T[];
}
interface Pod {
  metadata: { name: string };
  spec: { containers: { securityContext: object }[] };
}

/**
 * k8s/bridge on the API server that runs: understood by it, and its pods admitted at the level that
 * its namespace claims.
 */
describe('the bridge as a Deployment', function () {
  this.timeout(120_000);
  const facts = readStackFacts();
  const namespace = `bridge-${Date.now().toString(36)}`;
  let rendered: KubernetesObject[];

  const kubectl = (args: string[], input?: object): Promise<string> =>
    run(facts.kubectl, ['kubectl', '--kubeconfig', facts.adminKubeconfig, ...args], {
      deadlineMs: 60_000,
      ...(input ? { input: JSON.stringify(input) } : {}),
    });
  const apply = (items: KubernetesObject[], ...flags: string[]): Promise<string> =>
    kubectl(['apply', '--server-side', '--force-conflicts', ...flags, '-f', '-'], {
      apiVersion: 'v1',
      kind: 'List',
      items,
    });
  const own = (): KubernetesObject[] =>
    rendered.filter(({ metadata }) => metadata.namespace === namespace);

  before(async () => {
    const yaml = await kubectl(['kustomize', `${import.meta.dirname}/../../k8s/bridge`]);
    const { parseAllDocuments } = await import('yaml');
    // in a namespace of the test's own, with the labels of the real one
    rendered = parseAllDocuments(yaml.replaceAll('mlops-bridge', namespace)).map(
      (one) => one.toJS() as KubernetesObject,
    );
    await apply(rendered.filter(({ kind }) => kind === 'Namespace'));
  });
  after(() => kubectl(['delete', 'namespace', namespace, '--wait=false']));

  it('is understood whole by the API server', async () => {
    const said = await apply(rendered, '--dry-run=server');
    expect(said.trim().split('\n')).to.have.length(rendered.length);
    expect(said).not.to.match(/Warning/i);
  });

  it('is admitted under the Pod Security level "restricted": two pods come to be', async () => {
    await apply(own());
    await waitFor('two pods of the bridge', 60_000, async () => (await pods()).length === 2);
    for (const pod of await pods()) {
      expect(pod.spec.containers[0]!.securityContext).to.deep.include({
        readOnlyRootFilesystem: true,
        allowPrivilegeEscalation: false,
      });
    }
  });

  it('keeps one of its pods through a drain of their node', async () => {
    const budget = JSON.parse(
      await kubectl(['-n', namespace, 'get', 'pdb', 'creativeflow-bridge', '-o', 'json']),
    ) as { spec: { minAvailable: number } };
    expect(budget.spec.minAvailable).to.equal(1);
  });

  it('would not be admitted with one right more', async () => {
    const deployment = structuredClone(
      own().find(({ kind }) => kind === 'Deployment'),
    ) as KubernetesObject & {
      spec: {
        template: {
          spec: { containers: { securityContext: { allowPrivilegeEscalation: boolean } }[] };
        };
      };
    };
    const { template } = deployment.spec;
    template.spec.containers[0]!.securityContext.allowPrivilegeEscalation = true;
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'more', namespace },
      spec: template.spec,
    };
    const refusal = await apply([pod], '--dry-run=server').then(
      () => '',
      (error: Error) => error.message,
    );
    expect(refusal).to.match(/violates PodSecurity "restricted/);
  });

  it('has the rights of the bridge, and no others', async () => {
    const account = `system:serviceaccount:${namespace}:creativeflow-bridge`;
    const may = (...question: string[]): Promise<string> =>
      kubectl(['auth', 'can-i', ...question, '--as', account]).catch(() => 'no');
    const bindings = rendered.filter(({ kind }) => kind.endsWith('RoleBinding'));
    for (const { metadata } of bindings) metadata.name = `${namespace}-${metadata.name}`;
    await apply(bindings);
    try {
      expect((await may('create', 'deployments.apps', '-n', 'mlops-production')).trim()).to.equal(
        'yes',
      );
      expect((await may('create', 'pods', '-n', 'mlops-build')).trim()).to.equal('yes');
      for (const where of ['mlops-production', 'mlops-build', namespace])
        expect((await may('get', 'secrets', '-n', where)).trim(), where).to.match(/^no/);
    } finally {
      for (const { kind, metadata } of bindings)
        await kubectl([
          'delete',
          kind,
          metadata.name,
          ...(metadata.namespace ? ['-n', metadata.namespace] : []),
        ]);
    }
  });

  async function pods(): Promise<Pod[]> {
    return (JSON.parse(await kubectl(['-n', namespace, 'get', 'pods', '-o', 'json'])) as List<Pod>)
      .items;
  }
});
