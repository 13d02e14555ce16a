import { expect } from 'chai';
import type { DeploymentWork } from '../../../../src/services/ports/odoo.ts';
import { FRESH_MS, WorkCache } from '../../../../src/services/rollouts/work-cache.ts';

const work = (deploymentId: number, generation = 1): DeploymentWork =>
  ({ deploymentId, generation }) as DeploymentWork;

describe('the work that came with an order', () => {
  let at = 0;
  let recent: WorkCache;
  beforeEach(() => {
    [at, recent] = [1_000_000, new WorkCache({ now: () => new Date(at) })];
  });

  it('is there once, with the time at which Odoo said it', () => {
    recent.keep(work(7), 30);
    at += 20;
    expect(recent.take(7, 1)).to.deep.equal({ work: work(7), readAt: 1_000_000 - 30 });
    expect(recent.take(7, 1)).to.equal(null);
  });

  const gone: [string, () => void][] = [
    ['nothing came', () => undefined],
    ['it came for another', () => recent.keep(work(8), 0)],
    ['another generation is asked for', () => recent.keep(work(7, 2), 0)],
    ['it was old when it came', () => recent.keep(work(7), FRESH_MS)],
    [
      'it has become old',
      () => {
        recent.keep(work(7), 100);
        at += FRESH_MS - 100;
      },
    ],
    ['a clock was set back meanwhile', () => recent.keep(work(7), -5)],
  ];
  for (const [why, given] of gone) {
    it(`is asked of Odoo when ${why}`, () => {
      given();
      expect(recent.take(7, 1)).to.equal(null);
    });
  }
});
