import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** What a stage counted. `broken` has the title and the error of each failure. */
export interface Counts {
  passed: number;
  failed: number;
  skipped: number;
  broken: string[];
  slowest: { ms: number; title: string; file: string }[];
}

/** The variable that names the file into which a stage writes its counts. */
const COUNTS_VARIABLE = 'CREATIVEFLOW_COUNTS';

export function writeCounts(counts: Counts): void {
  const file = process.env[COUNTS_VARIABLE];
  if (file) writeFileSync(file, JSON.stringify(counts));
}

/** A file for one stage's counts, and the environment that names it. */
export class CountsFile {
  readonly #file = join(mkdtempSync(join(tmpdir(), 'creativeflow-counts-')), 'counts');

  get env(): NodeJS.ProcessEnv {
    return { ...process.env, [COUNTS_VARIABLE]: this.#file };
  }

  /** Reads and removes it. A stage that ended before it could count has failed. */
  take(end: string | number | null): Counts {
    try {
      if (!existsSync(this.#file)) return failure(`ended with ${end} before it could count`);
      const counts = JSON.parse(readFileSync(this.#file, 'utf8')) as Counts;
      if (counts.failed > 0 || end === 0) return counts;
      const broken = [`ended with ${end}, though no test failed`];
      return { ...counts, failed: 1, broken };
    } finally {
      rmSync(dirname(this.#file), { recursive: true, force: true });
    }
  }
}

export function failure(why: string): Counts {
  return { ...noCounts(), failed: 1, broken: [why] };
}

export function noCounts(): Counts {
  return { passed: 0, failed: 0, skipped: 0, broken: [], slowest: [] };
}
