import { expect } from 'chai';
import fs from 'node:fs';
import zlib from 'node:zlib';
import { lookup3 } from '../../../src/scan/hdf5/checksum.ts';
import { honestSamples, neverCrashes } from './mutations.ts';
import { rulesOf, scanBytes } from './scan-bytes.ts';

const samples = honestSamples('keras').filter(({ name }) => name.endsWith('.h5'));
const sample = (name: string): Buffer => samples.find((one) => one.name === name)!.bytes;
const hostile = (name: string): Buffer =>
  fs.readFileSync(new URL(`../../samples/hostile/keras/${name}.h5`, import.meta.url));

/** The bytes at the first place of `find` replaced. */
function patch(bytes: Buffer, find: Buffer | string, replace: Buffer | string, shift = 0): Buffer {
  const out = Buffer.from(bytes);
  Buffer.from(replace as string).copy(out, bytes.indexOf(find) + shift);
  return out;
}

describe('HDF5', () => {
  for (const { name, bytes } of samples) {
    it(`passes ${name}, made with the real library`, () =>
      expect(scanBytes(name, bytes).findings).to.deep.equal([]));
  }

  it('reads attributes of more than 64 kB, which lie by themselves', () => {
    const unpacked = (path: string): Buffer =>
      zlib.gunzipSync(fs.readFileSync(new URL(`../../samples/${path}.h5.gz`, import.meta.url)));
    const honest = unpacked('honest/keras/large-attributes');
    expect(scanBytes('a.h5', honest).findings).to.deep.equal([]);
    expect(rulesOf(scanBytes('a.h5', unpacked('hostile/keras/lambda-large')))).to.deep.equal([
      'keras-code',
    ]);
    // the tree of large objects is not what its checksum says, or leads behind the file
    expect(rulesOf(scanBytes('a.h5', patch(honest, 'BTHD', Buffer.from([9]), 8)))).to.deep.equal([
      'hdf5-structure',
    ]);
  });

  it('tells Keras from other HDF5 by what the root says', () => {
    for (const [name, format] of [
      ['sequential.h5', 'keras-h5'],
      ['two.h5', 'keras-h5'],
      ['types.h5', 'hdf5'],
      ['lzf-latest.h5', 'hdf5'],
      ['pandas-fixed.h5', 'hdf5'],
      ['sequential.weights.h5', 'hdf5'],
    ] as const) {
      expect(scanBytes(name, sample(name)).details.formats[name], name).to.equal(format);
    }
  });

  it('knows the checksum of the newer structures', () => {
    // from the author of lookup3
    expect(lookup3(Buffer.from(''))).to.equal(0xdeadbeef);
    expect(lookup3(Buffer.from('Four score and seven years ago'))).to.equal(0x17770551);
  });

  const other: [string, string, string][] = [
    ['external-link', 'hdf5-external', 'w'],
    ['external-link-latest', 'hdf5-external', 'w'],
    ['external-links-dense', 'hdf5-external', 'w19'],
    ['external-storage', 'hdf5-external', 'w'],
    ['external-storage-latest', 'hdf5-external', 'w'],
    ['virtual', 'hdf5-external', 'w'],
    ['virtual-latest', 'hdf5-external', 'w'],
    ['opaque', 'hdf5-datatype', 'w'],
    ['references', 'hdf5-datatype', 'r'],
    ['nested-lists', 'hdf5-datatype', 'w'],
    ['pickle-attribute', 'hdf5-datatype', '/@note'],
    ['pickle-text', 'pickle-global-blocked', 'posix.system'],
    ['pickle-name', 'pickle-global-blocked', 'posix.system'],
    ['pickle-cut', 'pickle-global-blocked', 'os.system'],
    ['bytes', 'pickle-global-blocked', 'posix.system'],
    ['bytes-signed', 'pickle-global-blocked', 'posix.system'],
    ['bytes-packed', 'pickle-global-blocked', 'posix.system'],
    ['bytes-lzf', 'pickle-global-blocked', 'posix.system'],
    ['bytes-unmarked', 'pickle-global-blocked', 'posix.system'],
    ['bytes-wide', 'pickle-global-blocked', 'posix.system'],
    ['bytes-rows', 'pickle-global-blocked', 'posix.system'],
    ['bytes-attribute', 'pickle-global-blocked', 'posix.system'],
    ['texts', 'pickle-global-blocked', 'posix.system'],
    ['texts-elsewhere', 'pickle-global-blocked', 'posix.system'],
    ['config-dataset', 'keras-code', 'Lambda'],
    ['objects', 'pickle-global-blocked', 'posix.system'],
    ['objects-unnamed', 'pickle-global-blocked', 'posix.system'],
  ];
  for (const [name, rule, symbol] of other) {
    it(`${name} → ${rule} at ${symbol}`, () => {
      const result = scanBytes('a.h5', hostile(name));
      expect(result.verdict).to.equal('block');
      const found = result.findings.find((finding) => finding.rule === rule);
      expect(found?.symbol, JSON.stringify(result.findings)).to.equal(symbol);
      expect(found?.offset).to.be.a('number');
    });
  }

  it('an array that begins like a pickle and lies in tiles is for review', () => {
    const result = scanBytes('a.h5', hostile('bytes-tiles'));
    expect(result.findings.map(({ rule, symbol }) => [rule, symbol])).to.deep.equal([
      ['pickle-embedded', 'w'],
    ]);
  });

  const plain = sample('chunks.h5');
  const latest = sample('chunks-latest.h5');
  const weights = sample('hand-made.weights.h5');
  const size = (bytes: Buffer): Buffer => {
    const out = Buffer.alloc(8);
    out.writeBigUInt64LE(BigInt(bytes.length));
    return out;
  };
  const broken: [string, string, Buffer][] = [
    ['a driver of several files', 'hdf5-external', hostile('family-0')],
    ['a user block', 'hdf5-user-block', hostile('user-block')],
    ['something before the file', 'hdf5-user-block', Buffer.concat([Buffer.alloc(512, 32), plain])],
    ['a base address', 'hdf5-user-block', patch(plain, Buffer.from([0x89]), Buffer.from([1]), 24)],
    ['something behind the file', 'format-trailing-data', Buffer.concat([plain, Buffer.from('x')])],
    ['zeros behind the file', 'format-trailing-data', Buffer.concat([plain, Buffer.alloc(8)])],
    ['a file that is cut off', 'hdf5-structure', plain.subarray(0, -1)],
    ['what was deleted', 'format-trailing-data', hostile('deleted')],
    ['a filter that HDF5 does not bring', 'hdf5-filter', hostile('unknown-filter')],
    ['a dataset larger than the file', 'hdf5-dataset', hostile('unwritten')],
    ['chunks that are not there', 'hdf5-dataset', hostile('unwritten-chunks')],
    ['one object under two names', 'hdf5-structure', hostile('two-names')],
    ['a group that leads back to itself', 'hdf5-structure', hostile('loop')],
    ['a type that stands by itself', 'hdf5-feature', hostile('committed-type')],
    [
      'a superblock of the future',
      'hdf5-feature',
      patch(latest, Buffer.from([0x89]), Buffer.from([9]), 8),
    ],
    ['addresses of 4 bytes', 'hdf5-feature', patch(plain, Buffer.from([8, 8]), Buffer.from([4]))],
    ['a wrong checksum', 'hdf5-structure', patch(latest, 'OHDR', Buffer.from([1]), 8)],
    ['a tree without a mark', 'hdf5-structure', patch(plain, 'TREE', 'TRUE')],
    ['a leaf without a mark', 'hdf5-structure', patch(plain, 'SNOD', 'SNOB')],
    ['a heap without a mark', 'hdf5-structure', patch(plain, 'HEAP', 'HEAT')],
    ['names out of order', 'hdf5-structure', patch(plain, Buffer.from('grows\0'), 'zrows')],
    ['a name with a slash', 'hdf5-structure', patch(plain, Buffer.from('grows\0'), 'gr/ws')],
    [
      'a name that is a folder',
      'hdf5-structure',
      patch(plain, Buffer.from('grows\0'), '.\0\0\0\0'),
    ],
    [
      'an end before the last byte',
      'format-trailing-data',
      patch(plain, size(plain), Buffer.from([0, 8])),
    ],
    ['a heap of texts without a mark', 'hdf5-structure', patch(sample('types.h5'), 'GCOL', 'GCOX')],
  ];
  for (const [what, rule, bytes] of broken) {
    it(`${what} → ${rule}`, () => {
      const result = scanBytes('a.h5', bytes);
      expect(rulesOf(result), JSON.stringify(result.findings)).to.include(rule);
      expect(result.verdict).to.equal('block');
    });
  }

  it('asks for a look where Keras itself writes nothing of the kind', () => {
    for (const name of ['soft-link', 'soft-link-latest']) {
      const result = scanBytes('a.h5', hostile(name));
      expect(result.findings.map(({ rule, symbol }) => [rule, symbol])).to.deep.equal([
        ['hdf5-soft-link', 'w'],
      ]);
      expect(result.verdict).to.equal('review');
    }
  });

  it('is found under every name, and the name must agree', () => {
    expect(rulesOf(scanBytes('model.bin', weights))).to.include('format-extension-mismatch');
    expect(rulesOf(scanBytes('model.safetensors', hostile('external-link')))).to.include.members([
      'format-extension-mismatch',
      'hdf5-external',
    ]);
    expect(scanBytes('model', weights).verdict).to.equal('pass');
  });

  it('keeps to its limits', () => {
    expect(rulesOf(scanBytes('a.h5', latest, 'model', { hdf5Objects: 5 }))).to.deep.equal([
      'limit-exceeded',
    ]);
    expect(rulesOf(scanBytes('a.h5', weights, 'model', { hdf5Depth: 2 }))).to.deep.equal([
      'limit-exceeded',
    ]);
    expect(rulesOf(scanBytes('a.h5', weights, 'model', { hdf5Parts: 5 }))).to.deep.equal([
      'limit-exceeded',
    ]);
  });

  it('never crashes on a damaged file', () => neverCrashes(samples)).timeout(60_000);
});
