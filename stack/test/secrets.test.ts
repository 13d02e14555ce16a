import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { ensureSecrets, GENERATED, readSecrets, saveSecrets } from '../secrets.ts';

describe('secrets', () => {
  const state = mkdtempSync(join(tmpdir(), 'secrets-'));
  const file = join(state, 'secrets.json');
  after(() => rmSync(state, { recursive: true }));

  it('are none before the first start', () => {
    expect(readSecrets(state)).to.deep.equal({});
  });

  it('are generated, each of its own, for their owner alone', () => {
    const secrets = ensureSecrets(state);
    expect(secrets).to.have.all.keys(...GENERATED);
    expect(new Set(Object.values(secrets)).size).to.equal(GENERATED.length);
    // safe in URLs, SQL and configuration files
    for (const value of Object.values(secrets)) expect(value).to.match(/^[\w-]{24}$/);
    expect(statSync(file).mode & 0o777).to.equal(0o600);
  });

  it('stay, and what servers generated stays with them', () => {
    const first = ensureSecrets(state);
    saveSecrets(state, { ...first, bridgeKey: 'k' });
    expect(ensureSecrets(state)).to.deep.equal({ ...first, bridgeKey: 'k' });
  });

  it('that are missing are added, and a mode that was opened is closed', () => {
    const { receiptSecret: _, ...rest } = ensureSecrets(state);
    rmSync(file);
    writeFileSync(file, JSON.stringify(rest), { mode: 0o644 });
    expect(ensureSecrets(state)['receiptSecret']).to.be.a('string');
    expect(statSync(file).mode & 0o777).to.equal(0o600);
  });
});
