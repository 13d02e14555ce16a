import crypto from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { NotFound } from '../../errors.ts';
import { refusal, runIsolated } from '../../scan/run-isolated.ts';
import type { Finding, ScanFile, ScanRequest, ScanResult } from '../../scan/types.ts';
import type { OdooPort, VersionWork } from '../ports/odoo.ts';
import type { Clock } from '../ports/runtime.ts';
import type { JobContext, JobHandler, JobPayload } from '../ports/jobs.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import { SERVICE } from '../ports/odoo.ts';

export interface ScanJobParts {
  odoo: Pick<OdooPort, 'call'>;
  store: Pick<ObjectStore, 'get' | 'putSmall'>;
  clock: Clock;
  /** where artifacts lie while they are read; one folder a scan, removed at its end */
  scratch?: string;
  /**
   * what the builds are given, and the registries that base images may come from (all when left
   * out)
   */
  images?: Pick<ScanRequest, 'buildArgs' | 'registries'>;
  scan?: (request: ScanRequest, options: { signal: AbortSignal }) => Promise<ScanResult>;
}

/** a folder this old belongs to a bridge that was killed */
const LEFTOVER_MS = 2 * 60 * 60_000;
/** Odoo's whole numbers have 32 bits */
const OFFSET_MAX = 2 ** 31 - 1;

/**
 * Scans a version's artifacts and reports the verdict. Can be killed anywhere and run again: the
 * work is read from Odoo, the report has one key for one generation, and a fact of an older
 * generation changes nothing there.
 */
export function scanJob(parts: ScanJobParts): JobHandler {
  const scratch = parts.scratch ?? path.join(os.tmpdir(), 'creativeflow-scan');
  const scan = parts.scan ?? ((request, options) => runIsolated(request, options));
  return async (payload, context) => {
    const work = await readWork(parts, payload, context);
    if (work === null) return { done: true };
    const started = parts.clock.now();
    fs.mkdirSync(scratch, { recursive: true, mode: 0o700 });
    removeLeftovers(scratch, started);
    const folder = fs.mkdtempSync(path.join(scratch, 'scan-'));
    let result: ScanResult;
    try {
      const fetched = await fetchArtifacts(parts, work, folder, context.signal);
      result =
        fetched.refused ??
        (await scan({ files: fetched.files, ...parts.images }, { signal: context.signal }));
    } finally {
      fs.rmSync(folder, { recursive: true, force: true });
    }
    context.signal.throwIfAborted();
    await report(parts, payload, { started, result }, context);
    return { done: true };
  };
}

/** A scan of what passed before, under new rules: its fact is another one and moves nothing on. */
const isAudit = (payload: JobPayload): boolean => payload.key.startsWith('audit:');
const NOT_AUDITED = ['Validating', 'ValidationFailed', 'Archived'];

/** null: somebody wants something newer by now, or the verdict is already in. */
async function readWork(
  { odoo }: ScanJobParts,
  payload: JobPayload,
  context: JobContext,
): Promise<VersionWork | null> {
  const work = await odoo.call<VersionWork>(
    SERVICE,
    'mlops.model.version',
    'work',
    { version_id: payload.subjectId },
    context.requestId,
  );
  const stale = isAudit(payload)
    ? NOT_AUDITED.includes(work.status)
    : work.generation !== payload.generation || work.status !== 'Validating';
  if (stale)
    context.log.info(
      {
        versionId: work.versionId,
        generation: payload.generation,
        current: work.generation,
        status: work.status,
      },
      'scan.stale',
    );
  return stale ? null : work;
}

/**
 * Brings the artifacts into the folder, taking their digests on the way. Bytes that differ from the
 * record are a block, not a retry.
 */
