import { expect } from 'chai';
import { randomFillSync } from 'node:crypto';
import { Readable } from 'node:stream';
import { clamavStatus, scanForMalware } from '../../../src/scan/layers/clamav.ts';
import { clamdProgram, startClamd, type Clamd } from './clamd-server.ts';
import { writeZip } from '../../unit/scan/zip-writer.ts';

const EICAR = Buffer.from(
  ['X5O!P%@AP[4\\PZX54(P^)7CC)7}$', 'EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*'].join(''),
);
const OWN = { 'own.ndb': `CreativeFlow.Eicar:0:*:${EICAR.toString('hex')}\n` };
const MEGABYTE = 1024 * 1024;

describe('ClamAV, on a real clamd', function () {
  this.timeout(180_000);
  let prefix: string;
  const running: Clamd[] = [];
  const start = async (
    signatures: Record<string, string>,
    ...settings: string[]
  ): Promise<Clamd> => {
    const clamd = await startClamd(prefix, signatures, settings);
    running.push(clamd);
    return clamd;
  };
  const bytes = (...chunks: Buffer[]): Readable => Readable.from(chunks);
  const reason = (promise: Promise<unknown>): Promise<string> =>
    promise.then(String, (error: Error) => error.message);

  before(async function () {
    try {
      prefix = await clamdProgram();
    } catch (error) {
      process.stdout.write(
        `    skipped: clamd cannot be had here (${(error as Error).message.split('\n')[0]})\n`,
      );
      this.skip();
    }
  });
  after(() => running.forEach(({ stop }) => stop()));

  it('is ok with signatures that find the test file, and tells which clamd it is', async () => {
    const { status, detail } = await clamavStatus(await start(OWN));
    expect(status).to.equal('ok');
    expect(detail).to.match(/^ClamAV 1\./);
  });

  it('finds it plain, inside of a zip, behind an empty part and across parts; nothing in noise', async () => {
    const clamd = await start(OWN);
    const find = (...chunks: Buffer[]): Promise<string | null> =>
      scanForMalware(clamd, bytes(...chunks));
    expect(await find(EICAR)).to.equal('CreativeFlow.Eicar.UNOFFICIAL');
    expect(await find(writeZip([{ name: 'a/b.bin', bytes: EICAR, deflate: true }]))).to.equal(
      'CreativeFlow.Eicar.UNOFFICIAL',
    );
    expect(
      await find(Buffer.from('aaa'), Buffer.alloc(0), EICAR.subarray(0, 20), EICAR.subarray(20)),
    ).to.equal('CreativeFlow.Eicar.UNOFFICIAL');
    expect(await find(randomFillSync(Buffer.alloc(MEGABYTE)))).to.equal(null);
    expect(await find()).to.equal(null);
  });

  it('is an error, never nothing found, with signatures that miss the test file', async () => {
    expect(
      (await clamavStatus(await start({ 'own.ndb': 'CreativeFlow.Other:0:*:deadbeefdeadbeef\n' })))
        .status,
    ).to.equal('error');
  });

  it('gives no answer for what is longer than clamd takes or looks at', async () => {
    const parts = Array.from({ length: 8 }, () => randomFillSync(Buffer.alloc(MEGABYTE)));
    const short = await start(OWN, 'StreamMaxLength 2M');
    expect(await reason(scanForMalware(short, bytes(...parts)))).to.match(
      /size limit exceeded|StreamMaxLength/i,
    );
    const shallow = await start(OWN, 'StreamMaxLength 100M', 'MaxFileSize 2M', 'MaxScanSize 2M');
    expect(await reason(scanForMalware(shallow, bytes(...parts)))).to.match(
      /did not look at all of it/,
    );
  });

  it('ends the line when the bytes break off, and lets go of the bytes when the line breaks', async () => {
    const clamd = await start(OWN);
    const broken = Readable.from(
      (async function* () {
        yield EICAR;
        throw new Error('the store is away');
      })(),
    );
    expect(await reason(scanForMalware(clamd, broken))).to.equal('the store is away');
    let stopped = false;
    const endless = Readable.from(
      (function* () {
        try {
          for (let i = 0; ; i += 1) {
            if (i === 3) clamd.stop();
            yield Buffer.alloc(MEGABYTE);
          }
        } finally {
          stopped = true;
        }
      })(),
    );
    expect(await reason(scanForMalware(clamd, endless))).to.match(/ended the line|closed the line/);
    expect(stopped).to.equal(true);
    expect((await clamavStatus(clamd)).status).to.equal('missing');
  });
});
