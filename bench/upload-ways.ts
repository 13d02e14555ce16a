import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Client } from 'minio';

export interface Way {
  name: string;
  prepare?(): Promise<unknown>;
  run(): Promise<void>;
}

/** One file put straight into MinIO by a URL that allows just that. */
export async function presignedPut(
  config: { endpoint: string; accessKey: string; secretKey: string; bucket: string },
  file: string,
): Promise<void> {
  const { hostname, port } = new URL(config.endpoint);
  const client = new Client({
    endPoint: hostname,
    port: Number(port),
    useSSL: false,
    accessKey: config.accessKey,
    secretKey: config.secretKey,
  });
  await curl(['-T', file, await client.presignedPutObject(config.bucket, 'reference')]);
}

let version = 0;
/** The file with a Dockerfile and metadata as one form. */
export async function multipart(origin: string, file: string): Promise<void> {
  const dockerfile = join(dirname(file), 'Dockerfile');
  writeFileSync(dockerfile, 'ARG REGISTRY\nFROM ${REGISTRY}/base/python:3.11\n');
  const metadata = JSON.stringify({ name: 'bench', version: String(++version) });
  await curl([
    '-H',
    'Authorization: Bearer ada',
    '-F',
    `metadata=${metadata}`,
    '-F',
    `dockerfile=@${dockerfile}`,
    '-F',
    `modelFile=@${file}`,
    `${origin}/mlops/models/upload`,
  ]);
}

/** By tus, part after part on one connection, by the same curl as the other ways. */
export async function tusUpload(origin: string, file: string, partBytes: number): Promise<void> {
  const { size } = await stat(file);
  const metadata = `filename ${Buffer.from('model.safetensors').toString('base64')}`;
  const headers = ['-H', 'Authorization: Bearer ada', '-H', 'Tus-Resumable: 1.0.0'];
  const created = await curl([
    ...headers,
    '-X',
    'POST',
    '-H',
    'Content-Length: 0',
    '-H',
    `Upload-Length: ${size}`,
    '-H',
    `Upload-Metadata: ${metadata}`,
    '-D',
    '-',
    `${origin}/mlops/uploads`,
  ]);
  const location = /^location: (\S+)/im.exec(created)![1];
  const parts = await cut(file, partBytes);
  const patches = parts.map(({ path, offset }) => [
    ...headers,
    '-X',
    'PATCH',
    '-H',
    'Expect:',
    '-H',
    'Content-Type: application/offset+octet-stream',
    '-H',
    `Upload-Offset: ${offset}`,
    '-T',
    path,
    `${origin}${location}`,
  ]);
  await curl(patches.flatMap((each, at) => [...(at > 0 ? ['--next', ...ALWAYS] : []), ...each]));
}

const cutFiles = new Map<string, { path: string; offset: number }[]>();
/**
 * The file in pieces, since curl cannot send a piece of a file. Cut once, before anything is
 * measured.
 */
export async function cut(
  file: string,
  partBytes: number,
): Promise<{ path: string; offset: number }[]> {
  const known = cutFiles.get(`${file} ${partBytes}`);
  if (known) return known;
  const { size } = await stat(file);
  const folder = `${file}.${partBytes}`;
  mkdirSync(folder);
  const source = await open(file);
  const block = Buffer.allocUnsafeSlow(partBytes);
  const parts: { path: string; offset: number }[] = [];
  for (let offset = 0; offset < size; offset += partBytes) {
    const { bytesRead } = await source.read(block, 0, partBytes, offset);
    const path = join(folder, String(parts.length));
    writeFileSync(path, block.subarray(0, bytesRead));
    parts.push({ path, offset });
  }
  await source.close();
  cutFiles.set(`${file} ${partBytes}`, parts);
  return parts;
}

const ALWAYS = ['-sS', '-f', '-k', '-o', '/dev/null'];
function curl(args: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn('curl', [...ALWAYS, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    let [output, errors] = ['', ''];
    child.stdout.on('data', (chunk) => {
      output += String(chunk);
    });
    child.stderr.on('data', (chunk) => {
      errors += String(chunk);
    });
    child.on('close', (status) => {
      if (status === 0) resolve(output);
      else reject(new Error(`curl: ${errors}`));
    });
  });
}
