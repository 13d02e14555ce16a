import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { expect } from 'chai';
import { answerEarly } from '../../../../src/http/uploads/request-body.ts';

describe('an answer before the body', () => {
  let server: Server;
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  const open = async (drainMs?: number): Promise<Socket> => {
    server = createServer((request, response) => {
      answerEarly(request, response, drainMs);
      response.writeHead(401).end('why');
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\nthe first of many');
    return socket;
  };

  it('arrives, and does not ask for the end of the connection', async () => {
    let answer = '';
    for await (const chunk of await open()) {
      answer += String(chunk);
      if (answer.includes('why')) break;
    }
    expect(answer)
      .to.match(/^HTTP\/1.1 401 /)
      .and.not.to.match(/connection: close/i);
  });

  it('does not keep the connection for a client that sends and sends', async () => {
    const socket = await open(20);
    socket.resume().on('error', () => undefined); // its end, as seen by who writes
    const sending = setInterval(() => socket.write('more'), 5);
    await new Promise((resolve) => socket.on('close', resolve));
    clearInterval(sending);
  });
});
