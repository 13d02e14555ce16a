import { createServer, type RequestListener, type Server } from 'node:http';
import type { Duplex } from 'node:stream';

/**
 * Heads come in one piece from nginx; who sends them byte by byte holds a connection for nothing.
 */
const HEAD_DEADLINE_MS = 15_000;
const CHECK_MS = 5_000;
const REFUSED_LINGER_MS = 2_000;

/**
 * A listener as the bridge opens it. A large upload takes as long as it takes, so a whole request
 * has no deadline here: the readers of bodies have theirs. Heads have one.
 */
export function createListener(app: RequestListener): Server {
  return createServer(
    {
      requestTimeout: 0,
      headersTimeout: HEAD_DEADLINE_MS,
      connectionsCheckingInterval: CHECK_MS,
    },
    app,
  );
}

/**
 * The path of a request target without its query; null where it is no path of ours (absolute form,
 * `//host`, damaged).
 */
export function pathOf(target: string | undefined): string | null {
  if (target === undefined || !target.startsWith('/') || target.startsWith('//')) return null;
  return target.split(/[?#]/)[0]!;
}

/** The query of a request target. Never throws, whatever the target is. */
export function queryOf(target: string | undefined): URLSearchParams {
  return new URLSearchParams((target ?? '').split('#')[0]!.split('?').slice(1).join('?'));
}

/**
 * Ends a connection that was taken over from the server, with an answer if it can still be written.
 */
export function refuseUpgrade(socket: Duplex, status: number, text: string): void {
  if (socket.destroyed || !socket.writable) return void socket.destroy();
  const timer = setTimeout(() => socket.destroy(), REFUSED_LINGER_MS);
  socket.once('close', () => clearTimeout(timer));
  socket.resume(); // what still comes is thrown away, so that its end is seen
  socket.end(`HTTP/1.1 ${status} ${text}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}
