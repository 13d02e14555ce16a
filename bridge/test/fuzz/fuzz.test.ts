import { expect } from 'chai';
import { campaign } from './campaign.ts';

const SECONDS = Number(process.env['CREATIVEFLOW_FUZZ_SECONDS'] ?? 60);

describe('the scanner before files that were changed at random', function () {
  this.timeout((SECONDS + 120) * 1000);

  it(`neither crashes nor hangs nor lets through what Python would still run, for ${SECONDS} s`, async () => {
    const outcome = await campaign(
      SECONDS,
      Number(process.env['CREATIVEFLOW_SEED'] ?? Date.now() % 2 ** 31),
    );
    console.log(
      `      ${outcome.cases.toLocaleString('en')} cases, ${outcome.survivors} of refused files no longer refused, ${outcome.reference ? 'each held against Python' : 'not held against Python: there is none'}, seed ${outcome.seed}`,
    );
    expect(outcome.failures).to.deep.equal([]);
    expect(outcome.cases).to.be.above(SECONDS * 5);
  });
});
