import { expect } from 'chai';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { scanUpload } from '../../../src/scan/scan.ts';
import type { ScanResult } from '../../../src/scan/types.ts';
import { scanBytes } from './scan-bytes.ts';

const PINNED = `FROM python:3.11@sha256:${'a'.repeat(64)}\n`;
const END = '\nUSER 65532\nCMD ["python3", "/srv/serve.py"]\n';
const around = (middle: string): string => `${PINNED}${middle}${END}`;
const scan = (text: string): ScanResult => scanBytes('Dockerfile', text, 'dockerfile');

/** what stands there → rule, verdict, and the line that would mend it */
const CASES: [string, string, 'block' | 'review' | 'pass', string?][] = [
  [
    'RUN pip install --trusted-host pypi.local numpy==1',
    'docker-package-source',
    'block',
    'RUN pip install numpy==1',
  ],
  [
    'RUN python3 -m pip install --index-url http://pypi.local/simple numpy==1',
    'docker-package-source',
    'block',
    'RUN python3 -m pip install --index-url https://pypi.local/simple numpy==1',
  ],
  [
    'RUN apt-get install -y --allow-unauthenticated curl=7',
    'docker-package-source',
    'block',
    'RUN apt-get install -y curl=7',
  ],
  [
    'RUN echo "deb [trusted=yes] https://x.example/ ./" > /etc/apt/sources.list.d/x.list',
    'docker-package-source',
    'block',
  ],
  ['RUN apk add --allow-untrusted x.apk', 'docker-package-source', 'block', 'RUN apk add x.apk'],
  ['RUN dnf install --nogpgcheck -y x', 'docker-package-source', 'block', 'RUN dnf install -y x'],
  [
    'RUN curl -fsSLk https://example.org/a -o /a',
    'docker-insecure-download',
    'block',
    'RUN curl -fsSL https://example.org/a -o /a',
  ],
  [
    'RUN wget --no-check-certificate https://example.org/a',
    'docker-insecure-download',
    'block',
    'RUN wget https://example.org/a',
  ],
  [
    'RUN pip install --extra-index-url https://pypi.example.com/simple ours==1',
    'docker-extra-index',
    'review',
    'RUN pip install --index-url https://pypi.example.com/simple ours==1',
  ],
  ['RUN pip install git+https://github.com/a/b@main', 'docker-package-from-url', 'review'],
  ['RUN huggingface-cli download meta/llama', 'docker-unscanned-model', 'review'],
  ['RUN wget https://example.org/weights.pt', 'docker-unscanned-model', 'review'],
  [
    'RUN python3 -c "from transformers import AutoModel; AutoModel.from_pretrained(\'x\')"',
    'docker-unscanned-model',
    'review',
  ],
  ['RUN python -m spacy download en_core_web_sm', 'docker-unscanned-model', 'review'],
  ['RUN python -m nltk.downloader punkt', 'docker-unscanned-model', 'review'],
  ['RUN apt-get install -y openssh-server=1', 'docker-remote-access', 'review'],
  ['EXPOSE 22', 'docker-remote-access', 'review'],
  ['RUN --mount=type=secret,id=k cat /run/secrets/k > /srv/k', 'docker-secret', 'block'],
  ['RUN pip install numpy', 'docker-unpinned-package', 'pass'],
  ['RUN apt-get update && apt-get install -y libgomp1', 'docker-unpinned-package', 'pass'],
  ['RUN pip install torch==2.3.1', 'docker-old-loader', 'pass'],
  ['HEALTHCHECK NONE', 'docker-no-healthcheck', 'pass'],
  ['COPY . /srv', 'docker-copy-everything', 'pass'],
  ['ENTRYPOINT python3 serve.py', 'docker-shell-form', 'pass', 'ENTRYPOINT ["python3","serve.py"]'],
];

const QUIET = [
  'RUN pip install --no-cache-dir numpy==2.2.1 "torch[opt]==2.6.0"',
  'RUN pip install -r requirements.txt',
  'RUN pip install --upgrade pip==24.0 && pip install ./pkg.whl',
  `RUN pip install git+https://github.com/a/b@${'0'.repeat(40)}`,
  'RUN pip install --extra-index-url https://download.pytorch.org/whl/cpu torch==2.6.0',
  'RUN apt-get update && apt-get install -y --no-install-recommends libgomp1=12.2.0-14 && rm -rf /var/lib/apt/lists/*',
  'RUN curl -fsSL https://example.org/a.json -o /a.json',
  'EXPOSE 2222',
];

