import { expect } from 'chai';
import { readStackFacts, stackContext } from '../facts.ts';
import { daemonPid, runningDaemons, supervisorPid, waitFor } from '../process.ts';
import { endsOf } from '../restarts.ts';
import { readSecrets } from '../secrets.ts';
import { SERVERS } from '../servers/index.ts';

const AGAIN_MS = 60_000;
const READY_MS = 180_000;

/**
 * Every server of the stack that runs, killed as a fault would: it is there again by itself, and
 * all are ready afterwards.
 */
describe('servers of the stack that are killed', function () {
  this.timeout(AGAIN_MS + READY_MS + 10_000);
  const base = stackContext();
  const names = runningDaemons(readStackFacts());

  it('have a supervisor each', () => {
    expect(names).to.include.members([
      'postgres',
      'redis',
      'odoo',
      'containerd',
      'etcd',
      'kubelet',
      'network-policies',
      'bridge',
      'nginx',
    ]);
    expect(names.filter((name) => supervisorPid(base, name) === null)).to.deep.equal([]);
  });

  for (const name of names) {
    it(`${name} comes back`, async () => {
      const before = daemonPid(base, name)!;
      const ended = endsOf(base, name)?.ends ?? 0;
      process.kill(before, 'SIGKILL');
      await waitFor(
        `${name} running again`,
        AGAIN_MS,
        () => ![null, before].includes(daemonPid(base, name)),
      );
      expect(endsOf(base, name)?.ends).to.be.greaterThan(ended);
    });
  }

  it('are all ready again, without anybody doing anything', async () => {
    const context = { ...base, secrets: readSecrets(base.state) };
    for (const server of SERVERS)
      await waitFor(`${server.name} being ready`, READY_MS, () => server.ready(context));
  });
});
