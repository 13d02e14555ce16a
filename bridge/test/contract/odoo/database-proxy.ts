import { connect, createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';

export type DatabaseState = 'up' | 'refuses' | 'resets' | 'hangs';

/** Stands before PostgreSQL and can be away in each of the ways in which a server is. */
export class DatabaseProxy {
  readonly #port: number;
  readonly #server: Server;
  readonly #open = new Set<Socket>();
  #state: DatabaseState = 'up';
  #address: AddressInfo | undefined;

  /** @param port of the real PostgreSQL on loopback */
  constructor(port: number) {
    this.#port = port;
    this.#server = createServer((socket) => this.#accept(socket));
  }

  /** The port on which it listens, the same after it was away. */
  async listen(): Promise<number> {
    await new Promise<void>((resolve) =>
      this.#server.listen(this.#address?.port ?? 0, '127.0.0.1', resolve),
    );
    this.#address = this.#server.address() as AddressInfo;
    return this.#address.port;
  }

  /** Connections that are open are cut, as by a server that dies. */
  async become(state: DatabaseState): Promise<void> {
    this.#state = state;
    const closed =
      state === 'refuses' ? new Promise((resolve) => this.#server.close(resolve)) : undefined;
    for (const socket of this.#open) socket.resetAndDestroy();
    await closed;
    if (state !== 'refuses' && !this.#server.listening) await this.listen();
  }

  async close(): Promise<void> {
    if (this.#server.listening) await this.become('refuses');
  }

  #accept(socket: Socket): void {
    this.#keep(socket);
    if (this.#state === 'resets') return void socket.resetAndDestroy();
    if (this.#state === 'hangs') return;
    const server = connect(this.#port, '127.0.0.1');
    this.#keep(server);
    socket.pipe(server).pipe(socket);
    socket.on('close', () => server.destroy());
    server.on('close', () => socket.destroy());
  }

  #keep(socket: Socket): void {
    this.#open.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => this.#open.delete(socket));
  }
}
