import { scanBytes } from '../unit/scan/scan-bytes.ts';
import type { ScanResult } from '../../src/scan/types.ts';
import { corpus } from './corpus.ts';
import { random } from '../fakes/seeded-random.ts';
import { mutate } from './mutations.ts';

export interface Case {
  number: number;
  sample: string;
  name: string;
  what: string;
  bytes: Uint8Array;
  hostile: boolean;
  /** how many changes made it */ steps: number;
}

const samples = corpus();
/**
 * Few among many, and the only ones whose survivors can be judged: they get a share of their own.
 */
const judged = samples.filter(({ readByPython }) => readByPython);
const SHARE = 0.25;

/** The same seed and number, the same case; `undone` leaves some of its changes out. */
export function caseOf(
  seed: number,
  number: number,
  undone: ReadonlySet<number> = new Set(),
): Case {
  const next = random(seed + number * 7919);
  const among = next() < SHARE ? judged : samples;
  const sample = among[Math.floor(next() * among.length)]!;
  const other = samples[Math.floor(next() * samples.length)]!;
  const { what, bytes, steps } = mutate(sample.bytes, other.bytes, next, undone);
  return {
    number,
    sample: sample.path,
    name: sample.name,
    what,
    bytes,
    hostile: sample.hostile,
    steps,
  };
}

export const scanCase = (one: Case): ScanResult =>
  scanBytes(one.name, one.bytes, /dockerfile/i.test(one.name) ? 'dockerfile' : 'model');

/** The case with every change undone that the fault does not need. */
export async function shrunk(
  seed: number,
  one: Case,
  still: (smaller: Case) => boolean | Promise<boolean>,
): Promise<Case> {
  const undone = new Set<number>();
  let smallest = one;
  for (let step = one.steps - 1; step >= 0; step -= 1) {
    undone.add(step);
    const smaller = caseOf(seed, one.number, undone);
    if (await still(smaller)) smallest = smaller;
    else undone.delete(step);
  }
  return smallest;
}
