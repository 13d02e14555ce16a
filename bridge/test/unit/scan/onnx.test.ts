/* eslint-disable max-lines -- one table of cases, each read on its own */
import crypto from 'node:crypto';
import { expect } from 'chai';
import { honestSamples, neverCrashes } from './mutations.ts';
import {
  FLOAT,
  attribute,
  bodyNode,
  dims,
  external,
  functionOf,
  indices,
  initializer,
  model,
  node,
  pair,
  sparse,
  sparseInitializer,
  tensor,
} from './onnx-writer.ts';
import { int, len, varint } from './protobuf-writer.ts';
import { assemble, global, line, pickle, text } from './pickle-assembler.ts';
import { rulesOf, scanBytes, scanFiles } from './scan-bytes.ts';

const samples = honestSamples('onnx');
const DATA = Buffer.alloc(8, 1);
const BESIDE = { location: 'm.data', offset: '0', length: '8' };
const EVIL = pickle(global('os', 'system'), text('id'), 'TUPLE1', 'REDUCE');
const TENSOR = 4;
const GRAPH = 5;
const SPARSE = 11;
const TENSORS = 9;
const graph = (...content: Buffer[]): Buffer => len(6, ...content);
const withData = (content: Buffer, name = 'm.data', data: Uint8Array = DATA) =>
  scanFiles([
    { name: 'm.onnx', bytes: content },
    { name, bytes: data, kind: 'side' },
  ]);

