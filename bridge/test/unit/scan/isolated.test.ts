import { expect } from 'chai';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
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

  it('gives the child nothing of our environment', async () => {
    process.env.CREATIVEFLOW_TEST_SECRET = 'x';
    const seen = path.join(folder, 'env.json');
    await runIsolated(request('a.pkl', pickle('NONE')), { childPath: child(`import fs from 'node:fs'; fs.writeFileSync(${JSON.stringify(seen)}, JSON.stringify(Object.keys(process.env)))`) });
    delete process.env.CREATIVEFLOW_TEST_SECRET;
    expect(JSON.parse(fs.readFileSync(seen, 'utf8'))).to.have.members(['PATH', 'LANG', 'HOME']);
  });

  it('ends at once when it is aborted', async () => {
    const stop = new AbortController();
    const running = runIsolated(request('a.pkl', pickle('NONE')), { childPath: child('for (;;);'), signal: stop.signal });
    stop.abort(new Error('shutting down'));
    let error: unknown;
    await running.catch((caught: unknown) => (error = caught));
    expect(error).to.have.property('message', 'shutting down');
  });
});
