import { existsSync, readdirSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

/**
 * One kind of tests: a command that writes its counts to the file that CREATIVEFLOW_COUNTS names.
 */
export interface Stage {
  name: string;
  about: string;
  /** whether the servers of the stack must be up */
  needsStack: boolean;
  /** how many cores it keeps busy: together no more than the machine has */
  cores: number;
  /** what it changes and nobody else may use meanwhile; `stack` is all of the servers */
  uses: ('cluster' | 'servers' | 'stack')[];
  command(): string[];
}

export const ROOT = join(import.meta.dirname, '../..');

/** What takes seconds: simulations, properties, real child processes and their time limits. */
const SIMULATIONS = [
  'bridge/test/unit/domain/rollouts/simulation.test.ts',
  'bridge/test/unit/domain/rollouts/decide-property.test.ts',
  'bridge/test/unit/services/rollouts/reconcile-faults.test.ts',
  'bridge/test/unit/scan/isolated.test.ts',
  'bridge/test/unit/scan/mutation.test.ts',
  'bridge/test/unit/scan/hot-loop.test.ts',
  'bridge/test/unit/http/any-json.test.ts',
  'stack/test/supervise.test.ts',
];

/** Contract tests that stop servers of the stack, or look at every process of the machine. */
const FAULTS = [
  'bridge/test/contract/faults.test.ts',
  'stack/test/secrets.contract.test.ts',
  'stack/test/supervised.contract.test.ts',
];
/**
 * Contract tests that start pods, and those with a browser: Chromium drops what is under way
 * whenever a network interface comes or goes, as those of pods do.
 */
const CLUSTER = [
  ...filesUnder('bridge/test/contract/admission', '.test.ts'),
  'bridge/test/contract/builds/build-pod.test.ts',
  'bridge/test/contract/builds/layered.test.ts',
  ...filesUnder('bridge/test/contract/rollouts', '.test.ts'),
  'stack/test/bridge-production.contract.test.ts',
  'stack/test/cluster.contract.test.ts',
  'stack/test/door.contract.test.ts',
  'stack/test/endpoints-origin.contract.test.ts',
  'stack/test/hostile-gateway.contract.test.ts',
  'stack/test/hostile-page.contract.test.ts',
  'stack/test/network-policies.contract.test.ts',
];
const CONTRACT = [
  ...filesUnder('bridge/test/contract', '.test.ts'),
  ...filesUnder('stack/test', '.contract.test.ts'),
];
const UNIT = [
  ...filesUnder('bridge/test/unit', '.test.ts'),
  ...filesUnder('stack/test', '.test.ts').filter((name) => !name.endsWith('.contract.test.ts')),
];
const IN_PARALLEL = ['--parallel', '--jobs', '2'];

/** In the order in which they start where there is a choice: what takes long goes first. */
export const STAGES: Stage[] = [
  {
    name: 'lint',
    about: 'layout, types, imports, unused code, generated files',
    ...{ needsStack: false, cores: 2, uses: [] },
    command: () => [process.execPath, '--import', 'tsx', 'scripts/lint.ts'],
  },
  {
    name: 'unit',
    about: 'pure parts and fakes, no server',
    ...{ needsStack: false, cores: 2, uses: [] },
    command: () => mocha(without(UNIT, SIMULATIONS), 120_000, IN_PARALLEL),
  },
  {
    name: 'domain',
    about: "the addon's pure rules, without Odoo",
    ...{ needsStack: false, cores: 1, uses: [] },
    command: () => [process.execPath, '--import', 'tsx', 'scripts/test-domain.ts'],
  },
  {
    name: 'cluster',
    about: 'adapters on the real cluster, and pages in a browser',
    ...{ needsStack: true, cores: 1, uses: ['cluster'] },
    command: () => mocha(CLUSTER, 300_000),
  },
  {
    name: 'e2e',
    about: 'the stories, over the real wire',
    ...{ needsStack: true, cores: 1, uses: ['cluster', 'servers'] },
    command: () => mocha(filesUnder('e2e', '.story.ts'), 420_000),
  },
  {
    name: 'addon',
    about: "the addon's own tests in Odoo",
    ...{ needsStack: true, cores: 1, uses: [] },
    command: () => [process.execPath, '--import', 'tsx', 'scripts/test-addon.ts'],
  },
  {
    name: 'pwa',
    about: 'the web app in Chromium against a mock',
    // of the stack it needs the browser that `up` installs
    ...{ needsStack: true, cores: 1, uses: [] },
    command: () => [...ownNetwork(), ...mocha(filesUnder('pwa/test', '.test.ts'), 300_000)],
  },
  {
    name: 'fuzz',
    about: 'the scanner and the listeners on random input, a minute each',
    ...{ needsStack: false, cores: 1, uses: [] },
    command: () => mocha(filesUnder('bridge/test/fuzz', '.test.ts'), 300_000),
  },
  {
    name: 'simulation',
    about: 'long simulations, properties and child processes, no server',
    ...{ needsStack: false, cores: 1, uses: [] },
    command: () => mocha(SIMULATIONS, 120_000),
  },
  {
    name: 'contract',
    about: 'adapters on the other real servers',
    ...{ needsStack: true, cores: 1, uses: ['servers'] },
    command: () => mocha(without(CONTRACT, [...CLUSTER, ...FAULTS]), 300_000),
  },
  {
    name: 'faults',
    about: 'servers of the stack that are stopped and killed',
    ...{ needsStack: true, cores: 2, uses: ['stack'] },
    command: () => mocha(FAULTS, 300_000),
  },
];

function mocha(files: string[], timeoutMs: number, more: string[] = []): string[] {
  return [
    ...[process.execPath, 'node_modules/mocha/bin/mocha.js', '--import=tsx', '--exit'],
    ...['--reporter', 'scripts/count-reporter.cjs', '--timeout', `${timeoutMs}`],
    ...more,
    ...files,
  ];
}

function without(files: string[], others: string[]): string[] {
  return files.filter((file) => !others.includes(file));
}

function filesUnder(folder: string, ending: string): string[] {
  const path = join(ROOT, folder);
  if (!existsSync(path)) return [];
  return readdirSync(path, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(ending))
    .sort()
    .map((name) => join(folder, name));
}

/**
 * What needs a browser and no other server runs in a network of its own, where we may make one:
 * loopback, and a link to nowhere, since without any link Chromium is offline.
 */
function ownNetwork(): string[] {
  const links = [
    'ip link set lo up',
    'ip link add out type veth peer name end',
    'ip addr add 192.0.2.1/24 dev out',
    'ip link set end up',
    'ip link set out up',
  ].join(' && ');
  const inside = ['unshare', '--net', 'sh', '-c', `${links} && exec "$@"`, 'sh'];
  return spawnSync(inside[0]!, [...inside.slice(1), 'true']).status === 0 ? inside : [];
}
