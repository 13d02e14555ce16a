import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { OutboundClient, type Resolve } from '../../../src/adapters/outbound/outbound-client.ts';
import { ALLOW_NOTHING, parseAllowList } from '../../../src/domain/outbound-address.ts';
import { BridgeError } from '../../../src/errors.ts';
import type { OutboundAnswer, OutboundPort } from '../../../src/services/ports/outbound.ts';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** Every name leads where the test says; the last entry of a list is answered from then on. */
function names(table: Record<string, string[][]>): Resolve {
  return (host, done) => {
    const answers = table[host];
    if (!answers) return done(new Error('ENOTFOUND'), []);
    const addresses = answers.length > 1 ? answers.shift()! : answers[0]!;
    done(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );
  };
}

describe('outbound client', () => {
  let server: Server;
  let port: number;
  let seen: string[];
  let answer: Answer;

  beforeEach(async () => {
    seen = [];
    answer = (_request, response) => response.end('hello');
    server = createServer((request, response) => {
      seen.push(`${request.method} ${request.headers.host}${request.url}`);
      answer(request, response);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    port = (server.address() as AddressInfo).port;
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  const get = (client: OutboundPort, url: string, maxBytes = 1000): Promise<OutboundAnswer> =>
    client.request(url, { method: 'GET', deadlineMs: 1_000, maxBytes });
  const codeOf = async (asked: Promise<unknown>): Promise<string> =>
    asked.then(
      () => 'answered',
      (error: unknown) => (error instanceof BridgeError ? error.code : String(error)),
    );
  const listed = (resolve?: Resolve): OutboundClient =>
    new OutboundClient(parseAllowList(`127.0.0.1:${port}`), resolve);

  it('refuses every way to write this machine without connecting', async () => {
    const client = new OutboundClient(ALLOW_NOTHING);
    const hosts = [
      '127.0.0.1',
      'localhost',
      'localhost.',
      '127.1',
      '2130706433',
      '0x7f.0.0.1',
      '0177.0.0.1',
      '0',
      '[::1]',
      '[::ffff:127.0.0.1]',
      '[::ffff:7f00:1]',
      '[64:ff9b::7f00:1]',
      '１２７.0.0.1',
    ];
    for (const host of hosts)
      expect(await codeOf(get(client, `http://${host}:${port}/`)), host).to.equal(
        'outbound-refused',
      );
    expect(seen).to.deep.equal([]);
  });

  it('refuses what is no plain web address', async () => {
    const urls = [
      'ftp://1.1.1.1/',
      'file:///etc/passwd',
      'gopher://1.1.1.1',
      'http://user:pass@1.1.1.1/',
      'data:,x',
      'x',
      '',
    ];
    for (const url of urls)
      expect(await codeOf(get(listed(), url)), url).to.equal('outbound-refused');
  });

  it('refuses a name of which one address is internal, whichever would be asked', async () => {
    const resolve = names({ 'hooks.example': [['1.1.1.1', '127.0.0.1']] });
    const client = new OutboundClient(ALLOW_NOTHING, resolve);
    expect(await codeOf(get(client, `http://hooks.example:${port}/`))).to.equal('outbound-refused');
    expect(seen).to.deep.equal([]);
  });

  it('connects to the address that was checked, not to what the name says a moment later', async () => {
    const resolve = names({ 'hooks.example': [['127.0.0.1'], ['10.0.0.1']] });
    expect((await get(listed(resolve), `http://hooks.example:${port}/a`)).body).to.equal('hello');
    expect(seen).to.deep.equal([`GET hooks.example:${port}/a`]);
    expect(await codeOf(get(listed(resolve), `http://hooks.example:${port}/a`))).to.equal(
      'outbound-refused',
    );
  });

  it('follows no redirect', async () => {
    answer = (_request, response) =>
      response.writeHead(302, { location: `http://127.0.0.1:${port}/inside` }).end();
    expect((await get(listed(), `http://127.0.0.1:${port}/`)).status).to.equal(302);
    expect(seen).to.have.length(1);
  });

  it('reads no more of an endless answer than it may', async () => {
    answer = (_request, response) => {
      const more = (): void =>
        void (response.write('x'.repeat(65536))
          ? setImmediate(more)
          : response.once('drain', more));
      more();
    };
    expect((await get(listed(), `http://127.0.0.1:${port}/`, 100_000)).body).to.have.length(
      100_000,
    );
  });

  const silent: Record<string, Answer> = {
    'never answers': () => undefined,
    'sends a byte now and then': (_request, response) => {
      const timer = setInterval(() => response.write('.'), 50);
      response.on('close', () => clearInterval(timer));
    },
    'hangs up': (request) => request.socket.destroy(),
    'floods headers': (request) =>
      request.socket.write(`HTTP/1.1 200 OK\r\n${'x-a: b\r\n'.repeat(20_000)}`),
    'speaks something else': (request) => request.socket.end('SSH-2.0-OpenSSH\r\n'),
  };
  for (const [what, how] of Object.entries(silent)) {
    it(`fails in time before a server that ${what}`, async () => {
      answer = how;
      expect(await codeOf(get(listed(), `http://127.0.0.1:${port}/`))).to.equal('outbound-failed');
    });
  }

  it('says the same of a closed port and of an unknown name', async () => {
    const closed = new OutboundClient(parseAllowList('127.0.0.1'));
    expect(await codeOf(get(closed, 'http://127.0.0.1:1/'))).to.equal('outbound-failed');
    expect(await codeOf(get(listed(names({})), 'http://nowhere.example/'))).to.equal(
      'outbound-failed',
    );
  });
});
