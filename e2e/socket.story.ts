import { expect } from 'chai';
import type { EventView } from '../bridge/src/contract/events.ts';
import type { VersionDetail } from '../bridge/src/contract/version.ts';
import { Client, sample } from './client.ts';
import { Listener, journalBetween } from './listener.ts';
import { SCAN_MS, STAGING_MS, approve, archive, idsOf, unusedName, uploaded } from './pipeline.ts';

const status =
  (versionId: number, wanted: string) =>
  (event: EventView): boolean =>
    event.versionId === versionId && event.payload['status'] === wanted;

describe('What happens is heard as it happens, by those whom it concerns', () => {
  const name = unusedName('heard');
  let ada: Client, ben: Client, mia: Client, olga: Client;
  let ears: Listener,
    foreignEars: Listener,
    staged: VersionDetail,
    foreign: { modelId: number; versionId: number };

  before(async () => {
    [ada, ben, mia, olga] = [
      await Client.as('ada'),
      await Client.as('ben'),
      await Client.as('mia'),
      await Client.as('olga'),
    ];
    [ears, foreignEars] = [new Listener(ada), new Listener(olga)];
  });
  after(async () => {
    ears?.cut();
    foreignEars?.cut();
    if (staged) await archive(mia, idsOf(staged));
    if (foreign) await archive(olga, foreign);
    await Promise.all([ada, ben, mia, olga].map((one) => one?.close()));
  });

  it('Given nobody is logged in, when a socket is opened, then it is refused', async () => {
    const nobody = new Client();
    const refusal = await new Listener(nobody).connect().then(
      () => 'connected',
      (error: Error) => error.message,
    );
    expect(refusal).to.include('401');
    await nobody.close();
  });

  it("Given ada's socket is cut in mid-road, when she connects again, then she has heard everything once and in order", async () => {
    await ears.connect();
    await foreignEars.connect();
    const ids = await uploaded(ada, sample('digits', name));
    await ears.hears('the event that the scan passed', status(ids.versionId, 'Validated'), SCAN_MS);
    ears.cut();
    const lastHeard = ears.position;

    await approve(ben, await ben.reaches(ids, 'Validated', SCAN_MS));
    const missed = await missedAfter(lastHeard, ids.versionId);
    expect(missed, 'events that nobody heard while the line was cut').to.not.deep.equal([]);

    await ears.connect();
    expect(ears.position).to.be.at.least(lastHeard);
    staged = await ben.reaches(ids, 'Staging', STAGING_MS);
    await ears.hears('the event that it is in staging', status(ids.versionId, 'Staging'));

    const journal = await journalBetween(ada, ears.start, ears.position);
    const heard = ears.events.filter((event) => event.position <= ears.position);
    expect(heard.map((event) => event.position)).to.deep.equal(
      journal.map((event) => event.position),
    );
    expect(heard).to.deep.equal(journal);
    expect(new Set(heard.map((event) => event.position)).size).to.equal(heard.length);
    const statuses = heard
      .filter((event) => event.versionId === ids.versionId && event.topic === 'version.status')
      .map((event) => event.payload['status']);
    expect(statuses).to.include.ordered.members([
      'Validated',
      'PendingStagingDeployment',
      'Staging',
    ]);
  });

  it("Given olga of another company listened all the time, when her own model's road begins, then she has heard that and nothing of ada's", async () => {
    // what ada hears may go on: the inventory of her image comes later
    const heardByAda = ears.position;
    foreign = await uploaded(olga, sample('malicious', unusedName('foreign')));
    await foreignEars.hears(
      'the event of her own model',
      status(foreign.versionId, 'ValidationFailed'),
      SCAN_MS,
    );
    expect(foreignEars.position, 'she is past all that ada heard').to.be.greaterThan(heardByAda);
    expect(foreignEars.events.filter((event) => event.modelId === staged.model.id)).to.deep.equal(
      [],
    );
    expect(JSON.stringify(foreignEars.events)).to.not.include(name);
    const adas = await journalBetween(ada, ears.start, foreignEars.position);
    expect(
      [...adas, ...ears.events].filter((event) => event.versionId === foreign.versionId),
      "what ada learned of olga's model",
    ).to.deep.equal([]);
  });

  it('When olga asks for the whole past over a socket, then nothing of it is sent', async () => {
    const past = new Listener(olga);
    await past.connect(ears.start);
    await past.hears('the event of her own model', status(foreign.versionId, 'ValidationFailed'));
    past.cut();
    expect(past.events.filter((event) => event.modelId === staged.model.id)).to.deep.equal([]);
  });

  it('When olga polls the journal, then nothing of it is there', async () => {
    const all = await journalBetween(olga, ears.start, foreignEars.position);
    expect(all.map((event) => event.versionId)).to.include(foreign.versionId);
    expect(all.filter((event) => event.modelId === staged.model.id)).to.deep.equal([]);
    expect(
      await journalBetween(olga, ears.start, foreignEars.position, `&versionId=${staged.id}`),
    ).to.deep.equal([]);
  });

  it('When olga looks through the lists, then it is in none', async () => {
    const models = await olga.send<{ total: number; items: unknown[] }>(
      'GET',
      `/mlops/models?search=${name}`,
    );
    expect(models.body).to.include({ total: 0 });
    expect(
      (await ada.send<{ total: number }>('GET', `/mlops/models?search=${name}`)).body,
      'ada finds it',
    ).to.include({ total: 1 });
    const endpoints = await olga.send<{ items: { modelId: number }[] }>('GET', '/mlops/endpoints');
    expect(endpoints.status).to.equal(200);
    expect(endpoints.body.items.filter((one) => one.modelId === staged.model.id)).to.deep.equal([]);
  });

  for (const [what, path] of [
    ['the model', (v: VersionDetail) => `/mlops/models/${v.model.id}`],
    ['the version', (v: VersionDetail) => `/mlops/models/${v.model.id}/versions/${v.id}`],
    ['its findings', (v: VersionDetail) => `/mlops/models/${v.model.id}/versions/${v.id}/findings`],
    [
      'its build log',
      (v: VersionDetail) => `/mlops/models/${v.model.id}/versions/${v.id}/build-log`,
    ],
    ['its endpoint', (v: VersionDetail) => `/mlops/endpoints/${v.endpoints[0]!.id}`],
  ] as const) {
    it(`When olga asks for ${what} by its id, then she gets nothing, where ada is answered`, async () => {
      const answer = await olga.send('GET', path(staged));
      expect([403, 404], JSON.stringify(answer.body)).to.include(answer.status);
      expect(JSON.stringify(answer.body)).to.not.include(name);
      expect((await ada.send('GET', path(staged))).status).to.equal(200);
    });
  }

  it("When olga, a manager in her own company, acts on ada's version, then she is refused and nothing happens", async () => {
    const before = await ben.version(idsOf(staged));
    for (const [action, body] of [
      ['promote', { target: 'production', strategy: 'blue-green' }],
      ['rescan', {}],
      ['archive', {}],
    ] as const) {
      const answer = await olga.act(idsOf(staged), action, body);
      expect([403, 404], `${action}: ${JSON.stringify(answer.body)}`).to.include(answer.status);
    }
    const endpoint = staged.endpoints[0]!;
    expect([403, 404]).to.include(
      (
        await olga.send('POST', `/mlops/endpoints/${endpoint.id}/try`, {
          path: '/v2/health/ready',
          method: 'GET',
        })
      ).status,
    );
    expect(await ben.version(idsOf(staged))).to.include({
      status: before.status,
      lockVersion: before.lockVersion,
    });
  });

  /** Waits until the journal holds something newer of this version. */
  async function missedAfter(position: number, versionId: number): Promise<EventView[]> {
    const end = Date.now() + 15_000;
    for (;;) {
      const found = await journalBetween(
        ada,
        position,
        Number.MAX_SAFE_INTEGER,
        `&versionId=${versionId}`,
      );
      if (found.length > 0 || Date.now() > end) return found;
    }
  }
});
