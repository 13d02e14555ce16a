import { expect } from 'chai';
import { sessionPatterns } from '../../../../src/domain/rollouts/session-affinity.ts';

const ENDS = Array.from({ length: 4096 }, (_none, value) => value.toString(16).padStart(3, '0'));
const chosen = (share: number): string[] => {
  const patterns = sessionPatterns(share)!;
  const [canary, stable] = [new RegExp(`^${patterns.canary}$`), new RegExp(`^${patterns.stable}$`)];
  expect(
    ENDS.filter((end) => canary.test(end) === stable.test(end)),
    'on both sides or on none',
  ).to.deep.equal([]);
  return ENDS.filter((end) => canary.test(end));
};

describe('sessions that stay with a version', () => {
  it('are that share of all of them, and every one has one side', () => {
    for (let percent = 1; percent < 100; percent += 1)
      expect(chosen(percent / 100).length, `${percent} %`).to.equal(Math.round(percent * 40.96));
    for (const bound of [1, 15, 16, 17, 255, 256, 257, 4080, 4095])
      expect(chosen(bound / 4096)).to.deep.equal(ENDS.slice(0, bound));
    expect(chosen(0.000001)).to.deep.equal(['000']);
  });

  it('keep the new version when its share grows', () => {
    let had: string[] = [];
    for (const percent of [1, 5, 10, 25, 50, 99]) {
      const has = chosen(percent / 100);
      expect(has).to.include.members(had);
      had = has;
    }
  });

  it('are told whatever the case of their digits', () => {
    const { canary } = sessionPatterns(0.75)!;
    for (const end of ['aBc', 'ABC', 'abc'])
      expect(new RegExp(`^${canary}$`).test(end), end).to.equal(true);
  });

  it('are not told apart where one version has all', () => {
    expect([sessionPatterns(0), sessionPatterns(1)]).to.deep.equal([null, null]);
  });
});
