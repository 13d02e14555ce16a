/**
 * Every test of the project. Brings up the servers it needs, and runs stages side by side that
 * share nothing.
 *
 *   npm test                    everything
 *   npm test -- unit            one or more stages by name; `npm test -- --help` lists them
 *
 * Prints the output of a stage when it ends, or as it comes where one stage was asked for. Ends
 * with `N passed, N failed` alone on a line; exits 1 when a test failed or a stage could not run.
 */
import { spawn, spawnSync } from 'node:child_process';
import { closeSync, createReadStream, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { CountsFile, type Counts, failure, noCounts } from './test/counts.ts';
import { schedule } from './test/schedule.ts';
import { ROOT, type Stage, STAGES } from './test/stages.ts';

const STAGE_DEADLINE_MS = 30 * 60_000;
const STACK = [process.execPath, '--import', 'tsx', 'stack/cli.ts'];

const asked = process.argv.slice(2);
if (asked.includes('--help')) {
  const lines = STAGES.map((stage) => `  ${stage.name.padEnd(10)} ${stage.about}`);
  print(`npm test [-- STAGE…]\n\n${lines.join('\n')}\n`);
  process.exit(0);
}
const unknown = asked.filter((name) => !STAGES.some((stage) => stage.name === name));
if (unknown.length > 0) {
  const names = STAGES.map((stage) => stage.name).join(', ');
  process.stderr.write(`There is no stage ${unknown.join(', ')}. Stages: ${names}.\n`);
  process.exit(2);
}
const stages = STAGES.filter((stage) => asked.length === 0 || asked.includes(stage.name));
const outputs = mkdtempSync(join(tmpdir(), 'creativeflow-test-'));
const total = noCounts();
const times: string[] = [];
let printing = Promise.resolve();

const needsStack = stages.some((stage) => stage.needsStack);
const leftOut = await schedule(stages, needsStack ? bringUp() : Promise.resolve(false), run);
if (leftOut.length > 0) {
  const names = leftOut.map(({ name }) => name).join(', ');
  add('stack', failure(`could not be brought up; not tested: ${names}`));
}
await printing;
// stopped again, unless somebody works with them: `npm run stack -- up` before, CREATIVEFLOW_KEEP=1
if (needsStack && process.env['CREATIVEFLOW_KEEP'] !== '1')
  spawnSync(STACK[0]!, [...STACK.slice(1), 'down'], { cwd: ROOT, stdio: 'inherit' });
rmSync(outputs, { recursive: true, force: true });
print(`\n=== time of each stage\n${times.map((line) => `  ${line}\n`).join('')}`);
// once more at the end, where whoever reads only the tail of a long log finds it
if (total.broken.length > 0)
  print(`\n=== what failed\n${total.broken.map((what) => `\n${what}\n`).join('')}`);
print(`\n${total.passed} passed, ${total.failed} failed\n`);
process.exit(total.failed > 0 || total.passed === 0 ? 1 : 0);

async function bringUp(): Promise<boolean> {
  const { end } = await execute('stack', [...STACK, 'up'], process.env);
  return end === 0;
}

async function run(stage: Stage): Promise<void> {
  const counts = new CountsFile();
  const { end } = await execute(stage.name, stage.command(), counts.env, stage.about);
  add(stage.name, counts.take(end));
}

/** Runs a command to its end and has its output printed; answers its exit code or signal. */
async function execute(
  name: string,
  command: string[],
  env: NodeJS.ProcessEnv,
  about = 'bringing up the servers',
): Promise<{ end: string | number | null }> {
  const live = stages.length === 1;
  const file = join(outputs, name);
  const out = live ? 'inherit' : openSync(file, 'w');
  print(`--- ${name} starts: ${about}\n`);
  const from = performance.now();
  const child = spawn(command[0]!, command.slice(1), {
    ...{ cwd: ROOT, env, timeout: STAGE_DEADLINE_MS },
    stdio: ['ignore', out, out],
  });
  const end = await new Promise<string | number | null>((resolve) => {
    child.on('error', ({ message }) => resolve(message));
    child.on('close', (code, signal) => resolve(signal ?? code));
  });
  const seconds = Math.round((performance.now() - from) / 1000);
  times.push(`${name.padEnd(10)} ${String(seconds).padStart(5)} s`);
  if (typeof out === 'number') closeSync(out);
  printing = printing.then(async () => {
    print(`\n=== ${name}: ${about}\n`);
    if (!live) await copy(file);
    print(`=== ${name}: ended after ${seconds} s\n`);
  });
  return { end };
}

async function copy(file: string): Promise<void> {
  const stream = createReadStream(file).on('data', print);
  await finished(stream);
}

function add(name: string, counts: Counts): void {
  total.passed += counts.passed;
  total.failed += counts.failed;
  total.skipped += counts.skipped;
  total.broken.push(...counts.broken.map((what) => `${name}: ${what}`));
  printing = printing.then(() => {
    const lines = counts.slowest.map(({ ms, title, file }) => `  ${ms} ms  ${title}  ${file}\n`);
    if (lines.length > 0) print(`=== ${name}: the slowest\n${lines.join('')}`);
    print(`=== ${name}: ${counts.passed} of ${counts.passed + counts.failed} passed\n`);
  });
}

function print(text: string | Buffer): void {
  process.stdout.write(text);
}
