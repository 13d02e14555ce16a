import { expect } from 'chai';
import { judgeRegistryRequest } from '../../../../src/domain/builds/registry-access.ts';
import { grantOfHeader, signGrant } from '../../../../src/services/builds/build-token.ts';
import { NOW } from '../rollouts/revision-builders.ts';

const OWN = 'models/digits';
const UPLOADS = `/v2/${OWN}/blobs/uploads/`;
const D = `sha256:${'0'.repeat(64)}`;

const ALLOWED: [string, string, string?][] = [
  ['GET', '/v2/'],
  ['GET', '/v2/base/python/manifests/3.11'],
  ['HEAD', `/v2/base/python/blobs/${D}`],
  ['GET', `/v2/${OWN}/manifests/v1-g1`],
  ['HEAD', `/v2/${OWN}/blobs/${D}`],
  ['POST', UPLOADS],
  ['PATCH', `${UPLOADS}abc-1?_state=x%3D`, '?_state=x%3D'],
  ['PUT', `${UPLOADS}abc?digest=${D}`, `?digest=${D}`],
  ['PUT', `/v2/${OWN}/manifests/v1-g1`],
  ['GET', `${UPLOADS}abc`],
  ['POST', `${UPLOADS}?mount=${D}&from=base%2Fpython`, `?mount=${D}&from=base%2Fpython`],
  ['POST', `${UPLOADS}?mount=${D}&from=models%2Fsecret`, ''],
  ['POST', `${UPLOADS}?mount=${D}&from=base/python&from=models/secret`, ''],
  ['POST', `${UPLOADS}?mount=${D}`, ''],
];
const REFUSED: [string, string, number][] = [
  ['GET', '/v2/models/other/manifests/1', 403],
  ['GET', `/v2/models/other/blobs/${D}`, 403],
  ['GET', '/v2/_catalog', 404],
  ['GET', '/v2/creativeflow/builder/manifests/1', 403],
  ['POST', '/v2/models/other/blobs/uploads/', 403],
  ['POST', '/v2/base/python/blobs/uploads/', 403],
  ['PUT', '/v2/base/python/manifests/3.11', 403],
  ['DELETE', `/v2/${OWN}/manifests/${D}`, 405],
  ['DELETE', `/v2/${OWN}/blobs/${D}`, 405],
  ['PUT', `/v2/${OWN}/blobs/${D}`, 405],
  ['POST', '/v2/', 405],
  ['GET', `/v2/${OWN}/../other/manifests/1`, 404],
  ['GET', '/v2/base/..%2fmodels%2fother/manifests/1', 404],
  ['GET', '/v2//base/python/manifests/1', 404],
  ['GET', '/v2/BASE/python/manifests/1', 404],
  ['PUT', `/v2/models/digits2/manifests/1`, 403],
  ['PUT', '/v2/models/digits/sub/manifests/1', 403],
  ['GET', '/metrics', 404],
];

describe('registry-access', () => {
  for (const [method, target, search] of ALLOWED) {
    it(`allows ${method} ${target}`, () => {
      const verdict = judgeRegistryRequest(method, target, OWN);
      expect(verdict.allowed).to.equal(true);
      if (verdict.allowed && search !== undefined)
        expect(decodeURIComponent(verdict.search)).to.equal(decodeURIComponent(search));
    });
  }
  for (const [method, target, status] of REFUSED) {
    it(`refuses ${method} ${target}`, () => {
      expect(judgeRegistryRequest(method, target, OWN)).to.deep.include({ allowed: false, status });
    });
  }
});

describe('push-token', () => {
  const grant = {
    versionId: 12,
    generation: 3,
    repository: OWN,
    expiresAt: Math.floor(NOW.getTime() / 1000) + 60,
  };
  const header = (token: string, user = 'build'): string =>
    `Basic ${Buffer.from(`${user}:${token}`).toString('base64')}`;

  it('gives back what was granted, until it expires', () => {
    const token = signGrant(grant, 'secret');
    expect(grantOfHeader(header(token), 'secret', NOW)).to.deep.equal(grant);
    expect(grantOfHeader(header(token), 'secret', new Date(NOW.getTime() + 61_000))).to.equal(null);
  });

  it('refuses what was not signed so', () => {
    const token = signGrant(grant, 'secret');
    const forged = `${Buffer.from(JSON.stringify([12, 3, 'base/python', grant.expiresAt])).toString('base64url')}.${token.split('.')[1]}`;
    for (const bad of [
      header(token, 'other'),
      header(forged),
      header(''),
      header('a.b'),
      header(`${token}x`),
      `Bearer ${token}`,
      'Basic !',
      undefined,
    ]) {
      expect(grantOfHeader(bad, 'secret', NOW)).to.equal(null);
    }
    expect(grantOfHeader(header(token), 'another', NOW)).to.equal(null);
  });
});
