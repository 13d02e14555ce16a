import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import {
  daemonPid,
  daemonRunning,
  logFile,
  runningDaemons,
  startDaemon,
  startTime,
  stopDaemon,
  stopIfChanged,
  supervisorPid,
  waitFor,
} from '../process.ts';
import { endsOf } from '../restarts.ts';
import { testContext } from './context.ts';

/** long enough for any machine: what is waited for comes at once on an idle one */
const SOON_MS = 60_000;

describe('daemons', function () {
  this.timeout(3 * SOON_MS);
  const state = mkdtempSync(join(tmpdir(), 'daemons-'));
  const context = testContext(state);
  const pidFile = join(state, 'run', 'one.pid');
  afterEach(async () => {
    for (const name of runningDaemons(context)) await stopDaemon(context, name, 500);
  });
  after(() => rmSync(state, { recursive: true }));

  const pidOf = async (name: string): Promise<number> => {
    await waitFor(`the note of ${name}`, SOON_MS, () => daemonRunning(context, name));
    return daemonPid(context, name)!;
  };

  it('start once, write to their log, and stop', async () => {
    startDaemon(context, 'one', ['sh', '-c', 'echo hello; exec sleep 600']);
    const pid = await pidOf('one');
    startDaemon(context, 'one', ['sleep', '600']);
    expect(daemonPid(context, 'one')).to.equal(pid);
    expect(runningDaemons(context)).to.deep.equal(['one']);
    await waitFor(
      'the log',
      SOON_MS,
      () => readFileSync(logFile(context, 'one'), 'utf8') === 'hello\n',
    );
    await stopDaemon(context, 'one');
    expect(startTime(pid)).to.equal(null);
    expect(daemonRunning(context, 'one')).to.equal(false);
  });

  it('note themselves down, also when whoever started them is killed at once', async () => {
    const taken = join(state, 'run', 'one.supervisor.new');
    mkdirSync(taken, { recursive: true }); // the starter's own note cannot come about
    const starter = spawn(
      process.execPath,
      [
        '--import',
        'tsx',
        '--input-type=module',
        '-e',
        `
      import { startDaemon } from ${JSON.stringify(join(import.meta.dirname, '../process.ts'))};
      try {
        startDaemon(${JSON.stringify(context)}, 'one', ['sleep', '600']);
      } finally {
        process.kill(process.pid, 'SIGKILL');
      }
    `,
      ],
      { stdio: ['ignore', 'inherit', 'inherit'] },
    );
    await new Promise((resolve) => starter.on('exit', resolve));
    rmdirSync(taken);
    await waitFor('the note', SOON_MS, () => daemonRunning(context, 'one'));
    const commandLine = `/proc/${daemonPid(context, 'one')}/cmdline`;
    await waitFor(
      'the server itself',
      SOON_MS,
      () => readFileSync(commandLine, 'utf8') === ['sleep', '600', ''].join('\0'),
    );
  });

  it('are never mistaken for another process that got their pid', async () => {
    const stranger = spawn('sleep', ['600'], { stdio: 'ignore' });
    try {
      await waitFor('the stranger', SOON_MS, () => startTime(stranger.pid!) !== null);
      writeFileSync(
        pidFile,
        JSON.stringify({
          pid: stranger.pid,
          started: String(Number(startTime(stranger.pid!)) - 1),
        }),
      );
      expect(daemonPid(context, 'one')).to.equal(null);
      await stopDaemon(context, 'one');
      expect(startTime(stranger.pid!)).to.not.equal(null);
    } finally {
      stranger.kill('SIGKILL');
    }
  });

  it('are gone when only a broken note is left', () => {
    writeFileSync(pidFile, '{"pid":12');
    expect(daemonRunning(context, 'one')).to.equal(false);
  });

  it('are killed with their children when they do not go by themselves', async () => {
    startDaemon(context, 'stubborn', [
      'sh',
      '-c',
      'trap "" TERM; sleep 610 & echo $!; wait; sleep 620',
    ]);
    const child = await childFrom(logFile(context, 'stubborn'));
    await stopDaemon(context, 'stubborn', 300);
    expect(daemonRunning(context, 'stubborn')).to.equal(false);
    await waitFor('the end of the child', SOON_MS, () => startTime(child) === null);
  });

  it('that were killed with their supervisor leave no child behind: the next start or stop ends what they left', async () => {
    for (const end of [
      () => startDaemon(context, 'killed', ['sleep', '600']),
      () => stopDaemon(context, 'killed'),
    ]) {
      rmSync(logFile(context, 'killed'), { force: true });
      startDaemon(context, 'killed', ['sh', '-c', 'sleep 630 & echo $!; wait']);
      const child = await childFrom(logFile(context, 'killed'));
      const pids = [supervisorPid(context, 'killed')!, await pidOf('killed')];
      for (const pid of pids) process.kill(pid, 'SIGKILL');
      await waitFor('their end', SOON_MS, () => pids.every((pid) => startTime(pid) === null));
      expect(startTime(child)).to.not.equal(null);
      await end();
      await waitFor('the end of the child', SOON_MS, () => startTime(child) === null);
      await stopDaemon(context, 'killed');
    }
  });

  it('are ended when their definition changed, and only then', async () => {
    await stopIfChanged(context, 'one', 'a');
    startDaemon(context, 'one', ['sleep', '600']);
    await pidOf('one');
    await stopIfChanged(context, 'one', 'a');
    expect(daemonRunning(context, 'one')).to.equal(true);
    await stopIfChanged(context, 'one', 'b');
    expect(daemonRunning(context, 'one')).to.equal(false);
  });

  it('whose program is missing say so in their log', async () => {
    startDaemon(context, 'none', ['creativeflow-no-such-program']);
    await waitFor('the message', SOON_MS, () =>
      readFileSync(logFile(context, 'none'), 'utf8').includes('not found'),
    );
    await waitFor('its end', SOON_MS, () => endsOf(context, 'none')?.why === 'exit code 127');
  });

  it('that are zombies do not run', () => {
    expect(startTime(spawnSync('true').pid)).to.equal(null);
  });
});

describe('waiting', () => {
  it('ends with what was waited for', async () => {
    const fault = await waitFor('the moon', 200, () => false).then(
      () => null,
      (error: Error) => error.message,
    );
    expect(fault).to.equal('the moon did not happen within 0 s');
  });
});

async function childFrom(log: string): Promise<number> {
  await waitFor('the pid of the child', SOON_MS, () => /^\d+\n/.test(readFileSync(log, 'utf8')));
  return Number(readFileSync(log, 'utf8'));
}
