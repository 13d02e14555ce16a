import { expect } from 'chai';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import tar from 'tar-stream';
import { packagesOf, type Layer } from '../../../../src/scan/layers/image-packages.ts';
import { sbom } from '../../../../src/scan/layers/sbom.ts';
import { vulnerabilitiesOf } from '../../../../src/scan/layers/vulnerabilities.ts';
import { writeZip } from '../zip-writer.ts';

const DEBIAN = 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\nVERSION_ID="12"\n';
const STATUS = [
  'Package: libssl3\nStatus: install ok installed\nArchitecture: amd64\nSource: openssl\nVersion: 3.0.11-1~deb12u2\nDescription: x\n y',
  'Package: gone\nStatus: deinstall ok not-installed\nVersion: 1',
  'Package: libc6\nStatus: install ok installed\nArchitecture: amd64\nSource: glibc (2.36-9)\nVersion: 2.36-9+b1',
].join('\n\n');
const METADATA = 'Metadata-Version: 2.1\nName: Jinja_2\nVersion: 3.1.2\n\nName: not-this';

async function layer(files: Record<string, string>, compressed = true): Promise<Layer> {
  const pack = tar.pack();
  for (const [name, text] of Object.entries(files)) pack.entry({ name }, text);
  pack.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of pack) chunks.push(chunk as Buffer);
  const bytes = Buffer.concat(chunks);
  return { compressed, open: async () => Readable.from([compressed ? gzipSync(bytes) : bytes]) };
}

describe('scan: packages of an image', () => {
  it('reads dpkg, dist-info and npm, naming the source package and the release', async () => {
    const found = await packagesOf([
      await layer({ 'etc/os-release': DEBIAN, 'var/lib/dpkg/status': STATUS }),
      await layer(
        {
          './srv/lib/jinja2-3.1.2.dist-info/METADATA': METADATA,
          'app/node_modules/@a/b/package.json': '{"name":"@a/b","version":"1.2.3"}',
          'app/package.json': '{"name":"app","version":"0"}',
        },
        false,
      ),
    ]);
    expect(
      found.map(({ ecosystem, name, version, purl }) => [ecosystem, name, version, purl]),
    ).to.deep.equal([
      ['Debian:12', 'glibc', '2.36-9', 'pkg:deb/debian/libc6@2.36-9%2Bb1?arch=amd64'],
      [
        'Debian:12',
        'openssl',
        '3.0.11-1~deb12u2',
        'pkg:deb/debian/libssl3@3.0.11-1~deb12u2?arch=amd64',
      ],
      ['npm', '@a/b', '1.2.3', 'pkg:npm/%40a/b@1.2.3'],
      ['PyPI', 'jinja-2', '3.1.2', 'pkg:pypi/jinja-2@3.1.2'],
    ]);
  });

  it('reads apk and the single files of distroless images', async () => {
    const alpine = await packagesOf([
      await layer({
        'etc/os-release': 'ID=alpine\nVERSION_ID=3.20.3\n',
        'lib/apk/db/installed':
          'C:Q1x\nP:libcrypto3\nV:3.3.2-r0\no:openssl\n\nP:musl\nV:1.2.5-r0\n',
      }),
    ]);
    expect(alpine.map(({ ecosystem, name, version }) => [ecosystem, name, version])).to.deep.equal([
      ['Alpine:v3.20', 'openssl', '3.3.2-r0'],
      ['Alpine:v3.20', 'musl', '1.2.5-r0'],
    ]);
    const distroless = await packagesOf([
      await layer({
        'usr/lib/os-release': DEBIAN,
        'var/lib/dpkg/status.d/tzdata': 'Package: tzdata\nVersion: 2024a-0+deb12u1\n',
      }),
    ]);
    expect(distroless).to.have.length(1);
  });

  it('does not count what a later layer deletes or replaces', async () => {
    const base = await layer({
      'etc/os-release': DEBIAN,
      'lib/a.dist-info/METADATA': METADATA,
      'lib/b/c.dist-info/METADATA': METADATA.replace('Jinja_2', 'c'),
      'x/d.dist-info/METADATA': METADATA.replace('Jinja_2', 'd'),
    });
    const names = async (files: Record<string, string>): Promise<string[]> =>
      (await packagesOf([base, await layer(files)])).map(
        ({ name, version }) => `${name} ${version}`,
      );
    expect(await names({ 'lib/.wh.a.dist-info': '' })).to.deep.equal(['c 3.1.2', 'd 3.1.2']);
    expect(await names({ 'lib/.wh..wh..opq': '' })).to.deep.equal(['d 3.1.2']);
    expect(
      await names({
        'x/d.dist-info/METADATA': METADATA.replace('Jinja_2', 'd').replace('3.1.2', '4'),
      }),
    ).to.include('d 4');
    expect(
      await names({
        'lib/.wh..wh..opq': '',
        'lib/e.dist-info/METADATA': METADATA.replace('Jinja_2', 'e'),
      }),
    ).to.include('e 3.1.2');
  });

  it('fails on a layer that is cut, instead of counting half of it', async () => {
    const whole = await layer({ 'a/b.dist-info/METADATA': METADATA.repeat(2000) });
    const bytes = (await (await whole.open()).toArray())[0] as Buffer;
    const cut: Layer = {
      compressed: true,
      open: async () => Readable.from([bytes.subarray(0, bytes.length - 20)]),
    };
    const failure = await packagesOf([cut]).then(
      () => null,
      (error: Error) => error,
    );
    expect(failure).to.be.an('error');
  });

  it('writes a CycloneDX bill of materials', async () => {
    const packages = await packagesOf([await layer({ 'lib/a.dist-info/METADATA': METADATA })]);
    const bill = sbom(packages, {
      image: 'registry/models/x',
      digest: `sha256:${'a'.repeat(64)}`,
      at: '2026-11-23T12:00:00Z',
    }) as { bomFormat: string; specVersion: string; components: unknown[] };
    expect(bill).to.include({ bomFormat: 'CycloneDX', specVersion: '1.6' });
    expect(bill.components).to.have.length(1);
  });
});