async function fetchArtifacts(
  parts: ScanJobParts,
  work: VersionWork,
  folder: string,
  signal: AbortSignal,
): Promise<{ files: ScanFile[]; refused: ScanResult | null }> {
  const files: ScanFile[] = [];
  for (const [i, artifact] of work.artifacts.entries()) {
    // the name is kept apart from the path: what people called a file must not choose where it lies
    const file: ScanFile = {
      name: artifact.filename,
      kind: artifact.kind,
      path: path.join(folder, String(i)),
      size: artifact.size,
    };
    files.push(file);
    try {
      const digest = await fetchOne(parts.store, artifact, file.path, signal);
      if (digest !== artifact.digest) {
        const why = `${artifact.filename} is recorded as ${artifact.digest}; the store gives ${digest}.`;
        return { files, refused: refusal({ files: [file] }, 'scan-digest-mismatch', why) };
      }
    } catch (error) {
      if (!(error instanceof NotFound)) throw error;
      return {
        files,
        refused: refusal(
          { files: [file] },
          'scan-artifact-missing',
          `${artifact.filename} is recorded and is not in the store.`,
        ),
      };
    }
  }
  return { files, refused: null };
}

/**
 * Answers the digest of what came, or what is wrong with its length: more bytes than recorded are
 * not even stored.
 */
async function fetchOne(
  store: ScanJobParts['store'],
  { objectKey, size }: VersionWork['artifacts'][number],
  file: string,
  signal: AbortSignal,
): Promise<string> {
  const hash = crypto.createHash('sha256');
  let received = 0;
  const measure = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      received += chunk.length;
      hash.update(chunk);
      done(received > size ? new Longer() : null, chunk);
    },
  });
  try {
    await pipeline(
      await store.get(objectKey),
      measure,
      fs.createWriteStream(file, { mode: 0o600 }),
      {
        signal,
      },
    );
  } catch (error) {
    if (error instanceof Longer) return `more than ${size} bytes`;
    throw error;
  }
  return `sha256:${hash.digest('hex')}`;
}

class Longer extends Error {}

interface ScanDone {
  readonly started: Date;
  readonly result: ScanResult;
}

/** The report goes to the store first: what Odoo points to exists. */
async function report(
  { odoo, store, clock }: ScanJobParts,
  payload: JobPayload,
  { started, result }: ScanDone,
  context: JobContext,
): Promise<void> {
  const audit = isAudit(payload);
  const key = `scans/${payload.subjectId}/${audit ? `audit-${payload.eventId}` : payload.generation}.json`;
  const times = { startedAt: started.toISOString(), finishedAt: clock.now().toISOString() };
  await store.putSmall(
    key,
    JSON.stringify(
      { versionId: payload.subjectId, generation: payload.generation, ...times, ...result },
      null,
      2,
    ),
    'application/json',
  );
  const answer = await odoo.call<{ accepted: boolean; reason?: string; status?: string }>(
    SERVICE,
    'mlops.model.version',
    audit ? 'report_audit' : 'report_validation',
    {
      version_id: payload.subjectId,
      ...(audit
        ? {}
        : {
            generation: payload.generation,
            serving: Object.keys(result.serving).length > 0 ? result.serving : null,
          }),
      verdict: result.verdict,
      findings: result.findings.map(forOdoo),
      details: { ...result.details, ...times },
      report_key: key,
      ruleset_version: result.rulesetVersion,
    },
    context.requestId,
  );
  context.log.info(
    {
      versionId: payload.subjectId,
      generation: payload.generation,
      verdict: result.verdict,
      findings: result.findings.length,
      accepted: answer.accepted,
      reason: answer.reason,
    },
    'scan.reported',
  );
}

function forOdoo(finding: Finding): Finding {
  if (finding.offset === null || finding.offset <= OFFSET_MAX) return finding;
  return {
    ...finding,
    offset: null,
    evidence: `at byte ${finding.offset}${finding.evidence === null ? '' : `: ${finding.evidence}`}`,
  };
}

function removeLeftovers(scratch: string, now: Date): void {
  for (const name of fs.readdirSync(scratch)) {
    const folder = path.join(scratch, name);
    // another scan may remove its own folder at the same moment
    const stat = fs.statSync(folder, { throwIfNoEntry: false });
    if (stat !== undefined && now.getTime() - stat.mtimeMs > LEFTOVER_MS)
      fs.rmSync(folder, { recursive: true, force: true });
  }
}
