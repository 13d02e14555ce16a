import { expect } from 'chai';
import { pinBases, planBuild } from '../../../../src/domain/builds/plan.ts';
import type { BuildPlan } from '../../../../src/domain/builds/plan.ts';

const FILES = [
  { name: 'Dockerfile', model: false },
  { name: 'model.bin', model: true },
  { name: 'two.bin', model: true },
  { name: 'serve.py', model: false },
  { name: 'lib/a.py', model: false },
];
const plan = (dockerfile: string, files = FILES): BuildPlan =>
  planBuild({ dockerfile, files, buildArgs: { REGISTRY: 'r:5000' } });
const HEAD = 'ARG REGISTRY\nFROM ${REGISTRY}/base/python:3.11\n';

/** After HEAD: what is laid where, as `path uid:gid mode`. */
const LAYERED: [string, string, string[]][] = [
  ['a file into a folder', 'COPY model.bin /srv/\n', ['srv/model.bin 0:0 644']],
  ['a file to a path', 'COPY model.bin /srv/m\n', ['srv/m 0:0 644']],
  [
    'with its server beside it',
    'COPY ./model.bin serve.py /srv/\nUSER 65532\nCMD ["python3", "/srv/serve.py"]\n',
    ['srv/model.bin 0:0 644'],
  ],
  ['two files', 'COPY model.bin two.bin /srv/\n', ['srv/model.bin 0:0 644', 'srv/two.bin 0:0 644']],
  ['one of two', 'COPY two.bin /srv/\n', ['srv/two.bin 0:0 644']],
  [
    'twice, to two places',
    'COPY model.bin /a/\nCOPY model.bin /b/\n',
    ['a/model.bin 0:0 644', 'b/model.bin 0:0 644'],
  ],
  [
    'owner and rights in numbers',
    'COPY --chown=65532:65532 --chmod=0440 model.bin /srv/\n',
    ['srv/model.bin 65532:65532 440'],
  ],
  ['a form of JSON', 'COPY ["model.bin", "/srv/"]\n', ['srv/model.bin 0:0 644']],
  ['a continued line', 'COPY model.bin \\\n  /srv/\n', ['srv/model.bin 0:0 644']],
  [
    'relative to a constant WORKDIR',
    'WORKDIR /srv\nWORKDIR app\nCOPY model.bin .\n',
    ['srv/app/model.bin 0:0 644'],
  ],
  ['to the WORKDIR by its name', 'WORKDIR /srv\nCOPY model.bin /srv\n', ['srv/model.bin 0:0 644']],
  [
    'a place told by ENV or ARG',
    'ARG A=/opt\nENV D=$A/models\nCOPY model.bin ${D}/m\n',
    ['opt/models/m 0:0 644'],
  ],
  ['RUN before it', 'RUN apt-get update\nCOPY model.bin /srv/\n', ['srv/model.bin 0:0 644']],
  [
    'a folder of small files before it',
    'COPY lib /srv/lib\nCOPY model.bin /srv/\n',
    ['srv/model.bin 0:0 644'],
  ],
  [
    'a small file after it',
    'COPY model.bin /srv/\nCOPY serve.py /srv/\nWORKDIR /srv\n',
    ['srv/model.bin 0:0 644'],
  ],
  [
    'a stage before it',
    'RUN make\nFROM scratch\nCOPY --from=0 /out /out\nCOPY model.bin /m\n',
    ['m 0:0 644'],
  ],
  [
    'a syntax directive that buildah does not read',
    'COPY model.bin /srv/\n',
    ['srv/model.bin 0:0 644'],
  ],
];