describe('scan: vulnerabilities', () => {
  const packages = [
    {
      ecosystem: 'PyPI',
      name: 'jinja2',
      version: '3.1.2',
      purl: 'pkg:pypi/jinja2@3.1.2',
      file: 'f',
    },
    {
      ecosystem: 'Debian:12',
      name: 'openssl',
      version: '3.0.11-1~deb12u2',
      purl: 'pkg:deb/debian/libssl3@3',
      file: 'f',
    },
  ];
  let folder: string;
  beforeEach(() => (folder = fs.mkdtempSync(path.join(os.tmpdir(), 'cf-osv-'))));
  afterEach(() => fs.rmSync(folder, { recursive: true }));
  const advise = (ecosystem: string, id: string, affected: object, more: object = {}): void => {
    fs.mkdirSync(path.join(folder, ecosystem.split(':')[0]!), { recursive: true });
    fs.writeFileSync(
      path.join(folder, ecosystem.split(':')[0]!, `${id}.json`),
      JSON.stringify({
        id,
        summary: 's',
        affected: [
          {
            package: { ecosystem, name: ecosystem === 'PyPI' ? 'Jinja2' : 'openssl' },
            ...affected,
          },
        ],
        ...more,
      }),
    );
  };
  const range = (...events: object[]): object => ({ ranges: [{ type: 'ECOSYSTEM', events }] });
  const idsFound = async (): Promise<string[]> =>
    (await vulnerabilitiesOf(packages, folder, new Date())).found
      .map(({ id, fixed }) => `${id} ${fixed}`)
      .sort();

  it('holds versions against ranges in the order of their ecosystem', async () => {
    advise('PyPI', 'A', range({ introduced: '0' }, { fixed: '3.1.3' }));
    advise('PyPI', 'B', range({ introduced: '0' }, { fixed: '3.1.2' }));
    advise('PyPI', 'C', range({ introduced: '3.1.2' }));
    advise('PyPI', 'D', range({ introduced: '3.2' }, { fixed: '3.3' }));
    advise('PyPI', 'E', range({ introduced: '0' }, { last_affected: '3.1.2' }));
    advise('PyPI', 'F', { versions: ['3.1.2'] });
    advise('PyPI', 'G', range({ introduced: '0' }), { withdrawn: '2024-01-01T00:00:00Z' });
    advise('Debian:12', 'H', range({ introduced: '0' }, { fixed: '3.0.11-1~deb12u3' }));
    advise('Debian:11', 'I', range({ introduced: '0' }));
    expect(await idsFound()).to.deep.equal([
      'A 3.1.3',
      'C null',
      'E null',
      'F null',
      'H 3.0.11-1~deb12u3',
    ]);
  });

  it('says what it has no database for, and never "nothing found"', async () => {
    expect((await vulnerabilitiesOf(packages, undefined, new Date())).status.status).to.equal(
      'no-database',
    );
    expect(
      (await vulnerabilitiesOf(packages, path.join(folder, 'none'), new Date())).status.status,
    ).to.equal('no-database');
    advise('PyPI', 'A', range({ introduced: '0' }));
    expect((await vulnerabilitiesOf(packages, folder, new Date())).status).to.deep.equal({
      name: 'osv',
      status: 'no-database',
      detail: 'No database for Debian.',
    });
    advise('Debian:12', 'H', range({ introduced: '0' }));
    expect((await vulnerabilitiesOf(packages, folder, new Date())).status.status).to.equal('ok');
    expect(
      (await vulnerabilitiesOf(packages, folder, new Date(Date.now() + 30 * 24 * 3600_000))).status
        .status,
    ).to.equal('stale');
  });

  it('reads the archives that OSV gives out, also where osv-scanner keeps them, and says when one is broken', async () => {
    const put = (place: string, ...advisories: object[]): void => {
      fs.mkdirSync(path.join(folder, place), { recursive: true });
      const members = advisories.map((advisory, i) => ({
        name: `${i}.json`,
        bytes: Buffer.from(JSON.stringify(advisory)),
        deflate: i % 2 === 0,
        descriptor: i % 2 === 0,
      }));
      fs.writeFileSync(path.join(folder, place, 'all.zip'), writeZip(members));
    };
    const jinja = (id: string, fixed: string, more: object = {}): object => ({
      id,
      affected: [
        {
          package: { ecosystem: 'PyPI', name: 'Jinja2' },
          ...range({ introduced: '0' }, { fixed }),
        },
      ],
      ...more,
    });
    put(
      'PyPI',
      jinja('A', '3.1.3'),
      jinja('B', '3.1.1'),
      jinja('C', '4.0', { modified: '2026-01-01T00:00:00Z' }),
    );
    advise('PyPI', 'unpacked-by-somebody', range({ introduced: '0' }));
    put('osv-scanner/Debian', {
      id: 'H',
      affected: [
        { package: { ecosystem: 'Debian:12', name: 'openssl' }, ...range({ introduced: '0' }) },
      ],
    });
    expect(await idsFound()).to.deep.equal(['A 3.1.3', 'C 4.0', 'H null']);
    put('PyPI', jinja('A', '3.1.3', { modified: '2026-01-01T00:00:00Z' }));
    put('osv-scanner/Debian');
    expect(
      (await vulnerabilitiesOf(packages, folder, new Date('2026-03-01T00:00:00Z'))).status,
    ).to.include({ status: 'stale', detail: 'The newest advisory is 59 days old.' });
    const archive = path.join(folder, 'PyPI/all.zip');
    for (const broken of [
      fs.readFileSync(archive).subarray(0, -30),
      Buffer.from('<html>502</html>'),
      writeZip([{ name: 'a.json', bytes: Buffer.from('{"id":') }]),
    ]) {
      fs.writeFileSync(archive, broken);
      expect((await vulnerabilitiesOf(packages, folder, new Date())).status).to.include({
        status: 'error',
      });
    }
  });
});
