import { expect } from 'chai';
import { once } from 'node:events';
import net from 'node:net';
import { Readable } from 'node:stream';
import { clamavStatus, scanForMalware } from '../../../../src/scan/layers/clamav.ts';

/** Speaks clamd's protocol: knows one signature, or none when its database is empty. */
async function clamd(
  signature: string | null,
  database = '27000',
): Promise<{ port: number; stop(): void }> {
  const server = net
    .createServer((socket) => {
      let received = Buffer.alloc(0);
      socket.on('data', (chunk) => {
        received = Buffer.concat([received, chunk]);
        if (received.toString('latin1').startsWith('zVERSION\0'))
          return void socket.end(`ClamAV 1.4.6/${database}\0`);
        if (!received.subarray(-4).equals(Buffer.alloc(4))) return;
        let text = '';
        for (let at = 'zINSTREAM\0'.length; at < received.length;) {
          const length = received.readUInt32BE(at);
          text += received.subarray(at + 4, at + 4 + length).toString('latin1');
          at += 4 + length;
        }
        socket.end(
          signature !== null && text.includes(signature)
            ? 'stream: Eicar-Test-Signature FOUND\0'
            : 'stream: OK\0',
        );
      });
    })
    .listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { port: (server.address() as net.AddressInfo).port, stop: () => server.close() };
}

describe('scan: ClamAV', () => {
  it('is ok when it finds the test file, and finds it in a stream', async () => {
    const { port, stop } = await clamd('EICAR');
    expect(await clamavStatus({ port })).to.deep.equal({
      name: 'clamav',
      status: 'ok',
      detail: 'ClamAV 1.4.6/27000',
    });
    expect(
      await scanForMalware({ port }, Readable.from([Buffer.from('aaa'), Buffer.from('EICAR')])),
    ).to.equal('Eicar-Test-Signature');
    expect(await scanForMalware({ port }, Readable.from([Buffer.from('harmless')]))).to.equal(null);
    stop();
  });

  it('is stale when its database is old', async () => {
    const { port, stop } = await clamd('EICAR', '27000/Mon Nov  2 09:31:12 2026');
    expect((await clamavStatus({ port }, new Date('2026-11-10T00:00:00Z'))).status).to.equal('ok');
    expect(await clamavStatus({ port }, new Date('2026-12-24T00:00:00Z'))).to.deep.include({
      status: 'stale',
    });
    stop();
  });

  it('is no verdict when its database is empty, when it is not there, and when none is configured', async () => {
    const { port, stop } = await clamd(null);
    expect((await clamavStatus({ port })).status).to.equal('error');
    stop();
    expect((await clamavStatus({ port: 1 })).status).to.equal('missing');
    expect((await clamavStatus(undefined)).status).to.equal('missing');
  });
});
