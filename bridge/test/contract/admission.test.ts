import { randomBytes } from 'node:crypto';
import { expect } from 'chai';
import { KubeConfig } from '@kubernetes/client-node';
import { ApprovedImages } from '../../src/adapters/kubernetes/approved-images.ts';
import { KubernetesClient } from '../../src/adapters/kubernetes/client.ts';
import { HttpRegistry } from '../../src/adapters/registry/registry.ts';
import { clusterFacts } from './cluster-facts.ts';
import type { ClusterFacts } from './cluster-facts.ts';

const NAMESPACE = 'mlops-staging';
const DEADLINE_MS = 10_000;
const OTHER_DIGEST = `sha256:${'0'.repeat(64)}`;

/** The admission rules of k8s/ on the real API server. Asked as its administrator: a right to make pods is no approval. */
describe('admission of pods', function () {
  this.timeout(60_000);
  const revision = `adm-${randomBytes(3).toString('hex')}-v1`;
  let facts: ClusterFacts;
  let admin: KubernetesClient;
  let approved: ApprovedImages;
  let image: string;

  before(async () => {
    facts = await clusterFacts();
    admin = clientOf(facts.adminKubeconfig);
    approved = new ApprovedImages(clientOf(facts.kubeconfig));
    image = `${facts.registryName}/pause@${(await new HttpRegistry(facts.registryUrl).digestOf('pause', '3.10'))!}`;
    await approved.approve(NAMESPACE, revision, image);
    await untilAdmitted(pod(image));
  });
  after(async () => {
    await admin?.remove(`/api/v1/namespaces/${NAMESPACE}/pods/${revision}`, { gracePeriodSeconds: 0 });
    await approved?.withdraw(NAMESPACE, revision);
  });

  const container = (of: string): object => ({
    image: of, securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
  });
  const pod = (of: string, spec: object = {}, labels: object = { 'creativeflow.io/revision': revision }): object => ({
    apiVersion: 'v1', kind: 'Pod', metadata: { name: revision, labels },
    spec: {
      automountServiceAccountToken: false, securityContext: { runAsNonRoot: true, runAsUser: 65532, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [{ name: 'model', ...container(of) }], terminationGracePeriodSeconds: 0, ...spec,
    },
  });
  const tried = (body: object, namespace = NAMESPACE): Promise<string> =>
    admin.create(`/api/v1/namespaces/${namespace}/pods?dryRun=All`, body).then(() => 'admitted', (error: Error) => error.message);
  /** an API server reads an approval a moment after it was written */
  const untilAdmitted = async (body: object): Promise<void> => {
    for (const deadline = Date.now() + DEADLINE_MS; ;) {
      const answer = await tried(body);
      if (answer === 'admitted') return;
      if (Date.now() > deadline) throw new Error(answer);
    }
  };

  it('admits the image that was approved, for its own revision', async () => {
    expect(await tried(pod(image))).to.equal('admitted');
  });

  const refused: [string, () => object, RegExp][] = [
    ['another digest', () => pod(image.replace(/sha256:.*/, OTHER_DIGEST)), /Approved for adm-.* is .*, not .*sha256:0000/],
    ['a tag', () => pod(`${facts.registryName}/pause:3.10`), /by digest, not by tag: .*pause:3\.10/],
    ['a tag beside the digest', () => pod(image.replace('@', ':3.10@')), /Approved for/],
    ['another registry', () => pod(image.replace(facts.registryName, 'docker.example')), /come from .* alone, not docker\.example/],
    ['a registry whose name begins alike', () => pod(image.replace(facts.registryName, `${facts.registryName}.example`)), /alone, not/],
    ['the image under another revision', () => pod(image, {}, { 'creativeflow.io/revision': 'other-v9' }), /Nothing was approved for the revision "other-v9"/],
    ['no revision at all', () => pod(image, {}, {}), /Nothing was approved for the revision ""/],
    ['an init container, though of the same image', () => pod(image, { initContainers: [{ name: 'before', ...container(image) }] }), /no init containers/],
    ['a second container', () => pod(image, { containers: [{ name: 'model', ...container(image) }, { name: 'beside', ...container(image.replace(/sha256:.*/, OTHER_DIGEST)) }] }), /Approved for/],
  ];
  for (const [what, body, why] of refused) {
    it(`refuses ${what}`, async () => { expect(await tried(body())).to.match(why); });
  }

  it('refuses a container added to a pod that runs, and another image in it; labels are nobody\'s business', async () => {
    const path = `/api/v1/namespaces/${NAMESPACE}/pods`;
    expect(await admin.create(path, pod(image))).to.equal(true);
    const added = { spec: { ephemeralContainers: [{ name: 'look', ...container(image) }] } };
    const refusal = (part: string, body: object): Promise<string> => admin.merge(`${path}/${revision}${part}`, body).then(() => 'admitted', (error: Error) => error.message);
    expect(await refusal('/ephemeralcontainers', added)).to.match(/No container is added/);
    const running = (await admin.get<{ spec: { containers: object[] } }>(`${path}/${revision}`))!.spec.containers;
    expect(await refusal('', { spec: { containers: [{ ...running[0], image: image.replace(/sha256:.*/, OTHER_DIGEST) }] } })).to.match(/Approved for/);
    expect(await refusal('', { metadata: { labels: { 'creativeflow.io/revision': 'other-v9' } } })).to.match(/Nothing was approved/);
    expect(await refusal('', { metadata: { labels: { colour: 'blue' } } })).to.equal('admitted');
  });

  it('admits nothing any more once the approval is withdrawn', async () => {
    await approved.withdraw(NAMESPACE, revision);
    const deadline = Date.now() + DEADLINE_MS;
    let answer = 'admitted';
    while (answer === 'admitted' && Date.now() < deadline) answer = await tried(pod(image));
    expect(answer).to.match(/Nothing was approved/);
  });

  describe('of builds', () => {
    const build = (over: object = {}, own: object = {}): object => ({
      apiVersion: 'v1', kind: 'Pod', metadata: { name: `${revision}-build` },
      spec: { automountServiceAccountToken: false, containers: [{ name: 'build', image: facts.buildImage, securityContext: { capabilities: { add: ['SYS_ADMIN'] } }, ...own }], ...over },
    });
    const builds: [string, () => object, RegExp][] = [
      ['admits the builder', () => build(), /^admitted$/],
      ['refuses another image', () => build({}, { image }), /Builds run .* alone/],
      ['refuses a folder of the node', () => build({ volumes: [{ name: 'host', hostPath: { path: '/' } }] }), /volumes are empty folders/],
      ['refuses the node\'s network', () => build({ hostNetwork: true }), /nothing of the node/],
      ['refuses a privileged container', () => build({}, { securityContext: { privileged: true } }), /SYS_ADMIN, and no more/],
      ['refuses more than SYS_ADMIN', () => build({}, { securityContext: { capabilities: { add: ['SYS_ADMIN', 'SYS_MODULE'] } } }), /SYS_ADMIN, and no more/],
      ['refuses an account in the cluster', () => build({ automountServiceAccountToken: true }), /no account in the cluster/],
    ];
    for (const [what, body, answer] of builds) {
      it(what, async () => { expect(await tried(body(), facts.buildNamespace)).to.match(answer); });
    }
  });
});

function clientOf(file: string): KubernetesClient {
  const config = new KubeConfig();
  config.loadFromFile(file);
  return new KubernetesClient(config);
}
