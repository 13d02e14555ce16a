import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { parseAllDocuments } from 'yaml';
import { readConfig } from '../../bridge/src/config.ts';

const root = join(import.meta.dirname, '..', '..');
const SECRETS = [
  'ODOO_SERVICE_KEY',
  'ODOO_RECEIPT_SECRET',
  'OUTBOX_DATABASE_URL',
  'REDIS_URL',
  'MINIO_ACCESS_KEY',
  'MINIO_SECRET_KEY',
  'SESSION_SECRET',
];
interface Deployed {
  spec: { template: { spec: { containers: { env: { name: string; value?: string }[] }[] } } };
}

/**
 * What ships for production gives the bridge every setting that it needs, under the names that it
 * reads.
 */
describe('the bridge in production', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bridge-production-'));
  after(() => rmSync(folder, { recursive: true }));
  const file = (name: string): string => {
    const path = join(folder, name);
    writeFileSync(path, `made-for-this-test-${name}`);
    return path;
  };
  const documents = (name: string): Record<string, unknown>[] =>
    parseAllDocuments(readFileSync(join(root, 'k8s/bridge', name), 'utf8')).map(
      (one) => one.toJS() as Record<string, unknown>,
    );

  it('starts with the settings of k8s/bridge', () => {
    const { data } = documents('settings.yaml')[0] as { data: Record<string, string> };
    const { env } = (documents('deployment.yaml')[0] as unknown as Deployed).spec.template.spec
      .containers[0]!;
    const secrets = env.filter(({ name }) => name.endsWith('_FILE'));
    expect(secrets.map(({ name }) => name)).to.have.members(SECRETS.map((name) => `${name}_FILE`));
    const given = {
      ...data,
      KUBECONFIG: file('kubeconfig'),
      BRIDGE_POD_HOST: '10.0.0.9',
      ...Object.fromEntries(secrets.map(({ name }) => [name, file(name)])),
    };
    expect(readConfig(given)).to.include({ BRIDGE_HOST: '0.0.0.0', BRIDGE_POD_PORT: 15000 });
    expect(readConfig(given).GATEWAY_SOURCES).to.deep.equal(['mlops-gateway']);
  });

  it('keeps every secret out of the manifests', () => {
    const { data } = documents('settings.yaml')[0] as { data: Record<string, string> };
    expect(Object.keys(data).filter((name) => SECRETS.includes(name))).to.deep.equal([]);
  });

  describe('as a unit of systemd', () => {
    const unit = readFileSync(join(root, 'deploy/systemd/creativeflow-bridge.service'), 'utf8');

    it('starts again always, without a limit, and knows each secret', () => {
      expect(unit)
        .to.match(/^Restart=always$/m)
        .and.match(/^StartLimitIntervalSec=0$/m);
      for (const name of SECRETS)
        expect(unit).to.match(new RegExp(`^Environment=${name}_FILE=%d/`, 'm'));
    });

    it('is one that systemd understands', function () {
      if (spawnSync('systemd-analyze', ['--version']).error) this.skip();
      const copy = join(folder, 'creativeflow-bridge.service');
      // only the program is not here
      writeFileSync(copy, unit.replace(/^ExecStart=\S+/m, 'ExecStart=/bin/true'));
      const { stdout, stderr, status } = spawnSync('systemd-analyze', ['verify', copy], {
        encoding: 'utf8',
      });
      expect({ said: `${stdout}${stderr}`.trim(), status }).to.deep.equal({ said: '', status: 0 });
    });
  });
});
