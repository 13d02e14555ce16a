import { expect } from 'chai';
import zlib from 'node:zlib';
import { global, pickle, text } from './pickle-assembler.ts';
import { rulesOf, scanBytes, scanFiles } from './scan-bytes.ts';
import { writeZip } from './zip-writer.ts';

const EVIL = pickle(global('os', 'system'), text('id'), 'TUPLE1', 'REDUCE');
const GOOD = pickle(text('a model'));
const EVIL_RULES = ['pickle-global-blocked', 'pickle-call-blocked'];

type Case = [what: string, rules: string[], name: string, bytes: Uint8Array];

function table(cases: Case[]): void {
  for (const [what, rules, name, bytes] of cases) {
    it(`${what} → ${rules.join(', ') || 'pass'}`, () => {
      const result = scanBytes(name, bytes);
      expect(rulesOf(result), JSON.stringify(result.findings)).to.have.members(rules);
      expect(result.verdict).to.equal(rules.length === 0 ? 'pass' : 'block');
    });
  }
}

/** `bytes` with some of them replaced */
function put(bytes: Uint8Array, at: number, ...values: number[]): Buffer {
  const copy = Buffer.from(bytes);
  values.forEach((value, i) => copy.writeUInt8(value, at < 0 ? copy.length + at + i : at + i));
  return copy;
}
const join = (...parts: (Uint8Array | string)[]): Buffer =>
  Buffer.concat(parts.map((part) => Buffer.from(part as Uint8Array)));

describe('gzip', () => {
  const good = zlib.gzipSync(GOOD);
  const evil = zlib.gzipSync(EVIL);
  const named = (name: string): Buffer =>
    join(put(good, 3, 8).subarray(0, 10), name, '\0', good.subarray(10));
  table([
    ['a pickle in it', [], 'm.pkl.gz', good],
    ['a name in the header', [], 'm.pkl.gz', named('m.pkl')],
    ['an empty name, as joblib leaves it', [], 'm.joblib', named('')],
    ['a call in it', EVIL_RULES, 'm.pkl.gz', evil],
    ['a call in it under .joblib, which joblib unpacks', EVIL_RULES, 'm.joblib', evil],
    ['the same under .pt', [...EVIL_RULES, 'format-extension-mismatch'], 'm.pt', evil],
    ['the same under .txt', [...EVIL_RULES, 'format-extension-mismatch'], 'm.txt', evil],
    ['the same without an extension', EVIL_RULES, 'model', evil],
    [
      'content that is not what the name says',
      ['format-extension-mismatch'],
      'm.safetensors.gz',
      good,
    ],
    [
      'a second member with the program in it',
      ['format-trailing-data'],
      'm.pkl.gz',
      join(good, evil),
    ],
    ['a byte behind', ['format-trailing-data'], 'm.pkl.gz', join(good, '\0')],
    ['a pickle behind', ['format-trailing-data'], 'm.pkl.gz', join(good, EVIL)],
    [
      'a wrong checksum, and the content is judged all the same',
      ['compressed-checksum', ...EVIL_RULES],
      'm.pkl.gz',
      put(evil, -8, 1, 2, 3, 4),
    ],
    ['a wrong size', ['compressed-header'], 'm.pkl.gz', put(good, -4, 9)],
    ['a name with a path', ['compressed-header'], 'm.pkl.gz', named('a/m.pkl')],
    ['a name that leads up', ['compressed-header'], 'm.pkl.gz', named('..')],
    ['a name with a backslash', ['compressed-header'], 'm.pkl.gz', named('..\\m.pkl')],
    [
      'a name without an end',
      ['compressed-structure'],
      'm.pkl.gz',
      join(put(good, 3, 8).subarray(0, 10), 'x'.repeat(2000)),
    ],
    ['reserved flags', ['compressed-header'], 'm.pkl.gz', put(good, 3, 0x20)],
    ['an extra field, where bytes can hide', ['compressed-header'], 'm.pkl.gz', put(good, 3, 4)],
    ['a comment', ['compressed-header'], 'm.pkl.gz', put(good, 3, 16)],
    ['an unknown method', ['compressed-header'], 'm.pkl.gz', put(good, 2, 7)],
    ['damaged data', ['compressed-structure'], 'm.pkl.gz', put(good, 10, 0xff)],
    ['nothing in it', ['format-empty'], 'm.pkl.gz', zlib.gzipSync('')],
    ['text in it', ['format-not-understood'], 'm.gz', zlib.gzipSync('hello')],
    [
      'a zip appended',
      ['zip-structure', 'format-extension-mismatch'],
      'm.pkl.gz',
      join(good, writeZip([{ name: 'a', bytes: GOOD }])),
    ],
    ['gzip in gzip', EVIL_RULES, 'm.pkl.gz.gz', zlib.gzipSync(evil)],
    [
      'gzip in gzip in gzip in gzip in gzip',
      ['format-nested-too-deep'],
      'm.gz',
      [1, 2, 3, 4].reduce((inner) => zlib.gzipSync(inner), evil),
    ],
  ]);

  it('judges what a reader of a cut file would have seen before the end', () => {
    const long = zlib.gzipSync(
      join(EVIL, Buffer.from(Array.from({ length: 4000 }, (_, i) => (i * i) % 251))),
    );
    expect(rulesOf(scanBytes('m.pkl.gz', long.subarray(0, -200)))).to.include.members([
      'compressed-structure',
      ...EVIL_RULES,
    ]);
  });

  it('follows no bomb: not by ratio, not by size, not in many parts', () => {
    const zeros = zlib.gzipSync(Buffer.alloc(20_000_000));
    expect(rulesOf(scanBytes('m.gz', zeros))).to.deep.equal(['limit-exceeded']);
    expect(
      rulesOf(scanBytes('m.gz', zeros, 'model', { ratio: 1e6, unpackedBytes: 100_000 })),
    ).to.deep.equal(['limit-exceeded']);
    expect(
      rulesOf(scanBytes('m.gz', zeros, 'model', { unpackedBytes: 1000 })),
      'packed size',
    ).to.deep.equal(['limit-exceeded']);
    const random = Buffer.from(Array.from({ length: 60_000 }, (_, i) => (i * i * 31) % 253));
    const parts = ['a.gz', 'b.gz'].map((name) => ({ name, bytes: zlib.gzipSync(random) }));
    expect(rulesOf(scanFiles(parts, { unpackedBytes: 100_000 }))).to.include('limit-exceeded');
    expect(rulesOf(scanFiles(parts.slice(1), { unpackedBytes: 100_000 }))).to.not.include(
      'limit-exceeded',
    );
  });

  it('tells formats and files of each layer', () => {
    const result = scanBytes('m.pkl.gz', evil);
    expect(result.details.formats).to.deep.equal({
      'm.pkl.gz': 'gzip',
      'm.pkl.gz!unpacked': 'pickle',
    });
    expect(result.findings[0]!.file).to.equal('m.pkl.gz!unpacked');
  });
});

