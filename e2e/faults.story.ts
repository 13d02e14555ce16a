import { expect } from 'chai';
import { Redis } from 'ioredis';
import type { VersionDetail } from '../bridge/src/contract/version.ts';
import { readStackFacts } from '../stack/facts.ts';
import { waitFor } from '../stack/process.ts';
import { killBridge, startBridge } from './bridge-process.ts';
import { Client, digit, neverBuilt, sample } from './client.ts';
import { OdooEntrance } from './odoo.ts';
import {
  LIVE_MS,
  SCAN_MS,
  STAGING_MS,
  approve,
  archive,
  promote,
  unusedName,
  uploaded,
} from './pipeline.ts';

interface Kept {
  status: string;
  build_state: string;
}

describe('The road completes whatever breaks on the way', () => {
  const facts = readStackFacts();
  let ada: Client, ben: Client, inOdoo: OdooEntrance;

  before(async () => {
    [ada, ben, inOdoo] = [await Client.as('ada'), await Client.as('ben'), new OdooEntrance('mia')];
  });
  after(() => Promise.all([ada, ben, inOdoo].map((one) => one?.close())));

  /** What Odoo holds while no bridge can be asked. */
  async function kept(versionId: number): Promise<Kept> {
    const [row] = await inOdoo.rpc<Kept[]>('mlops.model.version', 'read', [
      [versionId],
      ['status', 'build_state'],
    ]);
    return row!;
  }

  async function building(ids: { modelId: number; versionId: number }): Promise<void> {
    await waitFor(
      'the start of the build',
      60_000,
      async () => (await ben.version(ids)).buildState === 'running',
    );
  }

  async function readsDigits(url: string, name: string): Promise<void> {
    const answer = await ben.infer(url, name, digit());
    expect(answer.status, JSON.stringify(answer.body)).to.equal(200);
  }

  describe('Given a bridge that is killed', () => {
    const name = unusedName('killed');
    let ids: { modelId: number; versionId: number }, version: VersionDetail;

    afterEach(() => startBridge(facts)); // whatever failed, it runs again

    it('When it is killed while it scans, then the scan is finished once it is back', async () => {
      ids = await uploaded(ada, neverBuilt(sample('digits', name), name));
      await killBridge(facts);
      expect(await kept(ids.versionId)).to.include({ status: 'Validating' });
      await startBridge(facts);
      version = await ben.reaches(ids, 'Validated', SCAN_MS);
      expect(version.scan?.verdict).to.equal('pass');
    });

    it('When it is killed while the image is built, then the model reaches staging once it is back', async () => {
      await approve(ben, version);
      await building(ids);
      await killBridge(facts);
      expect(await kept(ids.versionId)).to.include({
        status: 'PendingStagingDeployment',
        build_state: 'running',
      });
      await startBridge(facts);
      version = await ben.reaches(ids, 'Staging', STAGING_MS);
      expect(version.imageDigest).to.match(/^sha256:[0-9a-f]{64}$/);
      expect(version.deployments).to.have.length(1);
      await readsDigits(version.stagingEndpointUrl!, name);
    });

    it('When it is killed while production rolls out, then the model is live once it is back', async () => {
      await promote(ben, version);
      await waitFor('the start of the rollout', 30_000, async () =>
        (await ben.version(ids)).deployments.some(
          (one) => one.environmentKind === 'production' && one.phase === 'Progressing',
        ),
      );
      await killBridge(facts);
      expect(await kept(ids.versionId)).to.include({ status: 'PendingProdDeployment' });
      await startBridge(facts);
      version = await ben.reaches(ids, 'Live', LIVE_MS);
      await readsDigits(version.prodEndpointUrl!, name);
      expect(
        version.deployments.filter((one) => one.environmentKind === 'production'),
      ).to.have.length(1);
      expect(await ben.endpoint(version.model.id, 'production')).to.include({
        isAvailable: true,
        version: version.name,
      });
    });
  });

  describe('Given a Redis that loses everything', () => {
    const name = unusedName('emptied');
    let redis: Redis, ids: { modelId: number; versionId: number };

    before(() => {
      redis = new Redis(facts.redisUrl);
    });
    after(async () => {
      redis.disconnect();
      const mia = await Client.as('mia');
      if (ids) await archive(mia, ids);
      await mia.close();
    });

    /** Redis forgets queues and sessions; the people log in again, as the app asks them to. */
    async function emptied(): Promise<void> {
      await redis.flushall();
      expect(
        (await ada.send('GET', '/mlops/session')).status,
        'sessions are gone with it',
      ).to.equal(401);
      await Promise.all([ada.close(), ben.close()]);
      [ada, ben] = [await Client.as('ada'), await Client.as('ben')];
    }

    it('When it happens during the scan, then the scan is finished', async () => {
      ids = await uploaded(ada, neverBuilt(sample('digits', name), name));
      expect(await ada.version(ids)).to.include({ status: 'Validating' });
      await emptied();
      await ben.reaches(ids, 'Validated', SCAN_MS);
    });

    it('When it happens during the build, then the model reaches staging', async () => {
      await approve(ben, await ben.version(ids));
      await building(ids);
      await redis.flushall();
      expect(await kept(ids.versionId)).to.include({
        status: 'PendingStagingDeployment',
        build_state: 'running',
      });
      await emptied();
      const version = await ben.reaches(ids, 'Staging', STAGING_MS);
      await readsDigits(version.stagingEndpointUrl!, name);
    });
  });
});
