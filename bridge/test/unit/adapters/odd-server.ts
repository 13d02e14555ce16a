import { createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';

/**
 * What a part may do instead of answering: for each, what the server does with a connection on
 * which something came.
 */
export const ODD_ANSWERS: Record<string, (socket: Socket) => void> = {
  hangs: () => undefined,
  'resets the connection': (socket) => socket.resetAndDestroy(),
  'closes the connection': (socket) => socket.end(),
  'closes in the middle of its answer': (socket) =>
    socket.end(http('200 OK', 'application/json', '{"a": 1', 4000)),
  'answers with an empty 200': (socket) => socket.end(http('200 OK', 'application/json', '')),
  'answers with a page': (socket) =>
    socket.end(http('200 OK', 'text/html', '<html>Welcome</html>')),
  'answers with null': (socket) => socket.end(http('200 OK', 'application/json', 'null')),
  'answers with a list': (socket) => socket.end(http('200 OK', 'application/json', '[]')),
  'answers with other JSON': (socket) =>
    socket.end(http('200 OK', 'application/json', '{"status":"starting"}')),
  'leads elsewhere': (socket) =>
    socket.end(http('302 Found', 'text/html', '', 0, 'Location: http://127.0.0.1:1/\r\n')),
  'answers 404 with a page': (socket) =>
    socket.end(http('404 Not Found', 'text/html', '<html>Not Found</html>')),
  'answers 404 in plain text': (socket) =>
    socket.end(http('404 Not Found', 'text/plain', '404 page not found')),
  'answers 404 with other JSON': (socket) =>
    socket.end(http('404 Not Found', 'application/json', '{"detail":"no route"}')),
  'answers 429': (socket) => socket.end(http('429 Too Many Requests', 'text/plain', 'slow down')),
  'answers 500 with a page': (socket) =>
    socket.end(http('500 Internal Server Error', 'text/html', '<html>Oops</html>')),
  'answers 502 with a page': (socket) =>
    socket.end(http('502 Bad Gateway', 'text/html', '<html>Bad Gateway</html>')),
  'answers 503 with a page': (socket) =>
    socket.end(http('503 Service Unavailable', 'text/html', '<html>Busy</html>')),
  'speaks another protocol': (socket) => socket.end('-LOADING the dataset\r\n'),
};

function http(
  status: string,
  type: string,
  body: string,
  length = Buffer.byteLength(body),
  more = '',
): string {
  return `HTTP/1.1 ${status}\r\nContent-Type: ${type}\r\nContent-Length: ${length}\r\nConnection: close\r\n${more}\r\n${body}`;
}

export interface OddServer {
  port: number;
  close(): Promise<void>;
}

/** A server on loopback that does `answer` with each connection on which bytes come. */
export async function oddServer(answer: (socket: Socket) => void): Promise<OddServer> {
  const open = new Set<Socket>();
  const server: Server = createServer((socket) => {
    open.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => open.delete(socket));
    socket.once('data', () => answer(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
