import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { PURPOSES, secretFor, type Purpose } from '../../../src/domain/secret-purposes.ts';
import { grantOfHeader, readGrant, signGrant } from '../../../src/services/builds/build-token.ts';

const ROOT = 'a root secret of these tests';
const purposes = Object.keys(PURPOSES) as Purpose[];
const SOURCES = join(import.meta.dirname, '../../../src');

describe('keys out of SESSION_SECRET', () => {
  it('are one for each purpose, none of them the root, the same for the same root', () => {
    const keys = purposes.map((purpose) => secretFor(purpose, ROOT).toString('hex'));
    expect(new Set([...keys, Buffer.from(ROOT).toString('hex')]).size).to.equal(
      purposes.length + 1,
    );
    for (const purpose of purposes) {
      expect(secretFor(purpose, ROOT)).to.have.length(32).and.deep.equal(secretFor(purpose, ROOT));
      expect(secretFor(purpose, `${ROOT}.`)).not.to.deep.equal(secretFor(purpose, ROOT));
    }
  });

  it('sign for one purpose alone: no other key, nor the root, makes a grant that holds', () => {
    const grant = { versionId: 1, generation: 1, repository: 'models/a', expiresAt: 2_000_000_000 };
    const now = new Date(1_900_000_000_000);
    const key = secretFor('buildGrants', ROOT);
    expect(readGrant(signGrant(grant, key), key, now)).to.deep.equal(grant);
    for (const other of [
      ROOT,
      ...purposes
        .filter((purpose) => purpose !== 'buildGrants')
        .map((purpose) => secretFor(purpose, ROOT)),
    ]) {
      const header = `Basic ${Buffer.from(`build:${signGrant(grant, other)}`).toString('base64')}`;
      expect(grantOfHeader(header, key, now)).to.equal(null);
    }
  });

  it('are the only use of the root: nobody else in the bridge takes SESSION_SECRET', () => {
    const uses = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts') && !file.startsWith('scan/'))
      .flatMap((file) =>
        readFileSync(join(SOURCES, file), 'utf8')
          .split('\n')
          .filter((line) => line.includes('config.SESSION_SECRET')),
      );
    const allowed =
      /new RedisSessionStore\(redis, config\.SESSION_SECRET\)|secretFor\('\w+', config\.SESSION_SECRET\)/g;
    expect(uses.length).to.be.greaterThan(0);
    for (const line of uses)
      expect(line.replaceAll(allowed, ''), line).not.to.include('SESSION_SECRET');
  });
});
