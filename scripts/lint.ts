/**
 * Every check of the code that needs no test: layout, types, lint rules, imports, unused code and
 * generated files. Runs them two at a time and prints the output of those that fail.
 *
 *   npm run lint                   everything
 *   npm run lint -- eslint types   one or more checks by name
 *
 * Ends with `N passed, N failed` alone on a line; exits 1 when a check failed.
 */
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { CHECKS, type Check } from './lint/checks.ts';
import { noCounts, writeCounts } from './test/counts.ts';

const ROOT = join(import.meta.dirname, '..');
const DEADLINE_MS = 10 * 60_000;

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !CHECKS.some((check) => check.name === name));
if (unknown.length > 0) {
  const names = CHECKS.map(({ name }) => name).join(', ');
  process.stderr.write(`There is no check ${unknown.join(', ')}. Checks: ${names}.\n`);
  process.exit(2);
}
const waiting = CHECKS.filter(({ name }) => asked.length === 0 || asked.includes(name));
const total = noCounts();
const worker = async (): Promise<void> => {
  for (let check = waiting.shift(); check; check = waiting.shift()) await run(check);
};
await Promise.all(Array.from({ length: availableParallelism() }, worker));
writeCounts(total);
process.stdout.write(`\n${total.passed} passed, ${total.failed} failed\n`);
process.exitCode = total.failed > 0 ? 1 : 0;

async function run(check: Check): Promise<void> {
  const from = performance.now();
  const output = await outputOfFailure(check);
  const ms = Math.round(performance.now() - from);
  total.slowest.push({ ms, title: check.name, file: '' });
  process.stdout.write(
    `${output === null ? '✔' : '✘'} ${check.name} (${(ms / 1000).toFixed(1)} s)\n`,
  );
  if (output === null) {
    total.passed += 1;
    return;
  }
  total.failed += 1;
  total.broken.push(`${check.name}\n${output}`);
  process.stdout.write(`${output}\n`);
}

/** Null when the check passed. */
async function outputOfFailure(check: Check): Promise<string | null> {
  try {
    const [program, ...args] = await check.command();
    return await new Promise((resolve, reject) => {
      const child = spawn(program!, args, {
        cwd: ROOT,
        stdio: ['ignore', 'pipe', 'pipe'],
        timeout: DEADLINE_MS,
      });
      const chunks: Buffer[] = [];
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (chunk: Buffer) => void chunks.push(chunk));
      child.on('error', reject);
      child.on('close', (code, signal) => {
        const said = Buffer.concat(chunks).toString().trim();
        resolve(code === 0 ? null : said || `ended with ${signal ?? code}`);
      });
    });
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
