/**
 * The addon's own tests, on a fresh database of the stack's Odoo: creates it, installs, tests,
 * drops it.
 *
 *   npx tsx scripts/test-addon.ts [TAGS] default /creativeflow_mlops; e.g.
 *   /creativeflow_mlops:TestRoles
 *
 * Needs the stack's PostgreSQL running and Odoo installed, not Odoo running. Ends with `N passed, N
 * failed`; exits 1 on a failure.
 */
import { createWriteStream } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dropDatabase, findLauncher, optionsFor, runOdoo } from './odoo-launcher.ts';
import { type Counts, noCounts, writeCounts } from './test/counts.ts';

const MODULE = 'creativeflow_mlops';
const RESULT = /(\d+) failed, (\d+) error\(s\) of (\d+) tests/;
const DURATION = /tests in ([\d.]+)s/;
const START = /: Starting (\w+\.\w+) \.\.\./;
const SLOWEST = 20;
const LOUD = /^\S+ \S+ \d+ (ERROR|CRITICAL) |^[\w.]*(Error|Violation|Exception): /;

interface Start {
  title: string;
  at: number;
}

/** Odoo logs where a test starts: it ends where the next one starts. */
function slowest(starts: readonly Start[]): Counts['slowest'] {
  return starts
    .slice(0, -1)
    .map(({ title, at }, index) => {
      const ms = Math.round(starts[index + 1]!.at - at);
      return { ms, title, file: '' };
    })
    .sort((one, other) => other.ms - one.ms)
    .slice(0, SLOWEST);
}

async function main(): Promise<number> {
  const launcher = findLauncher();
  const database = `addon_test_${process.pid}`;
  const logFile = join(tmpdir(), `${database}.log`);
  const log = createWriteStream(logFile);
  let result: { failed: number; tests: number } | undefined;
  const starts: Start[] = [];
  let seconds = '?';
  const take = (line: string): void => {
    log.write(`${line}\n`);
    const title = START.exec(line)?.[1] ?? (RESULT.test(line) ? '' : undefined);
    if (title !== undefined) starts.push({ title, at: performance.now() });
    if (LOUD.test(line)) console.log(line);
    seconds = DURATION.exec(line)?.[1] ?? seconds;
    const counts = RESULT.exec(line)?.slice(1).map(Number);
    // a subtest that fails is counted by itself, so there can be more failures than tests
    if (counts) result = { failed: counts[0]! + counts[1]!, tests: counts[2]! };
  };
  try {
    const code = await runOdoo(
      launcher,
      [
        ...(await optionsFor(database)),
        '-i',
        MODULE,
        '--test-tags',
        process.argv[2] ?? `/${MODULE}`,
        '--stop-after-init',
      ],
      take,
    );
    if (!result || result.tests === 0) {
      console.error(`Odoo ended with ${code} and no test result; its log is ${logFile}`);
      console.log('0 passed, 1 failed');
      return 1;
    }
    const failed = result.failed || (code === 0 ? 0 : 1);
    console.log(`${result.tests} tests in ${seconds} s; the log is ${logFile}`);
    const passed = Math.max(0, result.tests - failed);
    const broken = failed > 0 ? [`${failed} of the addon's tests: see its log above`] : [];
    writeCounts({ ...noCounts(), passed, failed, broken, slowest: slowest(starts) });
    console.log(`${passed} passed, ${failed} failed`);
    return failed > 0 ? 1 : 0;
  } finally {
    log.end();
    await dropDatabase(launcher, database);
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 2;
}
