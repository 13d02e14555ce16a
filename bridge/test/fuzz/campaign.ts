import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Worker } from 'node:worker_threads';
import { allowList } from '../../src/scan/pickle/allowlist.ts';
import type { Case, Told } from './worker.ts';

export interface Failure { seed: number; what: string; sample: string; mutation: string; /** where the file was kept */ file: string }
export interface Outcome { seed: number; cases: number; survivors: number; failures: Failure[]; /** survivors were held against Python's own unpickler */ reference: boolean }

const CASE_MS = 10_000;
const WATCH_MS = 250;
const FAILURES_MAX = 10;
const WORKER_MEGABYTES = 512;

/**
 * Changes every sample at random and scans what comes out: no crash, no case without an end, no memory without a bound, and nothing made
 * of a refused file is let through while Python would still reach what it was refused for.
 */
export async function campaign(seconds: number, seed: number, say: (line: string) => void = () => undefined): Promise<Outcome> {
  const kept = mkdtempSync(join(tmpdir(), 'creativeflow-fuzz-'));
  const until = Date.now() + seconds * 1000;
  const outcome: Outcome = { seed, cases: 0, survivors: 0, failures: [], reference: false };
  const reference = startReference();
  outcome.reference = reference !== null;
  const fail = (what: string, one: Pick<Case, 'number' | 'sample' | 'what' | 'name' | 'bytes'>): void => {
    const file = join(kept, `${one.number}-${one.name}`);
    writeFileSync(file, one.bytes);
    outcome.failures.push({ seed, what, sample: one.sample, mutation: one.what, file });
    say(`case ${one.number}: ${what}\n  ${one.sample}: ${one.what}\n  kept as ${file}`);
  };
  let from = 0;
  while (Date.now() < until && outcome.failures.length < FAILURES_MAX) {
    const clock = new SharedArrayBuffer(16);
    const shared = new Float64Array(clock);
    const worker = new Worker(new URL('./worker-entry.mjs', import.meta.url), { workerData: { seed, from, until, clock }, resourceLimits: { maxOldGenerationSizeMb: WORKER_MEGABYTES } });
    const survivors: Case[] = [];
    let over = false;
    worker.on('message', (told: Told) => {
      if (told.kind === 'crash') fail(`the scanner crashed: ${told.why}`, told.case);
      if (told.kind === 'survivor') survivors.push(told.case);
      if (told.kind === 'done') over = true;
    });
    let broke: string | null = null;
    worker.on('error', (error) => { broke = error.message; });
    const watch = setInterval(() => {
      if (shared[1]! > 0 && Date.now() - shared[1]! > CASE_MS) { broke = `no end within ${CASE_MS / 1000} s`; void worker.terminate(); }
      if (outcome.failures.length >= FAILURES_MAX) void worker.terminate();
    }, WATCH_MS);
    await once(worker, 'exit');
    clearInterval(watch);
    const last = shared[0]!;
    if (broke !== null) fail(`${broke}; make it again with --seed ${seed} from case ${last}`, { number: last, sample: 'told by the seed', what: `case ${last}`, name: 'lost', bytes: Buffer.alloc(0) });
    outcome.survivors += survivors.length;
    if (reference) for (const one of survivors) {
      const reached = (await reference.ask(one.bytes)).filter((symbol) => isRefused(symbol));
      if (reached.length > 0) fail(`let through, and Python reaches ${reached.join(', ')}`, one);
    }
    outcome.cases = last;
    from = last + 1;
    if (over) break;
  }
  reference?.end();
  return outcome;
}

function isRefused(symbol: string): boolean {
  // the last dot is where a pickle without dotted names splits it
  const dot = symbol.lastIndexOf('.');
  return allowList().of(symbol.slice(0, dot), symbol.slice(dot + 1)).standing === 'blocked';
}

/** null: there is no python3 here */
function startReference(): { ask(bytes: Uint8Array): Promise<string[]>; end(): void } | null {
  if (spawnSync('python3', ['--version']).status !== 0) return null;
  const child = spawn('python3', [join(import.meta.dirname, 'reference.py')], { stdio: ['pipe', 'pipe', 'ignore'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async ask(bytes) {
      child.stdin.write(`${Buffer.from(bytes).toString('base64')}\n`);
      const { value, done } = await lines.next();
      if (done === true) throw new Error('The reference reader ended.');
      return JSON.parse(value as string) as string[];
    },
    end: () => void child.stdin.end(),
  };
}
