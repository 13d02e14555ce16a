import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import type { Whoami } from '../contract/requests.ts';
import { BridgeError } from '../errors.ts';
import { pathOf, queryOf, refuseUpgrade as refuse } from '../http/listener.ts';
import { UPLOAD_LINE } from '../contract/uploads.ts';
import type { Logger } from '../services/ports/runtime.ts';
import type { JournalReader, RightsFeed, StreamEvent } from '../services/ports/outbox.ts';
import { Subscriber } from './subscriber.ts';

export interface HubDeps {
  journal: JournalReader;
  log: Logger;
  /** origins whose pages may connect */
  origins: string[];
  /** whose rights changed: their sockets are looked at before they get another event */
  rights?: RightsFeed;
  authenticate(
    request: IncomingMessage,
  ): Promise<{ whoami: Whoami; stillGood(): Promise<boolean> }>;
  onCount?(sockets: number): void;
}

const SOCKET_PATH = '/mlops/ws';
const BATCH = 500;
/**
 * Odoo may be slow; a connection that nobody is known to own does not wait for it longer than this.
 */
const AUTHENTICATE_MS = 10_000;
const PING_MS = 25_000;
/**
 * how often it is looked whose session is to be checked; each socket has its own time within the
 * minute
 */
const CHECK_ROUND_MS = 1_000;
/** A notification can be lost: look anyway. */
const REREAD_MS = 10_000;

export interface SocketHub {
  stop(): void;
  count(): number;
}

/**
 * `/mlops/ws?after=POSITION`: the journal as it grows. New events are read once and handed to every
 * socket that may see them.
 */
export function attachSocketHub(server: Server, deps: HubDeps): SocketHub {
  return new Hub(server, deps);
}

interface Identity {
  readonly whoami: Whoami;
  stillGood(): Promise<boolean>;
}

class Hub implements SocketHub {
  readonly #deps: HubDeps;
  readonly #sockets = new WebSocketServer({ noServer: true, maxPayload: 4096 });
  readonly #subscribers = new Set<Subscriber>();
  readonly #pump: Pump;
  readonly #timers: NodeJS.Timeout[];
  readonly #unsubscribe: (() => void) | undefined;
  /** of anybody's rights, as far as they were told */
  #changes = 0;

  constructor(server: Server, deps: HubDeps) {
    this.#deps = deps;
    this.#pump = new Pump(deps, this.#subscribers);
    server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      if (request.headers.upgrade === UPLOAD_LINE) return; // not for a socket
      // From here on the connection is ours: a reset without a listener would end the process.
      socket.on('error', () => socket.destroy());
      this.#welcome(request, socket, head).catch((error: unknown) => {
        deps.log.warn({ reason: reasonOf(error) }, 'socket.upgrade-failed');
        socket.destroy();
      });
    });
    this.#unsubscribe = deps.rights?.onRights((uid) => this.#recheck(uid));
    this.#timers = [
      setInterval(() => this.#each((subscriber) => subscriber.ping(this.#pump.position)), PING_MS),
      setInterval(
        () => this.#each((subscriber) => void subscriber.checkSession(Date.now())),
        CHECK_ROUND_MS,
      ),
    ];
  }

  count(): number {
    return this.#subscribers.size;
  }

  stop(): void {
    for (const timer of this.#timers) clearInterval(timer);
    this.#unsubscribe?.();
    this.#pump.stop();
    this.#each((subscriber) => subscriber.close(1001, 'the bridge stops; connect again'));
    this.#sockets.close();
  }

  async #welcome(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    if (pathOf(request.url) !== SOCKET_PATH) return refuse(socket, 404, 'Not Found');
    if (request.method !== 'GET') return refuse(socket, 405, 'Method Not Allowed');
    if (!originAllowed(request, this.#deps.origins)) return refuse(socket, 403, 'Forbidden');
    const seen = this.#changes;
    let identity: Identity;
    try {
      identity = await within(AUTHENTICATE_MS, this.#deps.authenticate(request));
    } catch (error) {
      return refuse(socket, error instanceof BridgeError ? error.status : 503, 'Refused');
    }
    if (socket.destroyed) return; // gone while we asked
    const after = queryOf(request.url).get('after');
    this.#sockets.handleUpgrade(
      request,
      socket,
      head,
      (accepted) => void this.#join(accepted, { ...identity, seen }, after),
    );
  }

  /** `seen`: the changes of rights that were told before it was asked who this is */
  async #join(
    socket: WebSocket,
    identity: Identity & { seen: number },
    after: string | null,
  ): Promise<void> {
    const { journal, log } = this.#deps;
    socket.on('error', () => socket.terminate());
    try {
      const asked = after === null ? Number.NaN : Number(after);
      const head = await journal.head();
      const from = Number.isInteger(asked) && asked >= 0 ? Math.min(asked, head) : head;
      const subscriber = new Subscriber(socket, identity.whoami, from);
      subscriber.hello();
      socket.on('close', () => {
        this.#subscribers.delete(subscriber);
        this.#tellCount();
      });
      await this.#pump.catchUp(subscriber);
      subscriber.stillGood = identity.stillGood;
      // somebody's rights changed while it was let in
      if (identity.seen !== this.#changes) void subscriber.recheck();
      this.#tellCount();
    } catch (error) {
      log.warn({ reason: reasonOf(error) }, 'socket.join-failed');
      socket.close(1013, 'try again');
    }
  }

  /** null: anybody's rights may have changed */
  #recheck(uid: number | null): void {
    this.#changes += 1;
    this.#each((subscriber) => {
      if (uid === null || subscriber.uid === uid) void subscriber.recheck();
    });
  }

  #tellCount(): void {
    this.#deps.onCount?.(this.#subscribers.size);
  }

  #each(tell: (subscriber: Subscriber) => void): void {
    this.#subscribers.forEach(tell);
  }
}

