import { expect } from 'chai';
import crypto from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { NotFound, Unavailable } from '../../../../src/errors.ts';
import { scanJob } from '../../../../src/services/scans/scan-version.ts';
import { scanUpload } from '../../../../src/scan/scan.ts';
import type { ScanRequest, ScanResult } from '../../../../src/scan/types.ts';
import type { JobContext } from '../../../../src/services/ports/jobs.ts';
import type { OdooPort, VersionWork } from '../../../../src/services/ports/odoo.ts';
import type { Clock, Logger } from '../../../../src/services/ports/runtime.ts';
import { global, pickle, text } from '../../scan/pickle-assembler.ts';

const GOOD = pickle('NONE');
const EVIL = pickle(global('os', 'system'), text('id'), 'TUPLE1', 'REDUCE');
const DOCKERFILE = Buffer.from(
  'ARG REGISTRY\nFROM ${REGISTRY}/base/python:3.11\nEXPOSE 8080\nUSER 65532\n',
);
const digest = (bytes: Uint8Array): string =>
  `sha256:${crypto.createHash('sha256').update(bytes).digest('hex')}`;
const silent: Logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => silent };
const clock: Clock = { now: () => new Date('2026-11-23T12:00:00Z'), sleep: async () => undefined };
const version = { eventId: 1, key: 'version:7', generation: 3, subjectId: 7 };
const audit = { ...version, eventId: 9, key: 'audit:7' };

interface World {
  objects: Map<string, Uint8Array>;
  small: Map<string, string>;
  calls: { method: string; kwargs: Record<string, unknown> }[];
  work: Partial<VersionWork>;
}

