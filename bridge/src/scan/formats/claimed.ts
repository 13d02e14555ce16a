import crypto from 'node:crypto';
import type { Claim, Claims } from '../claims.ts';
import type { ScanContext } from '../format.ts';
import { Rejected, Report, hex } from '../report.ts';
import type { ByteSource } from '../source.ts';
import { scanPickle } from './pickle.ts';

const CHUNK_BYTES = 64 * 1024;

/**
 * Judges raw bytes by what neighbours say of them: the claimed ranges cover the file, what lies
 * between them is padding (zeros), and nothing happens when somebody takes the file for a pickle.
 * The bytes themselves are numbers of any value.
 */
export function scanClaimed(
  source: ByteSource,
  file: string,
  claims: readonly Claim[],
  context: ScanContext,
): void {
  context.report.formats[file] = 'raw-data';
  const [first] = claims;
  if (first === undefined) return;
  for (const { start, end, by } of claims) {
    if (start > end || end > source.size)
      throw new Rejected(
        'claimed-data-range',
        `${by} takes bytes ${start} to ${end} of the file, which has ${source.size}.`,
      );
  }
  let position = 0;
  for (const { start, end } of [...claims].sort((a, b) => a.start - b.start)) {
    if (start > position) checkPadding(source, position, start, first);
    position = Math.max(position, end);
  }
  if (position < source.size)
    throw new Rejected(
      'claimed-data-range',
      `${source.size - position} bytes at the end belong to nothing that ${first.by} says.`,
      position,
    );
  checkDigests(source, file, claims, context);
  if (actsAsPickle(source, file, context)) {
    context.report.add('format-ambiguous', {
      file,
      offset: 0,
      why: `${first.by} says that these are ${first.what}; a pickle loader would run code from them.`,
    });
  }
}

/** Reports the files that are one thing by their content and another by what a neighbour says. */
export function reportDisputed(
  claims: Claims,
  path: (name: string) => string,
  report: Report,
): void {
  for (const [name, { by, what }] of claims.disputed()) {
    const found = report.formats[path(name)];
    report.add('format-ambiguous', {
      file: path(name),
      why: `${by} says that these are ${what}; the content is ${found === undefined ? 'unreadable' : `of the format ${found}`}.`,
    });
  }
}

function checkPadding(source: ByteSource, start: number, end: number, claim: Claim): void {
  for (let at = start; at < end; at += CHUNK_BYTES) {
    const chunk = source.read(at, Math.min(CHUNK_BYTES, end - at));
    const odd = chunk.findIndex((byte) => byte !== 0);
    if (odd >= 0)
      throw new Rejected(
        'claimed-data-range',
        `Between the ${claim.what} lie bytes of nobody.`,
        at + odd,
        hex(chunk.subarray(odd, odd + 16)),
      );
  }
}

function checkDigests(
  source: ByteSource,
  file: string,
  claims: readonly Claim[],
  context: ScanContext,
): void {
  const stated = claims.filter(({ sha1 }) => sha1 !== undefined);
  if (stated.length === 0) return;
  const hash = crypto.createHash('sha1');
  source.stream(0, source.size, (chunk) => hash.update(chunk));
  const real = hash.digest('hex');
  for (const { by, sha1 } of stated) {
    if (sha1!.toLowerCase() !== real)
      context.report.add('claimed-data-digest', {
        file,
        symbol: by,
        evidence: `${sha1} instead of ${real}`,
      });
  }
}

function actsAsPickle(source: ByteSource, file: string, context: ScanContext): boolean {
  const report = new Report(context.limits);
  try {
    scanPickle(
      source,
      file,
      { ...context, report, nested: () => undefined },
      { inlineArrays: { mode: 'run' } },
    );
  } catch (error) {
    if (!(error instanceof Rejected)) throw error;
  }
  return report.findings.some(
    ({ rule }) => rule.startsWith('pickle-global') || rule.startsWith('pickle-call'),
  );
}
