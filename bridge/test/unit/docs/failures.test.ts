import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

const root = fileURLToPath(new URL('../../../../', import.meta.url));
const rows = [
  ...readFileSync(`${root}docs/failures.md`, 'utf8').matchAll(
    /^\| (?!what \||---)(.+?) \|.* \| `([^`]+)`: (.+) \|$/gm,
  ),
].map(([, what, file, title]) => ({ what: what!, file: file!, title: title! }));

describe('docs/failures.md', () => {
  it('names each failure that operators ask about', () => {
    const asked = [
      'pulled',
      'crash loop',
      'never ready',
      'slow to ready',
      'out of memory',
      'no GPU',
      'quota',
      'node of the new version gone',
      'API server away',
      'registry away',
      'gateway away',
      'Odoo away',
      'killed between any two actions',
      'two bridges',
    ];
    for (const failure of asked)
      expect(
        rows.some(({ what }) => what.includes(failure)),
        failure,
      ).to.equal(true);
  });

  for (const { what, file, title } of rows) {
    it(`${what}: has the test that it names`, () => {
      expect(existsSync(root + file), file).to.equal(true);
      const titles = readFileSync(root + file, 'utf8')
        .split('\n')
        .filter((line) => /\b(?:it|describe)\(/.test(line));
      expect(titles.filter((line) => line.includes(title))).to.have.length(1);
    });
  }
});