describe('ONNX', () => {
  const single = samples.filter(
    ({ name }) => name.endsWith('.onnx') && !name.startsWith('external'),
  );
  for (const { name, bytes } of single) {
    it(`passes ${name}, made with the real library`, () => {
      const result = scanBytes(name, bytes);
      expect(result.findings).to.deep.equal([]);
      expect(result.details.formats[name]).to.equal('onnx');
    });
  }

  it('passes weights in files beside the model, in whatever order they come', () => {
    const of = (...names: string[]) =>
      scanFiles(
        names.map((name) => ({
          name,
          bytes: samples.find((sample) => sample.name === name)!.bytes,
        })),
      ).findings;
    expect(of('external.onnx', 'external.onnx.data')).to.deep.equal([]);
    expect(of('external.onnx.data', 'external.onnx')).to.deep.equal([]);
    expect(of('external-each.onnx', 'b1', 'w1', 'w2')).to.deep.equal([]);
  });

  it('passes what is written by hand and keeps to the format', () => {
    for (const [what, bytes] of Object.entries({
      tensor: model([initializer(tensor())]),
      sparse: model([sparseInitializer(sparse(tensor(), indices(0, 3)))]),
      subgraph: model([
        node('If', '', attribute('then_branch', GRAPH, graph(node('Relu'), initializer(tensor())))),
      ]),
      'a function of its own': model(
        [node('F', 'mine')],
        functionOf('mine', 'F', bodyNode('Relu')),
      ),
      'one domain imported twice alike': model(
        [node('Relu')],
        len(8, len(1, 'ai.onnx'), int(2, 21)),
      ),
    }))
      expect(scanBytes('m.onnx', bytes).findings, what).to.deep.equal([]);
  });

  const attacks: [string, string, Buffer][] = [
    [
      'an operator that calls Python',
      'onnx-operator-blocked',
      model([node('PyOp', 'ai.onnx.contrib')]),
    ],
    [
      'the same in a known domain',
      'onnx-operator-blocked',
      model([node('PythonOp', 'com.microsoft')]),
    ],
    [
      'the same behind a function of that name',
      'onnx-operator-blocked',
      model([node('PyOp', 'mine')], functionOf('mine', 'PyOp', bodyNode('Relu'))),
    ],
    [
      'any PyTorch operator by name',
      'onnx-operator-blocked',
      model([node('ATen', 'org.pytorch.aten')]),
    ],
    [
      'a compiled program in another file',
      'onnx-operator-blocked',
      model([
        node(
          'EPContext',
          'com.microsoft',
          attribute('embed_mode', 2, int(3, 0)),
          attribute('ep_cache_context', 3, len(4, '../lib.so')),
        ),
      ]),
    ],
    ['an unknown domain', 'onnx-operator-blocked', model([node('Relu', 'evil')])],
    [
      'a domain that only looks known',
      'onnx-operator-blocked',
      model([node('Gelu', 'com.Microsoft')]),
    ],
    [
      'an unknown operator of a plugin domain',
      'onnx-operator-blocked',
      model([node('Plugin', 'trt.plugins')]),
    ],
    [
      'an operator in a subgraph',
      'onnx-operator-blocked',
      model([node('If', '', attribute('then_branch', GRAPH, graph(node('PyOp', 'x'))))]),
    ],
    [
      'an operator in a function',
      'onnx-operator-blocked',
      model([node('F', 'mine')], functionOf('mine', 'F', bodyNode('PyOp', 'x'))),
    ],
    [
      'an operator in the training graph',
      'onnx-operator-blocked',
      model([], len(20, len(2, node('PyOp', 'x')))),
    ],
    [
      'an operator in a graph that is the default of an attribute',
      'onnx-operator-blocked',
      model(
        [],
        functionOf('mine', 'F', len(11, len(1, 'g'), graph(node('PyOp', 'x')), int(20, GRAPH))),
      ),
    ],
    [
      'a function that calls itself',
      'onnx-function',
      model([], functionOf('mine', 'F', bodyNode('F', 'mine'))),
    ],
    [
      'functions that unfold without end',
      'onnx-function',
      model(
        [],
        ...Array.from({ length: 40 }, (_, i) =>
          functionOf('mine', `F${i}`, bodyNode(`F${i + 1}`, 'mine'), bodyNode(`F${i + 1}`, 'mine')),
        ),
        functionOf('mine', 'F40', bodyNode('Relu')),
      ),
    ],
    [
      'a function twice',
      'onnx-duplicate',
      model(
        [],
        functionOf('mine', 'F', bodyNode('Relu')),
        functionOf('mine', 'F', bodyNode('Tanh')),
      ),
    ],
    [
      'an attribute twice',
      'onnx-duplicate',
      model([node('Relu', '', attribute('a', 2, int(3, 1)), attribute('a', 2, int(3, 2)))]),
    ],
    [
      'an initializer twice',
      'onnx-duplicate',
      model([initializer(tensor()), initializer(tensor())]),
    ],
    [
      'an initializer twice, once sparse',
      'onnx-duplicate',
      model([initializer(tensor()), sparseInitializer(sparse(tensor(), indices(0, 1)))]),
    ],
    [
      'two versions of one domain',
      'onnx-duplicate',
      model([], len(8, len(1, 'ai.onnx'), int(2, 7))),
    ],
    ['metadata twice', 'onnx-duplicate', model([], pair(14, 'a', '1'), pair(14, 'a', '2'))],
    [
      'a quantization annotation twice',
      'onnx-duplicate',
      model([len(14, len(1, 'x')), len(14, len(1, 'x'))]),
    ],
    [
      'a parameter of an annotation twice',
      'onnx-duplicate',
      model([len(14, len(1, 'x'), pair(2, 'SCALE_TENSOR', 'a'), pair(2, 'SCALE_TENSOR', 'b'))]),
    ],
    [
      'an attribute of another type',
      'onnx-attribute',
      model([node('If', '', attribute('a', 2, graph(node('Relu'))))]),
    ],
    [
      'an attribute of two types',
      'onnx-attribute',
      model([node('If', '', attribute('a', 2, int(3, 1), graph(node('Relu'))))]),
    ],
    ['an attribute of no type', 'onnx-attribute', model([node('Relu', '', attribute('a', 0))])],
    [
      'raw data too short',
      'onnx-tensor',
      model([initializer(tensor(dims(3), int(2, FLOAT), len(9, DATA)))]),
    ],
    [
      'raw data too long',
      'onnx-tensor',
      model([initializer(tensor(dims(1), int(2, FLOAT), len(9, DATA)))]),
    ],
    ['no data', 'onnx-tensor', model([initializer(tensor(dims(1), int(2, FLOAT)))])],
    [
      'typed data too short',
      'onnx-tensor',
      model([initializer(tensor(dims(3), int(2, FLOAT), len(4, DATA)))]),
    ],
    [
      'data in the list of another type',
      'onnx-tensor',
      model([initializer(tensor(dims(2), int(2, FLOAT), len(5, varint(1), varint(2))))]),
    ],
    [
      'data in two places',
      'onnx-tensor',
      model([initializer(tensor(dims(2), int(2, FLOAT), len(4, DATA), len(9, DATA)))]),
    ],
    [
      'a negative dimension',
      'onnx-tensor',
      model([initializer(tensor(dims(-1, -2), int(2, FLOAT), len(9, DATA)))]),
    ],
    [
      'a shape that overflows',
      'onnx-tensor',
      model([initializer(tensor(dims(2n ** 33n, 2n ** 33n), int(2, FLOAT), len(9, DATA)))]),
    ],
    [
      'an unknown type',
      'onnx-tensor',
      model([initializer(tensor(dims(2), int(2, 99), len(9, DATA)))]),
    ],
    [
      'texts as raw bytes',
      'onnx-tensor',
      model([initializer(tensor(dims(1), int(2, 8), len(9, DATA)))]),
    ],
    [
      'a segment',
      'onnx-tensor',
      model([
        initializer(tensor(dims(2), int(2, FLOAT), len(3, int(1, 0), int(2, 9)), len(9, DATA))),
      ]),
    ],
    [
      'an index outside of a sparse tensor',
      'onnx-tensor',
      model([sparseInitializer(sparse(tensor(), indices(0, 4)))]),
    ],
    [
      'a negative index',
      'onnx-tensor',
      model([sparseInitializer(sparse(tensor(), indices(0, -1)))]),
    ],
    [
      'fewer indices than values',
      'onnx-tensor',
      model([sparseInitializer(sparse(tensor(), indices(0)))]),
    ],
    [
      'a tensor in an attribute',
      'onnx-tensor',
      model([
        node(
          'Constant',
          '',
          attribute('value', TENSOR, len(5, tensor(dims(9), int(2, FLOAT), len(9, DATA)))),
        ),
      ]),
    ],
    ['settings for the session', 'onnx-session-config', model([], pair(14, 'ort_config', '{}'))],
    [
      'a pickle among the metadata, in base64',
      'pickle-embedded',
      model([node('Relu')], pair(14, 'note', EVIL.toString('base64'))),
    ],
    [
      'a pickle among the metadata of a graph',
      'pickle-embedded',
      model([node('Relu'), pair(16, 'note', EVIL.toString('hex'))]),
    ],
    [
      'a pickle as numbers',
      'pickle-embedded',
      model([initializer(tensor(dims(EVIL.length), int(2, 2), len(9, EVIL)))]),
    ],
    [
      'a pickle as a text',
      'pickle-embedded',
      model([
        node(
          'Constant',
          '',
          attribute('value', TENSOR, len(5, tensor(dims(1), int(2, 8), len(6, EVIL)))),
        ),
      ]),
    ],
    ['an unreviewed operator', 'onnx-operator-review', model([node('NewOperator')])],
    [
      'an unreviewed operator of ONNX Runtime',
      'onnx-operator-review',
      model([node('NewOperator', 'com.microsoft')]),
    ],
    ['no graph', 'onnx-structure', Buffer.concat([int(1, 10), len(2, 'x')])],
    [
      'a graph before the version',
      'onnx-structure',
      Buffer.concat([len(7, node('Relu')), int(1, 10)]),
    ],
    ['two graphs', 'protobuf-duplicate-field', model([node('Relu')], len(7, node('Tanh')))],
    ['an unknown field', 'protobuf-unknown-field', model([int(99, 1)])],
    [
      'subgraphs in subgraphs',
      'limit-exceeded',
      model([
        Array.from({ length: 60 }).reduce<Buffer>(
          (inner) => node('If', '', attribute('then_branch', GRAPH, graph(inner))),
          node('Relu'),
        ),
      ]),
    ],
    [
      'bytes behind the model',
      'protobuf-wire',
      Buffer.concat([model([node('Relu')]), Buffer.alloc(3)]),
    ],
    [
      'a zip behind the model',
      'format-ambiguous',
      model([node('Relu')], len(6, Buffer.from('PK\x05\x06'), Buffer.alloc(18))),
    ],
    ['a pickle under .onnx', 'format-extension-mismatch', EVIL],
  ];
  for (const [what, rule, bytes] of attacks) {
    it(`${what} → ${rule}`, () => {
      const result = scanBytes('m.onnx', bytes);
      expect(rulesOf(result), JSON.stringify(result.findings)).to.include(rule);
      expect(result.verdict).to.equal(
        ['onnx-operator-review', 'onnx-session-config', 'pickle-embedded'].includes(rule)
          ? 'review'
          : 'block',
      );
    });
  }

  it('never crashes on a changed byte or a cut', () =>
    neverCrashes(
      samples.filter(({ name }) => name.endsWith('.onnx')),
      150,
      samples.filter(({ name }) => !name.endsWith('.onnx')),
    )).timeout(120_000);
});

