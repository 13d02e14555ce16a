import { expect } from 'chai';
import { rulesOf, scanBytes } from './scan-bytes.ts';

const u32 = (value: number): Buffer => {
  const b = Buffer.alloc(4);
  b.writeUInt32LE(value);
  return b;
};
const u64 = (value: number | bigint): Buffer => {
  const b = Buffer.alloc(8);
  b.writeBigUInt64LE(BigInt(value));
  return b;
};
const text = (value: string): Buffer =>
  Buffer.concat([u64(Buffer.byteLength(value)), Buffer.from(value)]);
const pair = (key: string, type: number, value: Buffer): Buffer =>
  Buffer.concat([text(key), u32(type), value]);
const tensor = (name: string, shape: (number | bigint)[], type: number, offset: number): Buffer =>
  Buffer.concat([text(name), u32(shape.length), ...shape.map(u64), u32(type), u64(offset)]);

interface Parts {
  version?: number;
  pairs?: Buffer[];
  tensors?: Buffer[];
  data?: Buffer;
  tensorCount?: number | bigint;
  pairCount?: number | bigint;
  alignment?: number;
  tail?: Buffer;
}
const PAIRS = [
  pair('general.architecture', 8, text('llama')),
  pair('llama.context_length', 4, u32(4096)),
  pair('tokenizer.ggml.tokens', 9, Buffer.concat([u32(8), u64(2), text('a'), text('b')])),
  pair('tokenizer.ggml.scores', 9, Buffer.concat([u32(6), u64(2), Buffer.alloc(8)])),
  pair('tokenizer.ggml.add_bos_token', 7, Buffer.from([1])),
  pair('tokenizer.chat_template', 8, text(`{% for m in messages %}{{ m['content'] }}{% endfor %}`)),
];
/** f32 [4,2] and q4_0 [32]: 32 bytes, 18 bytes */
const TENSORS = [tensor('a.weight', [4, 2], 0, 0), tensor('b.weight', [32], 2, 32)];

function file({
  version = 3,
  pairs = PAIRS,
  tensors = TENSORS,
  data = Buffer.alloc(64, 0),
  tensorCount = tensors.length,
  pairCount = pairs.length,
  alignment = 32,
  tail = Buffer.alloc(0),
}: Parts = {}): Buffer {
  const head = Buffer.concat([
    Buffer.from('GGUF'),
    u32(version),
    u64(tensorCount),
    u64(pairCount),
    ...pairs,
    ...tensors,
  ]);
  return Buffer.concat([
    head,
    Buffer.alloc((alignment - (head.length % alignment)) % alignment),
    data,
    tail,
  ]);
}

