import { buffer } from 'node:stream/consumers';
import { expect } from 'chai';
import { Client as Minio } from 'minio';
import { HttpImageStore } from '../bridge/src/adapters/registry/image-store.ts';
import { registryAccess } from '../bridge/src/adapters/registry/registry.ts';
import type { VersionDetail } from '../bridge/src/contract/version.ts';
import { revisionName, routeName } from '../bridge/src/domain/rollouts/revision.ts';
import { waitFor } from '../stack/process.ts';
import { run } from '../stack/run.ts';
import { Client, digit, neverBuilt, sample } from './client.ts';
import { Listener } from './listener.ts';
import { OdooEntrance } from './odoo.ts';
import { LIVE_MS, broughtToStaging, idsOf, promote, unusedName } from './pipeline.ts';
import { closeWindows, openWindow, picture, signedIn } from './window.ts';

/** The stack looks every ten seconds, and twice before it says anything. */
const NOTICED_MS = 60_000;
const NAMESPACE = 'mlops-production';

describe('What serves is what was approved, whatever somebody does by hand', function () {
  this.timeout(150_000);
  this.bail(true);
  const name = unusedName('intact');
  let ada: Client,
    ben: Client,
    odoo: OdooEntrance,
    ears: Listener,
    live: VersionDetail,
    revision: string;

  before(async function () {
    this.timeout(600_000);
    [ada, ben, odoo] = [await Client.as('ada'), await Client.as('ben'), new OdooEntrance('mia')];
    ears = new Listener(ben);
    const staged = await broughtToStaging(ada, ben, neverBuilt(sample('digits', name), name));
    await promote(ben, staged);
    live = await ben.reaches(idsOf(staged), 'Live', LIVE_MS);
    revision = revisionName(name, live.id);
    await ears.connect();
  });
  after(async () => {
    ears?.cut();
    await closeWindows();
    await Promise.all([ada, ben, odoo].map((one) => one?.close()));
  });

  const kubectl = (...args: string[]): Promise<string> =>
    run(
      ben.facts.kubectl,
      ['kubectl', '--kubeconfig', ben.facts.adminKubeconfig, '-n', NAMESPACE, ...args],
      { deadlineMs: 30_000 },
    );
  const asked = async (): Promise<number> =>
    (await ben.infer(live.prodEndpointUrl!, name, digit())).status;
  const condition = async (): Promise<
    { status: string; reason: string; message: string } | undefined
  > => {
    const { deployments } = await ben.version(idsOf(live));
    return deployments
      .find((one) => one.environmentKind === 'production')
      ?.conditions.find(({ type }) => type === 'Integrity');
  };
  const told = (
    from: number,
    state: 'good' | 'bad',
    reason?: string,
  ): Promise<Record<string, unknown>> =>
    ears
      .hears(
        `that it is ${state} ${reason ?? ''}`,
        ({ position, topic, versionId, payload }) =>
          position > from &&
          topic === 'deployment.integrity' &&
          versionId === live.id &&
          payload['environmentKind'] === 'production' &&
          payload['state'] === state &&
          (!reason || payload['word'] === reason),
        NOTICED_MS,
      )
      .then(({ payload }) => payload);
  const asApproved = async (from: number): Promise<void> => {
    await told(from, 'good');
    expect(await condition()).to.include({ status: 'True' });
    expect(await asked()).to.equal(200);
  };

  it('Given a live version, when somebody has its Deployment run another image, then no pod of it starts, the old ones answer, and it is put back', async () => {
    const from = ears.position;
    const before = await kubectl(
      'get',
      'deployment',
      revision,
      '-o',
      'jsonpath={.spec.template.spec.containers[0].image}',
    );
    await kubectl(
      'set',
      'image',
      `deployment/${revision}`,
      `*=${ben.facts.registryName}/pause:3.10`,
    );
    const statuses = new Set<number>();
    const heard = told(from, 'bad', 'DeploymentChanged');
    let over = false;
    void heard
      .finally(() => {
        over = true;
      })
      .catch(() => undefined);
    while (!over) statuses.add(await asked());
    const { reason, putBack, differences } = await heard;
    expect([...statuses]).to.deep.equal([200]);
    expect(reason)
      .to.include('pause:3.10')
      .and.to.match(/written by kubectl/);
    expect(putBack).to.have.length.greaterThan(0);
    expect(JSON.stringify(differences)).to.include(before);
    await asApproved(from);
    expect(
      await kubectl(
        'get',
        'deployment',
        revision,
        '-o',
        'jsonpath={.spec.template.spec.containers[0].image}',
      ),
    ).to.equal(before);
  });

  it('When somebody deletes its route and its Service, then both are there again and it answers', async () => {
    const from = ears.position;
    await kubectl('delete', 'httproute', routeName('public', name), '--wait=false');
    await kubectl('delete', 'service', revision, '--wait=false');
    const { reason } = await told(from, 'bad');
    expect(reason)
      .to.match(/Service .*expected to be there, found none/)
      .and.match(/Route .*expected to be there, found none/);
    await asApproved(from);
  });

  it('When somebody writes over a file of it in the object storage, then it is told with both digests, and is never put back by itself', async () => {
    const from = ears.position;
    const [artifact] = await odoo.press<{ object_key: string; digest: string }[]>(
      'mlops.artifact',
      'search_read',
      [
        [
          ['version_id', '=', live.id],
          ['filename', '=', 'Dockerfile'],
        ],
        ['object_key', 'digest'],
      ],
    );
    const { endPoint, port, accessKey, secretKey, bucket } = ben.facts.minio;
    const minio = new Minio({ endPoint, port, accessKey, secretKey, useSSL: false });
    const good = await buffer(await minio.getObject(bucket, artifact!.object_key));
    await minio.putObject(
      bucket,
      artifact!.object_key,
      Buffer.from(String(good).replace('FROM', 'from')),
    );
    try {
      const { reason, putBack } = await told(from, 'bad', 'ArtifactChanged');
      expect(reason).to.include(artifact!.digest).and.to.include('Dockerfile');
      expect(putBack).to.deep.equal([]);
      expect(await asked(), 'what runs goes on').to.equal(200);
      expect(await condition()).to.include({ status: 'False', reason: 'ArtifactChanged' });
      const window = await openWindow();
      await signedIn(
        window,
        'ben',
        `${ben.facts.publicUrl}/app/#/models/${live.model.id}/versions/${live.id}`,
        `${name} ${live.name}`,
      );
      await window.page.getByText(artifact!.digest).first().waitFor();
      await picture(window.page, 'pwa-integrity');
    } finally {
      await minio.putObject(bucket, artifact!.object_key, good);
    }
    await asApproved(ears.position);
  });

  it('When somebody deletes its image from the registry, then it is told before a pod needs it, until it is there again', async () => {
    const from = ears.position;
    const digest = live.imageDigest!;
    const repository = live
      .image!.replace(/@.*/, '')
      .split('/')
      .slice(1)
      .join('/')
      .replace(/:[^:/]*$/, '');
    const registry = new HttpImageStore(ben.facts.registryUrl);
    const { origin, authorization } = registryAccess(ben.facts.registryUrl);
    const manifest = (await registry.manifest(repository, digest))!;
    const deleted = await fetch(`${origin}/v2/${repository}/manifests/${digest}`, {
      method: 'DELETE',
      headers: { authorization: authorization! },
    });
    expect(deleted.status).to.equal(202);
    try {
      const { reason } = await told(from, 'bad', 'ImageMissing');
      expect(reason).to.include(digest);
      expect(await asked(), 'what runs goes on').to.equal(200);
    } finally {
      await registry.putManifest(repository, digest, manifest.mediaType, manifest.bytes);
    }
    await asApproved(ears.position);
  });

  it('When somebody approves another image in the cluster, then the list is put back', async () => {
    const from = ears.position;
    const list = async (): Promise<string> =>
      kubectl('get', 'configmap', 'approved-images', '-o', `jsonpath={.data.${revision}}`);
    const before = await list();
    await kubectl(
      'patch',
      'configmap',
      'approved-images',
      '--type=merge',
      '-p',
      JSON.stringify({
        data: { [revision]: `${ben.facts.registryName}/other@sha256:${'0'.repeat(64)}` },
      }),
    );
    await told(from, 'bad', 'ApprovalChanged');
    await waitFor('the list as it was', NOTICED_MS, async () => (await list()) === before);
    await asApproved(from);
  });
});
