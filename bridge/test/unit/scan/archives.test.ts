import { expect } from 'chai';
import zlib from 'node:zlib';
import { global, pickle, text } from './pickle-assembler.ts';
import { rulesOf, scanBytes } from './scan-bytes.ts';
import { writeTar, type Entry } from './tar-writer.ts';
import { writeZip, type Member } from './zip-writer.ts';

const EVIL = pickle(global('os', 'system'), text('id'), 'TUPLE1', 'REDUCE');
const GOOD = pickle(text('a model'));
const EVIL_RULES = ['pickle-global-blocked', 'pickle-call-blocked'];

type Case = [
  what: string,
  verdict: 'pass' | 'review' | 'block',
  rules: string[],
  name: string,
  bytes: Buffer,
];
function table(cases: Case[]): void {
  for (const [what, verdict, rules, name, bytes] of cases) {
    it(`${what} → ${rules.join(', ') || 'pass'}`, () => {
      const result = scanBytes(name, bytes);
      expect(rulesOf(result), JSON.stringify(result.findings)).to.have.members(rules);
      expect(result.verdict).to.equal(verdict);
    });
  }
}

describe('NeMo', () => {
  const CONFIG =
    'sample_rate: 16000\nlabels: [a, b, "c d"]\ntarget: nemo.collections.asr.models.EncDecCTCModel\npreprocessor:\n  _target_: nemo.collections.asr.modules.AudioToMelSpectrogramPreprocessor\n  dither: 1.0e-05\n';
  const weights = (bytes = GOOD): Entry => ({ name: './model_weights.pkl', bytes });
  const nemo = (config: string, ...others: Entry[]): Buffer =>
    writeTar([
      { name: './', type: '5' },
      { name: './model_config.yaml', bytes: config },
      weights(),
      ...others,
    ]);
  const deep = `a: ${'['.repeat(3000)}${']'.repeat(3000)}\n`;
  table([
    ['classes of NeMo', 'review', ['nemo-target'], 'm.nemo', nemo(CONFIG)],
    ['the same packed with gzip', 'review', ['nemo-target'], 'm.nemo', zlib.gzipSync(nemo(CONFIG))],
    ['the same under .tar', 'review', ['nemo-target'], 'm.tar', nemo(CONFIG)],
    ['no class at all', 'pass', [], 'm.nemo', nemo('sample_rate: 16000\n')],
    [
      'an optimiser',
      'review',
      ['nemo-target'],
      'm.nemo',
      nemo('optim:\n  _target_: torch.optim.AdamW\n'),
    ],
    [
      'anchors and aliases',
      'review',
      ['nemo-target'],
      'm.nemo',
      nemo('a: &x\n  _target_: torch.nn.ReLU\nb: *x\n'),
    ],
    [
      'os.system',
      'block',
      ['nemo-target-blocked'],
      'm.nemo',
      nemo('x:\n  _target_: os.system\n  command: id\n'),
    ],
    [
      'a function of torch',
      'block',
      ['nemo-target-blocked'],
      'm.nemo',
      nemo('x:\n  _target_: torch.hub.load\n'),
    ],
    [
      'a class of torch that loads programs',
      'block',
      ['nemo-target-blocked'],
      'm.nemo',
      nemo('x:\n  _target_: torch.package.PackageImporter\n'),
    ],
    [
      'a class of another library',
      'block',
      ['nemo-target-blocked'],
      'm.nemo',
      nemo('x:\n  _target_: subprocess.Popen\n'),
    ],
    [
      'NeMo’s own key for the model',
      'block',
      ['nemo-target-blocked'],
      'm.nemo',
      nemo('target: builtins.eval\n'),
    ],
    [
      'the older key of hydra',
      'block',
      ['nemo-target-blocked'],
      'm.nemo',
      nemo('x:\n  cls: os.system\n  params: {command: id}\n'),
    ],
    [
      'deep in a list',
      'block',
      ['nemo-target-blocked'],
      'm.nemo',
      nemo('a: [1, [2, {b: {_target_: os.system}}]]\n'),
    ],
    [
      'a key in escapes',
      'block',
      ['nemo-target-blocked'],
      'm.nemo',
      nemo('a: {"\\x5ftarget_": os.system}\n'),
    ],
    [
      'a value that is computed',
      'block',
      ['nemo-target-blocked'],
      'm.nemo',
      nemo('a: os\nb:\n  _target_: ${a}.system\n'),
    ],
    [
      'a value that is a list',
      'block',
      ['nemo-target-blocked'],
      'm.nemo',
      nemo('b:\n  _target_: [os.system]\n'),
    ],
    [
      'a key that is an alias',
      'block',
      ['nemo-config'],
      'm.nemo',
      nemo('a: &k x\nb: {*k : os.system}\n'),
    ],
    [
      'a key twice',
      'block',
      ['nemo-config', 'nemo-target'],
      'm.nemo',
      nemo('a:\n  _target_: torch.nn.ReLU\n  _target_: os.system\n'),
    ],
    [
      'a tag of Python',
      'block',
      ['nemo-config', 'yaml-python-tag'],
      'm.nemo',
      nemo('a: !!python/object/apply:os.system [id]\n'),
    ],
    [
      'a tag at a plain text',
      'block',
      ['nemo-config', 'yaml-python-tag'],
      'm.nemo',
      nemo('a: !!python/name:os.system x\n'),
    ],
    ['a tag of one’s own', 'block', ['nemo-config'], 'm.nemo', nemo('a: !x y\n')],
    [
      'a line end of YAML 1.1 in a comment',
      'block',
      ['nemo-config'],
      'm.nemo',
      nemo('a: 1 # \u2028_target_: os.system\n'),
    ],
    [
      'a carriage return in a comment',
      'block',
      ['nemo-config'],
      'm.nemo',
      nemo('a: 1 # \r_target_: os.system\n'),
    ],
    [
      'a key in a text of several lines',
      'block',
      ['nemo-config'],
      'm.nemo',
      nemo('a: |\n  _target_: os.system\n'),
    ],
    ['a directive', 'block', ['nemo-config'], 'm.nemo', nemo('%YAML 1.1\n---\na: 1\n')],
    ['two documents', 'block', ['nemo-config'], 'm.nemo', nemo('a: 1\n---\n_target_: os.system\n')],
    ['no YAML', 'block', ['nemo-config'], 'm.nemo', nemo('a: [1\n')],
    [
      'many aliases',
      'block',
      ['limit-exceeded'],
      'm.nemo',
      nemo(`a: &x 1\n${Array.from({ length: 200 }, (_, i) => `k${i}: *x\n`).join('')}`),
    ],
    [
      'aliases that unfold without end',
      'block',
      ['limit-exceeded'],
      'm.nemo',
      nemo(
        `a: &a [${'x, '.repeat(9)}]\n${[...'bcdefghi'].map((name, i) => `${name}: &${name} [${`*${'abcdefgh'[i]!}, `.repeat(9)}]\n`).join('')}`,
      ),
    ],
    ['a value that is run', 'block', ['settings-target'], 'm.nemo', nemo('a: ${eval:"1+1"}\n')],
    [
      'a value from the environment',
      'review',
      ['settings-resolver'],
      'm.nemo',
      nemo('a: ${oc.env:SECRET}\n'),
    ],
    ['values that are looked up', 'pass', [], 'm.nemo', nemo('a: ${b}\nb: ${multiply:2,3}\n')],
    [
      'a file from outside of the archive',
      'block',
      ['nemo-config'],
      'm.nemo',
      nemo('tokenizer:\n  model_path: nemo:../../x\n'),
    ],
    [
      'a file of the archive',
      'pass',
      [],
      'm.nemo',
      nemo('tokenizer:\n  model_path: nemo:0123_tokenizer.model\n'),
    ],
    [
      'what other libraries make objects of',
      'block',
      ['settings-target'],
      'm.nemo',
      nemo('x:\n  class_path: os.system\n'),
    ],
    ['deep nesting', 'block', ['limit-exceeded'], 'm.nemo', nemo(deep)],
    [
      'much deeper nesting',
      'block',
      ['limit-exceeded'],
      'm.nemo',
      nemo(`a: ${'['.repeat(900_000)}`),
    ],
    ['nesting within a line', 'block', ['limit-exceeded'], 'm.nemo', nemo('- '.repeat(400_000))],
    [
      'nesting by blanks',
      'block',
      ['limit-exceeded'],
      'm.nemo',
      nemo(Array.from({ length: 1000 }, (_, i) => `${' '.repeat(i)}a:\n`).join('')),
    ],
    [
      'a long list and a long map in one line each',
      'pass',
      [],
      'm.nemo',
      nemo(
        `a: [${'1, '.repeat(500)}]\nb: {${Array.from({ length: 500 }, (_, i) => `k${i}: 1`).join(', ')}}\n`,
      ),
    ],
    ['much YAML', 'block', ['limit-exceeded'], 'm.nemo', nemo(`a: "${'x'.repeat(1024 * 1024)}"\n`)],
    [
      'a call in the weights',
      'block',
      EVIL_RULES,
      'm.nemo',
      writeTar([{ name: 'model_config.yaml', bytes: 'a: 1\n' }, weights(EVIL)]),
    ],
    [
      'another YAML beside it',
      'block',
      ['nemo-target', 'nemo-target-blocked'],
      'm.nemo',
      nemo(CONFIG, { name: 'hparams.yaml', bytes: '_target_: os.system\n' }),
    ],
    [
      'code',
      'review',
      ['nemo-target', 'archive-code'],
      'm.nemo',
      nemo(CONFIG, { name: 'model.py', bytes: 'x = 1\n' }),
    ],
    ['no configuration', 'block', ['nemo-config'], 'm.nemo', writeTar([weights()])],
  ]);

  it('tells which class and where', () => {
    const finding = scanBytes('m.nemo', nemo('a: 1\nx:\n  _target_: os.system\n')).findings[0]!;
    expect([finding.file, finding.symbol, finding.offset]).to.deep.equal([
      'm.nemo!model_config.yaml',
      'os.system',
      10,
    ]);
  });
});

