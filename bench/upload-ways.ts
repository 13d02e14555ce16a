import { open, stat } from 'node:fs/promises';
import { Agent, request } from 'node:https';
import { Client } from 'minio';

/** A URL by which anybody may put one object straight into MinIO. */
export async function presignedPut(config: { endpoint: string; accessKey: string; secretKey: string; bucket: string }): Promise<string> {
  const { hostname, port } = new URL(config.endpoint);
  const client = new Client({ endPoint: hostname, port: Number(port), useSSL: false, accessKey: config.accessKey, secretKey: config.secretKey });
  return client.presignedPutObject(config.bucket, 'reference');
}

const agent = new Agent({ keepAlive: true, rejectUnauthorized: false, maxSockets: 1 });

/** One file by tus, part after part on one connection, as a client does. The memory of a part is used again for the next. */
export async function tusUpload(origin: string, file: string, partBytes: number): Promise<void> {
  const { size } = await stat(file);
  const metadata = `filename ${Buffer.from('model.safetensors').toString('base64')}`;
  const created = await send('POST', `${origin}/mlops/uploads`, { 'upload-length': String(size), 'upload-metadata': metadata }, Buffer.alloc(0));
  const source = await open(file);
  try {
    const part = Buffer.allocUnsafeSlow(partBytes);
    for (let offset = 0; offset < size;) {
      const { bytesRead } = await source.read(part, 0, partBytes, offset);
      const headers = { 'upload-offset': String(offset), 'content-type': 'application/offset+octet-stream' };
      offset = Number((await send('PATCH', `${origin}${created.location}`, headers, part.subarray(0, bytesRead)))['upload-offset']);
    }
  } finally {
    await source.close();
  }
}

function send(method: string, url: string, headers: Record<string, string>, body: Buffer): Promise<Record<string, string | undefined>> {
  return new Promise((resolve, reject) => {
    const asked = request(url, { method, agent, headers: { ...headers, authorization: 'Bearer ada', 'tus-resumable': '1.0.0', 'content-length': body.length } }, (answer) => {
      answer.resume();
      answer.on('end', () => {
        if (answer.statusCode! < 300) resolve(answer.headers as Record<string, string | undefined>);
        else reject(new Error(`${method} answered ${answer.statusCode}`));
      });
    });
    asked.on('error', reject);
    asked.end(body);
  });
}
