import { mkdtempSync, rmSync, writeFileSync, mkdirSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { startTime, waitFor } from '../process.ts';
import { run, tryRun } from '../run.ts';
import { digestOfFiles } from '../sources.ts';
import { Timings } from '../timings.ts';

describe('running a command', () => {
  it('gives its output, with input and line by line', async () => {
    const lines: string[] = [];
    expect(
      await run('sh', ['-c', 'cat; echo b'], { input: 'a\n', onLine: (line) => lines.push(line) }),
    ).to.equal('a\nb\n');
    expect(lines).to.include('a').and.include('b');
  });

  it('throws with its last lines when it fails', async () => {
    const fault = await run('sh', ['-c', 'seq 1 50; echo why >&2; exit 3']).then(
      () => '',
      (error: Error) => error.message,
    );
    expect(fault)
      .to.match(/ended with exit code 3\n/)
      .and.match(/\n50\nwhy$/)
      .and.not.match(/\n30\n/);
  });

  it('throws when it is not there, and when it takes too long', async () => {
    expect(
      await run('creativeflow-none', []).then(
        () => '',
        (error: Error) => error.message,
      ),
    ).to.include('creativeflow-none could not be started');
    expect(
      await run('sleep', ['30'], { deadlineMs: 50 }).then(
        () => '',
        (error: Error) => error.message,
      ),
    ).to.include('sleep 30 did not end within 0.05 s');
  });

  it('ends when whoever runs it is killed', async () => {
    const runner = spawn(
      process.execPath,
      [
        '--import',
        'tsx',
        '--input-type=module',
        '-e',
        `
      import { run } from ${JSON.stringify(join(import.meta.dirname, '../run.ts'))};
      await run('sh', ['-c', 'echo $$; exec sleep 600'], { onLine: (line) => console.log(line) });
    `,
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const pid = Number(await new Promise((resolve) => runner.stdout.once('data', resolve)));
    expect(startTime(pid)).to.not.equal(null);
    runner.kill('SIGKILL');
    await waitFor('its end', 60_000, () => startTime(pid) === null);
  });

  it('can be a question', async () => {
    expect(await tryRun('false', [])).to.equal(null);
  });
});

describe('digest of sources', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sources-'));
  after(() => rmSync(folder, { recursive: true }));

  it('changes with content and names, not with what is left out', () => {
    mkdirSync(join(folder, 'a/tests'), { recursive: true });
    writeFileSync(join(folder, 'a/x.py'), '1');
    const digest = (): string => digestOfFiles(folder, ['a', 'missing'], ['tests']);
    const first = digest();
    writeFileSync(join(folder, 'a/tests/t.py'), '1');
    expect(digest()).to.equal(first);
    writeFileSync(join(folder, 'a/x.py'), '2');
    const second = digest();
    expect(second).to.not.equal(first);
    writeFileSync(join(folder, 'a/y.py'), '');
    expect(digest()).to.not.equal(second);
  });
});

describe('timings', () => {
  const state = mkdtempSync(join(tmpdir(), 'timings-'));
  after(() => rmSync(state, { recursive: true }));

  it('are told beside those of the last time', () => {
    expect(new Timings(state).record('odoo', 61_049)).to.equal('61.0 s');
    expect(new Timings(state).record('odoo', 1500)).to.equal('1.5 s, last time 61.0 s');
  });

  it('survive a file that was cut off', () => {
    writeFileSync(join(state, 'timings.json'), '{"odoo":');
    expect(new Timings(state).record('odoo', 2000)).to.equal('2.0 s');
  });
});
