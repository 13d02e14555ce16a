import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server as Listener } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { checkDisk, checkPorts, checkRoot, holderOf, PORTS_OF } from '../checks.ts';
import { freePort } from '../free-port.ts';
import { resolvePorts } from '../ports.ts';
import { portAnswers, startDaemon, stopDaemon, waitFor } from '../process.ts';
import type { StackContext } from '../server.ts';
import { redis } from '../servers/redis.ts';
import { SERVERS } from '../servers/index.ts';
import { testContext } from './context.ts';

describe('checks before a start', () => {
  it('want root', () => {
    expect(() => checkRoot('up', 1000)).to.throw(
      'The stack must run as root: it starts containers and pod networks. Try: sudo npm run stack -- up',
    );
    expect(() => checkRoot('up', 0)).to.not.throw();
  });

  it('want room on the disk', () => {
    expect(() => checkDisk('/srv/checkout', 2.5 * 2 ** 30)).to.throw(
      'The disk of /srv/checkout has 2.5 GiB free; the stack needs 6 GiB.',
    );
    expect(() => checkDisk('/srv/checkout', 7 * 2 ** 30)).to.not.throw();
  });

  it('know every port of the table', () => {
    const known = new Set(Object.values(PORTS_OF).flat());
    // the first listens only when Odoo runs with processes
    expect(Object.keys(resolvePorts({})).filter((name) => name !== 'odooGevent')).to.have.members([
      ...known,
    ]);
    expect(SERVERS.map(({ name }) => name)).to.include.members(Object.keys(PORTS_OF));
  });

  describe('of a port', () => {
    const state = mkdtempSync(join(tmpdir(), 'checks-'));
    let listener: Listener;
    let context: StackContext;
    beforeEach(async () => {
      listener = createServer();
      const port = await freePort();
      await new Promise<void>((resolve) => listener.listen(port, '127.0.0.1', resolve));
      context = { ...testContext(state), ports: { ...resolvePorts({}), redis: port } };
    });
    afterEach(() => listener.close());
    after(() => rmSync(state, { recursive: true }));

    it('name the port, who has it, and the variable for another', async () => {
      const fault = await checkPorts(context, redis).then(
        () => null,
        (error: Error) => error.message,
      );
      expect(fault).to.match(
        new RegExp(
          `^Port ${context.ports.redis} for redis is taken by \\S+ \\(pid ${process.pid}\\)\\. .*CREATIVEFLOW_PORT_REDIS=PORT npm run stack -- up$`,
        ),
      );
    });

    it('pass when the port is free', async () => {
      await new Promise((resolve) => listener.close(resolve));
      await checkPorts(context, redis);
    });

    it('pass when a daemon of this checkout has it, started and not ready yet', async () => {
      const port = context.ports.redis;
      await new Promise((resolve) => listener.close(resolve));
      startDaemon(context, 'redis', [
        process.execPath,
        '-e',
        `require('net').createServer().listen(${port}, '127.0.0.1')`,
      ]);
      try {
        await waitFor('the daemon', 60_000, () => portAnswers(port));
        expect(holderOf(port)?.name).to.match(/node|MainThread/);
        await checkPorts(context, redis);
      } finally {
        await stopDaemon(context, 'redis');
      }
    });
  });
});
