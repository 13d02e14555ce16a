import { expect } from 'chai';
import fs from 'node:fs';
import { rulesOf, scanBytes } from './scan-bytes.ts';

/**
 * The pickle of a text and the pickle that calls os.system, packed by the libraries that Python
 * programs use.
 */
const PACKED: Record<string, { good: string; evil: string; extension: string }> = {
  bzip2: {
    extension: 'bz2',
    good: 'QlpoMTFBWSZTWYGm8+wAAAVRQASAQAEmBsAEIAAxA0DQKMmGnqYSoFiA0XckU4UJCBpvPsA=',
    evil: 'QlpoMTFBWSZTWTedKTcAAAjTwBQQAAEQAA4ijCBCBCAAIpoBo2mUKGmmABERxbBeQVMUKv8XckU4UJA3nSk3',
  },
  xz: {
    extension: 'xz',
    good: '/Td6WFoAAATm1rRGAgAhAQAAAAA3J5fWAQALgASMB2EgbW9kZWwuAIszOR+4uYN/AAEkDKYY2NgftvN9AQAAAAAEWVo=',
    evil: '/Td6WFoAAATm1rRGAgAhAQAAAAA3J5fWAQATgARjb3MKc3lzdGVtCowCaWSFUi4Ae8XVkY1AObwAASwU+AptAx+2830BAAAAAARZWg==',
  },
  lzma: {
    extension: 'lzma',
    good: 'XQAAEAD//////////wBAAQ03YyM9swcQg9K+94qYjv/y3IAA',
    evil: 'XQAAEAD//////////wBAAQgDvDC9NN4vXibQagTwMrwGnfg0+MUF//+YegAA',
  },
  lz4: {
    extension: 'lz4',
    good: 'BCJNGGxADAAAAAAAAAA7DAAAgIAEjAdhIG1vZGVsLgAAAADbZ6a7',
    evil: 'BCJNGGxAFAAAAAAAAABNFAAAgIAEY29zCnN5c3RlbQqMAmlkhVIuAAAAAJlDHwI=',
  },
  zstd: {
    extension: 'zst',
    good: 'KLUv/SQMYQAAgASMB2EgbW9kZWwubxMKQg==',
    evil: 'KLUv/SQUoQAAgARjb3MKc3lzdGVtCowCaWSFUi5rJ8KV',
  },
};
const of = (base64: string): Buffer => Buffer.from(base64, 'base64');
const EVIL_RULES = ['pickle-global-blocked', 'pickle-call-blocked'];

for (const [id, { good: goodText, evil: evilText, extension }] of Object.entries(PACKED)) {
  const good = of(goodText);
  const evil = of(evilText);
  const cases: [string, string[], string, Buffer][] = [
    ['a pickle in it', [], `m.pkl.${extension}`, good],
    ['a pickle in it under .joblib', [], 'm.joblib', good],
    ['a call in it', EVIL_RULES, `m.pkl.${extension}`, evil],
    ['a call in it under .joblib', EVIL_RULES, 'm.joblib', evil],
    ['a call in it under .bin', [...EVIL_RULES, 'format-extension-mismatch'], 'm.bin', evil],
    ['a call in it without an extension', EVIL_RULES, 'model', evil],
    [
      'a second stream with a program in it',
      ['format-trailing-data'],
      `m.pkl.${extension}`,
      Buffer.concat([good, evil]),
    ],
    [
      'zeros behind, which some readers pass over',
      ['format-trailing-data'],
      `m.pkl.${extension}`,
      Buffer.concat([good, Buffer.alloc(4)]),
    ],
  ];
  describe(id, () => {
    for (const [what, rules, name, bytes] of cases) {
      it(`${what} → ${rules.join(', ') || 'pass'}`, () => {
        const result = scanBytes(name, bytes);
        expect(rulesOf(result), JSON.stringify(result.findings)).to.have.members(rules);
        expect(result.details.formats[name]).to.equal(id);
      });
    }

    it('whatever single byte is changed, the call is not let through and nothing crashes', () => {
      for (let at = 0; at < evil.length; at++) {
        const changed = Buffer.from(evil);
        changed[at]! ^= [0x01, 0x80, 0xff][at % 3]!;
        const result = scanBytes('m.joblib', changed);
        expect(result.verdict, `byte ${at}`).to.equal('block');
        expect(rulesOf(result)).to.not.include('scan-crashed');
      }
    }).timeout(120_000);

    it('wherever it is cut, it is refused', () => {
      for (let at = 1; at < good.length; at += 2) {
        const rules = rulesOf(scanBytes(`m.${extension}`, good.subarray(0, at)));
        expect(rules, `cut at ${at}`).to.have.length.above(0);
        expect(rules).to.not.include('scan-crashed');
      }
    }).timeout(120_000);
  });
}

it('lzma with a small dictionary, which joblib knows by its first two bytes, is found without a name', () => {
  expect(
    rulesOf(scanBytes('model', of('XQAQAAD//////////wBAAQgDvDC9NN4vXibQagTwMrwGnfg0+MUF//+YegAA'))),
  ).to.have.members(EVIL_RULES);
});

