import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { startDaemon, stopDaemon } from '../process.ts';
import { keepPorts, keptPorts } from '../ports-kept.ts';
import { portVariable, resolvePorts } from '../ports.ts';
import { testContext } from './context.ts';

describe('ports', () => {
  it('are those of the table', () => {
    expect(resolvePorts({})).to.include({ postgres: 15432, registry: 15000, nginxHttps: 18443 });
  });

  it('are overridden by the environment, then by what the stack runs with', () => {
    const ports = resolvePorts(
      { CREATIVEFLOW_PORT_ODOO_GEVENT: '2000', CREATIVEFLOW_PORT_REDIS: '' },
      { odooGevent: 3000, redis: 3001 },
    );
    expect(ports).to.include({ odooGevent: 2000, redis: 3001, minio: 19000 });
  });

  it('must be port numbers', () => {
    for (const wrong of ['0', '65536', 'http', '80.5', '-1']) {
      expect(() => resolvePorts({ CREATIVEFLOW_PORT_MINIO: wrong })).to.throw(
        `CREATIVEFLOW_PORT_MINIO is "${wrong}"`,
      );
    }
  });

  it('must be different', () => {
    expect(() => resolvePorts({ CREATIVEFLOW_PORT_MINIO: '15432' })).to.throw(
      /Port 15432 .* CREATIVEFLOW_PORT_MINIO/,
    );
  });

  it('have variables named after them', () => {
    expect(portVariable('odooGevent')).to.equal('CREATIVEFLOW_PORT_ODOO_GEVENT');
  });

  describe('of the last start', () => {
    const state = mkdtempSync(join(tmpdir(), 'ports-'));
    const context = testContext(state);
    after(async () => {
      await stopDaemon(context, 'something');
      rmSync(state, { recursive: true });
    });

    it('are found again', () => {
      keepPorts({ state, ports: resolvePorts({ CREATIVEFLOW_PORT_REDIS: '4000' }) });
      expect(resolvePorts({}, keptPorts(state)).redis).to.equal(4000);
    });

    it('can change while nothing runs, and not while something does', () => {
      keepPorts({ state, ports: resolvePorts({}) });
      startDaemon(context, 'something', ['sleep', '60']);
      expect(() =>
        keepPorts({ state, ports: resolvePorts({ CREATIVEFLOW_PORT_REDIS: '4001' }) }),
      ).to.throw(/CREATIVEFLOW_PORT_REDIS was 16379, now 4001.*stack -- down/);
      keepPorts({ state, ports: resolvePorts({}) });
    });
  });
});
