/**
 * The scanner beside its peers, on the same files in the same run: a torch zip, safetensors and a
 * pickle of about 200 MB, and 1,000 small files in one call. Wall time from the start of the
 * command to its end, memory of its largest process.
 *
 *   npx tsx bench/scan.ts [--megabytes 200] [--kinds pt,safetensors,pkl,small] [--rounds 3]
 *   [--no-peers]
 *
 * Files and peers (picklescan, modelscan, modelaudit from PyPI, in an environment of their own) are
 * kept in the cache folder. The peers run once, they take minutes.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { homedir, loadavg } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const { values: flags } = parseArgs({
  options: {
    megabytes: { type: 'string', default: '200' },
    kinds: { type: 'string', default: 'pt,safetensors,pkl,small' },
    rounds: { type: 'string', default: '3' },
    'no-peers': { type: 'boolean', default: false },
  },
});
const PEERS = { picklescan: '1.0.5', modelscan: '0.8.8', modelaudit: '0.2.54' };
const here = import.meta.dirname;
const cache = join(
  process.env['CREATIVEFLOW_CACHE'] ?? join(homedir(), '.cache', 'creativeflow'),
  'bench-scan',
);
const folder = join(cache, flags.megabytes);

interface Run {
  seconds: number;
  status: number | string;
  kilobytes: number;
}

makeFiles();
const peers = flags['no-peers'] ? null : installPeers();
console.log(
  `load ${loadavg()[0]!.toFixed(1)}\n\n| file | tool | seconds | MB/s | MB/s without the start of its processes | memory MB | exit status |\n|---|---|---|---|---|---|---|`,
);
for (const kind of flags.kinds.split(',')) {
  const path = join(folder, kind === 'small' ? 'small' : `big.${kind}`);
  const files = kind === 'small' ? readdirSync(path).map((name) => join(path, name)) : [path];
  const bytes = files.reduce((sum, file) => sum + statSync(file).size, 0);
  readAll(files);
  const tell = (tool: string, runs: Run[], scanSeconds?: number): void => {
    const { seconds, status } = [...runs].sort((a, b) => a.seconds - b.seconds)[
      Math.floor(runs.length / 2)
    ]!;
    const memory = Math.max(...runs.map(({ kilobytes }) => kilobytes)) / 1024;
    console.log(
      `| ${kind === 'small' ? `${files.length} small files` : `big.${kind}, ${(bytes / 1e6).toFixed(0)} MB`} | ${tool} | ${seconds.toFixed(2)} | ${(bytes / 1e6 / seconds).toFixed(1)} | ${scanSeconds ? (bytes / 1e6 / scanSeconds).toFixed(0) : '–'} | ${memory.toFixed(0)} | ${status} |`,
    );
  };
  const command = [
    process.execPath,
    '--import',
    'tsx',
    join(here, '../bridge/src/scan/cli.ts'),
    ...files,
  ];
  tell(
    'creativeflow-scan',
    Array.from({ length: Number(flags.rounds) }, () => measured(command)),
    ownSeconds(command),
  );
  if (kind !== 'small') tell('sha256sum (reference)', [measured(['sha256sum', path])]);
  if (peers === null) continue;
  tell(`picklescan ${PEERS.picklescan}`, [measured([join(peers, 'picklescan'), '--path', path])]);
  tell(`modelscan ${PEERS.modelscan}`, [measured([join(peers, 'modelscan'), '-p', path])]);
  tell(`modelaudit ${PEERS.modelaudit}`, [measured([join(peers, 'modelaudit'), 'scan', path])]);
}

/**
 * What the scan itself took, as it says: the digest included, the start of the two processes not.
 */
function ownSeconds([program, ...args]: string[]): number {
  const told = spawnSync(program!, [...args, '--json'], {
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  }).stdout;
  return (JSON.parse(told) as { details: { durationMs: number } }).details.durationMs / 1000;
}

function makeFiles(): void {
  if (
    flags.kinds
      .split(',')
      .every((kind) => existsSync(join(folder, kind === 'small' ? 'small' : `big.${kind}`)))
  )
    return;
  mkdirSync(folder, { recursive: true });
  run('python3', [
    join(here, 'scan-files.py'),
    folder,
    '--megabytes',
    flags.megabytes,
    '--kinds',
    flags.kinds,
  ]);
}

function installPeers(): string {
  const environment = join(cache, 'peers');
  const bin = join(environment, 'bin');
  if (Object.keys(PEERS).every((name) => existsSync(join(bin, name)))) return bin;
  run('python3', ['-m', 'venv', environment]);
  run(join(bin, 'pip'), [
    'install',
    '-q',
    ...Object.entries(PEERS).map(([name, version]) => `${name}==${version}`),
  ]);
  return bin;
}

function measured(command: string[]): Run {
  return JSON.parse(run('python3', [join(here, 'measured.py'), ...command])) as Run;
}

/** Every tool finds the files in the page cache. */
function readAll(files: string[]): void {
  for (const file of files) if (statSync(file).size < 2 ** 31) readFileSync(file);
}

function run(command: string, args: string[]): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ended with ${status}: ${error?.message ?? stderr}`);
  return stdout;
}
