/**
 * Uploads of one file by each way, side by side: one presigned PUT straight to MinIO (the reference), multipart through the bridge,
 * through nginx and the bridge, and tus in parts. All ways run in each round; a ratio compares with the reference of its own round.
 *
 *   npx tsx bench/upload.ts [--size 1GiB] [--rounds 3] [--ways put,bridge,nginx1,nginx2,tus8,tus64] [--part 8MiB] [--in-flight 4]
 *
 * Starts a MinIO, a bridge (its upload routes, Odoo faked) and an nginx of its own, with the stack's nginx configuration and
 * certificates; removes everything at the end. Needs `npm run stack -- up` once, and three times the size in disk.
 */
import { spawn, spawnSync } from 'node:child_process';
import { randomFillSync } from 'node:crypto';
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { MinioBlobStore } from '../bridge/src/adapters/minio/minio-blob-store.ts';
import { OWN_MINIO, ownMinio } from '../bridge/test/contract/storage/servers.ts';
import { until } from '../bridge/test/contract/storage/tus-client.ts';
import { realClock } from '../bridge/test/fakes/real-clock.ts';
import { nginxConfiguration } from '../stack/servers/nginx-conf.ts';
import { resolvePorts } from '../stack/ports.ts';
import { presignedPut, tusUpload } from './upload-ways.ts';
import { freePort } from '../stack/free-port.ts';

const MIB = 2 ** 20;
const { values: flags } = parseArgs({
  options: {
    size: { type: 'string', default: '1GiB' }, rounds: { type: 'string', default: '3' }, ways: { type: 'string', default: 'put,bridge,nginx1,nginx2,tus8,tus64' },
    part: { type: 'string', default: '8MiB' }, 'in-flight': { type: 'string', default: '4' },
  },
});
const bytesOf = (text: string): number => { const [, n, unit] = /^(\d+)(MiB|GiB)$/.exec(text)!; return Number(n) * (unit === 'GiB' ? 1024 * MIB : MIB); };
const size = bytesOf(flags.size);
const folder = mkdtempSync(join(tmpdir(), 'creativeflow-bench-'));
const file = join(folder, 'model.safetensors');
const dockerfile = join(folder, 'Dockerfile');
const bucket = 'bench';
const children: number[] = [];

const minio = await ownMinio();
try {
  writeRandom(file, size);
  writeFileSync(dockerfile, 'ARG REGISTRY\nFROM ${REGISTRY}/base/python:3.11\n');
  const config = { endpoint: `http://127.0.0.1:${minio.port}`, bucket, ...OWN_MINIO };
  const blobs = new MinioBlobStore(config, realClock);
  await blobs.ensureBucket();
  const bridge = await startBridge(config);
  const nginx = await startNginx(bridge.port);
  const clear = async (): Promise<void> => { for await (const { key } of blobs.list('')) await blobs.remove(key); };
  let version = 0;
  const multipart = (origin: string, ...more: string[]): void => curl([
    ...more, '-H', 'Authorization: Bearer ada', '-F', `metadata={"name":"bench","version":"${++version}"}`, '-F', `dockerfile=@${dockerfile}`, '-F', `modelFile=@${file}`, `${origin}/mlops/models/upload`,
  ]);
  const ways: Record<string, [string, () => void | Promise<void>]> = {
    put: ['presigned PUT straight to MinIO', async () => curl(['-T', file, await presignedPut(config)])],
    bridge: ['multipart, bridge', () => multipart(`http://127.0.0.1:${bridge.port}`)],
    nginx1: ['multipart, nginx (TLS, HTTP/1.1) and bridge', () => multipart(`https://127.0.0.1:${nginx}`, '-k', '--http1.1')],
    nginx2: ['multipart, nginx (TLS, HTTP/2) and bridge', () => multipart(`https://127.0.0.1:${nginx}`, '-k', '--http2')],
    tus8: ['tus, parts of 8 MiB, nginx and bridge', () => tusUpload(`https://127.0.0.1:${nginx}`, file, 8 * MIB)],
    tus64: ['tus, parts of 64 MiB, nginx and bridge', () => tusUpload(`https://127.0.0.1:${nginx}`, file, 64 * MIB)],
  };
  const idle = memory(bridge.pid, 'VmRSS');
  const results = new Map<string, { rate: number[]; ratio: number[]; cpu: number[]; peak: number[]; after: number[] }>();
  for (let round = 0; round < Number(flags.rounds); round += 1) {
    let reference = 0;
    for (const way of flags.ways.split(',')) {
      writeFileSync(`/proc/${bridge.pid}/clear_refs`, '5'); // begins the peak anew
      const [cpu, start] = [cpuSeconds(bridge.pid), performance.now()];
      await ways[way]![1]();
      const rate = size / 1e6 / ((performance.now() - start) / 1000);
      if (way === 'put') reference = rate;
      const result = results.get(way) ?? { rate: [], ratio: [], cpu: [], peak: [], after: [] };
      results.set(way, result);
      result.rate.push(rate);
      result.ratio.push(reference ? rate / reference : NaN);
      result.cpu.push((cpuSeconds(bridge.pid) - cpu) / (size / 2 ** 30));
      result.peak.push((memory(bridge.pid, 'VmHWM') - idle) / MIB);
      result.after.push((memory(bridge.pid, 'VmRSS') - idle) / MIB);
      await clear();
      console.error(`round ${round + 1}: ${ways[way]![0]}: ${rate.toFixed(0)} MB/s`);
    }
  }
  console.log(`${flags.size}, ${flags.rounds} rounds, parts of ${flags.part}, ${flags['in-flight']} in flight; bridge idle at ${(idle / MIB).toFixed(0)} MiB\n`);
  console.log('| way | MB/s (each round) | of the reference (median) | bridge CPU s/GiB | bridge memory above idle: peak, after (MiB) |\n|---|---|---|---|---|');
  for (const [way, { rate, ratio, cpu, peak, after }] of results) {
    const first = way === 'put';
    console.log(`| ${ways[way]![0]} | ${rate.map((each) => each.toFixed(0)).join(', ')} | ${first ? '1' : median(ratio).toFixed(2)} | ${first ? '–' : median(cpu).toFixed(2)} | ${first ? '–' : `${Math.max(...peak).toFixed(0)}, ${median(after).toFixed(0)}`} |`);
  }
} finally {
  for (const pid of children) try { process.kill(pid, 'SIGTERM'); } catch { /* has ended */ }
  await minio.end();
  rmSync(folder, { recursive: true, force: true });
}