const ORDINARY: [string, string, string][] = [
  ['RUN after it', 'COPY model.bin /srv/\nRUN sha256sum /srv/model.bin\n', 'run-after-copy'],
  [
    'RUN with a mount before it',
    'RUN --mount=type=bind,target=/c cp /c/model.bin /m\nCOPY model.bin /srv/\n',
    'run-flags',
  ],
  ['RUN with a here-document', 'RUN <<EOF\ntrue\nEOF\nCOPY model.bin /srv/\n', 'run-flags'],
  ['a pattern', 'COPY *.bin /srv/\n', 'copy-many'],
  ['the whole context', 'COPY . /srv/\n', 'copy-many'],
  ['ADD of the model', 'ADD model.bin /srv/\n', 'add'],
  ['ADD after it', 'COPY model.bin /srv/\nADD serve.py /srv/\n', 'add'],
  ['ADD from the network', 'ADD https://example.test/x /x\nCOPY model.bin /srv/\n', 'copy-many'],
  ['ONBUILD', 'ONBUILD RUN true\nCOPY model.bin /srv/\n', 'onbuild'],
  ['VOLUME', 'VOLUME /srv\nCOPY model.bin /srv/\n', 'volume'],
  ['a here-document', 'COPY model.bin /srv/\nCOPY <<EOF /srv/x\nhi\nEOF\n', 'copy-form'],
  ['a flag that is not known', 'COPY --link model.bin /srv/\n', 'copy-flags'],
  ['an owner by name', 'COPY --chown=app:app model.bin /srv/\n', 'unknown-owner'],
  ['an owner without a group', 'COPY --chown=65532 model.bin /srv/\n', 'unknown-owner'],
  ['rights by letters', 'COPY --chmod=u=r model.bin /srv/\n', 'unknown-owner'],
  ['a set-user-id file', 'COPY --chmod=4755 model.bin /srv/\n', 'unknown-owner'],
  ['a place told by nobody', 'COPY model.bin $HOME/\n', 'copy-form'],
  ['a default inside of the place', 'COPY model.bin ${D:-/srv}/\n', 'copy-form'],
  ["relative to the base image's WORKDIR", 'COPY model.bin ./\n', 'unknown-destination'],
  ['a place with ..', 'COPY model.bin /srv/../x/\n', 'unknown-destination'],
  ['quotes', 'COPY "model.bin" /srv/\n', 'copy-form'],
  ['a file over it', 'COPY model.bin /srv/m\nCOPY serve.py /srv/m\n', 'overwritten'],
  ['a folder over it', 'COPY model.bin /srv/m\nCOPY lib /srv\n', 'copy-after'],
  ['perhaps a file over it', 'COPY model.bin /srv/serve.py\nCOPY serve.py /srv\n', 'overwritten'],
  ['both to one path', 'COPY model.bin /srv/m\nCOPY two.bin /srv/m\n', 'overwritten'],
  ['a WORKDIR below it', 'COPY model.bin /srv/m\nWORKDIR /srv/m/x\n', 'overwritten'],
  [
    "another stage's files after it",
    'RUN true\nFROM scratch\nCOPY model.bin /m\nCOPY --from=0 / /\n',
    'copy-after',
  ],
  [
    'files of another image',
    'COPY --from=r:5000/base/x /x /x\nCOPY model.bin /m\n',
    'copy-from-image',
  ],
  [
    'a stage that is not the last',
    'COPY model.bin /m\nFROM scratch\nCOPY --from=0 /m /m\n',
    'not-final-stage',
  ],
  ['nothing that brings it in', 'COPY serve.py /srv/\n', 'no-copy'],
  ['a base that is not known', 'FROM ${OTHER}/x\nCOPY model.bin /m\n', 'unknown-base'],
  ['an instruction that is not known', 'COPY model.bin /m\nFETCH x\n', 'fetch'],
];

describe('build plan', () => {
  for (const [what, text, laid] of LAYERED) {
    it(`layered: ${what}`, () => {
      const found = plan(HEAD + text);
      expect(found, JSON.stringify(found)).to.include({ way: 'layered' });
      if (found.way === 'layered')
        expect(
          found.files.map(
            (file) => `${file.path} ${file.uid}:${file.gid} ${file.mode.toString(8)}`,
          ),
        ).to.deep.equal(laid);
    });
  }
  for (const [what, text, cause] of ORDINARY) {
    it(`ordinary: ${what}`, () => {
      const found = plan(HEAD + text);
      expect(found, JSON.stringify(found)).to.include({ way: 'ordinary', cause });
      if (found.way === 'ordinary') expect(found.reason).to.match(/^[A-Z-].*\.$/);
    });
  }

  it('ordinary: a file that decides what is in the context, an escape character of its own', () => {
    expect(
      plan(`${HEAD}COPY model.bin /m\n`, [...FILES, { name: '.dockerignore', model: false }]),
    ).to.include({ cause: 'ignore-file' });
    expect(plan(`# escape=\`\n${HEAD}COPY model.bin /m\n`)).to.include({ cause: 'directive' });
    expect(plan(`# syntax=docker/dockerfile:1\n${HEAD}COPY model.bin /m\n`)).to.include({
      way: 'layered',
    });
  });

  it('names base images by their digests and leaves everything else as it is', () => {
    const text =
      '# my image\nARG REGISTRY\nFROM --platform=linux/amd64 ${REGISTRY}/base/dev:1 AS one\nRUN make\n\nFROM $REGISTRY/base/python:3.11 # x\nCOPY --from=one /o /o\nFROM one\nCOPY model.bin /m\n';
    const { bases } = plan(text);
    expect(bases.map(({ image, final }) => [image, final])).to.deep.equal([
      ['r:5000/base/dev:1', false],
      ['r:5000/base/python:3.11', false],
    ]);
    const pinned = pinBases(
      text,
      bases,
      new Map([
        ['r:5000/base/dev:1', 'r:5000/base/dev@sha256:1'],
        ['r:5000/base/python:3.11', 'r:5000/base/python@sha256:2'],
      ]),
    );
    expect(pinned).to.equal(
      text
        .replace('${REGISTRY}/base/dev:1', 'r:5000/base/dev@sha256:1')
        .replace('$REGISTRY/base/python:3.11', 'r:5000/base/python@sha256:2'),
    );
  });
});
