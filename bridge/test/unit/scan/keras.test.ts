import { expect } from 'chai';
import fs from 'node:fs';
import { honestSamples, neverCrashes } from './mutations.ts';
import { rulesOf, scanBytes } from './scan-bytes.ts';
import { writeZip, type Member } from './zip-writer.ts';

const samples = honestSamples('keras').filter(({ name }) => name.endsWith('.keras'));
const hostile = (name: string): Buffer =>
  fs.readFileSync(new URL(`../../samples/hostile/keras/${name}.h5`, import.meta.url));
const WEIGHTS = honestSamples('keras').find(({ name }) => name === 'hand-made.weights.h5')!.bytes;
const METADATA = '{"keras_version": "3.9.0", "date_saved": "2025-03-01@10:00:00"}';

const member = (name: string, bytes: Uint8Array | string): Member => ({
  name,
  bytes: Buffer.from(bytes as string),
});
/** What `model.save` writes, with this as the description. */
const archive = (config: unknown, ...more: Member[]): Buffer =>
  writeZip([
    member('metadata.json', METADATA),
    member('config.json', typeof config === 'string' ? config : JSON.stringify(config)),
    member('model.weights.h5', WEIGHTS),
    ...more,
  ]);
const layer = (
  class_name: string,
  config: unknown = {},
  module: string | null = 'keras.layers',
  registered_name: string | null = null,
) => ({ module, class_name, config, registered_name });
const fn = (
  module: string | null,
  config: unknown,
  registered_name: string | null = 'function',
) => ({ module, class_name: 'function', config, registered_name });
const model = (...layers: unknown[]) => ({
  module: 'keras',
  class_name: 'Sequential',
  config: { name: 'm', layers },
  registered_name: 'Sequential',
});
const withFunction = (...given: Parameters<typeof fn>) =>
  model(layer('Dense', { units: 1, activation: fn(...given) }));
const old = (class_name: string, config: unknown = {}) => ({
  class_name: 'Sequential',
  config: { layers: [{ class_name, config }] },
});
const deep = (levels: number): unknown =>
  levels === 0 ? layer('Dense') : layer('TimeDistributed', { layer: deep(levels - 1) });