/** Reads the journal on and hands each event round. */
class Pump {
  position = -1;
  readonly #deps: HubDeps;
  readonly #subscribers: Set<Subscriber>;
  readonly #unsubscribe: () => void;
  readonly #timer: NodeJS.Timeout;
  #reading = false;
  #again = false;

  constructor(deps: HubDeps, subscribers: Set<Subscriber>) {
    this.#deps = deps;
    this.#subscribers = subscribers;
    this.#unsubscribe = deps.journal.onAppend(() => void this.#read());
    this.#timer = setInterval(() => void this.#read(), REREAD_MS);
    void this.#read();
  }

  /**
   * Replays what the subscriber missed. It joins in the same turn in which it is level with what
   * was handed round.
   */
  async catchUp(subscriber: Subscriber): Promise<void> {
    for (;;) {
      const events = await this.#deps.journal.after(subscriber.position, BATCH);
      for (const event of events) subscriber.offer(event);
      await subscriber.drained(); // the next page only when this one was taken in
      if (events.length < BATCH && subscriber.position >= this.position) break;
      if (!subscriber.open) return;
    }
    this.#subscribers.add(subscriber);
  }

  stop(): void {
    this.#unsubscribe();
    clearInterval(this.#timer);
  }

  async #read(): Promise<void> {
    if (this.#reading) {
      this.#again = true;
      return;
    }
    this.#reading = true;
    try {
      if (this.position < 0) this.position = await this.#deps.journal.head();
      let events: StreamEvent[];
      do {
        this.#again = false;
        events = await this.#deps.journal.after(this.position, BATCH);
        for (const event of events) {
          this.position = event.position;
          for (const subscriber of this.#subscribers) subscriber.offer(event);
        }
      } while (events.length === BATCH || this.#again);
    } catch (error) {
      this.#deps.log.warn(
        { reason: error instanceof Error ? error.message : String(error) },
        'socket.read-failed',
      );
    } finally {
      this.#reading = false;
    }
  }
}

/**
 * Browsers always name the page's origin; a page of somebody else's may not listen with our cookie.
 */
function originAllowed(request: IncomingMessage, origins: string[]): boolean {
  const origin = request.headers.origin;
  if (origin === undefined) return true;
  return origins.includes(origin);
}

async function within<T>(ms: number, answer: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error('took too long')), ms);
  });
  return Promise.race([answer, late]).finally(() => clearTimeout(timer));
}

const reasonOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);
