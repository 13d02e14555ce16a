/* eslint-disable max-lines -- one table of cases, each read on its own */
import zlib from 'node:zlib';
import { expect } from 'chai';
import { readZipDirectory } from '../../../src/scan/containers/zip-directory.ts';
import { BufferSource } from '../../../src/scan/source.ts';
import { honestSamples, neverCrashes, type Sample } from './mutations.ts';
import { int, len } from './protobuf-writer.ts';
import {
  asset,
  assetObject,
  attr,
  checkpointIndex,
  constant,
  func,
  graph,
  kerasMetadata,
  modelOf,
  node,
  objects,
  savedModel,
  saver,
  signature,
  text,
  userObject,
  type Definition,
} from './saved-model-writer.ts';
import { rulesOf, scanBytes, scanFiles } from './scan-bytes.ts';
import { writeZip } from './zip-writer.ts';

const samples = honestSamples('saved-model');

/** The files of a zip that a library wrote, by the names they have in the folder. */
function unpack({ bytes }: Sample): Sample[] {
  return readZipDirectory(new BufferSource(bytes), 1000)
    .filter(({ name }) => !name.endsWith('/'))
    .map(({ name, method, dataOffset, compressedSize }) => {
      const packed = bytes.subarray(dataOffset, dataOffset + compressedSize);
      return {
        name: name.slice(name.indexOf('/') + 1),
        bytes: method === 0 ? packed : zlib.inflateRawSync(packed),
      };
    });
}

const scan = (bytes: Buffer) => scanBytes('saved_model.pb', bytes);
const save = (name: string, file: string, args: string[] = ['file_prefix']): Definition => ({
  name,
  args,
  nodes: [
    constant('part', '_temp/part'),
    constant('other', '.part'),
    node('choice', 'Select', ['match:output:0', 'part:output:0', 'other:output:0']),
    node('join', 'StringJoin', [file, 'choice:output:0']),
    node('shard', 'ShardedFilename', ['join:output:0', 'zero:output:0', 'one:output:0']),
    node('save', 'SaveV2', ['shard:filename:0', 'names:output:0']),
    node('pack', 'Pack', ['shard:filename:0', '^save']),
    node('merge', 'MergeV2Checkpoints', ['pack:output:0', file]),
  ],
});
const call = (name: string, ...inputs: string[]): Buffer =>
  node('call', 'StatefulPartitionedCall', inputs, func(name));

