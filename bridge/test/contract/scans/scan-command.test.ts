import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { global, pickle, text } from '../../unit/scan/pickle-assembler.ts';

const CLI = fileURLToPath(new URL('../../../src/scan/cli.ts', import.meta.url));
const EVIL = pickle(global('os', 'system'), text('id'), 'TUPLE1', 'REDUCE');

describe('creativeflow-scan', () => {
  let folder: string;
  before(() => (folder = mkdtempSync(join(tmpdir(), 'cf-command-'))));
  after(() => rmSync(folder, { recursive: true }));

  const put = (name: string, bytes: Uint8Array): string => {
    writeFileSync(join(folder, name), bytes);
    return join(folder, name);
  };
  const run = (...args: string[]): Promise<{ code: number; stdout: string }> =>
    new Promise((resolve) => {
      execFile(process.execPath, ['--import', 'tsx', CLI, ...args], (error, stdout) =>
        resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout }),
      );
    });

  it('says by its exit code and in words or JSON what it found', async () => {
    const good = put('good.pkl', pickle('NONE'));
    const [pass, block, review, wrong] = await Promise.all([
      run(good, '--json'),
      run(good, put('evil.pkl', EVIL)),
      run(put('review.pkl', pickle(global('sklearn.future', 'New'), 'EMPTY_TUPLE', 'NEWOBJ'))),
      run(join(folder, 'no-such-file')),
    ]);
    expect(pass.code).to.equal(0);
    expect(JSON.parse(pass.stdout)).to.include({ verdict: 'pass' });
    expect(block.code).to.equal(2);
    expect(block.stdout)
      .to.match(/pickle-global-blocked/)
      .and.match(/BLOCK/);
    expect(review.code).to.equal(1);
    expect(wrong.code).to.equal(3);
  });

  it('judges each file alone when it is told to', async () => {
    const { code, stdout } = await run(
      '--each',
      '--json',
      put('a.pkl', pickle('NONE')),
      put('b.pkl', EVIL),
      put('c.pkl', pickle('NONE')),
    );
    const told = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { path: string; verdict: string });
    expect(code).to.equal(2);
    expect(told.map(({ path, verdict }) => [path.slice(-5), verdict])).to.deep.equal([
      ['a.pkl', 'pass'],
      ['b.pkl', 'block'],
      ['c.pkl', 'pass'],
    ]);
  });
});
