import { parentPort, workerData } from 'node:worker_threads';
import { scanBytes } from '../unit/scan/scan-bytes.ts';
import { corpus } from './corpus.ts';
import { mutate, random } from './mutations.ts';

export interface Case { number: number; sample: string; name: string; what: string; bytes: Uint8Array; hostile: boolean }
/** a crash; or a file that comes of a refused one and is not refused, with what the verdict was */
export type Told = { kind: 'crash'; case: Case; why: string } | { kind: 'survivor'; case: Case; verdict: string } | { kind: 'done'; cases: number };

const { seed, from, until, clock } = workerData as { seed: number; from: number; until: number; clock: SharedArrayBuffer };
/** [case in hand, when it began in ms since the campaign began] */
const shared = new Float64Array(clock);
const samples = corpus();
let number = from;
for (; Date.now() < until; number += 1) {
  const made = caseOf(number);
  shared[0] = number;
  shared[1] = Date.now();
  const result = scanBytes(made.name, made.bytes, /dockerfile/i.test(made.name) ? 'dockerfile' : 'model');
  const crash = result.findings.find(({ rule }) => rule === 'scan-crashed');
  if (crash) parentPort!.postMessage({ kind: 'crash', case: made, why: crash.why } satisfies Told);
  else if (made.hostile && result.verdict !== 'block') parentPort!.postMessage({ kind: 'survivor', case: made, verdict: result.verdict } satisfies Told);
}
parentPort!.postMessage({ kind: 'done', cases: number } satisfies Told);

function caseOf(at: number): Case {
  const next = random(seed + at * 7919);
  const sample = samples[Math.floor(next() * samples.length)]!;
  const other = samples[Math.floor(next() * samples.length)]!;
  const { what, bytes } = mutate(sample.bytes, other.bytes, next);
  return { number: at, sample: sample.path, name: sample.name, what, bytes, hostile: sample.hostile };
}
