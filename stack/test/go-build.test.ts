import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { binary, COMPOSE, type GoProgram } from '../go-build.ts';

describe('the cache of built programs', () => {
  const root = mkdtempSync(join(tmpdir(), 'go-build-'));
  const folder = join(root, 'stack/go/compose');
  const where = (program: GoProgram = COMPOSE): string =>
    binary({ root, cache: '/cache' }, program);
  before(() => {
    mkdirSync(folder, { recursive: true });
    for (const name of ['main.go', 'go.mod', 'go.sum']) writeFileSync(join(folder, name), name);
  });
  after(() => rmSync(root, { recursive: true }));

  it('names a program by what it is and by what it is built from', () => {
    expect(where()).to.match(/^\/cache\/bin\/compose-loader-[\d.]+-[0-9a-f]{8}$/);
    expect(where(), 'the same each time').to.equal(where());
    for (const name of ['main.go', 'go.mod', 'go.sum']) {
      const before = where();
      writeFileSync(join(folder, name), `${name}, changed`);
      expect(where(), name).not.to.equal(before);
    }
  });

  it('tells other flags of the build from each other, and nothing else', () => {
    const names = [{}, { tags: 'a' }, { ldflags: '-X a' }, { package: './a' }].map((more) =>
      where({ ...COMPOSE, ...more }),
    );
    expect(new Set(names).size).to.equal(names.length);
    expect(binary({ root, cache: '/other' }, COMPOSE)).to.equal(
      where().replace('/cache', '/other'),
    );
  });
});