describe('compressed streams that say one thing and hold another', () => {
  const change = (id: string, at: number, ...values: number[]): Buffer => {
    const bytes = of(PACKED[id]!.good);
    values.forEach((value, i) => bytes.writeUInt8(value, at < 0 ? bytes.length + at + i : at + i));
    return bytes;
  };
  const cases: [string, string[], string, Buffer][] = [
    [
      'a bzip2 block with a wrong checksum',
      ['compressed-checksum'],
      'bz2',
      change('bzip2', 10, 0, 0),
    ],
    [
      'a bzip2 stream with a wrong checksum',
      ['compressed-checksum'],
      'bz2',
      change('bzip2', -2, 0x3f),
    ],
    ['a randomised bzip2 block', ['compressed-codec'], 'bz2', change('bzip2', 14, 0x80)],
    ['an empty bzip2 stream', ['format-empty'], 'bz2', of('QlpoORdyRThQkAAAAAA=')],
    ['xz with a wrong check of its data', ['compressed-checksum'], 'xz', change('xz', 44, 0)],
    [
      'xz with an unknown check',
      ['compressed-codec', 'format-extension-mismatch'],
      'lz4',
      change('xz', 7, 7),
    ],
    ['xz with reserved bits', ['compressed-header'], 'xz', change('xz', 6, 1)],
    ['xz with an index of other sizes', ['compressed-header'], 'xz', change('xz', 50, 0x25)],
    [
      'xz whose two ends differ',
      ['compressed-checksum', 'compressed-header'],
      'xz',
      change('xz', -3, 1),
    ],
    [
      'xz with a delta filter',
      ['compressed-codec'],
      'xz',
      of(
        '/Td6WFoAAATm1rRGAgEDAQAhAQAolRAaAQALgISIe1q/TQL1AQfCAIszOR+4uYN/AAEkDKYY2NgftvN9AQAAAAAEWVo=',
      ),
    ],
    [
      'xz with a filter for programs',
      ['compressed-codec'],
      'xz',
      of(
        '/Td6WFoAAATm1rRGAgEEACEBAADaM60DAQALgASMB2EgbW9kZWwuAIszOR+4uYN/AAEkDKYY2NgftvN9AQAAAAAEWVo=',
      ),
    ],
    [
      'an empty xz stream',
      ['format-empty'],
      'xz',
      of('/Td6WFoAAATm1rRGAAAAABzfRCEftvN9AQAAAAAEWVo='),
    ],
    [
      'lzma with a dictionary of an odd size',
      ['compressed-structure'],
      'lzma',
      change('lzma', 1, 1),
    ],
    ['lz4 with a wrong checksum of its data', ['compressed-checksum'], 'lz4', change('lz4', -4, 0)],
    [
      'lz4 with a wrong checksum of its header',
      ['compressed-checksum'],
      'lz4',
      change('lz4', 14, 0),
    ],
    [
      'lz4 of another size than told',
      ['compressed-checksum', 'compressed-header'],
      'lz4',
      change('lz4', 6, 13),
    ],
    ['lz4 with a dictionary', ['compressed-codec'], 'lz4', change('lz4', 4, 0x6d)],
    ['lz4 with reserved bits', ['compressed-header'], 'lz4', change('lz4', 4, 0x6e)],
    ['lz4 with a block larger than told', ['compressed-header'], 'lz4', change('lz4', 17, 1)],
    ['zstd with a wrong checksum', ['compressed-checksum'], 'zst', change('zstd', -1, 0)],
    ['zstd of another size than told', ['compressed-header'], 'zst', change('zstd', 5, 13)],
    ['zstd with a dictionary', ['compressed-codec'], 'zst', change('zstd', 4, 0x25)],
    ['zstd with reserved bits', ['compressed-header'], 'zst', change('zstd', 4, 0x34)],
    ['zstd with a block of no kind', ['compressed-structure'], 'zst', change('zstd', 6, 0x67)],
    [
      'zstd with a window that decoders refuse',
      ['compressed-codec'],
      'zst',
      change('zstd', 4, 0x04, 0xff),
    ],
    ['an empty lz4 frame', ['format-empty'], 'lz4', of('BCJNGGBAggAAAAA=')],
  ];
  for (const [what, rules, extension, bytes] of cases) {
    it(`${what} → ${rules.join(', ')}`, () => {
      const result = scanBytes(`m.${extension}`, bytes);
      expect(rulesOf(result), JSON.stringify(result.findings)).to.have.members(rules);
    });
  }

  it('large files are unpacked no further than the limit', () => {
    const samples = new URL('../../samples/scan/honest/', import.meta.url);
    for (const name of [
      ...['zlib', 'gzip', 'bz2', 'lzma', 'xz', 'lz4'].map((how) => `packed-${how}.joblib`),
      'streamed.pkl.zst',
    ]) {
      const bytes = fs.readFileSync(new URL(name, samples));
      expect(rulesOf(scanBytes(name, bytes, 'model', { unpackedBytes: 10_000 })), name).to.include(
        'limit-exceeded',
      );
      expect(
        rulesOf(scanBytes(name, bytes, 'model', { ratio: 1, ratioFromBytes: 0 })),
        name,
      ).to.include('limit-exceeded');
    }
  });
});
