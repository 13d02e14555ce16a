import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { registryAccess } from '../../src/adapters/registry/registry.ts';
import { readConfig, registryUrlOf } from '../../src/config.ts';

describe('configuration', () => {
  let folder: string;
  let good: Record<string, string>;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'creativeflow-config-'));
    writeFileSync(join(folder, 'kubeconfig'), '');
    good = {
      NODE_ENV: 'production',
      BRIDGE_POD_HOST: '10.244.0.1',
      BRIDGE_POD_PORT: '15000',
      BRIDGE_PUBLIC_URL: 'https://mlops.example',
      ENDPOINTS_PUBLIC_URL: 'https://endpoints.example',
      ODOO_URL: 'http://127.0.0.1:8069',
      ODOO_DB: 'creativeflow',
      ODOO_SERVICE_KEY: 'f3a9c1',
      ODOO_RECEIPT_SECRET: 'k'.repeat(32),
      OUTBOX_DATABASE_URL: 'postgres://cf_bridge:q8Zt@127.0.0.1/creativeflow',
      REDIS_URL: 'redis://:m2Xw@127.0.0.1/0',
      MINIO_ENDPOINT: 'http://127.0.0.1:9000',
      MINIO_ACCESS_KEY: 'a7Fq',
      MINIO_SECRET_KEY: 'w1Lp',
      MINIO_BUCKET: 'mlops',
      REGISTRY_URL: 'http://127.0.0.1:15000',
      REGISTRY_NAME: 'registry:15000',
      KUBECONFIG: join(folder, 'kubeconfig'),
      BUILD_NAMESPACE: 'mlops-build',
      BUILD_IMAGE: 'builder:1',
      GATEWAY_NAME: 'mlops',
      GATEWAY_NAMESPACE: 'mlops-gateway',
      SESSION_SECRET: 's'.repeat(32),
    };
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const faultsOf = (env: Record<string, string | undefined>): string[] => {
    try {
      readConfig(env);
    } catch (error) {
      return (error as Error).message
        .split('\n')
        .slice(1)
        .map((line) => line.replace('  - ', ''));
    }
    return [];
  };

  it('gives numbers as numbers, and what is left out its default', () => {
    expect(readConfig({ ...good, UPLOAD_MAX_BYTES: '1048576', LOG_LEVEL: '' })).to.include({
      BRIDGE_POD_PORT: 15000,
      UPLOAD_MAX_BYTES: 1048576,
      LOG_LEVEL: 'info',
      BRIDGE_HOST: '127.0.0.1',
    });
  });

  for (const [endpoints, more] of [
    ['https://mlops.example', {}],
    ['https://mlops.example:443/endpoints', {}],
    ['HTTPS://MLOPS.EXAMPLE/', {}],
    ['https://pwa.example', { PWA_ORIGINS: 'https://other.example, https://pwa.example' }],
  ] as const) {
    it(`refuses that endpoints share an origin with the app: ${endpoints}`, () => {
      const faults = faultsOf({ ...good, ENDPOINTS_PUBLIC_URL: endpoints, ...more });
      expect(faults.map((fault) => fault.split(':')[0])).to.deep.equal(['ENDPOINTS_PUBLIC_URL']);
    });
  }

  for (const origin of ['pwa.example', 'https://pwa.example/', '*', 'null']) {
    it(`refuses ${origin} as an origin of the app`, () => {
      expect(
        faultsOf({ ...good, PWA_ORIGINS: origin }).map((fault) => fault.split(':')[0]),
      ).to.deep.equal(['PWA_ORIGINS']);
    });
  }

  it('reads a value from a file, without the line end', () => {
    writeFileSync(join(folder, 'secret'), `${'x'.repeat(20)}\n`);
    for (const empty of [undefined, '']) {
      expect(
        readConfig({ ...good, SESSION_SECRET: empty, SESSION_SECRET_FILE: join(folder, 'secret') })
          .SESSION_SECRET,
      ).to.equal('x'.repeat(20));
    }
  });

  it('tells all faults at once, each once', () => {
    const faults = faultsOf({
      ...good,
      ODOO_DB: undefined,
      BRIDGE_POD_PORT: 'http',
      REDIS_URL: undefined,
      REDIS_URL_FILE: '/nowhere/redis',
      SESSION_SECRET_FILE: '/x',
      KUBECONFIG: '/nowhere/kube',
      BUILD_CA_BUNDLE_FILE: '/nowhere/ca',
    });
    expect(faults).to.have.length(6);
    for (const text of [
      'ODOO_DB: is missing',
      'REDIS_URL_FILE: /nowhere/redis cannot be read (ENOENT)',
      'SESSION_SECRET: is given twice',
      'KUBECONFIG: there is no file',
      'BUILD_CA_BUNDLE_FILE: there is no file',
      'BRIDGE_POD_PORT: ',
    ]) {
      expect(
        faults.filter((fault) => fault.startsWith(text)),
        text,
      ).to.have.length(1);
    }
  });

  it('refuses secrets that everybody knows in production, also inside an address, and never repeats them', () => {
    const weak = {
      ODOO_SERVICE_KEY: 'admin',
      MINIO_ACCESS_KEY: 'minioadmin',
      MINIO_SECRET_KEY: 'minioadmin',
      SESSION_SECRET: 'change-me-in-production',
      OUTBOX_DATABASE_URL: 'postgres://odoo:postgres@db/creativeflow',
      REDIS_URL: 'redis://:change%2Dme@redis/0',
    };
    const faults = faultsOf({ ...good, ...weak });
    expect(faults.map((fault) => fault.split(':')[0])).to.have.members(Object.keys(weak));
    for (const value of ['minioadmin', 'change-me', 'postgres:'])
      expect(faults.join('\n')).not.to.contain(value);
    expect(faultsOf({ ...good, ...weak, NODE_ENV: 'development' })).to.deep.equal([]);
  });

  it('takes queries of a gateway all together, each with the revision in it', () => {
    const queries = {
      GATEWAY_PROMETHEUS_REQUESTS: 'r{to="$revision"}',
      GATEWAY_PROMETHEUS_ERRORS: 'e{to="$revision"}',
      GATEWAY_PROMETHEUS_BUCKETS: 'b{to="$revision"}',
    };
    expect(
      faultsOf({ ...good, GATEWAY_PROMETHEUS_URL: 'http://prometheus:9090', ...queries }),
    ).to.deep.equal([]);
    expect(faultsOf({ ...good, ...queries, GATEWAY_PROMETHEUS_ERRORS: undefined })).to.deep.equal([
      'GATEWAY_PROMETHEUS_REQUESTS, GATEWAY_PROMETHEUS_ERRORS, GATEWAY_PROMETHEUS_BUCKETS: all three of them or none',
    ]);
    expect(
      faultsOf({ ...good, ...queries, GATEWAY_PROMETHEUS_ERRORS: 'sum(errors)' }),
    ).to.deep.equal([
      'GATEWAY_PROMETHEUS_ERRORS: must name the $revision whose requests it counts',
    ]);
  });

  it('names the entry of OUTBOUND_ALLOW that cannot be read', () => {
    expect(faultsOf({ ...good, OUTBOUND_ALLOW: '10.0.0.0/8,http://n8n' })).to.have.length(1);
    expect(faultsOf({ ...good, OUTBOUND_ALLOW: '10.0.0.0/8,n8n.internal:5678' })).to.deep.equal([]);
  });

  it('refuses in production one secret for two purposes, whichever two, and does not repeat it', () => {
    const same = 'r'.repeat(32);
    const inUrl: Record<string, string> = {
      OUTBOX_DATABASE_URL: `postgres://cf_bridge:${same}@db/x`,
      REDIS_URL: `redis://:${same}@redis/0`,
      REGISTRY_URL: `http://bridge:${same}@registry:1`,
    };
    const names = [
      'ODOO_SERVICE_KEY',
      'ODOO_RECEIPT_SECRET',
      'MINIO_SECRET_KEY',
      'SESSION_SECRET',
      'OUTBOX_DATABASE_URL',
      'REDIS_URL',
      'REGISTRY_URL',
    ];
    for (const [index, first] of names.entries()) {
      for (const second of names.slice(index + 1)) {
        const env = { ...good, [first]: inUrl[first] ?? same, [second]: inUrl[second] ?? same };
        const faults = faultsOf(env);
        expect(faults, `${first} ${second}`).to.have.length(1);
        expect(faults[0]).to.include(first).and.include(second).and.not.include(same);
        expect(faultsOf({ ...env, NODE_ENV: 'development' })).to.deep.equal([]);
      }
    }
  });

  it("takes the registry's login beside its address or in it, whole and once", () => {
    const login = { REGISTRY_USER: 'bridge', REGISTRY_PASSWORD: 'p@ss:w/rd' };
    expect(registryAccess(registryUrlOf(readConfig({ ...good, ...login })))).to.deep.equal({
      origin: 'http://127.0.0.1:15000',
      authorization: `Basic ${Buffer.from('bridge:p@ss:w/rd').toString('base64')}`,
    });
    expect(
      registryUrlOf(readConfig({ ...good, REGISTRY_URL: 'http://a:b1c2@127.0.0.1:1' })),
    ).to.equal('http://a:b1c2@127.0.0.1:1');
    expect(faultsOf({ ...good, REGISTRY_USER: 'bridge' })).to.have.length(1);
    expect(
      faultsOf({ ...good, ...login, REGISTRY_URL: 'http://a:b1c2@127.0.0.1:1' }),
    ).to.have.length(1);
    expect(faultsOf({ ...good, ...login, REGISTRY_PASSWORD: 'secret' })).to.have.length(1);
  });

  it('speaks of weak secrets beside other faults', () => {
    expect(faultsOf({ ...good, ODOO_DB: '', ODOO_SERVICE_KEY: 'secret' })).to.have.length(2);
  });
});
