import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import type { VersionDetail } from '../bridge/src/contract/version.ts';
import { Client, digit, sample } from './client.ts';
import {
  SCAN_MS,
  approve,
  archive,
  broughtToStaging,
  idsOf,
  unusedName,
  uploaded,
} from './pipeline.ts';

/**
 * Calls an endpoint again and again until told to stop; what it answered each time: `200 1.0.0`.
 */
function caller(
  client: Client,
  url: string,
  model: string,
): { answers: string[]; stop(): Promise<void> } {
  const answers: string[] = [];
  let calling = true;
  const running = (async () => {
    while (calling) {
      answers.push(
        await client.infer(url, model, digit()).then(
          ({ status, body }) =>
            `${status} ${(body as { model_version?: string }).model_version ?? JSON.stringify(body)}`,
          (error: Error) => `no answer: ${error.message}`,
        ),
      );
      await delay(200); // as a program that asks five times a second
    }
  })();
  return {
    answers,
    stop: () => {
      calling = false;
      return running;
    },
  };
}

describe('A next version that cannot start harms nobody', () => {
  const name = unusedName('sturdy');
  let ada: Client, ben: Client, mia: Client, good: VersionDetail, bad: VersionDetail;

  before(async () => {
    [ada, ben, mia] = [await Client.as('ada'), await Client.as('ben'), await Client.as('mia')];
    good = await broughtToStaging(ada, ben, sample('digits', name));
  });
  after(async () => {
    if (bad) await archive(mia, idsOf(bad));
    if (good) await archive(mia, idsOf(good));
    await Promise.all([ada, ben, mia].map((one) => one?.close()));
  });

  it('Given a version that serves in staging, then its endpoint reads digits', async () => {
    const answer = await ben.infer(good.stagingEndpointUrl!, name, digit());
    expect(answer.status, JSON.stringify(answer.body)).to.equal(200);
    expect(answer.body).to.include({ model_version: good.name });
  });

  it('When a version that ends as soon as it starts is approved, then staging fails and the old version answers every call meanwhile', async () => {
    const calls = caller(ben, good.stagingEndpointUrl!, name);
    try {
      const ids = await uploaded(ada, sample('broken', name));
      await approve(ben, await ben.reaches(ids, 'Validated', SCAN_MS));
      bad = await ben.reaches(ids, 'StagingFailed', 240_000);
    } finally {
      await calls.stop();
    }
    expect(calls.answers.length).to.be.greaterThan(20);
    expect(calls.answers.filter((one) => one !== `200 ${good.name}`)).to.deep.equal([]);
  });

  it('Then the version says why, in the words of the server that could not start', () => {
    expect(bad.statusReason).to.match(/CrashLoopBackOff/);
    expect(bad.statusReason).to.match(/exit code 1\b/);
    expect(bad.statusReason).to.include('no weights for layer 7');
    expect(bad.buildState).to.equal('done');
    expect(bad.deployments[0]).to.include({ phase: 'Failed', isLive: false, desired: 'removed' });
    expect(bad.road.find((stop) => stop.key === 'staging')).to.include({ state: 'failed' });
  });

  it('Then the old version still serves, and is the one that the endpoint names', async () => {
    const answer = await ben.infer(good.stagingEndpointUrl!, name, digit());
    expect(answer.status, JSON.stringify(answer.body)).to.equal(200);
    expect(answer.body).to.include({ model_version: good.name });
    expect(await ben.endpoint(good.model.id, 'staging')).to.include({
      isAvailable: true,
      version: good.name,
    });
    expect(await ben.version(idsOf(good))).to.include({ status: 'Staging' });
  });

  it('Then the failed version cannot be promoted', async () => {
    const answer = await ben.act(idsOf(bad), 'promote', {
      target: 'production',
      strategy: 'blue-green',
      seen: bad.lockVersion,
    });
    expect(answer.status, JSON.stringify(answer.body)).to.equal(422);
  });
});
