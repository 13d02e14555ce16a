import { UPLOAD_LINE } from '../../contract/uploads.ts';
import { IncomingMessage, ServerResponse, type Server } from 'node:http';
import { Socket, type SocketConstructorOpts } from 'node:net';
import type { BodyReader, BodySource } from './body-source.ts';

/**
 * Fits the second-level cache of a core: what was read is searched and copied on while it is still
 * there.
 */
const READ_BYTES = 512 * 1024;

/** `lineOf(request)` is how the body of such a request is read fast. */
const lines = new WeakMap<IncomingMessage, UploadLine>();
export function lineOf(request: IncomingMessage): BodySource | null {
  return lines.get(request) ?? null;
}

/**
 * Takes over the connections of uploads after their heads, and gives them to the listeners of
 * `request` like any other.
 *
 * Node's own reading makes a fresh 64 KiB buffer for every read and copies into it what its parser
 * read: per GiB 16,384 buffers, events and turns of the garbage collector, half of all that an
 * upload costs. Here one buffer is read into again and again. One request for each connection:
 * nginx is told so by `Connection: close`.
 */
export function attachUploadLines(server: Server): { closeAll(): void } {
  const open = new Set<Socket>();
  server.on('upgrade', (head: IncomingMessage, accepted: Socket, first: Buffer) => {
    if (head.headers.upgrade !== UPLOAD_LINE) return;
    accepted.on('error', () => accepted.destroy());
    // a length is the condition
    if (head.headers['transfer-encoding'] !== undefined) return void accepted.destroy();
    if (!hasHandle(accepted)) return void accepted.destroy(); // reset before we came to it
    const { request, socket } = new UploadLine(head, accepted, first);
    open.add(socket);
    socket.on('close', () => {
      open.delete(socket);
      accepted.destroy(); // the server counts it
    });
    const response = new ServerResponse(request);
    response.shouldKeepAlive = false;
    response.assignSocket(socket);
    request.on('error', () => undefined); // whoever reads it is told by `close`
    response.on('error', () => undefined);
    response.on('finish', () => {
      if (request.complete) socket.destroySoon();
      else request.once('end', () => socket.destroySoon()).resume();
    });
    try {
      server.emit('request', request, response);
    } catch {
      socket.destroy(); // a fault in one request is the end of its connection alone
    }
  });
  return { closeAll: () => open.forEach((socket) => socket.destroy()) };
}

class UploadLine implements BodySource {
  readonly request: IncomingMessage;
  readonly socket: Socket;
  #left: number;
  /** came together with the head */
  #first: Buffer | null;
  #reader: BodyReader | null = null;
  #paused = true;

  constructor(head: IncomingMessage, accepted: Socket, first: Buffer) {
    this.#left = Number(head.headers['content-length'] ?? 0);
    this.#first = first.length > 0 ? first.subarray(0, this.#left) : null;
    this.socket = takeHandle(accepted, (chunk) => this.#arrived(chunk));
    this.socket.pause(); // nothing may arrive before somebody reads
    this.socket.on('end', () => {
      if (this.request.complete) this.socket.end();
      else this.socket.destroy();
    });
    this.socket.on('error', () => undefined); // `close` follows
    this.socket.on('close', () => this.#closed());
    this.request = new IncomingMessage(this.socket);
    const { method, url, headers, rawHeaders, httpVersion, httpVersionMajor, httpVersionMinor } =
      head;
    Object.assign(this.request, {
      method,
      url,
      headers,
      rawHeaders,
      httpVersion,
      httpVersionMajor,
      httpVersionMinor,
      complete: this.#left === 0,
    });
    this.#offerStream();
    lines.set(this.request, this);
  }

  start(reader: BodyReader): void {
    this.#reader = reader;
    if (this.socket.destroyed && !this.request.complete) reader.gone();
    else if (this.#left === 0) reader.end();
    else this.resume();
  }
  pause(): void {
    this.#paused = true;
    this.socket.pause();
  }
  resume(): void {
    this.#paused = false;
    const first = this.#first;
    this.#first = null;
    if (first) this.#deliver(first);
    if (!this.#paused) this.socket.resume();
  }
  stop(): void {
    this.#reader = null;
    if (this.#left > 0) this.pause();
  }

  #arrived(chunk: Buffer): void {
    if (this.#left === 0) return; // nobody sends more than was announced
    this.#deliver(chunk.subarray(0, this.#left));
  }

  #deliver(bytes: Buffer): void {
    this.#left -= bytes.length;
    const reader = this.#reader;
    reader?.data(bytes);
    if (this.#left > 0) return;
    this.request.complete = true;
    reader?.end();
    this.#paused = false;
    this.socket.resume(); // so that its end is seen, should the client not wait for the answer
  }

  #closed(): void {
    if (this.request.complete) return;
    this.#reader?.gone();
    this.request.destroy();
  }

  /**
   * For whoever reads the request as the stream that it is: with copies, for the buffer is read
   * into again.
   */
  #offerStream(): void {
    const { request } = this;
    const reader: BodyReader = {
      data: (chunk) => {
        if (!request.push(Buffer.from(chunk))) this.pause();
      },
      end: () => {
        request.push(null);
      },
      gone: () => {
        request.destroy(new Error('aborted'));
      },
    };
    // not a method: express changes the prototype
    request._read = () => {
      if (this.#reader === null && !request.complete) this.start(reader);
      else if (this.#reader === reader) this.resume();
      else if (this.#reader === null) request.push(null);
    };
  }
}

const hasHandle = (socket: Socket): boolean =>
  !socket.destroyed && Boolean((socket as unknown as { _handle: unknown })._handle);

/**
 * The same connection as a socket that reads into one buffer. Node offers that to clients only
 * (`onread`); for an accepted connection its handle, which has no public name, must be given to a
 * new socket.
 */
function takeHandle(accepted: Socket, arrived: (chunk: Buffer) => void): Socket {
  const holder = accepted as unknown as { _handle: unknown };
  const handle = holder._handle;
  holder._handle = null;
  const onread = {
    buffer: Buffer.allocUnsafeSlow(READ_BYTES),
    callback: (length: number, buffer: Uint8Array) => {
      arrived((buffer as Buffer).subarray(0, length));
      return true;
    },
  };
  return new Socket({
    handle,
    onread,
    allowHalfOpen: true,
    manualStart: true,
  } as SocketConstructorOpts);
}
