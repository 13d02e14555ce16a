import { expect } from 'chai';
import { honestSamples, neverCrashes } from './mutations.ts';
import { f32, int, len, type Part } from './protobuf-writer.ts';
import { rulesOf, scanBytes } from './scan-bytes.ts';

const piece = (text: string, type = 1, ...more: Part[]): Part =>
  len(1, len(1, text), f32(2, 0), int(3, type), ...more);
/**
 * 256 units: the root, whose children lie in its block, and one leaf, which points to the text at 0
 */
function table(
  change: (units: Uint32Array) => void = () => undefined,
  texts = 'A\0',
  units = 256,
): Buffer {
  const trie = new Uint32Array(units);
  trie[1] = 2 ** 31;
  change(trie);
  const head = Buffer.alloc(4);
  head.writeUInt32LE(units * 4);
  return Buffer.concat([head, Buffer.from(trie.buffer), Buffer.from(texts)]);
}
const vocabulary = (letters: Buffer = table(), ...more: Part[]): Buffer =>
  Buffer.concat([
    piece('<unk>', 2),
    piece('▁a'),
    len(2, int(3, 2), int(4, 2)),
    len(3, len(1, 'own'), len(2, letters)),
    ...more,
  ]);

describe('SentencePiece', () => {
  for (const { name, bytes } of honestSamples('sentencepiece')) {
    for (const kind of ['side', 'model'] as const) {
      it(`passes ${name} as a ${kind} file`, () => {
        const result = scanBytes(name, bytes, kind);
        expect(result.findings).to.deep.equal([]);
        expect(result.details.formats).to.deep.equal({ [name]: 'sentencepiece' });
      });
    }
  }

  it('passes what older releases wrote: tests of its own, rules for the way back', () => {
    expect(
      scanBytes(
        'spiece.model',
        vocabulary(table(), len(4, len(1, len(1, 'in'), len(2, 'out'))), len(5, len(1, 'back'))),
      ).findings,
    ).to.deep.equal([]);
    expect(scanBytes('source.spm', vocabulary(Buffer.alloc(0)), 'side').findings).to.deep.equal([]);
  });

  // what is no vocabulary is judged as the pickle that others call .model
  const hostile: [string, Buffer, string][] = [
    ['a field of nobody', vocabulary(table(), len(200, 'os.system')), 'pickle-structure'],
    [
      'a field of nobody in a piece',
      Buffer.concat([vocabulary(), piece('x', 1, len(9, 'y'))]),
      'protobuf-unknown-field',
    ],
    ['an empty piece', Buffer.concat([vocabulary(), piece('')]), 'sentencepiece-structure'],
    [
      'a type of piece that is none',
      Buffer.concat([vocabulary(), piece('x', 9)]),
      'sentencepiece-structure',
    ],
    [
      'a second normalizer',
      vocabulary(table(), len(3, len(1, 'other'))),
      'protobuf-duplicate-field',
    ],
    [
      'something behind it',
      Buffer.concat([vocabulary(), Buffer.from('\x80\x04.')]),
      'pickle-structure',
    ],
    [
      'a trie larger than its table',
      vocabulary(table().subarray(0, 500)),
      'sentencepiece-structure',
    ],
    ['a trie of half a block', vocabulary(table(undefined, 'A\0', 128)), 'sentencepiece-structure'],
    ['a trie without texts', vocabulary(table(undefined, '')), 'sentencepiece-structure'],
    ['a text without an end', vocabulary(table(undefined, 'A')), 'sentencepiece-structure'],
    [
      'a leaf beyond the texts',
      vocabulary(table((units) => (units[1] = 2 ** 31 + 2))),
      'sentencepiece-structure',
    ],
    [
      'a child beyond the trie',
      vocabulary(table((units) => (units[7] = 300 << 10))),
      'sentencepiece-structure',
    ],
    [
      'a child far beyond the trie',
      vocabulary(table((units) => (units[7] = (1 << 10) | 0x200))),
      'sentencepiece-structure',
    ],
  ];
  for (const [what, bytes, rule] of hostile) {
    it(`${what} → ${rule}`, () =>
      expect(rulesOf(scanBytes('tokenizer.model', bytes))).to.deep.equal([rule]));
  }

  it('never crashes on a changed file', () => neverCrashes(honestSamples('sentencepiece')));
});