describe('TorchServe', () => {
  const manifest = (
    model: object = {
      modelName: 'm',
      serializedFile: 'm.pkl',
      handler: 'image_classifier',
      modelVersion: '1.0',
    },
  ): Member => ({
    name: 'MAR-INF/MANIFEST.json',
    bytes: Buffer.from(
      JSON.stringify({ createdOn: 'x', runtime: 'python', model, archiverVersion: '0.8.0' }),
    ),
  });
  const mar = (...members: Member[]): Buffer =>
    writeZip([...members, { name: 'm.pkl', bytes: GOOD }]);
  const model = { modelName: 'm', serializedFile: 'm.pkl', handler: 'image_classifier' };
  table([
    ['a handler of TorchServe’s own', 'pass', [], 'm.mar', mar(manifest())],
    ['the same under .zip', 'pass', [], 'm.zip', mar(manifest())],
    [
      'a handler in Python',
      'block',
      ['mar-code'],
      'm.mar',
      mar(manifest({ ...model, handler: 'handler.py' }), {
        name: 'handler.py',
        bytes: Buffer.from('import os\n'),
      }),
    ],
    [
      'a handler of another package',
      'block',
      ['mar-code'],
      'm.mar',
      mar(manifest({ ...model, handler: 'os:system' })),
    ],
    [
      'a handler in Python, in a tar',
      'block',
      ['mar-code'],
      'm.tar.gz',
      zlib.gzipSync(
        writeTar([
          { name: 'MAR-INF/MANIFEST.json', bytes: manifest().bytes },
          { name: 'm.pkl', bytes: GOOD },
          { name: 'handler.py', bytes: 'x = 1\n' },
        ]),
      ),
    ],
    ['no handler', 'block', ['mar-code'], 'm.mar', mar(manifest({ modelName: 'm' }))],
    [
      'Python that the manifest does not name',
      'block',
      ['mar-code'],
      'm.mar',
      mar(manifest(), { name: 'utils/x.py', bytes: Buffer.from('import os\n') }),
    ],
    [
      'a model file in Python',
      'block',
      ['mar-code'],
      'm.mar',
      mar(manifest({ ...model, modelFile: 'model.py' })),
    ],
    [
      'requirements',
      'block',
      ['mar-code'],
      'm.mar',
      mar(manifest({ ...model, requirementsFile: 'requirements.txt' })),
    ],
    [
      'a call in the model',
      'block',
      EVIL_RULES,
      'm.mar',
      writeZip([manifest(), { name: 'm.pkl', bytes: EVIL }]),
    ],
    [
      'weights that are not there',
      'block',
      ['mar-manifest'],
      'm.mar',
      mar(manifest({ ...model, serializedFile: '../../m.pt' })),
    ],
    [
      'settings that are not there',
      'block',
      ['mar-manifest'],
      'm.mar',
      mar(manifest({ ...model, configFile: '../../x.yaml' })),
    ],
    [
      'settings in the archive',
      'pass',
      [],
      'm.mar',
      mar(manifest({ ...model, configFile: 'c.yaml' }), {
        name: 'c.yaml',
        bytes: Buffer.from('a: 1\n'),
      }),
    ],
    [
      'a manifest with a key twice',
      'block',
      ['mar-manifest', 'json-invalid'],
      'm.mar',
      mar({
        name: 'MAR-INF/MANIFEST.json',
        bytes: Buffer.from('{"model": {"handler": "image_classifier", "handler": "x.py"}}'),
      }),
    ],
    [
      'a manifest of no model',
      'block',
      ['mar-manifest'],
      'm.mar',
      mar({ name: 'MAR-INF/MANIFEST.json', bytes: Buffer.from('[]') }),
    ],
    ['no manifest', 'block', ['format-not-understood'], 'm.mar', mar()],
  ]);
});

