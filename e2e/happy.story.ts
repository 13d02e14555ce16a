import { expect } from 'chai';
import type { UploadAccepted } from '../bridge/src/contract/requests.ts';
import { readEndpointsLikeN8n } from './n8n.ts';
import { waitFor } from '../stack/process.ts';
import { Client, digit, sample } from './client.ts';
import { accepted, approve, promote, unusedName, uploaded } from './pipeline.ts';

const INVENTORY_MS = 60_000;

describe('Given ada, who uploads models, and ben, who approves them', () => {
  const name = unusedName('happy');
  let ada: Client;
  let ben: Client;
  let first: UploadAccepted;
  let second: UploadAccepted;

  before(async () => {
    ada = await Client.as('ada');
    ben = await Client.as('ben');
  });
  after(() => Promise.all([ada.close(), ben.close()]));

  it('When ada uploads a good model, then it is scanned and validated without a finding that blocks', async () => {
    first = await uploaded(ada, sample('digits', name));
    expect(first.initialStatus).to.equal('Validating');
    const version = await ada.reaches(first, 'Validated');
    expect(version.scan?.verdict).to.equal('pass');
    expect(version.artifacts.map((artifact) => artifact.filename).sort()).to.deep.equal([
      'Dockerfile',
      'model.safetensors',
      'serve.py',
    ]);
  });

  it('When she sends the same upload with the same Idempotency-Key again, then nothing new is registered', async () => {
    const headers = { 'idempotency-key': `again-${name}` };
    const one = await ada.upload(sample('digits', `${name}-twice`), headers);
    const two = await ada.upload(sample('digits', `${name}-twice`), headers);
    expect([one.status, two.status]).to.deep.equal([202, 202]);
    expect(two.body.versionId).to.equal(one.body.versionId);
    expect(two.body.created).to.equal(false);
  });

  it('When ben approves it, then it is built from its Dockerfile and answers on staging with a real prediction', async () => {
    await approve(ben, await ben.version(first));
    const staged = await ben.reaches(first, 'Staging', 300_000);
    expect(staged.imageDigest).to.match(/^sha256:[0-9a-f]{64}$/);
    expect(staged.road.find((stop) => stop.key === 'staging')?.state).to.equal('done');
    expect(await read(staged.stagingEndpointUrl)).to.equal(1);
  });

  it('Then the image is looked through, and what could not be looked at is said', async () => {
    await waitFor('the inventory of the image', INVENTORY_MS, async () =>
      Boolean((await ben.version(first)).inventory),
    );
    const { inventory } = await ben.version(first);
    expect(inventory!.packages, 'packages of the base image').to.be.greaterThan(0);
    expect(inventory!.tools.map(({ name: tool, status }) => [tool, status])).to.deep.equal([
      ['osv', 'no-database'],
      ['clamav', 'missing'],
    ]);
  });

  it('When somebody decides on what he saw before, then he is told that it changed', async () => {
    const stale = await ben.act(first, 'promote', {
      target: 'production',
      strategy: 'blue-green',
      seen: 0,
    });
    expect(stale.status).to.equal(409);
    expect(stale.body.code).to.equal('stale');
  });

  it('When ben promotes it, then it is live, and n8n finds the endpoint with its version', async () => {
    await promote(ben, await ben.version(first));
    const live = await ben.reaches(first, 'Live', 180_000);
    expect(live.isAvailable).to.equal(true);
    expect(await read(live.prodEndpointUrl)).to.equal(1);
    const rows = await readEndpointsLikeN8n(ada.facts, `production/${name}`);
    expect(rows.map((row) => [row['version'], row['is_available'], row['url']])).to.deep.equal([
      ['1.0.0', true, live.prodEndpointUrl],
    ]);
  });

  it('When its next version is promoted, then not one request is lost and the first is superseded', async () => {
    second = await uploaded(ada, sample('digits-v2', name));
    await approve(ben, await ada.reaches(second, 'Validated'));
    const staged = await ben.reaches(second, 'Staging', 300_000);
    const url = (await ben.version(first)).prodEndpointUrl;
    let [asked, answered, going] = [0, 0, true];
    const users = (async () => {
      while (going) {
        asked++;
        if ((await ada.infer(url!, name, digit())).status === 200) answered++;
      }
    })();
    await promote(ben, staged);
    await ben.reaches(second, 'Live', 180_000);
    going = false;
    await users;
    expect(answered).to.equal(asked);
    expect(asked).to.be.greaterThan(10);
    expect((await ben.version(first)).status).to.equal('Superseded');
  });

  it('When ben rolls back, then the first version is live again', async () => {
    const seen = (await ben.version(second)).lockVersion;
    await accepted(ben.act(second, 'rollback', { target: 'production', seen, reason: 'story' }));
    const live = await ben.reaches(first, 'Live', 120_000);
    expect(await read(live.prodEndpointUrl)).to.equal(1);
    expect((await ben.version(second)).status).to.equal('Superseded');
  });

  async function read(url: string | null | undefined): Promise<number | undefined> {
    const answer = await ben.infer(url!, name, digit());
    expect(answer.status, JSON.stringify(answer.body)).to.equal(200);
    return answer.body.outputs?.find((output) => output.name === 'digit')?.data[0];
  }
});
