/**
 * Every test of the project, in the order in which a fault shows soonest. Brings up the servers it
 * needs.
 *
 *   npm test                    everything
 *   npm test -- unit            one or more stages by name; `npm test -- --help` lists them
 *
 * Ends with `N passed, N failed` alone on a line; exits 1 when a test failed or a stage could not
 * run.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

interface Counts {
  passed: number;
  failed: number;
  skipped: number;
  broken: string[];
}
interface Stage {
  name: string;
  about: string;
  needsStack: boolean;
  run(): Counts;
}

const root = join(import.meta.dirname, '..');
const STAGE_DEADLINE_MS = 30 * 60_000;

const STAGES: Stage[] = [
  {
    name: 'unit',
    about: 'pure parts and fakes, no server',
    needsStack: false,
    run: () =>
      mocha(
        [
          ...filesUnder('bridge/test/unit', '.test.ts'),
          ...filesUnder('stack/test', '.test.ts', false).filter(
            (name) => !name.endsWith('.contract.test.ts'),
          ),
        ],
        '120000',
        ['--parallel', '--jobs', '2'],
      ),
  },
  {
    name: 'fuzz',
    about: 'the scanner before a minute of files changed at random',
    needsStack: false,
    run: () => mocha(filesUnder('bridge/test/fuzz', '.test.ts'), '300000'),
  },
  {
    name: 'pwa',
    about: 'the web app in Chromium before a mock',
    needsStack: true,
    run: () => mocha(filesUnder('pwa/test', '.test.ts'), '300000', [], ownNetwork()),
  },
  { name: 'addon', about: "the addon's own tests in Odoo", needsStack: true, run: addon },
  {
    name: 'contract',
    about: 'adapters on the real servers',
    needsStack: true,
    run: () =>
      mocha(
        [
          ...filesUnder('bridge/test/contract', '.test.ts'),
          ...filesUnder('stack/test', '.contract.test.ts'),
          ...filesUnder('stack/test/contract', '.test.ts'),
        ],
        '300000',
      ),
  },
  {
    name: 'e2e',
    about: 'the stories, over the real wire',
    needsStack: true,
    run: () => mocha(filesUnder('e2e', '.story.ts'), '420000'),
  },
];

const asked = process.argv.slice(2);
if (asked.includes('--help')) {
  process.stdout.write(
    `npm test [-- STAGE…]\n\n${STAGES.map((stage) => `  ${stage.name.padEnd(10)} ${stage.about}`).join('\n')}\n`,
  );
  process.exit(0);
}
const unknown = asked.filter((name) => !STAGES.some((stage) => stage.name === name));
if (unknown.length > 0) {
  process.stderr.write(
    `There is no stage ${unknown.join(', ')}. Stages: ${STAGES.map((stage) => stage.name).join(', ')}.\n`,
  );
  process.exit(2);
}
const stages = STAGES.filter((stage) => asked.length === 0 || asked.includes(stage.name));
const total: Counts = { passed: 0, failed: 0, skipped: 0, broken: [] };
let up = false;
for (const stage of stages) {
  process.stdout.write(`\n=== ${stage.name}: ${stage.about}\n`);
  if (stage.needsStack && !up) {
    up = true;
    if (
      spawnSync(process.execPath, ['--import', 'tsx', 'stack/cli.ts', 'up'], {
        cwd: root,
        stdio: 'inherit',
      }).status !== 0
    ) {
      total.failed += 1;
      process.stdout.write(
        'The servers could not be brought up: what needs them was not tested.\n',
      );
      break;
    }
  }
  const from = Date.now();
  const counts = stage.run();
  process.stdout.write(
    `=== ${stage.name}: ${counts.passed} of ${counts.passed + counts.failed} passed in ${Math.round((Date.now() - from) / 1000)} s\n`,
  );
  total.passed += counts.passed;
  total.failed += counts.failed;
  total.skipped += counts.skipped;
  total.broken.push(...counts.broken.map((what) => `${stage.name}: ${what}`));
}
// stopped again, unless somebody works with them: `npm run stack -- up` before, CREATIVEFLOW_KEEP=1
if (up && process.env['CREATIVEFLOW_KEEP'] !== '1')
  spawnSync(process.execPath, ['--import', 'tsx', 'stack/cli.ts', 'down'], {
    cwd: root,
    stdio: 'inherit',
  });
// once more at the end, where whoever reads only the tail of a long log finds it
if (total.broken.length > 0)
  process.stdout.write(`\n=== what failed\n${total.broken.map((what) => `\n${what}\n`).join('')}`);
process.stdout.write(`\n${total.passed} passed, ${total.failed} failed\n`);
process.exit(total.failed > 0 || total.passed === 0 ? 1 : 0);

function filesUnder(folder: string, ending: string, deep = true): string[] {
  const path = join(root, folder);
  if (!existsSync(path)) return [];
  return readdirSync(path, { recursive: deep, encoding: 'utf8' })
    .filter((name) => name.endsWith(ending))
    .sort()
    .map((name) => join(folder, name));
}

/**
 * Chromium drops what is under way whenever an interface of the machine comes or goes, as those of
 * pods do. What needs no other server runs in a network of its own, where we may make one:
 * loopback, and a link to nowhere, since without any Chromium is offline.
 */
function ownNetwork(): string[] {
  const links =
    'ip link set lo up && ip link add out type veth peer name end && ip addr add 192.0.2.1/24 dev out && ip link set end up && ip link set out up';
  const inside = ['unshare', '--net', 'sh', '-c', `${links} && exec "$@"`, 'sh'];
  return spawnSync(inside[0]!, [...inside.slice(1), 'true']).status === 0 ? inside : [];
}

function mocha(
  files: string[],
  timeoutMs: string,
  more: string[] = [],
  before: string[] = [],
): Counts {
  const counts = join(mkdtempSync(join(tmpdir(), 'creativeflow-counts-')), 'counts');
  const [program, ...args] = [
    ...before,
    process.execPath,
    'node_modules/mocha/bin/mocha.js',
    '--import=tsx',
    '--exit',
    '--reporter',
    'scripts/count-reporter.cjs',
    '--timeout',
    timeoutMs,
    ...more,
    ...files,
  ];
  const done = spawnSync(program!, args, {
    cwd: root,
    stdio: 'inherit',
    timeout: STAGE_DEADLINE_MS,
    env: { ...process.env, CREATIVEFLOW_COUNTS: counts },
  });
  if (!existsSync(counts))
    return lost(`ended with ${done.signal ?? done.status} before it could count`);
  const { passed, failed, skipped, broken } = JSON.parse(readFileSync(counts, 'utf8')) as Counts;
  if (failed === 0 && done.status !== 0)
    return {
      passed,
      failed: 1,
      skipped,
      broken: [`mocha ended with ${done.signal ?? done.status}, though no test failed`],
    };
  return { passed, failed, skipped, broken };
}

function addon(): Counts {
  const done = spawnSync(process.execPath, ['--import', 'tsx', 'scripts/test-addon.ts'], {
    cwd: root,
    encoding: 'utf8',
    timeout: STAGE_DEADLINE_MS,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  process.stdout.write(done.stdout);
  const found = /(\d+) passed, (\d+) failed\s*$/m.exec(done.stdout);
  if (!found) return lost(`ended with ${done.signal ?? done.status} and no result`);
  const failed = Number(found[2]);
  return {
    passed: Number(found[1]),
    failed,
    skipped: 0,
    broken: failed > 0 ? [`${failed} of the addon's tests: see its log above`] : [],
  };
}

function lost(why: string): Counts {
  return { passed: 0, failed: 1, skipped: 0, broken: [why] };
}
