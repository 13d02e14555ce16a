import { expect } from 'chai';
import type { V1Deployment, V1Pod } from '@kubernetes/client-node';
import { observeRevision } from '../../../../src/adapters/kubernetes/observe.ts';
import type { KubernetesClient } from '../../../../src/adapters/kubernetes/client.ts';

const client = {} as KubernetesClient;
const pod = (image: string, ready: boolean, ending = false): V1Pod => ({
  metadata: { name: 'p', ...(ending ? { deletionTimestamp: new Date() } : {}) },
  spec: { containers: [{ name: 'model', image }] },
  status: { phase: 'Running', conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
});
const deployment = (seen: boolean): V1Deployment => ({
  metadata: { name: 'digits-v2', generation: 3 },
  spec: {
    replicas: 2,
    selector: {},
    template: { spec: { containers: [{ name: 'model', image: 'new' }] } },
  },
  status: { observedGeneration: seen ? 3 : 2, replicas: 2, updatedReplicas: 2, readyReplicas: 2 },
});

describe('a revision as it is observed', () => {
  it('goes by the controller where it has seen the Deployment as it is', async () => {
    expect(await observeRevision(client, deployment(true), [])).to.deep.include({
      readyReplicas: 2,
      upToDate: true,
    });
  });

  it('goes by its pods after it was changed, so that traffic does not go back for a moment', async () => {
    const pods = [pod('new', true), pod('new', true)];
    expect(await observeRevision(client, deployment(false), pods)).to.deep.include({
      readyReplicas: 2,
      upToDate: false,
    });
  });

  it('counts no pod of another image, and none that is ending', async () => {
    const pods = [pod('old', true), pod('new', true, true), pod('new', true)];
    expect((await observeRevision(client, deployment(false), pods)).readyReplicas).to.equal(1);
  });
});
