import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import {
  daemonPid,
  daemonRunning,
  groupOf,
  killDaemon,
  logFile,
  runningDaemons,
  startDaemon,
  startTime,
  stopDaemon,
  supervisorPid,
  waitFor,
} from '../process.ts';
import { endsOf, restartsSaid } from '../restarts.ts';
import { testContext } from './context.ts';

const SOON_MS = 60_000;
const SUPERVISE = join(import.meta.dirname, '..', 'supervise.sh');

describe('the supervisor of a server', function () {
  this.timeout(3 * SOON_MS);
  const state = mkdtempSync(join(tmpdir(), 'supervise-'));
  const context = testContext(state);
  afterEach(async () => {
    for (const name of runningDaemons(context)) await stopDaemon(context, name, 500);
    expect(processesOf(state)).to.deep.equal([]);
  });
  after(() => rmSync(state, { recursive: true, force: true }));

  const running = async (name: string, other?: number): Promise<number> => {
    await waitFor(
      `${name} running`,
      SOON_MS,
      () => daemonRunning(context, name) && daemonPid(context, name) !== other,
    );
    return daemonPid(context, name)!;
  };
  const ended = (name: string, times: number): Promise<void> =>
    waitFor(
      `the end number ${times} of ${name}`,
      SOON_MS,
      () => (endsOf(context, name)?.ends ?? 0) >= times,
    );

  for (const signal of ['SIGKILL', 'SIGTERM', 'SIGSEGV'] as const) {
    it(`starts a server again that ended by ${signal}, and says so`, async () => {
      startDaemon(context, 'one', ['sleep', '600']);
      const first = await running('one');
      process.kill(first, signal);
      await running('one', first);
      await ended('one', 1);
      expect(endsOf(context, 'one')).to.include({ ends: 1, why: signal });
      expect(said('one')).to.match(new RegExp(`^one was started again once; .*${signal}`));
    });
  }

  it('starts a server again that ended well: a server has no reason to end', async () => {
    startDaemon(context, 'well', ['true']);
    await ended('well', 2);
    expect(endsOf(context, 'well')?.why).to.equal('exit code 0');
  });

  it('tries one that always dies with growing pauses, and says how often, why and when again', async () => {
    startDaemon(context, 'dies', ['sh', '-c', 'date +%s%3N; exit 7']);
    const gaps = new Set<number>();
    await waitFor('the fourth end', SOON_MS, () => {
      const ends = endsOf(context, 'dies');
      if (ends) gaps.add(ends.gapMs);
      return (ends?.ends ?? 0) >= 4;
    });
    const starts = readFileSync(logFile(context, 'dies'), 'utf8').trim().split('\n').map(Number);
    const pauses = starts.slice(1).map((at, index) => at - starts[index]!);
    for (const [index, least] of [200, 400, 800].entries())
      expect(pauses[index], `pause ${index}`).to.be.at.least(least);
    expect(Math.max(...gaps)).to.equal(1600);
    expect(said('dies')).to.match(
      /^dies ended 4 times, last at .* \(exit code 7\); the next try is in [012] s$/,
    );
  });

  it('waits 30 s at most, and 0.2 s again after a server that ran long enough', async () => {
    const script = readFileSync(SUPERVISE, 'utf8');
    expect(script)
      .to.match(/^LONGEST_GAP_MS=30000$/m)
      .and.match(/SUPERVISE_HEALTHY_SECONDS:-60/);
    startDaemon(context, 'healthy', ['sleep', '1.2'], {
      env: { ...process.env, SUPERVISE_HEALTHY_SECONDS: '1' },
    });
    await ended('healthy', 3);
    expect(endsOf(context, 'healthy')?.gapMs).to.equal(200);
  });

  it('is gone with its server, also between two tries', async () => {
    startDaemon(context, 'dies', ['false']);
    await ended('dies', 3);
    const supervisor = supervisorPid(context, 'dies')!;
    expect(runningDaemons(context)).to.deep.equal(['dies']);
    await stopDaemon(context, 'dies');
    expect(startTime(supervisor)).to.equal(null);
    expect(existsSync(join(state, 'run', 'dies.restarts'))).to.equal(false);
  });

  it('that was killed leaves a server that can be stopped with all that it started', async () => {
    startDaemon(context, 'one', ['sh', '-c', 'sleep 640 & echo $!; wait']);
    const server = await running('one');
    await killSupervisor('one');
    expect(said('one')).to.match(/nothing would start it again/);
    await stopDaemon(context, 'one', 500);
    expect(startTime(server)).to.equal(null);
  });

  it('that was killed is replaced by the next start, without disturbing the server', async () => {
    startDaemon(context, 'one', ['sleep', '600']);
    const server = await running('one');
    await killSupervisor('one');
    startDaemon(context, 'one', ['sleep', '600']);
    await watched('one');
    expect(daemonPid(context, 'one')).to.equal(server);
    process.kill(server, 'SIGKILL');
    await running('one', server);
    expect(endsOf(context, 'one')).to.include({ ends: 1, why: 'unknown' });
  });

  it('watches a server that ran before there were supervisors, and ends what it leaves', async () => {
    const group = spawn('sh', ['-c', 'sleep 650 & echo $!; wait'], {
      detached: true,
      stdio: ['ignore', 'pipe', 'ignore'],
      cwd: state,
    });
    const child = Number(
      await new Promise<Buffer>((resolve) => group.stdout.once('data', resolve)),
    );
    mkdirSync(join(state, 'run'), { recursive: true });
    writeFileSync(
      join(state, 'run', 'old.pid'),
      JSON.stringify({ pid: group.pid, started: startTime(group.pid!) }),
    );
    startDaemon(context, 'old', ['sleep', '600']);
    await watched('old');
    process.kill(group.pid!, 'SIGKILL');
    await running('old', group.pid);
    expect(startTime(child)).to.equal(null);
  });

  it('never starts a second one while the first runs', async () => {
    startDaemon(context, 'one', ['sleep', '600']);
    const supervisor = supervisorPid(context, 'one');
    await running('one');
    startDaemon(context, 'one', ['sleep', '601']);
    expect(supervisorPid(context, 'one')).to.equal(supervisor);
    expect(processesOf(state)).to.have.length(2);
  });

  it('takes the new arguments at once when it is between two tries', async () => {
    startDaemon(context, 'mended', ['false']);
    await ended('mended', 5);
    startDaemon(context, 'mended', ['sleep', '600']);
    await running('mended');
    expect(endsOf(context, 'mended')).to.equal(null);
  });

  it('ends what a killed server left before it starts the next: it may hold its ports', async () => {
    startDaemon(context, 'forks', ['sh', '-c', 'sleep 660 & echo $!; wait']);
    const first = await running('forks');
    const log = logFile(context, 'forks');
    await waitFor('the child', SOON_MS, () => readFileSync(log, 'utf8').includes('\n'));
    const child = Number(readFileSync(log, 'utf8').split('\n')[0]);
    process.kill(first, 'SIGKILL');
    await running('forks', first);
    expect(startTime(child)).to.equal(null);
  });

  it('leaves a server away that was killed on purpose', async () => {
    startDaemon(context, 'one', ['sleep', '600']);
    await running('one');
    await killDaemon(context, 'one');
    expect(runningDaemons(context)).to.deep.equal([]);
    expect(processesOf(state)).to.deep.equal([]);
  });

  it('lets a server end in its own time, told once', async () => {
    startDaemon(context, 'slow', [
      'sh',
      '-c',
      'trap "echo told; sleep 1; echo bye; exit 0" TERM; echo up; while :; do sleep 0.1; done',
    ]);
    await waitFor('the trap', SOON_MS, () =>
      readFileSync(logFile(context, 'slow'), 'utf8').includes('up'),
    );
    await stopDaemon(context, 'slow', SOON_MS);
    const said = readFileSync(logFile(context, 'slow'), 'utf8').trim().split('\n');
    expect(said.filter((line) => line !== 'Terminated')).to.deep.equal(['up', 'told', 'bye']);
  });

  it('runs what must be said anew after each new start, and not after the first', async () => {
    const file = join(state, 'said');
    const program = join(state, 'say');
    writeFileSync(program, `#!/bin/sh\necho again >> '${file}'\n`, { mode: 0o700 });
    startDaemon(context, 'one', ['sleep', '600'], { afterRestart: program });
    const first = await running('one');
    expect(existsSync(file)).to.equal(false);
    process.kill(first, 'SIGKILL');
    await waitFor(
      'what is said',
      SOON_MS,
      () => existsSync(file) && readFileSync(file, 'utf8') === 'again\n',
    );
  });

  it('ends by itself when the state of its checkout was deleted', async () => {
    const gone = testContext(mkdtempSync(join(tmpdir(), 'supervise-gone-')));
    startDaemon(gone, 'dies', ['sleep', '0.1']);
    const supervisor = supervisorPid(gone, 'dies')!;
    await waitFor('the first end', SOON_MS, () => endsOf(gone, 'dies') !== null);
    rmSync(gone.state, { recursive: true });
    await waitFor('its end', SOON_MS, () => startTime(supervisor) === null);
  });

  it('is small', async () => {
    startDaemon(context, 'one', ['sleep', '600']);
    await running('one');
    const resident = /^RssAnon:\s+(\d+) kB$/m.exec(
      readFileSync(`/proc/${supervisorPid(context, 'one')}/status`, 'utf8'),
    )?.[1];
    expect(Number(resident)).to.be.below(1024);
  });

  it('is a script that the shell of every Debian reads', () => {
    expect(spawnSync('/bin/sh', ['-n', SUPERVISE]).status).to.equal(0);
  });

  /** It found the server that runs, and looks at it twice a second. */
  async function watched(name: string): Promise<void> {
    const pauses = (pid: number): boolean =>
      children(pid).some((child) => commandLine(child) === 'sleep 0.5');
    await waitFor('a supervisor that watches', SOON_MS, () =>
      pauses(supervisorPid(context, name)!),
    );
  }

  async function killSupervisor(name: string): Promise<void> {
    const supervisor = supervisorPid(context, name)!;
    process.kill(supervisor, 'SIGKILL');
    await waitFor('the end of the supervisor', SOON_MS, () => startTime(supervisor) === null);
  }

  function said(name: string): string | null {
    const supervised = supervisorPid(context, name) !== null;
    return restartsSaid(name, {
      running: daemonRunning(context, name),
      supervised,
      ends: endsOf(context, name),
    });
  }
});

function children(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
    .split(' ')
    .filter(Boolean)
    .map(Number);
}

function commandLine(pid: number): string {
  return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').join(' ').trim();
}

/** Who works in that folder. */
function processesOf(folder: string): number[] {
  const found = spawnSync(
    'sh',
    [
      '-c',
      `for p in /proc/[0-9]*; do [ "$(readlink $p/cwd)" = '${folder}' ] && echo "\${p#/proc/}"; done`,
    ],
    { encoding: 'utf8', cwd: '/' },
  );
  return found.stdout
    .trim()
    .split('\n')
    .filter(Boolean)
    .map(Number)
    .filter((pid) => groupOf(pid) !== null && startTime(pid) !== null);
}