describe('ONNX, weights in other files', () => {
  const entry = (changes: Record<string, string>): Buffer =>
    model([initializer(external({ ...BESIDE, ...changes }))]);
  const sha1 = crypto.createHash('sha1').update(DATA).digest('hex');

  it('passes where every byte is accounted for', () => {
    for (const content of [
      entry({}),
      entry({ checksum: sha1 }),
      model([initializer(external({ location: 'm.data' }))]),
    ])
      expect(withData(content).findings).to.deep.equal([]);
    expect(
      withData(entry({ offset: '4096' }), 'm.data', Buffer.concat([Buffer.alloc(4096), DATA]))
        .findings,
      'padding',
    ).to.deep.equal([]);
    expect(
      withData(entry({ location: 'weights.bin' }), 'weights.bin').findings,
      'an extension that claims another format',
    ).to.deep.equal([]);
    expect(
      withData(entry({}), 'm.data', Buffer.from([0x78, 0x9c, 0, 1, 2, 3, 4, 5])).findings,
      'numbers that look like zlib',
    ).to.deep.equal([]);
  });

  const attacks: [string, Buffer, string?][] = [
    ['a path that leads up', entry({ location: '../m.data' })],
    ['an absolute path', entry({ location: '/etc/passwd' })],
    ['a folder', entry({ location: 'a/m.data' })],
    ['a backslash', entry({ location: '..\\m.data' })],
    ['a dot', entry({ location: '.' })],
    ['a path through the folder itself', entry({ location: './m.data' })],
    ['no location', model([initializer(external({ offset: '0' }))])],
    ['NUL in the name', entry({ location: 'm.data\0x' })],
    ['an address in memory', entry({ location: '*/_ORT_MEM_ADDR_/*' })],
    ['a file that is not there', entry({ location: 'n.data' })],
    ['the Dockerfile', entry({ location: 'Dockerfile' })],
    ['itself', entry({ location: 'm.onnx' })],
    ['a range that begins beyond the file', entry({ offset: '9' })],
    ['a range that ends beyond the file', entry({ offset: '4' })],
    ['a negative offset', entry({ offset: '-8' })],
    ['an offset with blanks', entry({ offset: ' 0' })],
    ['an offset in another form', entry({ offset: '0x0' })],
    ['an offset of 2^64', entry({ offset: '18446744073709551616' })],
    ['a length that is not the shape', entry({ length: '4' })],
    ['an unknown key', entry({ prepacked_0: 'x|0;8;' })],
    ['a checksum that is none', entry({ checksum: 'abc' })],
    [
      'a key twice',
      model([initializer(Buffer.concat([external(BESIDE), pair(13, 'location', '../x')]))]),
    ],
    ['data of its own besides', model([initializer(external(BESIDE, len(9, DATA)))])],
    [
      'entries that the location does not announce',
      model([initializer(Buffer.concat([tensor(), pair(13, 'location', '/etc/passwd')]))]),
    ],
    [
      'in a sparse initializer',
      model([sparseInitializer(sparse(external({ location: '/x' }), indices(0, 1)))]),
    ],
    [
      'in the indices of one',
      model([
        sparseInitializer(
          sparse(
            tensor(),
            Buffer.concat([dims(2), int(2, 7), pair(13, 'location', '/x'), int(14, 1)]),
          ),
        ),
      ]),
    ],
    [
      'in an attribute',
      model([
        node('Constant', '', attribute('value', TENSOR, len(5, external({ location: '/x' })))),
      ]),
    ],
    [
      'in a list of tensors',
      model([
        node(
          'Constant',
          '',
          attribute('value', TENSORS, len(10, tensor()), len(10, external({ location: '/x' }))),
        ),
      ]),
    ],
    [
      'in a sparse attribute',
      model([
        node(
          'Constant',
          '',
          attribute('value', SPARSE, len(22, sparse(external({ location: '/x' }), indices(0, 1)))),
        ),
      ]),
    ],
    [
      'in a subgraph',
      model([
        node(
          'If',
          '',
          attribute('then_branch', GRAPH, graph(initializer(external({ location: '/x' })))),
        ),
      ]),
    ],
    [
      'in a function',
      model(
        [],
        functionOf(
          'mine',
          'F',
          bodyNode(
            'Constant',
            '',
            attribute('value', TENSOR, len(5, external({ location: '/x' }))),
          ),
        ),
      ),
    ],
    ['in a training graph', model([], len(20, len(1, initializer(external({ location: '/x' })))))],
  ];
  for (const [what, content] of attacks) {
    it(`${what} → onnx-external-data`, () => {
      const result = withData(content);
      expect(rulesOf(result), JSON.stringify(result.findings)).to.include('onnx-external-data');
      expect(result.verdict).to.equal('block');
    });
  }

  it('texts in another file are refused', () =>
    expect(
      rulesOf(
        withData(
          model([
            initializer(
              Buffer.concat([dims(1), int(2, 8), pair(13, 'location', 'm.data'), int(14, 1)]),
            ),
          ]),
        ),
      ),
    ).to.include('onnx-tensor'));

  it('the data file must hold nothing else', () => {
    expect(
      rulesOf(withData(entry({}), 'm.data', Buffer.concat([DATA, Buffer.from('x')]))),
      'a tail',
    ).to.deep.equal(['claimed-data-range']);
    expect(
      rulesOf(withData(entry({ offset: '8' }), 'm.data', Buffer.concat([DATA, DATA]))),
      'a gap',
    ).to.deep.equal(['claimed-data-range']);
    expect(
      rulesOf(withData(entry({ checksum: sha1 }), 'm.data', Buffer.alloc(8, 2))),
      'another checksum',
    ).to.deep.equal(['claimed-data-digest']);
    expect(rulesOf(withData(model([node('Relu')])))).to.deep.equal(['format-not-understood']);
  });

  it('the data file must not be something else as well', () => {
    const covering = (bytes: Uint8Array, name: string) =>
      withData(
        model([
          initializer(
            Buffer.concat([
              dims(bytes.length),
              int(2, 2),
              len(8, 'w'),
              pair(13, 'location', name),
              int(14, 1),
            ]),
          ),
        ]),
        name,
        bytes,
      );
    expect(rulesOf(covering(EVIL, 'm.data')), 'a pickle').to.include('format-ambiguous');
    const unmarked = assemble(
      'EMPTY_TUPLE',
      'POP',
      global('os', 'system'),
      'MARK',
      'STRING',
      line("'id'"),
      'TUPLE',
      'REDUCE',
      'STOP',
      Buffer.from([0, 0xff]),
    );
    expect(rulesOf(covering(unmarked, 'm.data')), 'a pickle of protocol 0').to.include(
      'format-ambiguous',
    );
    expect(rulesOf(covering(Buffer.from('import os\n'), 'serve.py')), 'code').to.include(
      'format-ambiguous',
    );
    expect(
      rulesOf(covering(Buffer.from('\x7fELF\x02\x01\x01\0'), 'm.data')),
      'a program',
    ).to.include('format-ambiguous');
  });
});
