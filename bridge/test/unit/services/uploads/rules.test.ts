import { expect } from 'chai';
import { acceptedName, type UploadField } from '../../../../src/services/uploads/rules.ts';

describe('names of uploaded files', () => {
  const accepted: [UploadField, string[]][] = [
    [
      'modelFile',
      [
        'model.safetensors',
        'model-00001-of-00003.gguf',
        'model.onnx',
        'saved_model.pb',
        'Model.PT',
      ],
    ],
    [
      'sideFiles',
      [
        'model.onnx.data',
        'model.onnx_data',
        'model.onnx_data_1',
        'onnx__MatMul_3142',
        'model.layers.0.weight',
        'variables.index',
        'variables.data-00000-of-00001',
        'model-00002-of-00003.gguf',
        'tokenizer.model',
        'spiece.model',
        'source.spm',
        'vocab.txt',
        'merges.txt',
        'qwen.tiktoken',
        'tokenizer_config.json',
        'README.md',
        'LICENSE',
        'license.txt',
        'NOTICE',
        'chat_template.jinja',
        'serve.py',
      ],
    ],
  ];
  for (const [field, names] of accepted)
    for (const name of names)
      it(`${field}: ${name}`, () => expect(acceptedName(field, name)).to.equal(name));

  const refused: [UploadField, string][] = [
    ['modelFile', 'LICENSE'],
    ['modelFile', 'model.onnx_data'],
    ['modelFile', 'run.sh'],
    ['sideFiles', 'lib.so'],
    ['sideFiles', 'setup.exe'],
    ['sideFiles', 'anything'],
    ['sideFiles', 'variables.data-0-of-1'],
    ['sideFiles', '../LICENSE'],
    ['sideFiles', 'a/README.md'],
    ['sideFiles', '.env'],
    ['sideFiles', 'Dockerfile'],
    ['sideFiles', 'x\u0000.md'],
    ['sideFiles', ''],
  ];
  for (const [field, name] of refused)
    it(`${field}: not ${JSON.stringify(name)}`, () =>
      expect(() => acceptedName(field, name)).to.throw(/sideFiles|modelFile/));
});
