import { expect } from 'chai';
import {
  i32,
  table,
  u64,
  u8,
  writeFlatbuffer,
  type Table,
  type Value,
} from './flatbuffer-writer.ts';
import { honestSamples, neverCrashes } from './mutations.ts';
import type { ScanResult } from '../../../src/scan/types.ts';
import { rulesOf, scanBytes } from './scan-bytes.ts';
import { writeZip, type Member } from './zip-writer.ts';

const samples = honestSamples('tflite');
const ADD = 0;
const CUSTOM = 32;
const WHILE = 119;

/**
 * One subgraph of one operator and two tensors; the parts that a test gives stand in the place of
 * the honest ones.
 */
interface Parts {
  codes?: Value;
  subgraphs?: Value;
  buffers?: Value;
  metadata?: Value;
  signatures?: Value;
  version?: number;
  more?: (Value | null)[];
  tensors?: Value;
  operators?: Value;
  inputs?: Value;
}
const code = (old: number, wide: number, custom: string | null = null): Table =>
  table(u8(old), custom, i32(1), i32(wide));
const tensor = (shape: number[], type: number, buffer: number, ...more: (Value | null)[]): Table =>
  table(shape.map(i32), u8(type), i32(buffer), 'x', ...more);
const operator = (opcode = 0, inputs = [0, 1], ...more: (Value | null)[]): Table =>
  table(i32(opcode), inputs.map(i32), [i32(0)], ...more);

function model(parts: Parts = {}): Buffer {
  const graph = table(
    parts.tensors ?? [tensor([2], 0, 1), tensor([2], 0, 0)],
    parts.inputs ?? [i32(1)],
    [i32(0)],
    parts.operators ?? [operator()],
    'main',
  );
  const buffers = parts.buffers ?? [table(), table(Buffer.alloc(8, 1))];
  return writeFlatbuffer(
    'TFL3',
    table(
      i32(parts.version ?? 3),
      parts.codes ?? [code(ADD, ADD)],
      parts.subgraphs ?? [graph],
      'made by hand',
      buffers,
      null,
      parts.metadata ?? null,
      parts.signatures ?? null,
      ...(parts.more ?? []),
    ),
  );
}

const STRING = 5;
/** a constant of texts: how many, where each begins, where the last one ends */
const texts = (count: number, places: number[], content = ''): Parts => {
  const head = Buffer.alloc(4 + 4 * places.length);
  [count, ...places].forEach((value, i) => head.writeUInt32LE(value >>> 0, 4 * i));
  return {
    buffers: [table(), table(Buffer.concat([head, Buffer.from(content)]))],
    tensors: [tensor([count], STRING, 1), tensor([2], 0, 0)],
  };
};
/** two rows and two columns, with one value in each row */
interface Sparse {
  order?: number[];
  blocks?: number[];
  segments?: number[];
  indices?: number[];
  rows?: number;
  format?: number;
  dimensions?: number;
}
const sparse = ({
  order = [0, 1],
  blocks = [],
  segments = [0, 1, 2],
  indices = [0, 1],
  rows = 2,
  format = 1,
  dimensions = 2,
}: Sparse = {}): Parts => {
  const vector = (values: number[]) => table(values.map(i32));
  const all = [
    table(u8(0), i32(rows)),
    table(u8(format), i32(0), u8(1), vector(segments), u8(1), vector(indices)),
  ];
  return {
    tensors: [
      tensor(
        [2, 2],
        0,
        1,
        null,
        null,
        table(order.map(i32), blocks.map(i32), all.slice(0, dimensions)),
      ),
      tensor([2], 0, 0),
    ],
  };
};

const flip = (bytes: Buffer, find: Buffer, replace: Buffer): Buffer => {
  const at = bytes.indexOf(find);
  return Buffer.concat([bytes.subarray(0, at), replace, bytes.subarray(at + find.length)]);
};

