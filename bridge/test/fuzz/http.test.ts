import { expect } from 'chai';
import { httpCampaign } from './http/campaign.ts';

const SECONDS = Number(process.env['CREATIVEFLOW_FUZZ_SECONDS'] ?? 60);

describe('the listeners before requests that were damaged at random', function () {
  this.timeout((SECONDS + 120) * 1000);

  it(`neither end nor hang nor answer 5xx but 503, for ${SECONDS} s`, async () => {
    const seed = Number(process.env['CREATIVEFLOW_SEED'] ?? Date.now() % 2 ** 31);
    const { cases, finds } = await httpCampaign(SECONDS, seed);
    console.log(`      ${cases.toLocaleString('en')} cases, seed ${seed}`);
    expect(finds).to.deep.equal([]);
    expect(cases).to.be.above(SECONDS * 5);
  });
});