describe('SavedModel', () => {
  for (const sample of samples) {
    it(`passes ${sample.name}, made with the real library`, () => {
      const result = scanBytes(sample.name, sample.bytes);
      expect(result.findings).to.deep.equal([]);
      expect(Object.values(result.details.formats)).to.include('saved-model');
    });
  }

  it('passes the same files beside each other, without an archive', () => {
    const files = unpack(samples.find(({ name }) => name === 'keras-two.zip')!).map(
      ({ name, bytes }) => ({ name: name.slice(name.lastIndexOf('/') + 1), bytes }),
    );
    const result = scanFiles(files);
    expect(result.findings).to.deep.equal([]);
    expect(result.details.formats).to.deep.equal({
      'saved_model.pb': 'saved-model',
      'fingerprint.pb': 'tensorflow-fingerprint',
      'keras_metadata.pb': 'keras-metadata',
      'variables.index': 'tensorflow-checkpoint',
      'variables.data-00000-of-00001': 'raw-data',
    });
  });

  it('passes what is written by hand and keeps to the format', () => {
    for (const [what, bytes] of Object.entries({
      nothing: modelOf([]),
      'a function of its own': modelOf(
        [node('a', 'Mine')],
        [{ name: 'Mine', nodes: [node('b', 'Identity', ['x'])] }],
      ),
      'saving where the loader says': modelOf(
        [call('save', 'saver_filename')],
        [save('save', 'file_prefix')],
      ),
      'saving in the graph itself': savedModel(
        graph([
          constant('default', 'model'),
          node('name', 'PlaceholderWithDefault', ['default']),
          node('save', 'SaveV2', ['name']),
        ]),
        saver('name:0'),
      ),
      'a second saver': modelOf([
        constant('default', 'model'),
        node('name', 'PlaceholderWithDefault', ['default']),
        node('again', 'PlaceholderWithDefault', ['name']),
        node('save', 'SaveV2', ['again']),
        node('restore', 'RestoreV2', ['name']),
      ]),
      'a table of an asset that is bound': modelOf(
        [],
        [
          {
            name: 'init',
            args: ['file'],
            nodes: [node('t', 'InitializeTableFromTextFileV2', ['table:0', 'file'])],
          },
        ],
        objects([assetObject], { init: [0] }),
      ),
    }))
      expect(scan(bytes).findings, what).to.deep.equal([]);
  });

  const refused = [
    'ReadFile',
    'WriteFile',
    'MatchingFiles',
    'PyFunc',
    'PyFuncStateless',
    'EagerPyFunc',
    'TextLineDataset',
    'TFRecordDataset',
    'TFRecordDatasetV2',
    'FixedLengthRecordDatasetV2',
    'ReaderReadV2',
    'DebugIdentityV3',
    'DebugIdentity',
    'DumpTensor',
    'RemoteCall',
    'XlaCallModule',
    'ImmutableConst',
    'LoadAndRemapMatrix',
    'CustomOfMine',
    'TFText',
  ];
  for (const op of refused) {
    it(`${op} → tensorflow-operator, wherever it is`, () => {
      const evil: Definition = { name: 'f', nodes: [node('x', op)] };
      for (const bytes of [
        modelOf([node('x', op)]),
        modelOf([], [evil]),
        modelOf([node('x', 'While', [], func(op, 'body'))]),
        modelOf(
          [
            node(
              'x',
              'PartitionedCall',
              [],
              attr(
                'f',
                len(10, len(1, 'ok'), len(2, len(1, 'inner'), len(2, len(10, len(1, op))))),
              ),
            ),
          ],
          [{ name: 'ok', nodes: [] }],
        ),
        modelOf([node('x', 'Case', [], attr('branches', len(1, len(9, len(1, op)))))]),
        savedModel(graph([], [], len(2, len(1, 'f'), len(2, op)))),
      ]) {
        const result = scan(bytes);
        expect(rulesOf(result), JSON.stringify(result.findings)).to.deep.equal([
          'tensorflow-operator',
        ]);
        expect(result.findings[0]!.symbol).to.equal(op);
      }
    });
  }

  it('a function does not make a refused operator harmless by its name', () => {
    expect(
      rulesOf(scan(modelOf([node('x', 'ReadFile')], [{ name: 'ReadFile', nodes: [] }]))),
    ).to.deep.equal(['tensorflow-operator']);
  });

  const FILE: Definition = { name: 'f', args: ['file'], nodes: [node('r', 'RestoreV2', ['file'])] };
  const attacks: [string, string, Buffer][] = [
    [
      'printing into a file',
      'tensorflow-operator',
      modelOf([node('x', 'PrintV2', ['a'], text('file:///etc/cron.d/x', 'output_stream'))]),
    ],
    [
      'an operator of TensorFlow Text',
      'tensorflow-operator-review',
      modelOf([node('x', 'SentencepieceOp')]),
    ],
    [
      'a checkpoint written to a constant',
      'tensorflow-path',
      modelOf([constant('c', '/etc/cron.d/x'), node('x', 'SaveV2', ['c'])]),
    ],
    [
      'a checkpoint read from a constant',
      'tensorflow-path',
      modelOf([constant('c', '/x'), node('x', 'RestoreV2', ['c'])]),
    ],
    [
      'a checkpoint written to what a request says',
      'tensorflow-path',
      modelOf([node('x', 'Placeholder'), node('s', 'SaveV2', ['x'])], [], signature('x')),
    ],
    [
      'the loader’s name given by a request',
      'tensorflow-path',
      modelOf([node('s', 'SaveV2', ['saver_filename'])], [], signature('saver_filename')),
    ],
    [
      'a path that leads up behind the loader’s name',
      'tensorflow-path',
      modelOf([
        constant('up', '/../../../etc/x'),
        node('j', 'StringJoin', ['saver_filename', 'up']),
        node('s', 'SaveV2', ['j']),
      ]),
    ],
    [
      'a computed part behind it',
      'tensorflow-path',
      modelOf([
        node('a', 'AsString', ['x']),
        node('j', 'StringJoin', ['saver_filename', 'a']),
        node('s', 'SaveV2', ['j']),
      ]),
    ],
    [
      'a choice whose other branch leads up',
      'tensorflow-path',
      modelOf([
        constant('a', 'x'),
        constant('b', '../x'),
        node('c', 'Select', ['p', 'a', 'b']),
        node('j', 'StringJoin', ['saver_filename', 'c']),
        node('s', 'SaveV2', ['j']),
      ]),
    ],
    [
      'a default elsewhere',
      'tensorflow-path',
      modelOf([
        constant('c', '/etc/cron.d/x'),
        node('d', 'PlaceholderWithDefault', ['c']),
        node('s', 'SaveV2', ['d']),
      ]),
    ],
    [
      'a default that leads up',
      'tensorflow-path',
      modelOf([
        constant('c', '..'),
        node('d', 'PlaceholderWithDefault', ['c']),
        node('s', 'SaveV2', ['d']),
      ]),
    ],
    [
      'a default that a request replaces',
      'tensorflow-path',
      modelOf(
        [
          constant('c', 'model'),
          node('d', 'PlaceholderWithDefault', ['c']),
          node('s', 'SaveV2', ['d']),
        ],
        [],
        signature('d'),
      ),
    ],
    [
      'a default that a request replaces before it',
      'tensorflow-path',
      modelOf(
        [
          constant('c', 'model'),
          node('b', 'PlaceholderWithDefault', ['c']),
          node('d', 'PlaceholderWithDefault', ['b']),
          node('s', 'SaveV2', ['d']),
        ],
        [],
        signature('b'),
      ),
    ],
    [
      'a default of a default of a default',
      'tensorflow-path',
      modelOf([
        constant('c', 'model'),
        node('a', 'PlaceholderWithDefault', ['c']),
        node('b', 'PlaceholderWithDefault', ['a']),
        node('d', 'PlaceholderWithDefault', ['b']),
        node('s', 'SaveV2', ['d']),
      ]),
    ],
    [
      'a default in a function',
      'tensorflow-path',
      modelOf(
        [],
        [
          {
            name: 'g',
            nodes: [
              constant('c', 'model'),
              node('d', 'PlaceholderWithDefault', ['c:output:0']),
              node('s', 'SaveV2', ['d:output:0']),
            ],
          },
        ],
      ),
    ],
    [
      'a list of files with a constant in it',
      'tensorflow-path',
      modelOf([
        constant('c', '/x'),
        node('p', 'Pack', ['saver_filename', 'c']),
        node('m', 'MergeV2Checkpoints', ['p', 'saver_filename']),
      ]),
    ],
    [
      'a merge to another place',
      'tensorflow-path',
      modelOf([constant('c', '/x'), node('m', 'MergeV2Checkpoints', ['saver_filename', 'c'])]),
    ],
    [
      'a constant through a function',
      'tensorflow-path',
      modelOf([constant('c', '/x'), call('save', 'c')], [save('save', 'file_prefix')]),
    ],
    [
      'a constant through two functions',
      'tensorflow-path',
      modelOf(
        [constant('c', '/x'), call('outer', 'c')],
        [
          { name: 'outer', args: ['a'], nodes: [node('n', 'PartitionedCall', ['a'], func('f'))] },
          FILE,
        ],
      ),
    ],
    [
      'a constant inside of a function',
      'tensorflow-path',
      modelOf(
        [],
        [
          {
            name: 'g',
            nodes: [constant('c', '/x'), node('n', 'PartitionedCall', ['c:output:0'], func('f'))],
          },
          FILE,
        ],
      ),
    ],
    [
      'a constant through a branch',
      'tensorflow-path',
      modelOf([constant('c', '/x'), node('n', 'If', ['p', 'c'], func('f', 'then_branch'))], [FILE]),
    ],
    [
      'a constant through a call by name',
      'tensorflow-path',
      modelOf([constant('c', '/x'), node('n', 'f', ['c'])], [FILE]),
    ],
    [
      'a default that the loader replaces with another file elsewhere',
      'tensorflow-path-review',
      modelOf(
        [constant('c', '/etc/passwd'), node('n', 'InitializeTableFromTextFileV2', ['t', 'c'])],
        [],
        asset('c:0', 'passwd'),
      ),
    ],
    [
      'a table read from a constant',
      'tensorflow-path',
      modelOf([
        constant('c', '/etc/passwd'),
        node('n', 'InitializeTableFromTextFileV2', ['t', 'c']),
      ]),
    ],
    [
      'a table read from a variable that a request sets',
      'tensorflow-path',
      modelOf([
        node('v', 'VarHandleOp'),
        node('x', 'Placeholder'),
        node('a', 'AssignVariableOp', ['v', 'x']),
        node('r', 'ReadVariableOp', ['v']),
        node('n', 'RestoreV2', ['r']),
      ]),
    ],
    [
      'a variable of the loader’s name that a function may set',
      'tensorflow-path',
      modelOf(
        [
          node('v', 'VarHandleOp'),
          node('a', 'AssignVariableOp', ['v', 'saver_filename']),
          call('g', 'v'),
          node('r', 'ReadVariableOp', ['v']),
          node('n', 'RestoreV2', ['r']),
        ],
        [{ name: 'g', args: ['v'], nodes: [] }],
      ),
    ],
    [
      'a variable that shares its name with another',
      'tensorflow-path',
      modelOf(
        [
          node('v', 'VarHandleOp', [], text('s', 'shared_name')),
          node('a', 'AssignVariableOp', ['v', 'saver_filename']),
          node('r', 'ReadVariableOp', ['v']),
          node('n', 'RestoreV2', ['r']),
        ],
        [{ name: 'g', nodes: [node('w', 'VarHandleOp', [], text('s', 'shared_name'))] }],
      ),
    ],
    [
      'a function that is bound to something that is no asset',
      'tensorflow-path',
      modelOf([], [FILE], objects([userObject('')], { f: [0] })),
    ],
    [
      'a function whose caller names the file',
      'tensorflow-path',
      modelOf([], [FILE], objects([], { f: [] })),
    ],
    [
      'a function that calls itself',
      'tensorflow-structure',
      modelOf([], [{ name: 'g', nodes: [node('n', 'PartitionedCall', [], func('g'))] }]),
    ],
    [
      'a function that the caller of a function fills in',
      'tensorflow-structure',
      modelOf(
        [],
        [
          {
            name: 'g',
            args: ['a'],
            nodes: [node('n', 'PartitionedCall', ['a'], attr('f', len(9, 'F')))],
          },
        ],
      ),
    ],
    [
      'a stream that the caller fills in',
      'tensorflow-structure',
      modelOf(
        [],
        [{ name: 'g', nodes: [node('n', 'PrintV2', ['a'], attr('output_stream', len(9, 's')))] }],
      ),
    ],
    ['a function twice', 'tensorflow-duplicate', modelOf([], [FILE, FILE])],
    ['a node twice', 'tensorflow-duplicate', modelOf([node('a', 'NoOp'), node('a', 'NoOp')])],
    [
      'an attribute twice',
      'protobuf-duplicate-field',
      modelOf([node('a', 'NoOp', [], text('a', 'x'), text('b', 'x'))]),
    ],
    [
      'an asset that leads up',
      'tensorflow-asset',
      modelOf([], [], asset('a:0', '../../etc/passwd')),
    ],
    [
      'an asset with an absolute path',
      'tensorflow-asset',
      modelOf([], [], asset('a:0', '/etc/passwd')),
    ],
    ['an asset that is not there', 'tensorflow-asset', modelOf([], [], asset('a:0', 'words.txt'))],
    [
      'a Lambda layer in the objects',
      'tensorflow-keras-code',
      modelOf([], [], objects([userObject(JSON.stringify({ class_name: 'Lambda', config: {} }))])),
    ],
    [
      'a message of an unknown kind',
      'tensorflow-opaque',
      modelOf([], [], len(1, len(3, len(1, 'x/evil'), len(2, 'a')))),
    ],
    ['another version', 'tensorflow-structure', Buffer.concat([int(1, 2), len(2, graph([]))])],
    ['no graph', 'tensorflow-structure', savedModel(saver())],
    ['an unknown field', 'protobuf-unknown-field', modelOf([], [], int(99, 1))],
    ['bytes behind', 'protobuf-wire', Buffer.concat([modelOf([]), Buffer.from([0])])],
  ];
  for (const [what, rule, bytes] of attacks) {
    it(`${what} → ${rule}`, () => {
      const result = scan(bytes);
      expect(rulesOf(result), JSON.stringify(result.findings)).to.include(rule);
      expect(result.verdict).to.equal(
        rulesOf(result).every((each) => /review|opaque/.test(each)) ? 'review' : 'block',
      );
    });
  }

  it('a graph by itself is judged like that of a SavedModel', () => {
    // GraphDef and MetaGraphDef as they are, without the message around them
    const body = (message: Buffer): Buffer =>
      message.subarray(
        message.length - Number(new DataView(message.buffer, message.byteOffset).getUint8(1)),
      );
    const small = (nodes: Buffer[], functions: Definition[] = []) => body(graph(nodes, functions));
    const info = len(1, len(5, '2.21.0'));
    const meta = (...parts: Buffer[]): Buffer =>
      Buffer.concat([
        info,
        graph([
          constant('default', 'model'),
          node('name', 'PlaceholderWithDefault', ['default']),
          node('s', 'SaveV2', ['name']),
          ...parts,
        ]),
        saver('name:0'),
      ]);
    for (const [name, bytes, format] of [
      [
        'frozen.pb',
        small([node('a', 'Placeholder'), node('b', 'Relu', ['a'])]),
        'tensorflow-graph',
      ],
      ['model.ckpt.meta', meta(), 'tensorflow-meta-graph'],
    ] as const) {
      const result = scanBytes(name, bytes);
      expect(result.findings, name).to.deep.equal([]);
      expect(result.details.formats[name]).to.equal(format);
    }
    expect(rulesOf(scanBytes('frozen.pb', small([node('a', 'ReadFile', ['b'])])))).to.deep.equal([
      'tensorflow-operator',
    ]);
    expect(
      rulesOf(
        scanBytes(
          'frozen.pb',
          small([node('a', 'f')], [{ name: 'f', nodes: [node('x', 'WriteFile')] }]),
        ),
      ),
    ).to.deep.equal(['tensorflow-operator']);
    expect(
      rulesOf(
        scanBytes('frozen.pb', small([node('x', 'Placeholder'), node('s', 'RestoreV2', ['x'])])),
      ),
    ).to.deep.equal(['tensorflow-path']);
    expect(
      rulesOf(scanBytes('frozen.pb', Buffer.concat([small([node('a', 'Relu')]), int(9, 1)]))),
    ).to.deep.equal(['protobuf-wire']);
    expect(rulesOf(scanBytes('model.ckpt.meta', meta(node('p', 'PyFunc'))))).to.deep.equal([
      'tensorflow-operator',
    ]);
    expect(rulesOf(scanBytes('frozen.onnx', small([node('a', 'Relu')])))).to.include(
      'format-extension-mismatch',
    );
  });

  it('never crashes on a changed byte or a cut', () => {
    const files = unpack(samples.find(({ name }) => name === 'vocabulary.zip')!).concat(
      unpack(samples.find(({ name }) => name === 'keras-two.zip')!),
    );
    neverCrashes(
      files.map(({ name, bytes }) => ({ name: name.slice(name.lastIndexOf('/') + 1), bytes })),
      150,
    );
  }).timeout(60_000);
});

