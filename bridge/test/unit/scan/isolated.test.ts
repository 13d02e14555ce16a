import { expect } from 'chai';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { sandbox } from '../../../src/scan/isolation/sandbox.ts';
import { runIsolated } from '../../../src/scan/run-isolated.ts';
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
  const request = (name: string, bytes: Uint8Array): ScanRequest => ({ files: [{ name, kind: 'model', path: put(name, bytes), size: bytes.length }] });
  const child = (code: string): string => put(`child-${Math.random().toString(36).slice(2)}.mjs`, code);

  it('answers what the scanner answers', async () => {
    const bad = await runIsolated(request('bad.pkl', EVIL));
    expect(bad.verdict).to.equal('block');
    expect(bad.findings.map(({ rule }) => rule)).to.deep.equal(['pickle-global-blocked', 'pickle-call-blocked']);
  });

  const ends: [string, string, string, object?][] = [
    ['a crash', 'scan-crashed', 'throw new Error("boom")'],
    ['a kill', 'scan-crashed', 'process.kill(process.pid, "SIGKILL")'],
    ['an end without an answer', 'scan-crashed', 'process.exit(0)'],
    ['an answer that is none', 'scan-crashed', 'process.stdout.write("{\\"verdict\\":\\"fine\\"}")'],
    ['no end', 'scan-timeout', 'setInterval(() => {}, 1000)', { deadlineMs: 300 }],
    ['a busy loop', 'scan-timeout', 'for (;;);', { deadlineMs: 300 }],
    ['a full heap', 'scan-out-of-memory', 'const a = []; for (;;) a.push({ a: a.length, b: [1, 2, 3] })', { heapMegabytes: 32 }],
    ['memory outside of the heap', 'scan-out-of-memory', 'const a = []; setInterval(() => a.length < 20 && a.push(Buffer.alloc(20e6, 1)), 20)', { residentMegabytes: 200 }],
  ];
  for (const [what, rule, code, options] of ends) {
    it(`${what} → block, ${rule}`, async () => {
      const result = await runIsolated(request('a.pkl', pickle('NONE')), { childPath: child(code), ...options });
      expect(result.verdict).to.equal('block');
      expect(result.findings.map((finding) => finding.rule)).to.deep.equal([rule]);
    });
  }

  /** what a program in the scanner's place has to say */
  const says = async (code: string): Promise<string> => (await runIsolated(request('a.pkl', pickle('NONE')), { childPath: child(`${code}\nthrow new Error('SAID ' + said);`) })).findings[0]!.why.split('SAID ')[1]!;

  it('gives the child nothing of our environment', async () => {
    process.env.CREATIVEFLOW_TEST_SECRET = 'x';
    const seen = await says('const said = Object.keys(process.env).filter((name) => name !== "PWD").sort();');
    delete process.env.CREATIVEFLOW_TEST_SECRET;
    expect(seen).to.equal('HOME,LANG,PATH');
  });

  it('leaves the child no network', async function () {
    if (sandbox().missing !== null) this.skip();
    const server = net.createServer((socket) => socket.end()).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as net.AddressInfo;
    try {
      expect(await says(`import net from 'node:net'; import os from 'node:os'; import { spawn } from 'node:child_process';
import { once } from 'node:events';
        const socket = net.connect(${port}, '127.0.0.1'); let said = await once(socket, 'connect').then(() => 'connected', (error) => error.code);
        said += ' ' + Object.keys(os.networkInterfaces()).length;`)).to.match(/^(ENETUNREACH|ECONNREFUSED|EADDRNOTAVAIL) 0/);
    } finally {
      server.close();
    }
  });

  it('leaves the child no place to write, nor to those that it starts', async function () {
    if (sandbox().missing !== null) this.skip();
    const places = [folder, os.tmpdir(), os.homedir(), '/dev/shm', '/proc/sys/kernel', import.meta.dirname];
    expect(await says(`import fs from 'node:fs'; import { spawnSync } from 'node:child_process';
      const said = ${JSON.stringify(places)}.flatMap((place) => {
        let own = 'written'; try { fs.writeFileSync(place + '/cf-hostile', 'x'); } catch (error) { own = 'refused'; }
        return [own, spawnSync('/bin/sh', ['-c', 'echo x > "' + place + '/cf-hostile"']).status === 0 ? 'written' : 'refused'];
      }).join();`)).to.equal(places.flatMap(() => ['refused', 'refused']).join());
    expect(await says("import fs from 'node:fs'; const said = /CapEff:\\s+(\\w+)/.exec(fs.readFileSync('/proc/self/status', 'utf8'))[1];")).to.match(/^0+$/);
  });

  it('tells what of this is in force', async () => {
    const { details } = await runIsolated(request('a.pkl', pickle('NONE')));
    const { missing } = sandbox();
    expect(details.tools).to.deep.include({ name: 'isolation', status: missing === null ? 'ok' : 'missing', detail: missing });
  });

  it('dies with the one that started it', async function () {
    if (sandbox().missing !== null) this.skip();
    const mark = `cf-orphan-${process.pid}-${Date.now()}`;
    const running = (): boolean => fs.readdirSync('/proc').some((pid) => /^[0-9]+$/.test(pid) && readable(`/proc/${pid}/cmdline`).includes(`${mark}.mjs`));
    put(`${mark}.mjs`, 'for (;;);');
    const starter = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e',
      `import { runIsolated } from ${JSON.stringify(new URL('../../../src/scan/run-isolated.ts', import.meta.url).href)};
       await runIsolated({ files: [] }, { childPath: ${JSON.stringify(path.join(folder, `${mark}.mjs`))} });`], { stdio: 'ignore' });
    await until(running, 'the child runs');
    starter.kill('SIGKILL');
    await until(() => !running(), 'the child is gone');
  }).timeout(30_000);

  it('ends at once when it is aborted', async () => {
    const stop = new AbortController();
    const running = runIsolated(request('a.pkl', pickle('NONE')), { childPath: child('for (;;);'), signal: stop.signal });
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