describe('the scan job', () => {
  let scratch: string;
  beforeEach(() => (scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'cf-job-'))));
  afterEach(() => fs.rmSync(scratch, { recursive: true }));

  const world = (model: Uint8Array, changes: Partial<VersionWork> = {}): World => ({
    objects: new Map([
      ['m', model],
      ['d', DOCKERFILE],
    ]),
    small: new Map(),
    calls: [],
    work: {
      versionId: 7,
      generation: 3,
      status: 'Validating',
      artifacts: [
        {
          kind: 'model',
          filename: '../../model.pkl',
          objectKey: 'm',
          digest: digest(model),
          size: model.length,
        },
        {
          kind: 'dockerfile',
          filename: 'Dockerfile',
          objectKey: 'd',
          digest: digest(DOCKERFILE),
          size: DOCKERFILE.length,
        },
      ],
      ...changes,
    },
  });

  async function run(
    state: World,
    scan: (request: ScanRequest) => Promise<ScanResult> = async (request) => scanUpload(request),
    signal = new AbortController().signal,
    payload = version,
  ): Promise<Record<string, unknown> | null> {
    const odoo: Pick<OdooPort, 'call'> = {
      async call<T>(
        caller: unknown,
        _model: string,
        method: string,
        kwargs: Record<string, unknown>,
      ): Promise<T> {
        expect(caller).to.deep.equal({ kind: 'service' });
        state.calls.push({ method, kwargs });
        return (method === 'work' ? state.work : { accepted: true, status: 'Validated' }) as T;
      },
    };
    const store = {
      async get(key: string): Promise<Readable> {
        const bytes = state.objects.get(key);
        if (bytes === undefined) throw new NotFound('gone', { code: 'object-not-found' });
        return Readable.from([Buffer.from(bytes)]);
      },
      async putSmall(key: string, body: Buffer | string): Promise<void> {
        state.small.set(key, String(body));
      },
    };
    const context: JobContext = { log: silent, signal, requestId: 'r' };
    expect(await scanJob({ odoo, store, clock, scratch, scan })(payload, context)).to.deep.equal({
      done: true,
    });
    return (
      state.calls.find(
        ({ method }) => method === (payload === audit ? 'report_audit' : 'report_validation'),
      )?.kwargs ?? null
    );
  }

  it('reports a pass with what the Dockerfile says, and keeps the whole report in the store', async () => {
    const state = world(GOOD);
    const report = await run(state);
    expect(report).to.deep.include({
      version_id: 7,
      generation: 3,
      verdict: 'pass',
      findings: [],
      report_key: 'scans/7/3.json',
      serving: { port: 8080 },
    });
    expect(report!.details).to.deep.include({ startedAt: '2026-11-23T12:00:00.000Z' });
    expect(JSON.parse(state.small.get('scans/7/3.json')!)).to.deep.include({
      verdict: 'pass',
      versionId: 7,
      generation: 3,
    });
  });

  it('reports findings with the names that Odoo knows', async () => {
    const report = await run(world(EVIL));
    expect(report).to.include({ verdict: 'block' });
    expect((report!.findings as object[])[0]).to.have.all.keys(
      'rule',
      'severity',
      'verdict',
      'file',
      'offset',
      'line',
      'column',
      'symbol',
      'evidence',
      'why',
      'remedy',
    );
  });

  it('blocks bytes that are not the recorded ones, without scanning them', async () => {
    for (const other of [EVIL, GOOD.subarray(0, 2), Buffer.concat([GOOD, EVIL])]) {
      const state = world(GOOD);
      state.objects.set('m', other);
      const report = await run(state, () => Promise.reject(new Error('must not be scanned')));
      expect((report!.findings as { rule: string }[]).map(({ rule }) => rule)).to.deep.equal([
        'scan-digest-mismatch',
      ]);
    }
  });

  it('blocks when an artifact is gone', async () => {
    const state = world(GOOD);
    state.objects.delete('m');
    expect(((await run(state))!.findings as { rule: string }[])[0]!.rule).to.equal(
      'scan-artifact-missing',
    );
  });

  it('does nothing when the generation or the status has moved on', async () => {
    expect(await run(world(GOOD, { generation: 4 }))).to.equal(null);
    expect(await run(world(GOOD, { status: 'Validated' }))).to.equal(null);
  });

  it('scans what passed under other rules again, and reports that apart, whatever is wanted of the version meanwhile', async () => {
    const again = (status: string): Promise<Record<string, unknown> | null> =>
      run(world(EVIL, { status, generation: 5 }), undefined, undefined, audit);
    const told = await again('Live');
    expect(told).to.include({
      version_id: 7,
      verdict: 'block',
      report_key: 'scans/7/audit-9.json',
    });
    expect(told).not.to.have.any.keys('generation', 'serving');
    for (const status of ['Validating', 'ValidationFailed', 'Archived'])
      expect(await again(status), status).to.equal(null);
  });

  it('keeps files in a folder of its own that only we can read, and removes it whatever happens', async () => {
    const seen: string[] = [];
    await run(world(GOOD), async (request) => {
      const file = request.files[0]!.path;
      seen.push(path.dirname(file));
      expect(file.startsWith(scratch)).to.equal(true);
      expect(fs.statSync(path.dirname(file)).mode & 0o777).to.equal(0o700);
      return scanUpload(request);
    });
    let error: unknown;
    await run(world(GOOD), () => Promise.reject(new Unavailable('later', { code: 'x' }))).catch(
      (caught: unknown) => (error = caught),
    );
    expect(error).to.be.instanceOf(Unavailable);
    expect(seen).to.have.length(1);
    expect(fs.readdirSync(scratch)).to.deep.equal([]);
  });

  it('removes what a killed scan left behind, and not what another is using', async () => {
    fs.mkdirSync(path.join(scratch, 'scan-old'));
    fs.utimesSync(
      path.join(scratch, 'scan-old'),
      new Date('2026-11-23T01:00:00Z'),
      new Date('2026-11-23T01:00:00Z'),
    );
    fs.mkdirSync(path.join(scratch, 'scan-new'));
    fs.utimesSync(path.join(scratch, 'scan-new'), clock.now(), clock.now());
    await run(world(GOOD));
    expect(fs.readdirSync(scratch)).to.deep.equal(['scan-new']);
  });

  it('reports nothing when it is told to stop', async () => {
    const stop = new AbortController();
    const state = world(GOOD);
    let error: unknown;
    await run(
      state,
      async (request) => {
        stop.abort(new Error('stopping'));
        return scanUpload(request);
      },
      stop.signal,
    ).catch((caught: unknown) => (error = caught));
    expect(error).to.have.property('message', 'stopping');
    expect(state.small.size).to.equal(0);
  });

  it('tells Odoo, whose whole numbers are small, an offset beyond them as text', async () => {
    const report = await run(world(GOOD), async (request) => {
      const result = scanUpload({ files: [{ ...request.files[0]!, name: 'x.safetensors' }] });
      return {
        ...result,
        findings: [
          {
            rule: 'pickle-frame',
            severity: 'high',
            verdict: 'block',
            file: 'x',
            offset: 5e9,
            line: null,
            column: null,
            symbol: null,
            evidence: null,
            why: 'w',
            remedy: 'r',
          },
        ],
      };
    });
    expect((report!.findings as object[])[0]).to.include({
      offset: null,
      evidence: 'at byte 5000000000',
    });
  });
});