async function startBridge(config: object): Promise<{ port: number; pid: number }> {
  const child = spawn(process.execPath, ['--import', 'tsx', join(import.meta.dirname, '../bridge/test/fakes/upload-process.ts')], {
    stdio: ['ignore', 'pipe', 'inherit'],
    // As the stack starts the bridge: glibc would give memory back, and take it again, at each of the 16,384 chunks of a GiB.
    env: { ...process.env, MALLOC_TRIM_THRESHOLD_: '268435456', MINIO: JSON.stringify(config), PART_BYTES: String(bytesOf(flags.part)), PARTS_IN_FLIGHT: flags['in-flight'] },
  });
  children.push(child.pid!);
  let output = '';
  child.stdout.on('data', (chunk) => { output += String(chunk); });
  await until(() => /port \d+/.test(output), 30_000);
  return { port: Number(/port (\d+)/.exec(output)![1]), pid: child.pid! };
}

async function startNginx(bridgePort: number): Promise<number> {
  const ports = { ...resolvePorts(process.env), bridge: bridgePort, nginxHttp: await freePort(), nginxHttps: await freePort() };
  mkdirSync(join(folder, 'temp'), { recursive: true });
  writeFileSync(join(folder, 'nginx.conf'), nginxConfiguration({ folder, tls: join(import.meta.dirname, '../.stack/tls'), pwa: folder, ports }));
  const child = spawn('nginx', ['-c', join(folder, 'nginx.conf'), '-p', folder, '-g', 'daemon off;'], { stdio: 'ignore' });
  children.push(child.pid!);
  await until(() => fetch(`http://127.0.0.1:${ports.nginxHttp}/`, { redirect: 'manual' }).then(() => true, () => false));
  return ports.nginxHttps;
}

function curl(args: string[]): void {
  const { status, stderr } = spawnSync('curl', ['-sS', '-f', '-o', '/dev/null', ...args], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`curl: ${stderr}`);
}

function writeRandom(path: string, bytes: number): void {
  const block = Buffer.alloc(16 * MIB);
  const descriptor = openSync(path, 'w');
  for (let written = 0; written < bytes; written += block.length) writeSync(descriptor, randomFillSync(block), 0, Math.min(block.length, bytes - written));
  closeSync(descriptor);
  if (statSync(path).size !== bytes) throw new Error('the file has another size');
}

function memory(pid: number, name: 'VmRSS' | 'VmHWM'): number {
  return Number(new RegExp(`${name}:\\s+(\\d+)`).exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) * 1024;
}
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}
function median(values: number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
}