describe('Keras', () => {
  for (const { name, bytes } of samples) {
    it(`passes ${name}, made with the real library`, () => {
      const result = scanBytes(name, bytes);
      expect(result.findings).to.deep.equal([]);
      expect(result.details.formats[name]).to.equal(
        name === 'h5-inside.keras' ? 'keras-h5' : 'keras',
      );
    });
  }

  const fine: [string, unknown][] = [
    ['a layer of its class only, as Keras 2 writes it', old('Dense', { activation: 'relu' })],
    ['a function of TensorFlow as a layer', old('TFOpLambda', { function: 'math.multiply' })],
    ['a function of TensorFlow 1 as a layer', old('TFOpLambda', { function: 'compat.v1.squeeze' })],
    ['a random function as a layer', old('TFOpLambda', { function: 'random.normal' })],
    ['an activation by name', withFunction('keras.activations', 'softmax', 'softmax')],
    ['a function of Keras by name alone', withFunction('builtins', 'relu')],
    ['an operation by its source', model(layer('Add', {}, 'keras.src.ops.numpy', 'Add'))],
    [
      'an optimizer that Keras 2 registers',
      {
        ...model(),
        compile_config: { optimizer: layer('Custom>Adam', {}, 'keras.optimizers', 'Custom>Adam') },
      },
    ],
    ['tf_keras', model(layer('Dense', {}, 'tf_keras.layers'))],
    ['models in models', model(model(model(layer('Dense'))))],
    [
      'numbers that JSON does not have',
      JSON.stringify(model(layer('Masking', { mask_value: 7 }))).replace('7', '-Infinity'),
    ],
    ['a text that says so', model(layer('Dense', { name: 'NaN and Infinity' }))],
    [
      'words that look like paths',
      model(layer('StringLookup', { vocabulary: ['/etc/passwd', 'http://a', 'a>b'] })),
    ],
    [
      'an initializer of TensorFlow',
      model(
        layer('Dense', {
          bias_initializer: layer(
            'Constant',
            { value: 1 },
            'tensorflow.python.ops.init_ops_v2',
            'Constant',
          ),
        }),
      ),
    ],
    ['a sum in letters', model(layer('Einsum', { subscripts: 'ij->ji' }, 'keras.src.ops.numpy'))],
    ['a space of features', layer('FeatureSpace', {}, 'keras.utils')],
  ];
  for (const [what, config] of fine)
    it(`${what} → pass`, () =>
      expect(scanBytes('m.keras', archive(config)).findings).to.deep.equal([]));

  const judged: [string, string, unknown, ('review' | 'block')?][] = [
    [
      'a Lambda layer',
      'keras-code',
      model(layer('Lambda', { function: { class_name: '__lambda__', config: { code: '4w' } } })),
    ],
    [
      'a Lambda layer of Keras 2',
      'keras-code',
      old('Lambda', { function: ['4w', null, null], function_type: 'lambda' }),
    ],
    [
      'a Lambda layer, escaped',
      'keras-code',
      JSON.stringify(model(layer('XX'))).replace('XX', '\\u004cambda'),
    ],
    ['a Lambda layer under a package', 'keras-code', model(layer('Pkg>Lambda'))],
    [
      'a Lambda layer by its registered name',
      'keras-code',
      model(layer('Dense', {}, 'keras.layers', 'Pkg>Lambda')),
    ],
    ['a Lambda layer through a dot', 'keras-function', model(layer('layers.Lambda', {}, 'keras'))],
    [
      'a Lambda layer in a wrapper',
      'keras-code',
      model(layer('TimeDistributed', { layer: layer('Lambda') })),
    ],
    [
      'a Lambda layer where nobody looks',
      'keras-code',
      { ...model(), build_config: { input_shape: [{ a: [layer('Lambda')] }] } },
    ],
    [
      'a lambda as an activation',
      'keras-code',
      model(layer('Dense', { activation: { class_name: '__lambda__', config: { value: '4w' } } })),
    ],
    ['a lambda in older JSON', 'keras-code', model(layer('Dense', { __lambda__: '4w' }))],
    [
      'a lambda as a loss',
      'keras-code',
      { ...model(), compile_config: { loss: { class_name: '__lambda__', config: {} } } },
    ],
    [
      'the shape of an output as byte code',
      'keras-code',
      old('Dense', { output_shape_type: 'lambda' }),
    ],
    ['another SavedModel', 'keras-foreign-model', model(layer('TFSMLayer', { filepath: 'x' }))],
    [
      'a module of PyTorch',
      'keras-foreign-model',
      model(layer('TorchModuleWrapper', { module: '' })),
    ],
    ['a function of JAX', 'keras-foreign-model', model(layer('JaxLayer'))],
    [
      'an operator of TensorFlow',
      'keras-foreign-model',
      old('TensorFlowOpLayer', { node_def: '' }),
    ],
    ['a module that is imported (CVE-2025-1550)', 'keras-module', withFunction('os', 'system')],
    [
      'a class of another module',
      'keras-module',
      model(layer('Popen', { args: 'id' }, 'subprocess', 'Popen')),
    ],
    [
      'a module that begins like Keras',
      'keras-module',
      model(layer('Dense', {}, 'keras_evil.layers')),
    ],
    [
      'a module with odd characters',
      'keras-module',
      model(layer('Dense', {}, 'keras.layers\u0000')),
    ],
    ['a module under a registered name', 'keras-module', model(layer('A', {}, 'os', 'pkg>A'))],
    [
      'a module under a plain value',
      'keras-module',
      model(layer('Dense', { x: layer('TensorShape', { items: [1] }, 'os') })),
    ],
    [
      'a registered name under a plain value',
      'keras-class',
      model(layer('Dense', { x: layer('__numpy__', { value: [1] }, null, 'pkg>Mine') })),
    ],
    [
      'a registered name under a layer of a function',
      'keras-custom-object',
      model(layer('TFOpLambda', { function: 'math.add' }, 'keras.layers', 'pkg>Mine')),
      'review',
    ],
    ['a module of an older function', 'keras-module', old('Dense', { output_shape_module: 'os' })],
    ['get_file (CVE-2025-8747)', 'keras-function', withFunction('keras.utils', 'get_file')],
    ['get_file through a dot', 'keras-function', withFunction('keras', 'utils.get_file')],
    [
      'get_file by its source',
      'keras-function',
      withFunction('keras.src.utils.file_utils', 'get_file'),
    ],
    ['get_file as a class', 'keras-function', model(layer('get_file', {}, 'keras.utils'))],
    [
      'switching the protection off (CVE-2025-9906)',
      'keras-function',
      withFunction('keras.config', 'enable_unsafe_deserialization'),
    ],
    ['loading a model', 'keras-function', withFunction('keras.models', 'load_model')],
    [
      'loading a model as a class',
      'keras-function',
      model(layer('load_model', {}, 'keras.models')),
    ],
    ['fetching weights', 'keras-function', withFunction('keras.applications', 'VGG16')],
    ['a built-in of Python', 'keras-function', withFunction('builtins', 'exec')],
    ['a function without a module', 'keras-function', withFunction(null, 'exec')],
    [
      'a function of a related library',
      'keras-function',
      withFunction('keras_hub.src.utils.preset_utils', 'load_json'),
    ],
    [
      'a function of TensorFlow that reads',
      'keras-function',
      old('TFOpLambda', { function: 'io.read_file' }),
    ],
    [
      'a function of TensorFlow 1 that reads',
      'keras-function',
      old('TFOpLambda', { function: 'compat.v1.read_file' }),
    ],
    [
      'a function of TensorFlow 1 that calls Python',
      'keras-function',
      old('TFOpLambda', { function: 'compat.v1.py_func' }),
    ],
    [
      'a function of TensorFlow 1 that loads',
      'keras-function',
      old('TFOpLambda', { function: 'compat.v1.saved_model.load' }),
    ],
    ['a function that is no text', 'keras-config', withFunction('keras.activations', { a: 1 })],
    ['a class that is no text', 'keras-config', model({ class_name: ['Dense'], config: {} })],
    [
      'a vocabulary in a file (CVE-2025-12058)',
      'keras-file',
      model(layer('StringLookup', { vocabulary: '/etc/passwd' })),
    ],
    [
      'a vocabulary beside the model',
      'keras-file',
      model(layer('TextVectorization', { vocabulary: 'words.txt' })),
    ],
    [
      'a vocabulary at an address',
      'keras-file',
      model(layer('IntegerLookup', { vocabulary: 'http://169.254.169.254/latest' })),
    ],
    [
      'a column of features in a file',
      'keras-file',
      old('DenseFeatures', {
        feature_columns: [
          { class_name: 'VocabularyFileCategoricalColumn', config: { vocabulary_file: 'a' } },
        ],
      }),
    ],
    ['an address anywhere', 'keras-file', model(layer('Dense', { note: 'https://example.org/x' }))],
    ['a path anywhere', 'keras-file', model(layer('Dense', { note: '\\\\host\\share' }))],
    [
      'a function of Python by its name alone',
      'keras-function',
      old('Dense', { activation: 'os.system' }),
    ],
    [
      'the same as a loss',
      'keras-function',
      { ...model(), compile_config: { loss: ['subprocess.Popen'] } },
    ],
    [
      'byte code under another name',
      'keras-code',
      old('Dense', { activation: '4wEAAAAAAAAAAAAAAA==' }),
    ],
    [
      'a pickle in base64',
      'pickle-embedded',
      model(layer('Dense', { note: 'gASVHgAAAAAAAACMBXBvc2l4lIwGc3lzdGVtlJOUjAJpZJSFlFKULg==' })),
      'review',
    ],
    ['a class that Keras does not have', 'keras-class', old('Exploit')],
    [
      'a registered name without a package',
      'keras-class',
      model(layer('Dense', {}, 'keras.layers', 'os.system')),
    ],
    [
      'a tensor of a kind nobody knows',
      'keras-class',
      model(
        layer('Dense', {
          x: {
            class_name: '__typespec__',
            spec_name: 'Evil',
            module: 'tensorflow.python.framework.tensor',
            config: [],
          },
        }),
      ),
    ],
    [
      'a kind of tensor of another module',
      'keras-module',
      model(
        layer('Dense', {
          x: { class_name: '__typespec__', spec_name: 'TensorSpec', module: 'os', config: [] },
        }),
      ),
    ],
    [
      'a class of its own',
      'keras-custom-object',
      model(layer('Mine', {}, null, 'pkg>Mine')),
      'review',
    ],
    [
      'a function of its own',
      'keras-custom-object',
      withFunction('builtins', 'pkg>mine'),
      'review',
    ],
    [
      'a function of its own, by text',
      'keras-custom-object',
      old('Dense', { activation: 'pkg>mine' }),
      'review',
    ],
    [
      'a layer that is newer than the list',
      'keras-class-review',
      model(layer('Quantum')),
      'review',
    ],
    [
      'a class of a related library',
      'keras-class-review',
      model(layer('GemmaBackbone', {}, 'keras_hub.src.models.gemma')),
      'review',
    ],
    [
      'a method of a tensor',
      'keras-class-review',
      old('InstanceMethod', { method: 'x' }),
      'review',
    ],
    [
      'one key twice',
      'keras-duplicate-key',
      '{"class_name": "Sequential", "config": {}, "c\\u006fnfig": {"layers": []}}',
    ],
    ['JSON that goes on', 'keras-config', `${JSON.stringify(model())} {}`],
    [
      'JSON in UTF-16',
      'keras-config',
      Buffer.from(JSON.stringify(model()), 'utf16le').toString('latin1'),
    ],
    ['a list', 'keras-config', []],
    ['no model', 'keras-config', {}],
    ['layers in layers without an end', 'limit-exceeded', model(deep(150))],
  ];
  for (const [what, rule, config, verdict] of judged) {
    it(`${what} → ${rule}`, () => {
      const result = scanBytes('m.keras', archive(config));
      expect(rulesOf(result), JSON.stringify(result.findings)).to.include(rule);
      expect(result.verdict).to.equal(verdict ?? 'block');
      expect(result.findings[0]!.file).to.equal('m.keras!config.json');
    });
  }

  const parts: [string, string, Buffer][] = [
    [
      'weights in another file',
      'hdf5-external',
      writeZip([
        member('metadata.json', METADATA),
        member('config.json', JSON.stringify(model())),
        member('model.weights.h5', hostile('external-storage')),
      ]),
    ],
    [
      'weights that are a pickle',
      'keras-layout',
      writeZip([
        member('metadata.json', METADATA),
        member('config.json', JSON.stringify(model())),
        member('model.weights.h5', Buffer.from([0x80, 4, 0x4e, 0x2e])),
      ]),
    ],
    ['a member of another kind', 'keras-layout', archive(model(), member('setup.py', 'import os'))],
    [
      'a pickle among the vocabularies',
      'keras-layout',
      archive(model(), member('assets/vocabulary.txt', Buffer.from([0x80, 4, 0x4e, 0x2e]))),
    ],
    [
      'a note that says more',
      'keras-layout',
      writeZip([
        member('metadata.json', '{"run": "me"}'),
        member('config.json', JSON.stringify(model())),
        member('model.weights.h5', WEIGHTS),
      ]),
    ],
    ['a member twice', 'zip-duplicate-member', archive(model(), member('config.json', '{}'))],
  ];
  for (const [what, rule, bytes] of parts) {
    it(`${what} → ${rule}`, () => {
      const result = scanBytes('m.keras', bytes);
      expect(rulesOf(result), JSON.stringify(result.findings)).to.include(rule);
      expect(result.verdict).to.equal('block');
    });
  }

  const inH5: [string, string, string?][] = [
    ['lambda', 'keras-code', 'Lambda'],
    ['lambda-bytes', 'keras-code', 'Lambda'],
    ['lambda-deep', 'keras-code', 'Lambda'],
    ['lambda-elsewhere', 'keras-code', 'Lambda'],
    ['training-module', 'keras-module', 'os.system'],
    ['config-indented', 'keras-code', 'Lambda'],
    ['config-deep', 'keras-code', 'Lambda'],
    ['config-text', 'keras-config', '/@model_config'],
    ['config-twice', 'keras-duplicate-key'],
    ['config-list', 'keras-config', '/@model_config'],
  ];
  for (const [name, rule, symbol] of inH5) {
    it(`${name}.h5 → ${rule}`, () => {
      const { verdict, findings } = scanBytes('m.h5', hostile(name));
      expect(verdict).to.equal('block');
      expect(findings[0]).to.include({ rule, symbol: symbol ?? null });
    });
  }

  it('judges a description that stands by itself', () => {
    expect(rulesOf(scanBytes('model.json', JSON.stringify(old('Lambda')), 'side'))).to.deep.equal([
      'keras-code',
    ]);
    expect(scanBytes('model.json', JSON.stringify(old('Dense')), 'side').verdict).to.equal('pass');
  });

  it('judges a description in YAML and in text, as older releases of Keras take it', () => {
    const yaml = (text: string) => rulesOf(scanBytes('model.yaml', text, 'side'));
    expect(
      yaml(
        'class_name: Sequential\nconfig:\n  layers:\n  - class_name: Lambda\n    config: {function: [4w, null, null], function_type: lambda}\n',
      ),
    ).to.deep.equal(['keras-code']);
    expect(yaml('a: {"class_name": "Cust\\u006fm>L\\x61mbda"}\n')).to.deep.equal(['keras-code']);
    expect(yaml('a: &l TFSMLayer\nb:\n  class_name: *l\n')).to.deep.equal(['keras-foreign-model']);
    expect(
      yaml('class_name: Sequential\nconfig:\n  layers:\n  - class_name: Dense\n'),
    ).to.deep.equal([]);
    expect(
      rulesOf(scanBytes('model.txt', `\n ${JSON.stringify(old('Lambda'))}`, 'side')),
    ).to.deep.equal(['keras-code']);
    expect(
      rulesOf(scanBytes('notes.txt', '[see](https://example.org) the class_name Lambda', 'side')),
    ).to.deep.equal([]);
  });

  it('judges a description inside of other JSON by what runs code only: other libraries have classes too', () => {
    const json = (root: unknown) => rulesOf(scanBytes('model.json', JSON.stringify(root), 'side'));
    expect(
      json({
        format: 'layers-model',
        modelTopology: {
          keras_version: '2.4',
          model_config: old('Lambda', { function: ['4w', null, null], function_type: 'lambda' }),
        },
      }),
    ).to.deep.equal(['keras-code']);
    expect(
      json({ models: [1, [old('Dense', { activation: fn('keras.utils', 'get_file') })]] }),
    ).to.deep.equal(['keras-function']);
    expect(
      json({
        modelTopology: { model_config: old('Dense') },
        training: { class_name: 'Trainer', module: 'my.own', config: { path: '/data' } },
      }),
    ).to.deep.equal([]);
  });

  it('never crashes on a damaged file', () => neverCrashes(samples)).timeout(60_000);
});
