import type { Finding, Limits, Verdict } from './types.ts';
import { RULES, type RuleId } from './rules.ts';

/** Where and what. `why` replaces the rule's own sentence when this case has more to say. */
export interface Place {
  file: string;
  offset?: number;
  line?: number;
  column?: number;
  symbol?: string;
  evidence?: string;
  why?: string;
  remedy?: string;
}

/** A parser throws this where it cannot go on: the file breaks a rule of its format. */
export class Rejected extends Error {
  readonly rule: RuleId;
  readonly offset: number | undefined;
  readonly evidence: string | undefined;

  constructor(rule: RuleId, why: string, offset?: number, evidence?: string) {
    super(why);
    this.name = 'Rejected';
    this.rule = rule;
    this.offset = offset;
    this.evidence = evidence;
  }
}

const RANK: Record<Verdict, number> = { pass: 0, review: 1, block: 2 };
const EVIDENCE_CHARS = 200;

/** Gathers findings. The same rule at the same symbol of the same file is told once. */
export class Report {
  readonly findings: Finding[] = [];
  readonly formats: Record<string, string> = Object.create(null);
  leftOut = 0;
  private worst: Verdict = 'pass';
  private readonly seen = new Set<string>();
  private readonly limits: Limits;

  constructor(limits: Limits) {
    this.limits = limits;
  }

  get verdict(): Verdict {
    return this.worst;
  }

  add(rule: RuleId, place: Place): void {
    const { severity, verdict, why, remedy } = RULES[rule];
    if (RANK[verdict] > RANK[this.worst]) this.worst = verdict;
    const key = keyOf(rule, place);
    if (this.seen.has(key)) return;
    if (this.findings.length >= this.limits.findings) {
      this.leftOut += 1;
      return;
    }
    this.seen.add(key);
    this.findings.push({
      rule,
      severity,
      verdict,
      file: place.file,
      offset: place.offset ?? null,
      line: place.line ?? null,
      column: place.column ?? null,
      symbol: printable(place.symbol),
      evidence: printable(place.evidence),
      why: place.why ?? why,
      remedy: place.remedy ?? remedy,
    });
  }

  /** Runs a parser; what it rejects, and any fault of the parser itself, becomes a finding. */
  guard(file: string, parse: () => void): boolean {
    try {
      parse();
      return true;
    } catch (error) {
      if (error instanceof Rejected) {
        this.add(error.rule, {
          file,
          offset: error.offset,
          evidence: error.evidence,
          why: error.message,
        });
      } else {
        const what = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
        this.add('scan-crashed', {
          file,
          why: `The scanner failed on this file (${what}); what it could not read is not clean.`,
        });
      }
      return false;
    }
  }
}

/** What is equal in findings that say the same. */
function keyOf(rule: RuleId, { file, symbol, line, offset }: Place): string {
  const place = symbol === undefined ? (offset ?? '') : '';
  return `${rule}\n${file}\n${symbol ?? ''}\n${line ?? ''}\n${place}`;
}

/**
 * One line, visible characters only, so that a finding cannot forge a line of a log or a screen.
 */
function printable(text: string | undefined): string | null {
  if (text === undefined) return null;
  const cut = text.length > EVIDENCE_CHARS ? `${text.slice(0, EVIDENCE_CHARS)}…` : text;
  return cut.replace(
    /[^\x20-\x7e…]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** `80 04 95 …`: the first bytes of what a finding is about. */
export function hex(bytes: Uint8Array): string {
  return Array.from(bytes.subarray(0, 24), (byte) => byte.toString(16).padStart(2, '0')).join(' ');
}

/** Bytes as text of one character a byte: names and numbers, which are compared with ASCII only. */
export const latin1 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