describe('what lies beside a SavedModel', () => {
  const layer = (class_name: string, config: object = {}): object => ({
    class_name: 'Functional',
    config: {
      layers: [
        { class_name: 'Dense', config: { units: 2, activation: 'relu' } },
        { class_name, config },
      ],
    },
  });
  const configs: [string, string[], unknown][] = [
    ['layers of Keras', [], layer('Dense')],
    [
      'a Lambda layer',
      ['tensorflow-keras-code'],
      layer('Lambda', { function: ['4wEAAAAAAAAAAA==', null, null], function_type: 'lambda' }),
    ],
    ['a Lambda layer, escaped', ['tensorflow-keras-code'], '{"class_name": "\\u004cambda"}'],
    ['a registered name that is a Lambda', ['tensorflow-keras-code'], layer('Custom>Lambda')],
    [
      'a lambda of Keras 3',
      ['tensorflow-keras-code'],
      layer('Dense', { activation: { class_name: '__lambda__', config: { code: 'x' } } }),
    ],
    ['another SavedModel', ['tensorflow-keras-code'], layer('TFSMLayer', { filepath: '/x' })],
    [
      'a module that is imported',
      ['tensorflow-keras-code'],
      layer('Dense', { activation: { module: 'os', class_name: 'function', config: 'system' } }),
    ],
    [
      'a vocabulary in a file',
      ['tensorflow-keras-code'],
      layer('StringLookup', { vocabulary: '/etc/passwd' }),
    ],
    ['a vocabulary', [], layer('StringLookup', { vocabulary: ['a'] })],
    [
      'a function of TensorFlow that computes',
      [],
      layer('TFOpLambda', { function: 'math.multiply' }),
    ],
    [
      'a function of TensorFlow that may not',
      ['tensorflow-keras-code'],
      layer('TFOpLambda', { function: 'io.write_file' }),
    ],
    [
      'a function of TensorFlow that nobody knows',
      ['tensorflow-keras-review'],
      layer('TFOpLambda', { function: 'quantum.flip' }),
    ],
    [
      'a built-in of Python',
      ['tensorflow-keras-code'],
      layer('Dense', {
        activation: {
          module: 'builtins',
          class_name: 'function',
          config: 'exec',
          registered_name: 'function',
        },
      }),
    ],
    [
      'get_file (CVE-2025-8747)',
      ['tensorflow-keras-code'],
      layer('Dense', {
        activation: {
          module: 'keras.utils',
          class_name: 'function',
          config: 'get_file',
          registered_name: 'get_file',
        },
      }),
    ],
    [
      'loading a model',
      ['tensorflow-keras-code'],
      layer('Dense', {
        activation: {
          module: 'tf_keras.models',
          class_name: 'function',
          config: 'load_model',
          registered_name: 'load_model',
        },
      }),
    ],
    [
      'an operator of TensorFlow',
      ['tensorflow-keras-code'],
      layer('TensorFlowOpLayer', { node_def: 'op: "ReadFile"' }),
    ],
    ['a module that is called', ['tensorflow-keras-code'], layer('ModuleWrapper', { module: '' })],
    [
      'the shape of an output as byte code',
      ['tensorflow-keras-code'],
      layer('Dense', { output_shape_type: 'lambda', output_shape: ['4w'] }),
    ],
    [
      'a function of another module',
      ['tensorflow-keras-code'],
      layer('Dense', { output_shape_module: 'os' }),
    ],
    ['an address', ['tensorflow-keras-code'], layer('Dense', { note: 'https://example.org/x' })],
    ['a layer of its own', [], layer('Mine')],
    ['a layer of its own, under a package', [], layer('pkg>Mine')],
    [
      'numbers that JSON does not have',
      [],
      '{"class_name": "Masking", "config": {"mask_value": -Infinity}}',
    ],
    ['a key twice', ['keras-duplicate-key'], '{"class_name": "Lambda", "class_name": "Dense"}'],
    ['no JSON', ['keras-config'], 'class_name'],
  ];
  for (const [what, rules, config] of configs)
    it(`${what} → ${rules.join() || 'pass'}`, () =>
      expect(rulesOf(scanBytes('keras_metadata.pb', kerasMetadata(config)))).to.deep.equal(rules));

  const beside = (
    index: Buffer,
    data: Uint8Array = Buffer.alloc(12, 1),
    name = 'variables.data-00000-of-00001',
  ) =>
    rulesOf(
      scanFiles([
        { name, bytes: data },
        { name: 'variables.index', bytes: index },
      ]),
    );
  const pair = [
    { name: 'a', dims: [2], offset: 0, size: 8 },
    { name: 'b', offset: 8, size: 4 },
  ];
  const indices: [string, string[], Buffer][] = [
    ['two variables', [], checkpointIndex(pair)],
    ['bytes of nobody', ['claimed-data-range'], checkpointIndex(pair.slice(0, 1))],
    [
      'bytes that are missing',
      ['claimed-data-range'],
      checkpointIndex([...pair, { name: 'c', offset: 12, size: 4 }]),
    ],
    [
      'a size that is not the shape',
      ['tensorflow-checkpoint', 'claimed-data-range'],
      checkpointIndex([{ name: 'a', dims: [2], offset: 0, size: 12 }]),
    ],
    [
      'a negative shape',
      ['tensorflow-checkpoint', 'claimed-data-range'],
      checkpointIndex([{ name: 'a', dims: [-2], offset: 0, size: 12 }]),
    ],
    [
      'a negative place',
      ['tensorflow-checkpoint', 'claimed-data-range'],
      checkpointIndex([{ name: 'a', dims: [3], offset: -1, size: 12 }]),
    ],
    [
      'a file of data that is not counted',
      ['tensorflow-checkpoint', 'claimed-data-range'],
      checkpointIndex([{ name: 'a', dims: [3], shard: 1, offset: 0, size: 12 }]),
    ],
    [
      'names that are not in order',
      ['tensorflow-checkpoint', 'claimed-data-range'],
      checkpointIndex([...pair].reverse()),
    ],
    [
      'a name twice',
      ['tensorflow-checkpoint', 'claimed-data-range'],
      checkpointIndex([pair[0]!, { ...pair[0]!, offset: 4 }]),
    ],
    [
      'the other order of bytes',
      ['tensorflow-checkpoint', 'format-not-understood'],
      checkpointIndex(pair, 1, { endianness: 1 }),
    ],
    [
      'no files of data',
      ['tensorflow-checkpoint', 'format-not-understood'],
      checkpointIndex([], 0),
    ],
    [
      'a packed block',
      ['tensorflow-checkpoint', 'format-not-understood'],
      checkpointIndex(pair, 1, { packed: 1 }),
    ],
    ['bytes between the blocks', ['tensorflow-checkpoint'], checkpointIndex(pair, 1, { gap: 3 })],
    [
      'bytes in the footer',
      ['tensorflow-checkpoint', 'format-not-understood'],
      checkpointIndex(pair, 1, { tail: Buffer.from('x') }),
    ],
    [
      'nothing but the mark',
      ['tensorflow-checkpoint', 'format-not-understood'],
      Buffer.concat([Buffer.alloc(40, 0xff), checkpointIndex([]).subarray(-8)]),
    ],
  ];
  for (const [what, rules, index] of indices)
    it(`an index of ${what} → ${rules.join() || 'pass'}`, () =>
      expect(beside(index)).to.include.members(rules).and.to.have.length(rules.length));

  it('the data must be there, and nothing else may be there', () => {
    expect(rulesOf(scanBytes('variables.index', checkpointIndex(pair))), 'no data').to.include(
      'tensorflow-checkpoint',
    );
    expect(
      beside(checkpointIndex(pair), Buffer.alloc(12, 1), 'variables.data-00001-of-00002'),
      'other data',
    ).to.include.members(['tensorflow-checkpoint', 'format-not-understood']);
    expect(
      rulesOf(scanBytes('variables.data-00000-of-00001', Buffer.alloc(12, 1))),
      'no index',
    ).to.deep.equal(['format-not-understood']);
    expect(rulesOf(scanBytes('other.bin', checkpointIndex(pair))), 'under another name').to.include(
      'tensorflow-checkpoint',
    );
  });

  it('the form of a SavedModel that is text is a model too', () => {
    expect(
      rulesOf(scanBytes('saved_model.pbtxt', 'saved_model_schema_version: 1\n', 'side')),
    ).to.deep.equal(['format-not-understood']);
    expect(rulesOf(scanBytes('config.pbtxt', 'name: "model"\n', 'side'))).to.deep.equal([]);
    expect(
      rulesOf(
        scanBytes(
          'a.zip',
          writeZip([
            { name: 'checkpoint', bytes: Buffer.from('model_checkpoint_path: "a-1"\n') },
            { name: 'a-1.index', bytes: checkpointIndex([{ name: 'a', offset: 0, size: 4 }]) },
            { name: 'a-1.data-00000-of-00001', bytes: Buffer.alloc(4, 1) },
          ]),
        ),
      ),
    ).to.deep.equal([]);
  });

  it('an asset of the folder is found, and other members are judged', () => {
    const bytes = modelOf(
      [node('a', 'Placeholder'), node('t', 'InitializeTableFromTextFileV2', ['t', 'a'])],
      [],
      asset('a:0', 'words.txt'),
    );
    const folder = (...more: { name: string; bytes: Buffer }[]) =>
      rulesOf(
        scanBytes(
          'm.zip',
          writeZip([
            { name: 'm/saved_model.pb', bytes },
            { name: 'm/assets/words.txt', bytes: Buffer.from('a\n') },
            ...more,
          ]),
        ),
      );
    expect(folder()).to.deep.equal([]);
    expect(folder({ name: 'm/variables/x.bin', bytes: Buffer.alloc(9, 1) })).to.not.deep.equal([]);
    expect(folder({ name: 'm/lib.so', bytes: Buffer.from('\x7fELF\x02\x01\x01\0') })).to.include(
      'format-executable',
    );
  });
});