describe('a zip of files', () => {
  table([
    [
      'models and settings',
      'pass',
      [],
      'm.zip',
      writeZip([
        { name: 'a/m.pkl', bytes: GOOD, deflate: true },
        { name: 'a/config.json', bytes: Buffer.from('{}') },
        { name: 'a/', bytes: Buffer.alloc(0) },
      ]),
    ],
    [
      'the same under .pt',
      'block',
      ['format-not-understood'],
      'm.pt',
      writeZip([{ name: 'a/m.pkl', bytes: GOOD }]),
    ],
    [
      'a call in a member',
      'block',
      EVIL_RULES,
      'm.zip',
      writeZip([{ name: 'a/m.pkl', bytes: EVIL }]),
    ],
    [
      'a call in a member that calls itself text',
      'block',
      [...EVIL_RULES, 'format-extension-mismatch'],
      'm.zip',
      writeZip([
        { name: 'm.pkl', bytes: GOOD },
        { name: 'notes.txt', bytes: EVIL },
      ]),
    ],
    [
      'code',
      'review',
      ['archive-code'],
      'm.zip',
      writeZip([
        { name: 'm.pkl', bytes: GOOD },
        { name: 'run.py', bytes: Buffer.from('x = 1\n') },
      ]),
    ],
    [
      'no model',
      'block',
      ['format-not-understood'],
      'm.zip',
      writeZip([{ name: 'a.txt', bytes: Buffer.from('hello') }]),
    ],
    [
      'a file that is a folder too',
      'block',
      ['zip-duplicate-member'],
      'm.zip',
      writeZip([
        { name: 'a/m.pkl', bytes: GOOD },
        { name: 'a', bytes: GOOD },
      ]),
    ],
    [
      'a file that is a folder further up',
      'block',
      ['zip-duplicate-member'],
      'm.zip',
      writeZip([
        { name: 'a', bytes: GOOD },
        { name: 'a/b/m.pkl', bytes: GOOD },
      ]),
    ],
    [
      'a folder with content',
      'block',
      ['zip-structure'],
      'm.zip',
      writeZip([
        { name: 'a/', bytes: EVIL },
        { name: 'm.pkl', bytes: GOOD },
      ]),
    ],
  ]);
});