describe('Dockerfile: sources, habits and mending', () => {
  for (const [line, rule, verdict, fix] of CASES) {
    it(`${line} → ${rule} (${verdict})`, () => {
      const result = scan(around(line));
      const finding = result.findings.find((one) => one.rule === rule);
      expect(finding, JSON.stringify(result.findings)).to.include({
        verdict,
        line: 2,
        file: 'Dockerfile',
      });
      if (fix !== undefined)
        expect(finding!.remedy)
          .to.match(/ Write: /)
          .and.to.satisfy((remedy: string) => remedy.endsWith(` Write: ${fix}`), finding!.remedy);
    });
  }

  for (const line of QUIET)
    it(`says nothing about ${line}`, () => expect(scan(around(line)).findings).to.deep.equal([]));

  const fixes: [string, string, string][] = [
    ['FROM python:latest\nUSER 5\n', 'docker-unpinned-image', 'FROM python:VERSION'],
    ['FROM python AS build\nUSER 5\n', 'docker-unpinned-image', 'FROM python:VERSION AS build'],
    ['FROM python:3.11\nUSER 5\n', 'docker-not-by-digest', 'FROM python:3.11@sha256:DIGEST'],
    [`${PINNED}USER root\n`, 'docker-root-user', 'USER 65532'],
    [
      around('ADD https://example.org/a /a'),
      'docker-remote-add',
      'ADD --checksum=sha256:DIGEST https://example.org/a /a',
    ],
    [around('RUN chmod -R 777 /srv'), 'docker-permissions', 'RUN chmod -R 755 /srv'],
    [around('RUN sudo -E make'), 'docker-sudo', 'RUN make'],
    [around('RUN --network=host make'), 'docker-privileged-run', 'RUN make'],
  ];
  for (const [text, rule, fix] of fixes) {
    it(`mends ${rule}: ${fix}`, () =>
      expect(scan(text).findings.find((one) => one.rule === rule)!.remedy).to.satisfy(
        (remedy: string) => remedy.endsWith(` Write: ${fix}`),
      ));
  }

  it('takes an ordinary frontend with a version, and no other', () => {
    expect(scan(`# syntax=docker/dockerfile:1.7\n${around('')}`).verdict).to.equal('pass');
    for (const frontend of [
      'docker/dockerfile',
      'docker/dockerfile:latest',
      'docker/dockerfile:master',
      'evil/dockerfile:1',
    ]) {
      expect(scan(`# syntax=${frontend}\n${around('')}`).verdict, frontend).to.equal('block');
    }
  });

  it('holds base images against the list of registries, where there is one', () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'cf-registries-'));
    const verdict = (from: string, registries?: string[]): string => {
      fs.writeFileSync(path.join(folder, 'D'), `FROM ${from}\nUSER 5\n`);
      return scanUpload({
        files: [{ name: 'Dockerfile', kind: 'dockerfile', path: path.join(folder, 'D'), size: 1 }],
        registries,
      }).verdict;
    };
    const table: [string, string[] | undefined, string][] = [
      ['python:3.11', undefined, 'pass'],
      ['python:3.11', ['docker.io'], 'pass'],
      ['library/python:3.11', ['docker.io'], 'pass'],
      ['ghcr.io/a/b:1', ['docker.io'], 'block'],
      ['localhost/a:1', ['localhost'], 'pass'],
      ['registry:5000/a:1', ['registry:5000'], 'pass'],
      ['registry:5000/a:1', ['registry'], 'block'],
      ['scratch', [], 'pass'],
      ['docker.io.evil.example/a:1', ['docker.io'], 'block'],
    ];
    for (const [from, registries, wanted] of table)
      expect(verdict(from, registries), from).to.equal(wanted);
    fs.rmSync(folder, { recursive: true });
  });

  it('tells whether hadolint was there', () => {
    const [tool] = scan(around('')).details.tools;
    expect(tool!.name).to.equal('hadolint');
    expect(tool!.status).to.be.oneOf(['ok', 'missing']);
  });
});
