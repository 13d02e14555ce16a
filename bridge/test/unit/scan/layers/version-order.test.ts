import { expect } from 'chai';
import { alpine, debian, orderOf, pep440 } from '../../../../src/scan/layers/version-order.ts';

/** Each line is in ascending order, as the ecosystem's own tool sorts it. */
const ASCENDING: [string, (a: string, b: string) => number, string[]][] = [
  [
    'dpkg',
    debian,
    [
      '1.0~beta1',
      '1.0~rc1',
      '1.0',
      '1.0-1',
      '1.0-1+deb12u1',
      '1.0-1.1',
      '1.0-2',
      '1.0+dfsg-1',
      '1.0.1',
      '1.2',
      '1.10',
      '1:0.1',
      '2:0.0',
    ],
  ],
  ['dpkg: letters before signs', debian, ['1.0-0ubuntu1', '1.0a', '1.0b', '1.0+']],
  [
    'apk',
    alpine,
    [
      '1.0_alpha1',
      '1.0_beta',
      '1.0_rc2',
      '1.0',
      '1.0-r1',
      '1.0-r10',
      '1.0_p1',
      '1.0a',
      '1.0.1',
      '1.2',
      '1.10',
    ],
  ],
  [
    'pip',
    pep440,
    [
      '1.0.dev1',
      '1.0a1.dev1',
      '1.0a1',
      '1.0b2',
      '1.0rc1',
      '1.0',
      '1.0+local',
      '1.0.post1',
      '1.1',
      '1.10',
      '2.0',
      '1!0.1',
    ],
  ],
];
const EQUAL: [(a: string, b: string) => number, string, string][] = [
  [debian, '1.0', '1.0-0'],
  [debian, '0:1.0', '1.0'],
  [pep440, '1.0', '1.0.0'],
  [pep440, '1.0rc1', '1.0-c1'],
  [pep440, 'v1.0', '1.0'],
  [alpine, '1.0-r0', '1.0'],
];

describe('scan: order of versions', () => {
  for (const [what, order, versions] of ASCENDING) {
    it(`sorts as ${what} does: ${versions.join(' < ')}`, () => {
      for (const [i, a] of versions.entries())
        for (const [j, b] of versions.entries())
          expect(Math.sign(order(a, b)), `${a} and ${b}`).to.equal(Math.sign(i - j));
    });
  }
  it('knows what is the same', () => {
    for (const [order, a, b] of EQUAL) expect(Math.sign(order(a, b)), `${a} and ${b}`).to.equal(0);
  });
  it('knows the orders of five ecosystems and says of no other that it does', () => {
    for (const known of ['Debian:12', 'Ubuntu:22.04', 'Alpine:v3.20', 'PyPI', 'npm'])
      expect(orderOf(known), known).to.be.a('function');
    expect(orderOf('npm')!('1.10.0', '1.9.0')).to.be.greaterThan(0);
    expect(orderOf('Hackage')).to.equal(null);
  });
});
