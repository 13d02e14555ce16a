/**
 * Uploads of one file by each way, side by side: one presigned PUT straight to MinIO (the
 * reference), multipart through the bridge, through nginx and the bridge, and tus in parts. All
 * ways run in each round; a ratio compares with the reference of its own round.
 *
 *   npx tsx bench/upload.ts [--size 1GiB] [--rounds 3] [--ways put,bridge,nginx,tus8,tus64] [--part
 *   16MiB] [--in-flight 4]
 *
 * Starts a MinIO, a Redis, a bridge (its upload routes, Odoo faked) and an nginx of its own, with
 * the stack's nginx configuration and certificates; removes everything at the end. Needs `npm run
 * stack -- up` once, and three times the size in disk.
 */
import { execFile } from 'node:child_process';
import { randomFillSync } from 'node:crypto';
import {
  closeSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { MinioBlobStore } from '../bridge/src/adapters/minio/minio-blob-store.ts';
import { OWN_MINIO, ownMinio, ownRedis } from '../bridge/test/contract/storage/servers.ts';
import { realClock } from '../bridge/test/fakes/real-clock.ts';
import { cpuBetween, cpuTimes, cpuOfOthers, PARTIES, type CpuTimes } from './upload-cpu.ts';
import { startBridge, startNginx } from './upload-servers.ts';
import { cut, multipart, presignedPut, tusUpload, type Way } from './upload-ways.ts';

const run = promisify(execFile);
const MIB = 2 ** 20;
const GIB = 2 ** 30;
const { values: flags } = parseArgs({
  options: {
    size: { type: 'string', default: '1GiB' },
    rounds: { type: 'string', default: '3' },
    ways: { type: 'string', default: 'put,bridge,nginx,tus8,tus64' },
    part: { type: 'string', default: '16MiB' },
    'in-flight': { type: 'string', default: '4' },
  },
});
const bytesOf = (text: string): number => {
  const [, n, unit] = /^(\d+)(MiB|GiB)$/.exec(text)!;
  return Number(n) * (unit === 'GiB' ? GIB : MIB);
};
const size = bytesOf(flags.size);
const folder = mkdtempSync(join(tmpdir(), 'creativeflow-bench-'));
const file = join(folder, 'model.safetensors');
const started: number[] = [];

interface Measured {
  rate: number[];
  ratio: number[];
  cpu: CpuTimes[];
  seconds: number[];
  peak: number[];
  after: number[];
}

const minio = await ownMinio();
const redis = await ownRedis();
try {
  writeRandom(file, size);
  const config = { endpoint: `http://127.0.0.1:${minio.port}`, bucket: 'bench', ...OWN_MINIO };
  const blobs = new MinioBlobStore(config, realClock);
  await blobs.ensureBucket();
  const bridge = await startBridge({
    minio: config,
    redis: redis.port,
    partBytes: bytesOf(flags.part),
    inFlight: Number(flags['in-flight']),
  });
  started.push(bridge.pid);
  const nginx = await startNginx(folder, bridge.port);
  started.push(nginx.pid);
  const door = `https://127.0.0.1:${nginx.port}`;
  const ways: Record<string, Way> = {
    put: { name: 'presigned PUT straight to MinIO', run: () => presignedPut(config, file) },
    bridge: {
      name: 'multipart, bridge',
      run: () => multipart(`http://127.0.0.1:${bridge.port}`, file),
    },
    nginx: { name: 'multipart, nginx (TLS) and bridge', run: () => multipart(door, file) },
    tus8: {
      name: 'tus, parts of 8 MiB, nginx (TLS) and bridge',
      prepare: () => cut(file, 8 * MIB),
      run: () => tusUpload(door, file, 8 * MIB),
    },
    tus64: {
      name: 'tus, parts of 64 MiB, nginx (TLS) and bridge',
      prepare: () => cut(file, 64 * MIB),
      run: () => tusUpload(door, file, 64 * MIB),
    },
  };
  const pids = { nginx: nginx.pid, bridge: bridge.pid, minio: minio.pid() };
  const idle = memory(bridge.pid, 'VmRSS');
  const results = new Map<string, Measured>();
  for (let round = 1; round <= Number(flags.rounds); round += 1) {
    let reference = 0;
    for (const way of flags.ways.split(',')) {
      await ways[way]!.prepare?.();
      await settleMachine();
      writeFileSync(`/proc/${bridge.pid}/clear_refs`, '5'); // begins the peak anew
      const [before, start] = [cpuTimes(pids), performance.now()];
      await ways[way]!.run();
      const seconds = (performance.now() - start) / 1000;
      const cpu = cpuBetween(before, cpuTimes(pids));
      const rate = size / 1e6 / seconds;
      if (way === 'put') reference = rate;
      const result = results.get(way) ?? {
        rate: [],
        ratio: [],
        cpu: [],
        seconds: [],
        peak: [],
        after: [],
      };
      results.set(way, result);
      result.rate.push(rate);
      result.ratio.push(reference ? rate / reference : NaN);
      result.cpu.push(cpu);
      result.seconds.push(seconds);
      result.peak.push((memory(bridge.pid, 'VmHWM') - idle) / MIB);
      result.after.push((memory(bridge.pid, 'VmRSS') - idle) / MIB);
      console.error(
        `round ${round}: ${ways[way]!.name}: ${rate.toFixed(0)} MB/s, CPU s/GiB ${PARTIES.map((party) => (cpu[party] / (size / GIB)).toFixed(2)).join(', ')}, others took ${(cpuOfOthers(cpu) / seconds).toFixed(1)} cores`,
      );
      for await (const { key } of blobs.list('')) await blobs.remove(key);
    }
  }
  console.log(
    `${flags.size}, ${flags.rounds} rounds, parts of ${flags.part}, ${flags['in-flight']} in flight; bridge idle at ${(idle / MIB).toFixed(0)} MiB\n`,
  );
  console.log(
    `| way | MB/s (each round) | of the reference (median) | CPU s/GiB: ${PARTIES.join(', ')}, together | cores that others took | bridge memory above idle: peak, after (MiB) |\n|---|---|---|---|---|---|`,
  );
  for (const [way, { rate, ratio, cpu, seconds, peak, after }] of results) {
    const first = way === 'put';
    const perGib = PARTIES.map((party) => median(cpu.map((each) => each[party])) / (size / GIB));
    console.log(
      `| ${[
        ways[way]!.name,
        rate.map((each) => each.toFixed(0)).join(', '),
        first ? '1' : median(ratio).toFixed(2),
        [...perGib, perGib.reduce((a, b) => a + b)].map((each) => each.toFixed(2)).join(', '),
        median(cpu.map((each, at) => cpuOfOthers(each) / seconds[at]!)).toFixed(1),
        first ? '–' : `${Math.max(...peak).toFixed(0)}, ${median(after).toFixed(0)}`,
      ].join(' | ')} |`,
    );
  }
} finally {
  for (const pid of started)
    try {
      process.kill(pid, 'SIGTERM');
    } catch {
      /* has ended */
    }
  await minio.end();
  await redis.end();
  rmSync(folder, { recursive: true, force: true });
}

function writeRandom(path: string, bytes: number): void {
  const block = Buffer.alloc(16 * MIB);
  const descriptor = openSync(path, 'w');
  for (let written = 0; written < bytes; written += block.length)
    writeSync(descriptor, randomFillSync(block), 0, Math.min(block.length, bytes - written));
  closeSync(descriptor);
  if (statSync(path).size !== bytes) throw new Error('the file has another size');
}

/**
 * What earlier runs left to be written to disk is written. And free memory is touched: a hypervisor
 * that takes back what is free makes the first write to a page cost more than the upload itself, so
 * that the same run takes twice as long now and then.
 */
async function settleMachine(): Promise<void> {
  await run('sync');
  const free =
    Number(/MemFree:\s+(\d+)/.exec(readFileSync('/proc/meminfo', 'utf8'))![1]) * 1024 - GIB;
  await run(process.execPath, [
    '-e',
    `const all = []; for (let left = ${free}; left > 0; left -= ${64 * MIB}) all.push(Buffer.alloc(${64 * MIB}, 1));`,
  ]);
}

function memory(pid: number, name: 'VmRSS' | 'VmHWM'): number {
  return (
    Number(new RegExp(`${name}:\\s+(\\d+)`).exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) *
    1024
  );
}
function median(values: number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
}
