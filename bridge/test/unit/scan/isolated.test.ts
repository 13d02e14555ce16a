import { expect } from 'chai';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { sandbox, SANDBOX_ENVIRONMENT } from '../../../src/scan/isolation/sandbox.ts';
import { runEach, runIsolated } from '../../../src/scan/run-isolated.ts';
import type { ScanRequest } from '../../../src/scan/types.ts';
import { global, pickle, text } from './pickle-assembler.ts';

const EVIL = pickle(global('os', 'system'), text('id'), 'TUPLE1', 'REDUCE');

describe('scan in a child process', () => {
  let folder: string;
  before(() => (folder = fs.mkdtempSync(path.join(os.tmpdir(), 'cf-isolated-'))));
  after(() => fs.rmSync(folder, { recursive: true }));

  const put = (name: string, bytes: Uint8Array | string): string => {
    fs.writeFileSync(path.join(folder, name), bytes);
    return path.join(folder, name);
  };
  const request = (name: string, bytes: Uint8Array): ScanRequest => ({
    files: [{ name, kind: 'model', path: put(name, bytes), size: bytes.length }],
  });
  const child = (code: string): string =>
    put(`child-${Math.random().toString(36).slice(2)}.mjs`, code);

  it('answers what the scanner answers', async () => {
    const bad = await runIsolated(request('bad.pkl', EVIL));
    expect(bad.verdict).to.equal('block');
    expect(bad.findings.map(({ rule }) => rule)).to.deep.equal([
      'pickle-global-blocked',
      'pickle-call-blocked',
    ]);
  });

  const ends: [string, string, string, object?][] = [
    ['a crash', 'scan-crashed', 'throw new Error("boom")'],
    ['a kill', 'scan-crashed', 'process.kill(process.pid, "SIGKILL")'],
    ['an end without an answer', 'scan-crashed', 'process.exit(0)'],
    [
      'an answer that is none',
      'scan-crashed',
      'process.stdout.write("{\\"verdict\\":\\"fine\\"}")',
    ],
    ['no end', 'scan-timeout', 'setInterval(() => {}, 1000)', { deadlineMs: 300 }],
    ['a busy loop', 'scan-timeout', 'for (;;);', { deadlineMs: 300 }],
    [
      'a full heap',
      'scan-out-of-memory',
      'const a = []; for (;;) a.push({ a: a.length, b: [1, 2, 3] })',
      { heapMegabytes: 32 },
    ],
    [
      'memory outside of the heap',
      'scan-out-of-memory',
      'const a = []; setInterval(() => a.length < 20 && a.push(Buffer.alloc(20e6, 1)), 20)',
      { residentMegabytes: 200 },
    ],
  ];
  for (const [what, rule, code, options] of ends) {
    it(`${what} → block, ${rule}`, async () => {
      const result = await runIsolated(request('a.pkl', pickle('NONE')), {
        childPath: child(code),
        ...options,
      });
      expect(result.verdict).to.equal('block');
      expect(result.findings.map((finding) => finding.rule)).to.deep.equal([rule]);
    });
  }

  it('judges many uploads alone, in order; one that ends the child is blocked, and those behind it go on in another', async () => {
    const names = ['a.pkl', 'evil.pkl', 'b.pkl', 'c.pkl'];
    const requests = names.map((name) =>
      request(name, name === 'evil.pkl' ? EVIL : pickle('NONE')),
    );
    expect((await runEach(requests)).map(({ verdict }) => verdict)).to.deep.equal([
      'pass',
      'block',
      'pass',
      'pass',
    ]);
    const answer = JSON.stringify({
      verdict: 'pass',
      rulesetVersion: '1',
      findings: [],
      details: { tools: [] },
    });
    const answers = child(`import fs from 'node:fs';
      for (const line of fs.readFileSync(0, 'utf8').trim().split('\\n')) { if (line.includes('evil.pkl')) process.exit(7); fs.writeSync(1, ${JSON.stringify(answer)} + '\\n'); }`);
    const results = await runEach(requests, { childPath: answers });
    expect(
      results.map(({ findings, details }) => [
        findings.map(({ rule, file }) => `${rule} ${file}`).join(),
        details.tools.length,
      ]),
    ).to.deep.equal([
      ['', 1],
      ['scan-crashed evil.pkl', 0],
      ['', 1],
      ['', 1],
    ]);
    const stuck = child(
      `import fs from 'node:fs'; for (const line of fs.readFileSync(0, 'utf8').trim().split('\\n')) { while (line.includes('evil.pkl')); fs.writeSync(1, ${JSON.stringify(answer)} + '\\n'); }`,
    );
    expect(
      (await runEach(requests, { childPath: stuck, deadlineMs: 1_500 })).map(({ findings }) =>
        findings.map(({ rule }) => rule).join(),
      ),
    ).to.deep.equal(['', 'scan-timeout', '', '']);
  }).timeout(20_000);

  /**
   * what a program in the scanner's place has to say; with a Dockerfile it may start others, which
   * Node's own barrier does not hold
   */
  const says = async (
    code: string,
    kind: ScanRequest['files'][0]['kind'] = 'model',
  ): Promise<string> => {
    const file = { ...request('a.pkl', pickle('NONE')).files[0]!, kind };
    const { findings } = await runIsolated(
      { files: [file] },
      { childPath: child(`${code}\nthrow new Error('SAID ' + said + ' .');`) },
    );
    return findings[0]!.why.split('SAID ')[1]!.replace(/ \.$/, '');
  };
  const fromOutside = (code: string): string => `
    import { spawnSync } from 'node:child_process';
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', ${JSON.stringify(`const said = await (async () => { ${code} })(); console.log(said);`)}], { encoding: 'utf8' });
    const said = stdout.trim() || stderr;`;

  it('gives the child nothing of our environment', async () => {
    process.env.CREATIVEFLOW_TEST_SECRET = 'x';
    const seen = await says(
      'const said = Object.keys(process.env).filter((name) => name !== "PWD" && name !== "OLDPWD").sort();',
    );
    delete process.env.CREATIVEFLOW_TEST_SECRET;
    expect(seen).to.equal('HOME,LANG,PATH');
  });

  it("is held by Node's own barrier too: no writing, no reading beside its files, no other program", async () => {
    const tries = [
      `fs.writeFileSync(${JSON.stringify(path.join(folder, 'hostile'))}, 'x')`,
      `fs.readFileSync(${JSON.stringify(import.meta.filename)})`,
      "spawnSync('true')",
      'new Worker("0", { eval: true })',
    ];
    expect(
      await says(`import fs from 'node:fs'; import { spawnSync } from 'node:child_process'; import { Worker } from 'node:worker_threads';
      const said = [${tries.map((code) => `() => ${code}`).join()}].map((attempt) => { try { attempt(); return 'done'; } catch (error) { return error.code; } });`),
    ).to.equal(tries.map(() => 'ERR_ACCESS_DENIED').join());
  });

  describe('shut in by the kernel', () => {
    before(function () {
      if (sandbox().missing !== null) this.skip();
    });

    it('has no network, and reaches no socket of another server', async () => {
      const servers = [
        net.createServer().listen(0, '127.0.0.1'),
        net.createServer().listen(path.join(folder, 'server.sock')),
      ];
      try {
        await Promise.all(servers.map((server) => server.listening || once(server, 'listening')));
        const said = await says(
          fromOutside(`const net = await import('node:net'); const os = await import('node:os'); const { once } = await import('node:events');
          const reach = (to) => { const socket = net.connect(to); return once(socket, 'connect').then(() => 'connected', (error) => error.code); };
          return [await reach({ host: '127.0.0.1', port: ${(servers[0]!.address() as net.AddressInfo).port} }), await reach({ path: ${JSON.stringify(path.join(folder, 'server.sock'))} }), Object.keys(os.networkInterfaces()).length].join();`),
          'dockerfile',
        );
        expect(said).to.match(/^(ENETUNREACH|ECONNREFUSED|EADDRNOTAVAIL),ENOENT,0$/);
      } finally {
        for (const server of servers) server.close();
      }
    });

    it('writes nowhere and sees nothing but its own files', async () => {
      put('another-upload.bin', 'x');
      const said = await says(
        fromOutside(`const fs = await import('node:fs');
        const attempt = (act) => { try { return act(); } catch (error) { return error.code; } };
        const writes = ['/', '/tmp', '/usr', '/usr/bin', '/dev/shm', '/var/tmp', ${JSON.stringify(folder)}].map((place) => attempt(() => fs.writeFileSync(place + '/hostile', 'x')));
        const grows = attempt(() => fs.appendFileSync(${JSON.stringify(path.join(folder, 'a.pkl'))}, 'x'));
        const seen = ['/etc', '/proc', '/dev', '/root', '/home', '/run', '/var'].filter((place) => fs.existsSync(place));
        return [...new Set([...writes, grows])].sort() + ' ' + seen + ' ' + fs.readdirSync(${JSON.stringify(folder)}).filter((name) => !name.endsWith('.mjs'));`),
        'dockerfile',
      );
      expect(said).to.equal('ENOENT,EROFS  a.pkl');
    });

    it('is ended by the kernel itself at its limits of processor time and of memory', () => {
      const run = (code: string): ReturnType<typeof spawnSync> => {
        const [command, ...args] = sandbox().around([process.execPath, '-e', code], {
          shown: [process.execPath],
          cpuSeconds: 1,
          dataMegabytes: 512,
        });
        return spawnSync(command!, args, {
          encoding: 'utf8',
          timeout: 30_000,
          env: SANDBOX_ENVIRONMENT,
        });
      };
      const busy = run('for (;;);');
      expect(busy.error, 'ended before the test did').to.equal(undefined);
      expect([busy.status, busy.signal]).to.not.deep.equal([0, null]);
      expect(run('Buffer.alloc(600e6, 1)').stderr).to.match(/Array buffer allocation failed/);
    });

    it('has no capability, sees no other process, and takes those that it started along', async () => {
      expect(
        await says(
          fromOutside(
            `return process.ppid < 10 && process.kill(1, 0) && process.getuid() === 0 ? (await import('node:child_process')).spawnSync('mount', ['-t', 'tmpfs', 'x', '/usr']).status !== 0 : false;`,
          ),
          'dockerfile',
        ),
      ).to.equal('true');
      const mark = `cf-left-over-${process.pid}`;
      await runIsolated(
        { files: [{ ...request('a.pkl', pickle('NONE')).files[0]!, kind: 'dockerfile' }] },
        {
          deadlineMs: 600,
          childPath: child(
            `import { spawn, spawnSync } from 'node:child_process'; spawn('sh', ['-c', 'while true; do sleep 1; done', '${mark}'], { detached: true }); setInterval(() => {}, 1000);`,
          ),
        },
      );
      const running = (): string[] =>
        fs
          .readdirSync('/proc')
          .filter((pid) => Number(pid) > 0 && readable(`/proc/${pid}/cmdline`).includes(mark));
      await until(() => running().length === 0, 'what the child started is gone');
    });
  });

  it('tells what of this is in force', async () => {
    const { details } = await runIsolated(request('a.pkl', pickle('NONE')));
    const { missing } = sandbox();
    expect(details.tools).to.deep.include({
      name: 'isolation',
      status: missing === null ? 'ok' : 'missing',
      detail: missing,
    });
  });

  it('dies with the one that started it', async function () {
    if (sandbox().missing !== null) this.skip();
    const mark = `cf-orphan-${process.pid}-${Date.now()}`;
    // the starter names it as well, in its program
    const running = (): boolean =>
      fs
        .readdirSync('/proc')
        .some(
          (pid) =>
            /^[0-9]+$/.test(pid) &&
            Number(pid) !== starter.pid &&
            readable(`/proc/${pid}/cmdline`).includes(`${mark}.mjs`),
        );
    put(`${mark}.mjs`, 'for (;;);');
    const starter = spawn(
      process.execPath,
      [
        '--import',
        'tsx',
        '--input-type=module',
        '-e',
        `import { runEach, runIsolated } from ${JSON.stringify(new URL('../../../src/scan/run-isolated.ts', import.meta.url).href)};
       await runIsolated({ files: [] }, { childPath: ${JSON.stringify(path.join(folder, `${mark}.mjs`))} });`,
      ],
      { stdio: 'ignore' },
    );
    await until(running, 'the child runs');
    starter.kill('SIGKILL');
    await until(() => !running(), 'the child is gone');
  }).timeout(30_000);

  it('ends at once when it is aborted', async () => {
    const stop = new AbortController();
    const running = runIsolated(request('a.pkl', pickle('NONE')), {
      childPath: child('for (;;);'),
      signal: stop.signal,
    });
    stop.abort(new Error('shutting down'));
    let error: unknown;
    await running.catch((caught: unknown) => (error = caught));
    expect(error).to.have.property('message', 'shutting down');
  });
});

function readable(file: string): string {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch {
    return ''; // a process that has just ended
  }
}

async function until(condition: () => boolean, what: string): Promise<void> {
  const deadline = Date.now() + 12_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`not within 12 s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