describe('TensorFlow Lite', () => {
  for (const { name, bytes } of samples) {
    it(`passes ${name}, made with the real converter`, () => {
      const result = scanBytes(name, bytes);
      expect(result.findings).to.deep.equal([]);
      expect(result.details.formats[name]).to.equal('tflite');
    });
  }

  it('passes what is written by hand and keeps to the format', () => {
    const behind = model({ buffers: [table(), table(null, u64(1000), u64(8))] });
    for (const [what, bytes] of Object.entries({
      plain: model(),
      'an input left out': model({ operators: [operator(0, [0, -1])] }),
      'a known custom operator': model({
        codes: [code(CUSTOM, CUSTOM, 'TFLite_Detection_PostProcess')],
      }),
      'a code of the wider field': model({ codes: [code(127, 130)] }),
      'options of a branch': model({
        codes: [code(WHILE, WHILE)],
        operators: [operator(0, [0, 1], u8(93), table(i32(0), i32(0)))],
      }),
      'metadata and a signature': model({
        metadata: [table('min_runtime_version', i32(1))],
        signatures: [table([table('x', i32(1))], [table('y', i32(0))], 'serve', null, i32(0))],
      }),
      'two texts': model(texts(2, [16, 18, 19], 'abc')),
      'no texts': model(texts(0, [8])),
      'a sparse tensor': model(sparse()),
      'a sparse tensor, columns first': model(sparse({ order: [1, 0] })),
      'data behind the flatbuffer': Buffer.concat([
        behind,
        Buffer.alloc(1000 - behind.length),
        Buffer.alloc(8, 1),
      ]),
    }))
      expect(scanBytes('m.tflite', bytes).findings, what).to.deep.equal([]);
  });

  const bounds: [string, string, Buffer][] = [
    [
      'an operator of TensorFlow itself',
      'tflite-operator',
      model({ codes: [code(CUSTOM, CUSTOM, 'FlexReadFile')] }),
    ],
    [
      'an unknown custom operator',
      'tflite-operator',
      model({ codes: [code(CUSTOM, CUSTOM, 'Evil')] }),
    ],
    [
      'a custom operator without a name',
      'tflite-operator',
      model({ codes: [code(CUSTOM, CUSTOM)] }),
    ],
    [
      'a custom operator in the wider field only',
      'tflite-operator',
      model({ codes: [code(ADD, CUSTOM, 'FlexPyFunc')] }),
    ],
    ['two codes for one operator', 'tflite-structure', model({ codes: [code(3, CUSTOM, 'Evil')] })],
    ['a delegate', 'tflite-operator', model({ codes: [code(51, 51)] })],
    ['a call by name', 'tflite-operator', model({ codes: [code(127, 173)] })],
    ['a code that does not exist', 'tflite-operator', model({ codes: [code(127, 9999)] })],
    [
      'an operator that is not in the list',
      'tflite-reference',
      model({ operators: [operator(1)] }),
    ],
    ['a tensor that is not there', 'tflite-reference', model({ operators: [operator(0, [0, 2])] })],
    ['a tensor before the first', 'tflite-reference', model({ operators: [operator(0, [0, -2])] })],
    ['an input of the graph that is not there', 'tflite-reference', model({ inputs: [i32(7)] })],
    ['an input of the graph that is left out', 'tflite-reference', model({ inputs: [i32(-1)] })],
    [
      'a buffer that is not there',
      'tflite-reference',
      model({ tensors: [tensor([2], 0, 9), tensor([2], 0, 0)] }),
    ],
    [
      'a subgraph that is not there',
      'tflite-reference',
      model({
        codes: [code(WHILE, WHILE)],
        operators: [operator(0, [0, 1], u8(93), table(i32(0), i32(1)))],
      }),
    ],
    [
      'metadata in a buffer that is not there',
      'tflite-reference',
      model({ metadata: [table('a', i32(2))] }),
    ],
    [
      'a signature of a subgraph that is not there',
      'tflite-reference',
      model({ signatures: [table(null, null, 'serve', null, i32(1))] }),
    ],
    [
      'a signature of a tensor that is not there',
      'tflite-reference',
      model({ signatures: [table([table('x', i32(2))], null, 'serve', null, i32(0))] }),
    ],
    [
      'two signatures of one name',
      'tflite-structure',
      model({ signatures: [table(null, null, 'serve'), table(null, null, 'serve')] }),
    ],
    [
      'data behind the end of the file',
      'tflite-reference',
      model({ buffers: [table(), table(null, u64(5000), u64(8))] }),
    ],
    [
      'data whose size overflows',
      'tflite-reference',
      model({ buffers: [table(), table(null, u64(8), u64(2n ** 64n - 1n))] }),
    ],
    [
      'data behind that lie on the model itself',
      'tflite-structure',
      model({ buffers: [table(), table(null, u64(8), u64(8))] }),
    ],
    [
      'data in two places',
      'tflite-structure',
      model({ buffers: [table(), table(Buffer.alloc(8, 1), u64(8), u64(8))] }),
    ],
    [
      'options behind the end of the file',
      'tflite-reference',
      model({
        operators: [operator(0, [0, 1], null, null, null, null, null, null, u64(9000), u64(8))],
      }),
    ],
    [
      'a tensor larger than its data',
      'tflite-tensor',
      model({ tensors: [tensor([3], 0, 1), tensor([2], 0, 0)] }),
    ],
    [
      'a tensor smaller than its data',
      'tflite-tensor',
      model({ tensors: [tensor([1], 0, 1), tensor([2], 0, 0)] }),
    ],
    [
      'a negative shape',
      'tflite-tensor',
      model({ tensors: [tensor([-2, -1], 0, 1), tensor([2], 0, 0)] }),
    ],
    [
      'a shape that overflows',
      'tflite-tensor',
      model({ tensors: [tensor([0x7fffffff, 0x7fffffff, 0x7fffffff], 0, 1), tensor([2], 0, 0)] }),
    ],
    [
      'an unknown type',
      'tflite-tensor',
      model({ tensors: [tensor([2], 99, 1), tensor([2], 0, 0)] }),
    ],
    [
      'weights in another file',
      'tflite-external-buffer',
      model({ more: [[table('weights.bin')], [table(i32(1), i32(0), u64(0), u64(8))]] }),
    ],
    [
      'a tensor in another file',
      'tflite-external-buffer',
      model({
        tensors: [tensor([2], 0, 0, null, null, null, null, null, null, i32(1)), tensor([2], 0, 0)],
      }),
    ],
    [
      'texts without a count',
      'tflite-tensor',
      model({
        buffers: [table(), table(Buffer.alloc(3))],
        tensors: [tensor([1], STRING, 1), tensor([2], 0, 0)],
      }),
    ],
    ['more texts than room', 'tflite-tensor', model(texts(2 ** 31, [16, 18, 19], 'abc'))],
    ['a text before its buffer', 'tflite-tensor', model(texts(2, [16, -4, 19], 'abc'))],
    ['a text behind its buffer', 'tflite-tensor', model(texts(2, [16, 900, 901], 'abc'))],
    ['texts out of order', 'tflite-tensor', model(texts(2, [16, 15, 19], 'abc'))],
    ['a first text in the head', 'tflite-tensor', model(texts(2, [4, 18, 19], 'abc'))],
    ['bytes behind the last text', 'tflite-tensor', model(texts(2, [16, 17, 18], 'abc'))],
    ['an index outside of a sparse tensor', 'tflite-tensor', model(sparse({ indices: [0, 9] }))],
    ['a negative index', 'tflite-tensor', model(sparse({ indices: [-1, 1] }))],
    ['a segment behind the indices', 'tflite-tensor', model(sparse({ segments: [0, 9, 2] }))],
    ['segments that go back', 'tflite-tensor', model(sparse({ segments: [0, 2, 1] }))],
    ['fewer segments than rows', 'tflite-tensor', model(sparse({ segments: [0, 2] }))],
    ['more rows than the shape', 'tflite-tensor', model(sparse({ rows: 99 }))],
    ['one dimension twice', 'tflite-tensor', model(sparse({ order: [1, 1] }))],
    ['a dimension that is not there', 'tflite-tensor', model(sparse({ order: [0, 7] }))],
    [
      'a block that is not there',
      'tflite-tensor',
      model(sparse({ order: [0, 1, 2], blocks: [9] })),
    ],
    ['a dimension too few', 'tflite-tensor', model(sparse({ dimensions: 1 }))],
    ['a dimension packed in an unknown way', 'tflite-tensor', model(sparse({ format: 7 }))],
    [
      'values that are not as many as the indices',
      'tflite-tensor',
      model(sparse({ segments: [0, 1, 1], indices: [0] })),
    ],
    ['another version', 'tflite-structure', model({ version: 4 })],
    ['an unknown field', 'tflite-structure', model({ more: [null, null, i32(1)] })],
    [
      'options of an unknown type',
      'tflite-structure',
      model({ operators: [operator(0, [0, 1], u8(250), table())] }),
    ],
    [
      'options without a type',
      'tflite-structure',
      model({ operators: [operator(0, [0, 1], u8(0), table())] }),
    ],
    ['bytes behind', 'format-trailing-data', Buffer.concat([model(), Buffer.from('evil')])],
    [
      'a page of zeros behind',
      'format-trailing-data',
      Buffer.concat([model(), Buffer.alloc(4096)]),
    ],
    [
      'a zip behind',
      'format-ambiguous',
      Buffer.concat([model(), Buffer.from('PK\x05\x06'), Buffer.alloc(18)]),
    ],
    [
      'a list longer than the file',
      'tflite-structure',
      flip(
        model(),
        Buffer.concat([Buffer.from([8, 0, 0, 0]), Buffer.alloc(8, 1)]),
        Buffer.concat([Buffer.from([0xff, 0xff, 0xff, 0x7f]), Buffer.alloc(8, 1)]),
      ),
    ],
    [
      'a text without end',
      'tflite-structure',
      flip(model(), Buffer.from('by hand\0'), Buffer.from('by handX')),
    ],
    ['a cut file', 'tflite-structure', model().subarray(0, 100)],
    ['nothing but the mark', 'tflite-structure', Buffer.from('\x08\0\0\0TFL3')],
    [
      'a model that begins far behind',
      'tflite-structure',
      Buffer.concat([Buffer.from('\0\0\x01\0TFL3'), Buffer.alloc(70_000)]),
    ],
  ];
  for (const [what, rule, bytes] of bounds) {
    it(`${what} → ${rule}`, () => {
      const result = scanBytes('m.tflite', bytes);
      expect(rulesOf(result), JSON.stringify(result.findings)).to.include(rule);
      expect(result.verdict).to.equal('block');
    });
  }

  describe('what goes along with a model', () => {
    const LABELS = { name: 'labels.txt', bytes: Buffer.from('cat\ndog\n') };
    const said = model({ metadata: [table('TFLITE_METADATA', i32(1))] });
    const along = (members: Member[], before = said, gap = Buffer.alloc(0)) =>
      scanBytes('m.tflite', writeZip(members, { prefix: Buffer.concat([before, gap]) }));

    it('passes lists of words', () => {
      const result = along([LABELS, { name: 'more.txt', bytes: Buffer.from('x') }]);
      expect(result.findings).to.deep.equal([]);
      expect(result.details.formats).to.deep.equal({
        'm.tflite': 'tflite',
        'm.tflite!labels.txt': 'text',
        'm.tflite!more.txt': 'text',
      });
      expect(along([LABELS], said, Buffer.alloc(2)).verdict, 'zeros before it').to.equal('pass');
    });
    const refused: [string, string, () => ScanResult][] = [
      ['a model that says nothing of it', 'format-ambiguous', () => along([LABELS], model())],
      [
        'a pickle',
        'pickle-global-blocked',
        () =>
          along([
            {
              name: 'labels.txt',
              bytes: Buffer.from(
                '\x80\x02cposix\nsystem\nq\0X\x02\0\0\0idq\x01\x85q\x02Rq\x03.',
                'latin1',
              ),
            },
          ]),
      ],
      [
        'numbers',
        'format-not-understood',
        () => along([{ name: 'labels', bytes: Buffer.alloc(9, 1) }]),
      ],
      ['bytes before it', 'format-trailing-data', () => along([LABELS], said, Buffer.from('evil'))],
      ['no members', 'format-trailing-data', () => along([])],
      [
        'offsets that count from the zip itself',
        'zip-structure',
        () => scanBytes('m.tflite', Buffer.concat([said, writeZip([LABELS])])),
      ],
      [
        'another model behind it',
        'format-trailing-data',
        () => scanBytes('m.tflite', Buffer.concat([writeZip([LABELS], { prefix: said }), said])),
      ],
    ];
    for (const [what, rule, scan] of refused)
      it(`${what} → ${rule}`, () => {
        const result = scan();
        expect(rulesOf(result), JSON.stringify(result.findings)).to.include(rule);
        expect(result.verdict).to.equal('block');
      });
  });

  it('one place cannot be two things', () => {
    const bytes = model();
    // the list of inputs of the operator is made to point at the text of the description
    const at = bytes.indexOf('made by hand') - 4;
    const operatorInputs = bytes.indexOf(Buffer.from([2, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0]));
    const reference = findReference(bytes, operatorInputs);
    bytes.writeUInt32LE(at - reference, reference);
    expect(rulesOf(scanBytes('m.tflite', bytes))).to.deep.equal(['tflite-structure']);
  });

  it('never crashes on a changed byte or a cut', () => neverCrashes(samples, 150)).timeout(120_000);
});

function findReference(bytes: Buffer, target: number): number {
  for (let at = 8; at < target; at += 4) if (at + bytes.readUInt32LE(at) === target) return at;
  throw new Error('Nothing points there.');
}
