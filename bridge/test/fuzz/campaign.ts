import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { caseOf, scanCase, shrunk, type Case } from './cases.ts';
import { startReference } from './reference.ts';
import { watchCases } from './watch.ts';
import type { Told } from './worker.ts';

interface Failure {
  seed: number;
  what: string;
  sample: string;
  mutation: string;
  /** where the file was kept */ file: string;
}
export interface Outcome {
  seed: number;
  cases: number;
  survivors: number;
  failures: Failure[];
  /** survivors were held against Python's own unpickler */ reference: boolean;
}

const FAILURES_MAX = 10;
const WORKER_MEGABYTES = 512;

/**
 * Changes every sample at random and scans what comes out: no crash, no case without an end, no
 * memory without a bound, and nothing made of a refused file is let through while Python would
 * still reach what it was refused for.
 */
export async function campaign(
  seconds: number,
  seed: number,
  say: (line: string) => void = () => undefined,
): Promise<Outcome> {
  const kept = mkdtempSync(join(tmpdir(), 'creativeflow-fuzz-'));
  const until = Date.now() + seconds * 1000;
  const reference = startReference();
  const outcome: Outcome = {
    seed,
    cases: 0,
    survivors: 0,
    failures: [],
    reference: reference !== null,
  };
  const fail = (what: string, one: Case): void => {
    const file = join(kept, `${one.number}-${one.name}`);
    writeFileSync(file, one.bytes);
    outcome.failures.push({ seed, what, sample: one.sample, mutation: one.what, file });
    say(
      `seed ${seed}, case ${one.number}: ${what}\n  ${one.sample}: ${one.what}\n  kept as ${file}`,
    );
  };
  let from = 0;
  while (Date.now() < until && outcome.failures.length < FAILURES_MAX) {
    const clock = new SharedArrayBuffer(16);
    const shared = new Float64Array(clock);
    shared[0] = from;
    const worker = new Worker(new URL('./worker-entry.mjs', import.meta.url), {
      workerData: { seed, from, until, clock },
      resourceLimits: { maxOldGenerationSizeMb: WORKER_MEGABYTES },
    });
    const crashes: { case: Case; why: string }[] = [];
    const survivors: Case[] = [];
    let broke: string | null = null;
    worker.on('message', (told: Told) => {
      if (told.kind === 'crash') crashes.push(told);
      if (told.kind === 'survivor') survivors.push(told.case);
      if (crashes.length >= FAILURES_MAX) void worker.terminate();
    });
    worker.on('error', (error) => {
      broke = error.message;
    });
    const unwatch = watchCases(shared, (what) => {
      broke = what;
      void worker.terminate();
    });
    await once(worker, 'exit');
    unwatch();
    const last = shared[0]!;
    // made again rather than told: the thread is gone
    if (broke !== null) fail(broke, caseOf(seed, last));
    for (const { case: one, why } of crashes)
      fail(
        `the scanner crashed: ${why}`,
        await shrunk(seed, one, (smaller) =>
          scanCase(smaller).findings.some(({ rule }) => rule === 'scan-crashed'),
        ),
      );
    outcome.survivors += survivors.length;
    if (reference)
      for (const one of survivors) {
        const reached = await reference.reached(one.bytes);
        if (reached.length === 0) continue;
        const smallest = await shrunk(
          seed,
          one,
          async (smaller) =>
            scanCase(smaller).verdict !== 'block' &&
            (await reference.reached(smaller.bytes)).length > 0,
        );
        fail(`let through, and Python reaches ${reached.join(', ')}`, smallest);
      }
    outcome.cases = last;
    from = last + 1;
  }
  reference?.end();
  return outcome;
}