describe('scan: GGUF', () => {
  const honest: [string, Buffer][] = [
    ['a small model', file()],
    ['version 2', file({ version: 2 })],
    ['no padding behind the last tensor', file({ data: Buffer.alloc(50) })],
    ['a vocabulary without tensors', file({ tensors: [], data: Buffer.alloc(0) })],
    [
      'an alignment of 64',
      file({
        pairs: [...PAIRS, pair('general.alignment', 4, u32(64))],
        tensors: [tensor('a', [4], 0, 0), tensor('b', [4], 0, 64)],
        data: Buffer.alloc(128),
        alignment: 64,
      }),
    ],
  ];
  for (const [what, bytes] of honest)
    it(`passes ${what}`, () => expect(scanBytes('model.gguf', bytes).findings).to.deep.equal([]));

  const evil = text(`{{ ''.__class__ }}`);
  const attacks: [string, string, Buffer][] = [
    ['version 1', 'gguf-structure', file({ version: 1 })],
    ['version 4', 'gguf-structure', file({ version: 4 })],
    ['the other byte order', 'gguf-structure', file({ version: 0x03000000 })],
    ['more tensors than bytes', 'gguf-structure', file({ tensorCount: 2n ** 60n })],
    ['more keys than bytes', 'gguf-structure', file({ pairCount: 2n ** 63n })],
    [
      'a text longer than the file',
      'gguf-structure',
      file({ pairs: [pair('a', 8, u64(2n ** 40n))], tensors: [], data: Buffer.alloc(0) }),
    ],
    [
      'an array longer than the file',
      'gguf-structure',
      file({ pairs: [pair('a', 9, Buffer.concat([u32(10), u64(2n ** 61n)]))] }),
    ],
    [
      'an array of arrays',
      'gguf-structure',
      file({
        pairs: [pair('a', 9, Buffer.concat([u32(9), u64(1), u32(0), u64(1), Buffer.from([1])]))],
      }),
    ],
    ['an unknown type of value', 'gguf-structure', file({ pairs: [pair('a', 13, u32(1))] })],
    ['a bool of 2', 'gguf-structure', file({ pairs: [pair('a', 7, Buffer.from([2]))] })],
    ['a key twice', 'gguf-structure', file({ pairs: [...PAIRS, PAIRS[0]!] })],
    ['a tensor twice', 'gguf-structure', file({ tensors: [TENSORS[0]!, TENSORS[0]!] })],
    ['an empty key', 'gguf-structure', file({ pairs: [pair('', 4, u32(1))] })],
    [
      'an alignment of 3',
      'gguf-structure',
      file({ pairs: [pair('general.alignment', 4, u32(3))] }),
    ],
    [
      'an alignment of 0',
      'gguf-structure',
      file({ pairs: [pair('general.alignment', 4, u32(0))] }),
    ],
    ['five dimensions', 'gguf-structure', file({ tensors: [tensor('a', [1, 1, 1, 1, 1], 0, 0)] })],
    ['no dimension', 'gguf-structure', file({ tensors: [tensor('a', [], 0, 0)] })],
    ['an unknown type of tensor', 'gguf-structure', file({ tensors: [tensor('a', [4], 4, 0)] })],
    ['half a block', 'gguf-structure', file({ tensors: [tensor('a', [33], 2, 0)] })],
    [
      'a size that overflows',
      'gguf-layout',
      file({ tensors: [tensor('a', [2n ** 62n, 4n], 0, 0)] }),
    ],
    ['an offset between', 'gguf-layout', file({ tensors: [tensor('a', [4], 0, 8)] })],
    [
      'overlapping tensors',
      'gguf-layout',
      file({ tensors: [tensor('a', [16], 0, 0), tensor('b', [4], 0, 32)] }),
    ],
    [
      'a gap',
      'gguf-layout',
      file({ tensors: [tensor('a', [4], 0, 0), tensor('b', [4], 0, 64)], data: Buffer.alloc(96) }),
    ],
    ['a tensor beyond the end', 'gguf-layout', file({ data: Buffer.alloc(40) })],
    ['bytes at the end', 'gguf-layout', file({ tail: Buffer.alloc(32) })],
    ['something in the padding', 'gguf-layout', file({ data: Buffer.alloc(64, 1) })],
    [
      'an unsafe template',
      'template-unsafe',
      file({ pairs: [pair('tokenizer.chat_template', 8, evil)] }),
    ],
    [
      'an unsafe template under another name',
      'template-unsafe',
      file({ pairs: [PAIRS[5]!, pair('tokenizer.chat_template.tool_use', 8, evil)] }),
    ],
    [
      'a template that is no text',
      'gguf-structure',
      file({ pairs: [pair('tokenizer.chat_template', 4, u32(1))] }),
    ],
    ['another extension', 'format-extension-mismatch', Buffer.alloc(0)],
  ];
  for (const [what, rule, bytes] of attacks) {
    it(`${what} → ${rule}`, () => {
      const result =
        bytes.length === 0
          ? scanBytes('model.safetensors', file())
          : scanBytes('model.gguf', bytes);
      expect(rulesOf(result), JSON.stringify(result.findings)).to.include(rule);
      expect(result.verdict).to.equal('block');
    });
  }

  it('never crashes, wherever the file is cut or a bit turned', function () {
    this.timeout(120_000);
    const whole = file();
    for (let i = 0; i < whole.length; i += 5) {
      const turned = Buffer.from(whole);
      turned[i]! ^= 1 << (i % 8);
      for (const bytes of [whole.subarray(0, i), turned])
        expect(rulesOf(scanBytes('model.gguf', bytes)), `at ${i}`).not.to.include('scan-crashed');
    }
  });
});
