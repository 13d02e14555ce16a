import { expect } from 'chai';
import type { VersionDetail } from '../bridge/src/contract/version.ts';
import { Client, sample } from './client.ts';
import { OdooEntrance, OdooRefusal } from './odoo.ts';
import {
  LIVE_MS,
  SCAN_MS,
  archive,
  broughtToStaging,
  idsOf,
  promote,
  unusedName,
  uploaded,
} from './pipeline.ts';

interface RequestRow {
  state: string;
  result: string;
}

async function refusalOf(attempt: Promise<unknown>): Promise<OdooRefusal> {
  const outcome = await attempt.then(
    (answer) => new Error(`it was allowed: ${JSON.stringify(answer)}`),
    (error: Error) => error,
  );
  expect(outcome, outcome.message).to.be.instanceOf(OdooRefusal);
  return outcome as OdooRefusal;
}

async function asked(entrance: OdooEntrance, values: Record<string, unknown>): Promise<RequestRow> {
  const id = await entrance.rpc<number | number[]>('mlops.request', 'create', [values]);
  const [row] = await entrance.rpc<RequestRow[]>('mlops.request', 'read', [
    Array.isArray(id) ? id : [id],
    ['state', 'result'],
  ]);
  return row!;
}

describe('Nobody promotes a model of their own, whichever door they take', () => {
  let mia: Client, ben: Client, miaInOdoo: OdooEntrance, benInOdoo: OdooEntrance;

  before(async () => {
    [mia, ben] = [await Client.as('mia'), await Client.as('ben')];
    [miaInOdoo, benInOdoo] = [new OdooEntrance('mia'), new OdooEntrance('ben')];
  });
  after(() => Promise.all([mia, ben, miaInOdoo, benInOdoo].map((one) => one?.close())));

  describe('Given mia, who may upload and approve, uploaded a model that ben brought to staging', () => {
    let staged: VersionDetail;
    before(async () => {
      staged = await broughtToStaging(mia, ben, sample('digits', unusedName('own')));
    });

    async function nothingHappened(): Promise<void> {
      const now = await ben.version(idsOf(staged));
      expect(now).to.include({ status: 'Staging', lockVersion: staged.lockVersion });
      expect(now.deployments.filter((one) => one.environmentKind === 'production')).to.deep.equal(
        [],
      );
      expect(now.approvals).to.have.length(staged.approvals.length);
    }

    it('When she looks at it, then promoting is shown as not hers to do, and why', async () => {
      const action = (await mia.version(idsOf(staged))).allowedActions.find(
        (one) => one.name === 'promote',
      );
      expect(action).to.include({ allowed: false });
      expect(action?.reason).to.match(/second person|uploaded by you/i);
    });

    it('When she promotes it through the gateway, then she is refused and nothing happens', async () => {
      const answer = await mia.act(idsOf(staged), 'promote', {
        target: 'production',
        strategy: 'blue-green',
        seen: staged.lockVersion,
      });
      expect(answer.status, JSON.stringify(answer.body)).to.equal(403);
      expect(answer.body.detail).to.match(/second person|uploaded/i);
      await nothingHappened();
    });

    it("When she promotes it with her session on Odoo's screens, then she is refused and nothing happens", async () => {
      const refusal = await refusalOf(
        miaInOdoo.press('mlops.model.version', 'approve_promotion', [
          staged.id,
          'production',
          'blue-green',
        ]),
      );
      expect(refusal.kind).to.equal('odoo.exceptions.AccessError');
      expect(refusal.message).to.match(/second person|uploaded/i);
      await nothingHappened();
    });

    it('When her workflow asks for it with her account, then the request is refused and nothing happens', async () => {
      const request = await asked(miaInOdoo, {
        action: 'promote',
        version_id: staged.id,
        strategy: 'blue-green',
      });
      expect(request.state).to.equal('refused');
      expect(request.result).to.match(/second person|uploaded/i);
      await nothingHappened();
    });

    it('When she writes the status herself, then Odoo refuses', async () => {
      const refusal = await refusalOf(
        miaInOdoo.press('mlops.model.version', 'write', [
          [staged.id],
          { status: 'PendingProdDeployment' },
        ]),
      );
      expect(refusal.kind).to.match(/AccessError|UserError|ValidationError/);
      await nothingHappened();
    });

    it('When ben promotes it, then it goes live', async () => {
      await promote(ben, await ben.version(idsOf(staged)));
      const live = await ben.reaches(idsOf(staged), 'Live', LIVE_MS);
      expect(live.approvals.filter((one) => one.environment !== null).length).to.be.greaterThan(
        staged.approvals.length,
      );
    });
  });

  describe('Given ada uploaded a malicious model that the scan refused', () => {
    let refused: VersionDetail;
    before(async () => {
      const ada = await Client.as('ada');
      refused = await ada.reaches(
        await uploaded(ada, sample('malicious', unusedName('evil'))),
        'ValidationFailed',
        SCAN_MS,
      );
      await ada.close();
    });
    after(() => archive(mia, idsOf(refused)));

    async function stillRefused(): Promise<void> {
      const now = await ben.version(idsOf(refused));
      expect(now).to.include({ status: 'ValidationFailed', buildState: 'none' });
      expect(now.approvals).to.deep.equal([]);
    }

    it('Then its findings say what it would have done', () => {
      expect(refused.scan?.verdict).to.equal('block');
      expect(
        refused.findings.filter((one) => one.verdict === 'block').map((one) => one.why),
      ).to.not.deep.equal([]);
    });

    it('When ben approves it through the gateway, then he is refused', async () => {
      const answer = await ben.act(idsOf(refused), 'deploy', {
        target: 'staging',
        seen: refused.lockVersion,
      });
      expect(answer.status, JSON.stringify(answer.body)).to.equal(422);
      await stillRefused();
    });

    it("When ben approves it on Odoo's screens, then he is refused", async () => {
      const refusal = await refusalOf(
        benInOdoo.press('mlops.model.version', 'approve_deployment', [refused.id, 'staging']),
      );
      expect(refusal.kind).to.equal('odoo.exceptions.UserError');
      await stillRefused();
    });

    it('When a workflow asks for it with his account, then the request is refused', async () => {
      expect(await asked(benInOdoo, { action: 'deploy', version_id: refused.id })).to.include({
        state: 'refused',
      });
      await stillRefused();
    });

    it('When mia, a manager, promotes it straight away, then she is refused', async () => {
      const answer = await mia.act(idsOf(refused), 'promote', {
        target: 'production',
        strategy: 'blue-green',
        seen: refused.lockVersion,
      });
      expect(answer.status, JSON.stringify(answer.body)).to.equal(422);
      await stillRefused();
    });
  });
});
