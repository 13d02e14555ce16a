import { parentPort, workerData } from 'node:worker_threads';
import { caseOf, scanCase, type Case } from './cases.ts';

/** a crash; or a file that comes of a refused one and is not refused, with what the verdict was */
export type Told =
  | { kind: 'crash'; case: Case; why: string }
  | { kind: 'survivor'; case: Case; verdict: string }
  | { kind: 'done'; cases: number };

const { seed, from, until, clock } = workerData as {
  seed: number;
  from: number;
  until: number;
  clock: SharedArrayBuffer;
};
/** [case in hand, 1 while it is scanned] */
const shared = new Float64Array(clock);
let number = from;
for (; Date.now() < until; number += 1) {
  const made = caseOf(seed, number);
  shared[0] = number;
  shared[1] = 1;
  const result = scanCase(made);
  shared[1] = 0;
  const crash = result.findings.find(({ rule }) => rule === 'scan-crashed');
  if (crash) parentPort!.postMessage({ kind: 'crash', case: made, why: crash.why } satisfies Told);
  else if (made.hostile && result.verdict !== 'block')
    parentPort!.postMessage({
      kind: 'survivor',
      case: made,
      verdict: result.verdict,
    } satisfies Told);
}
parentPort!.postMessage({ kind: 'done', cases: number } satisfies Told);
