import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DefaultHttpStack, Upload } from 'tus-js-client';
import type { UploadAccepted } from '../bridge/src/contract/requests.ts';
import { killBridge, startBridge } from './bridge-process.ts';
import { Client, digit, sample } from './client.ts';
import { SCAN_MS, STAGING_MS, approve, archive, unusedName } from './pipeline.ts';

const MEBIBYTE = 1024 * 1024;
const BALLAST_BYTES = 160 * MEBIBYTE;
const CHUNK_BYTES = 16 * MEBIBYTE;
/**
 * in mid-chunk, and more than a bridge and the sockets hold in memory (five parts of 16 MiB): the
 * first chunk is stored, however slow the storage
 */
const KILLED_AFTER_BYTES = 120 * MEBIBYTE;
/** a bridge that was killed is back within these tries */
const RETRY_MS = Array.from({ length: 60 }, () => 500);

/**
 * The digits classifier with a tensor more, which nothing uses: an honest model that takes a while
 * to send.
 */
function heavyDigits(path: string): Buffer {
  const raw = readFileSync(path);
  const headerLength = Number(raw.readBigUInt64LE());
  const header = JSON.parse(raw.subarray(8, 8 + headerLength).toString()) as Record<
    string,
    unknown
  >;
  const tensors = raw.subarray(8 + headerLength);
  header['ballast'] = {
    dtype: 'F32',
    shape: [BALLAST_BYTES / 4],
    data_offsets: [tensors.length, tensors.length + BALLAST_BYTES],
  };
  const text = Buffer.from(JSON.stringify(header));
  const padded = Buffer.concat([text, Buffer.alloc((8 - (text.length % 8)) % 8, ' ')]);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(padded.length));
  return Buffer.concat([length, padded, tensors, Buffer.alloc(BALLAST_BYTES)]);
}

describe('An upload outlives the bridge that took it', () => {
  const name = unusedName('resumed');
  let ada: Client, ben: Client;
  let ids: UploadAccepted | undefined;

  before(async () => {
    [ada, ben] = [await Client.as('ada'), await Client.as('ben')];
  });
  after(async () => {
    const mia = await Client.as('mia');
    if (ids) await archive(mia, ids);
    await Promise.all([ada, ben, mia].map((one) => one.close()));
  });

  function send(
    file: Buffer,
    metadata: { field: string; filename: string },
    onProgress: (sent: number) => void = () => {},
    onRetry: () => void = () => {},
  ): Promise<string> {
    return new Promise((resolve, reject) => {
      const upload = new Upload(file, {
        endpoint: `${ada.facts.publicUrl}/mlops/uploads`,
        chunkSize: CHUNK_BYTES,
        retryDelays: RETRY_MS,
        httpStack: new DefaultHttpStack({ ca: readFileSync(ada.facts.caFile) }),
        headers: { 'x-requested-with': 'creativeflow', cookie: ada.cookie },
        metadata,
        onProgress,
        onShouldRetry: () => (onRetry(), true),
        onSuccess: () => resolve(upload.url!.split('/').at(-1)!),
        onError: reject,
      });
      upload.start();
    });
  }

  it('When the bridge is killed in mid-chunk, then the upload goes on where it was, and the model serves in staging', async () => {
    const { dockerfile, sideFiles, metadata, folder } = sample('digits', name);
    let dead: Promise<void> | undefined;
    let lost = 0;
    let rewound = Infinity;
    const modelFile = await send(
      heavyDigits(join(folder, 'model.safetensors')),
      { field: 'modelFile', filename: 'model.safetensors' },
      (sent) => {
        if (sent >= KILLED_AFTER_BYTES && !dead) {
          dead = killBridge(ada.facts).then(() => startBridge(ada.facts));
        } else if (lost > 0) rewound = Math.min(rewound, sent);
      },
      () => (lost += 1),
    );
    await dead;
    expect(lost, 'requests lost with the bridge').to.be.greaterThan(0);
    expect(rewound, 'bytes that need not be sent again').to.be.greaterThanOrEqual(CHUNK_BYTES);

    const uploads = {
      modelFile,
      dockerfile: await send(readFileSync(dockerfile!), {
        field: 'dockerfile',
        filename: 'Dockerfile',
      }),
      sideFiles: [
        await send(readFileSync(sideFiles![0]!), { field: 'sideFiles', filename: 'serve.py' }),
      ],
    };
    // the sample's server reads the file as a whole
    const serving = { ...(metadata['serving'] as object), memory: '640Mi' };
    const answer = await ada.send<UploadAccepted>(
      'POST',
      '/mlops/models',
      { metadata: { ...metadata, serving }, uploads },
      { 'idempotency-key': name },
    );
    expect(answer.status, JSON.stringify(answer.body)).to.equal(202);
    ids = answer.body;
    await approve(ben, await ben.reaches(ids, 'Validated', SCAN_MS));
    const version = await ben.reaches(ids, 'Staging', STAGING_MS);
    const read = await ben.infer(version.stagingEndpointUrl!, name, digit());
    expect(read.status, JSON.stringify(read.body)).to.equal(200);
  });
});
