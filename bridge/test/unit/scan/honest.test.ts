import { expect } from 'chai';
import fs from 'node:fs';
import { isSideFile } from '../../../src/scan/formats/collection.ts';
import { scanUpload } from '../../../src/scan/scan.ts';

const SAMPLES = new URL('../../samples/scan/honest/', import.meta.url);
const EXAMPLES = new URL('../../../../examples/', import.meta.url);
const file = (base: URL, name: string, kind: 'model' | 'side' | 'dockerfile') => {
  const path = new URL(name, base).pathname;
  return { name: name.split('/').pop()!, kind, path, size: fs.statSync(path).size };
};

describe('honest files, made with the real libraries', () => {
  for (const name of fs.readdirSync(SAMPLES)) {
    it(`passes ${name}`, () => {
      const result = scanUpload({ files: [file(SAMPLES, name, 'model')] });
      expect(result.findings).to.deep.equal([]);
      expect(result.verdict).to.equal('pass');
    });
  }

  it('passes the digits example, and reads how it serves', () => {
    const result = scanUpload({
      files: [
        file(EXAMPLES, 'digits/model.safetensors', 'model'),
        file(EXAMPLES, 'digits/serve.py', 'side'),
        file(EXAMPLES, 'digits/Dockerfile', 'dockerfile'),
      ],
    });
    expect(result.findings).to.deep.equal([]);
    expect(result.serving).to.deep.equal({ port: 8080, readinessPath: '/v2/health/ready' });
  });

  it('passes the broken example: that it does not start is not the scan’s business', () => {
    expect(
      scanUpload({ files: [file(EXAMPLES, 'broken/Dockerfile', 'dockerfile')] }).verdict,
    ).to.equal('pass');
  });

  it('takes the notes of a repository of models for side files', () => {
    expect(
      [
        'README',
        'x/LICENSE',
        '.gitattributes',
        'a/.gitignore',
        'tokenizer.json',
        'chat_template.jinja',
      ].filter((name) => !isSideFile(name)),
    ).to.deep.equal([]);
    expect(
      ['model.bin', '.git', 'a.gitattributes.pkl', 'gitattributes.pt'].filter(isSideFile),
    ).to.deep.equal([]);
  });

  it('stops the malicious example', () => {
    const result = scanUpload({
      files: [
        file(EXAMPLES, 'malicious/model.pkl', 'model'),
        file(EXAMPLES, 'malicious/Dockerfile', 'dockerfile'),
      ],
    });
    expect(result.verdict).to.equal('block');
    expect(result.findings.map(({ rule, symbol }) => [rule, symbol])).to.deep.equal([
      ['pickle-global-blocked', 'posix.system'],
      ['pickle-call-blocked', 'posix.system'],
    ]);
  });
});
