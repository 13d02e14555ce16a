import { createServer, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { expect } from 'chai';
import { attachUploadLines } from '../../../src/http/uploads/direct-body.ts';
import { UPLOAD_LINE } from '../../../src/contract/uploads.ts';
import type { Logger } from '../../../src/services/ports/runtime.ts';
import { attachSocketHub, type SocketHub } from '../../../src/ws/hub.ts';
import { person } from '../http/http-app.ts';

const log: Logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => log };
const TARGETS = [
  '//[/../mlops/ws',
  'http://[/mlops/ws',
  '*',
  '//',
  '/%',
  '/mlops/ws?after=%ff',
  '/mlops/ws?after[]=1',
  'x:y',
  '/\\[',
  '///[::1',
];

/** Sends `text`, ends the connection as asked, and answers what came back. */
function speak(port: number, text: string, { reset = false } = {}): Promise<string> {
  return new Promise((resolve) => {
    let heard = '';
    const socket = connect(port, '127.0.0.1', () => {
      socket.write(text, () => {
        if (reset) socket.resetAndDestroy();
      });
    });
    socket.on('data', (chunk) => {
      heard += String(chunk);
    });
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(heard));
  });
}

describe('an upgrade that nobody should have to trust', () => {
  let server: Server;
  let hub: SocketHub;
  let port: number;
  let authenticate: () => Promise<never>;
  const uncaught: unknown[] = [];
  const note = (error: unknown): void => void uncaught.push(error);

  beforeEach(async () => {
    uncaught.length = 0;
    process.prependListener('uncaughtException', note);
    authenticate = () => Promise.reject(new Error('nobody'));
    server = createServer((_request, response) => void response.end('ok'));
    attachUploadLines(server);
    hub = attachSocketHub(server, {
      log,
      origins: [],
      authenticate: async () => ({ whoami: person('ada'), stillGood: await authenticate() }),
      journal: { after: async () => [], head: async () => 0, onAppend: () => () => undefined },
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    port = (server.address() as AddressInfo).port;
  });
  afterEach(() => {
    process.off('uncaughtException', note);
    hub.stop();
    server.closeAllConnections();
    server.close();
  });

  for (const target of TARGETS) {
    it(`answers or closes ${target}`, async () => {
      for (const kind of ['websocket', UPLOAD_LINE, 'h2c']) {
        await speak(
          port,
          `GET ${target} HTTP/1.1\r\nHost: a\r\nUpgrade: ${kind}\r\nConnection: Upgrade, close\r\n\r\n`,
        );
      }
      expect(await fetch(`http://127.0.0.1:${port}/`).then((answer) => answer.text())).to.equal(
        'ok',
      );
      expect(uncaught).to.deep.equal([]);
    });
  }

  it('survives a reset while it asks who this is', async () => {
    let asked = (): void => undefined;
    const begun = new Promise<void>((resolve) => {
      asked = resolve;
    });
    let refuse = (): void => undefined;
    authenticate = () =>
      new Promise((_resolve, reject) => {
        refuse = () => reject(new Error('nobody'));
        asked();
      });
    const gone = speak(
      port,
      'GET /mlops/ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n',
      { reset: true },
    );
    await Promise.all([begun, gone]);
    // the reset has arrived
    await fetch(`http://127.0.0.1:${port}/`).then((answer) => answer.text());
    refuse();
    expect(await fetch(`http://127.0.0.1:${port}/`).then((answer) => answer.text())).to.equal('ok');
    expect(uncaught).to.deep.equal([]);
  });
});
