import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import type { Step } from '../bridge/src/contract/rollout.ts';
import type { VersionDetail } from '../bridge/src/contract/version.ts';
import { Client, digit, sample } from './client.ts';
import { OdooEntrance } from './odoo.ts';
import { closeWindows, openWindow, picture, signedIn } from './window.ts';
import { LIVE_MS, accepted, archive, broughtToStaging, idsOf, promote, unusedName } from './road.ts';

const JUDGE: Step = { kind: 'judge', seconds: 4, minRequests: 5, maxErrorRate: 0.05, maxLatencyRatio: 20, maxRestarts: 0, tooLittle: 'golden', withinSeconds: 60, signal: null, minAgreement: 0.9, tolerance: 0.5 };
const STEPS: Step[] = [
  { kind: 'scale', percent: 100 }, { kind: 'preview' }, { kind: 'weight', percent: 50 }, { kind: 'approve', withinSeconds: 300 }, JUDGE, { kind: 'weight', percent: 100 },
];

describe('A canary is let go on by a person and judged by its traffic', () => {
  const name = unusedName('canary');
  let ada: Client, ben: Client, mia: Client, odoo: OdooEntrance, old: VersionDetail, next: VersionDetail;

  before(async () => {
    [ada, ben, mia] = [await Client.as('ada'), await Client.as('ben'), await Client.as('mia')];
    odoo = new OdooEntrance('mia');
    const [environment] = await odoo.press<number[]>('mlops.environment', 'search', [[['kind', '=', 'production']]]);
    await odoo.press('mlops.environment', 'write', [[environment], { allow_canary: true, own_steps: true }]);
    old = await broughtToStaging(ada, ben, sample('digits', name));
    await promote(ben, old);
    old = await ben.reaches(idsOf(old), 'Live', LIVE_MS);
    next = await broughtToStaging(ada, ben, sample('digits-v2', name));
  });
  after(async () => {
    if (next && (await ben.version(idsOf(next))).status !== 'Live') await archive(mia, idsOf(next));
    await closeWindows();
    await Promise.all([ada, ben, mia, odoo].map((one) => one?.close()));
  });

  const deployment = (version: VersionDetail): VersionDetail['deployments'][number] => version.deployments.find((one) => one.environmentKind === 'production')!;
  const waitsFor = async (what: string): Promise<VersionDetail> => {
    const deadline = Date.now() + 120_000;
    for (;;) {
      const version = await ben.version(idsOf(next));
      const rollout = (deployment(version)?.observed as { rollout?: { waitingFor?: string } } | null)?.rollout;
      if (rollout?.waitingFor === what) return version;
      if (Date.now() > deadline) throw new Error(`not waiting for ${what}: ${version.status} ${version.statusReason ?? ''} ${JSON.stringify(deployment(version))}`);
      await delay(250);
    }
  };
  /** which versions answered so many calls */
  const asked = async (times: number): Promise<Record<string, number>> => {
    const by: Record<string, number> = {};
    for (let call = 0; call < times; call += 1) {
      const { status, body } = await ben.infer(old.prodEndpointUrl!, name, digit());
      expect(status, JSON.stringify(body)).to.equal(200);
      const version = String((body as { model_version?: string }).model_version);
      by[version] = (by[version] ?? 0) + 1;
    }
    return by;
  };

  it('Given a live version, when the next is promoted as a canary with half of the traffic, then exactly half of the calls are answered by it', async () => {
    await accepted(ben.act(idsOf(next), 'promote', { target: 'production', strategy: 'canary', steps: STEPS, seen: next.lockVersion }));
    const version = await waitsFor('person');
    expect(version.status).to.equal('PendingProdDeployment');
    const window = await openWindow();
    await signedIn(window, 'ben', `${ben.facts.publicUrl}/app/#/models/${version.model.id}/versions/${version.id}`, ben.facts.passwords['ben']!, `${name} ${version.name}`);
    await window.page.getByText('50 %').first().waitFor();
    await picture(window.page, 'pwa-canary');
    expect(await asked(40)).to.deep.equal({ [old.name]: 20, [next.name]: 20 });
  });

  it('Then its submitter cannot let it go on, and the one who may is told what comes next', async () => {
    const { id } = deployment(await ada.version(idsOf(next)));
    const refused = await ada.act(idsOf(next), 'approve-step', { deploymentId: id, step: 3 });
    expect(refused.status, JSON.stringify(refused.body)).to.equal(403);
    const { allowedActions } = await ben.version(idsOf(next));
    expect(allowedActions.filter(({ allowed }) => allowed).map((action) => action.name)).to.include.members(['approve-step', 'pause-rollout', 'abort-rollout']);
  });

  it('When it is let go on and its answers are as good as before, then it becomes Live and answers every call', async () => {
    const { id } = deployment(await ben.version(idsOf(next)));
    await accepted(ben.act(idsOf(next), 'approve-step', { deploymentId: id, step: 3 }));
    await waitsFor('judgement');
    await asked(30);
    const live = await ben.reaches(idsOf(next), 'Live', LIVE_MS);
    expect(await asked(10)).to.deep.equal({ [next.name]: 10 });
    expect((await ben.version(idsOf(old))).status).to.equal('Superseded');
    expect(deployment(live)).to.include({ isLive: true, phase: 'Ready' });
  });
});