describe('zlib and the old joblib file', () => {
  const good = zlib.deflateSync(GOOD);
  const evil = zlib.deflateSync(EVIL);
  const zfile = (bytes: Uint8Array, length: string | number = bytes.length, blank = ''): Buffer =>
    join(
      'ZF',
      (typeof length === 'number' ? `0x${length.toString(16)}` : length).padEnd(19),
      blank,
      zlib.deflateSync(bytes),
    );
  /** the two bytes of this header are letters, as in a text file */
  const asText = join('x^', zlib.deflateRawSync(EVIL), Buffer.alloc(4));
  table([
    ['a pickle in it', [], 'm.joblib', good],
    ['a call in it', EVIL_RULES, 'm.joblib', evil],
    ['a call in it under .pkl', [...EVIL_RULES], 'm.pkl', evil],
    ['any level', EVIL_RULES, 'm.z', zlib.deflateSync(EVIL, { level: 0 })],
    ['a header of printable letters', [...EVIL_RULES, 'compressed-checksum'], 'm.z', asText],
    ['a second stream', ['format-trailing-data'], 'm.joblib', join(good, evil)],
    ['a byte behind', ['format-trailing-data'], 'm.joblib', join(good, '\n')],
    [
      'a wrong checksum, and the content is judged all the same',
      ['compressed-checksum', ...EVIL_RULES],
      'm.joblib',
      put(evil, -1, 0),
    ],
    ['cut off', ['compressed-structure'], 'm.joblib', good.subarray(0, -3)],
    [
      'a dictionary',
      ['compressed-structure'],
      'm.z',
      zlib.deflateSync(GOOD, { dictionary: Buffer.from('abc') }),
    ],
    ['ZF', [], 'm.joblib', zfile(GOOD)],
    ['ZF of Python 2', [], 'm.joblib', zfile(GOOD, `0x${GOOD.length.toString(16)}L`, ' ')],
    ['ZF with a call in it', EVIL_RULES, 'm.joblib', zfile(EVIL)],
    ['ZF with a wrong length', ['compressed-header'], 'm.joblib', zfile(GOOD, 1)],
    [
      'ZF with a length that int() of Python reads otherwise',
      ['compressed-structure'],
      'm.joblib',
      zfile(GOOD, '0x1_7'),
    ],
    ['ZF with bytes behind', ['format-trailing-data'], 'm.joblib', join(zfile(GOOD), EVIL)],
  ]);

  it('text that begins like zlib stays text', () => {
    expect(scanBytes('notes.txt', 'x^2 + y^2 = z^2, and so on\n', 'side').findings).to.deep.equal(
      [],
    );
    expect(scanBytes('notes.md', 'x\u0001', 'side').verdict).to.equal('block');
  });
});
