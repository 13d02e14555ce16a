import { readdirSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { readStackFacts } from '../facts.ts';
import { daemonPid, runningDaemons } from '../process.ts';
import { readSecrets } from '../secrets.ts';
import { KEYS, MAY_HOLD, MAY_HOLD_IN_ENVIRONMENT, STORES } from './secret-files.ts';
import { filesBelow, readIfThere, secretsIn } from './secret-walk.ts';

const LARGEST_LOG_BYTES = 400 * 2 ** 20;

/** The running stack, walked: its files, its logs, its processes. Needs `npm run stack -- up`. */
describe('secrets of the running stack', function () {
  this.timeout(180_000);
  const { state } = readStackFacts();
  const secrets = readSecrets(state);
  const held = (path: string): string[] => secretsIn(readIfThere(join(state, path)), secrets);

  it('are in a folder that nobody else lists', () => {
    expect(statSync(state).mode & 0o066).to.equal(0);
  });

  it('are in no file that others can read', () => {
    const open = [...filesBelow(state)]
      .filter((file) => file.open && (KEYS.test(file.path) || held(file.path).length > 0))
      .map(({ path, mode }) => `${mode.toString(8)} ${path}`);
    expect(open).to.deep.equal([]);
  });

  it('are in the file of the server that needs them, and in no other', () => {
    const wrong = [...filesBelow(state, STORES)].flatMap(({ path }) =>
      held(path)
        .filter((name) => !MAY_HOLD.some(([file, of]) => file.test(path) && of.test(name)))
        .map((name) => `${path}: ${name}`),
    );
    expect(wrong).to.deep.equal([]);
  });

  it('are in no log', () => {
    const logs = [...filesBelow(state, [], LARGEST_LOG_BYTES)].filter(({ path }) =>
      path.endsWith('.log'),
    );
    expect(logs.length).to.be.greaterThan(5);
    expect(logs.flatMap(({ path }) => held(path).map((name) => `${path}: ${name}`))).to.deep.equal(
      [],
    );
  });

  it('are in no command line of this machine', () => {
    const told = processes().flatMap((pid) =>
      secretsIn(readIfThere(`/proc/${pid}/cmdline`), secrets).map(
        (name) => `${name} in the command line of ${pid}`,
      ),
    );
    expect(told).to.deep.equal([]);
  });

  it('are in the environment of the server that needs them, and of no other nor of what it started', () => {
    const daemons = new Map(
      runningDaemons({ state }).map((name) => [daemonPid({ state }, name)!, name]),
    );
    expect(daemons.size).to.be.greaterThan(5);
    const wrong = processes().flatMap((pid) => {
      const known = daemons.get(pid) ?? supervisedBy(pid);
      const server = known ?? (workFolder(pid).startsWith(state) ? 'a child' : null);
      if (server === null) return [];
      const allowed = MAY_HOLD_IN_ENVIRONMENT[server];
      return secretsIn(readIfThere(`/proc/${pid}/environ`), secrets)
        .filter((name) => !allowed?.test(name))
        .map((name) => `${name} in the environment of ${server} (${pid})`);
    });
    expect(wrong).to.deep.equal([]);
  });

  function processes(): number[] {
    return readdirSync('/proc')
      .filter((entry) => /^\d+$/.test(entry))
      .map(Number);
  }

  /** The server that this process starts again when it ends: it hands on what that one needs. */
  function supervisedBy(pid: number): string | null {
    const command = readIfThere(`/proc/${pid}/cmdline`).toString();
    return /supervise\.sh\0[^\0]*\/run\/([^/\0]+)\.pid\0/.exec(command)?.[1] ?? null;
  }

  function workFolder(pid: number): string {
    try {
      return readlinkSync(`/proc/${pid}/cwd`);
    } catch {
      return '';
    }
  }
});
