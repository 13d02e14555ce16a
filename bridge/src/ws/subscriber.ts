import { viewOf } from '../domain/event-view.ts';
import type { WebSocket } from 'ws';
import type { SocketMessage } from '../contract/events.ts';
import type { Whoami } from '../contract/requests.ts';
import { maySee } from '../domain/event-visibility.ts';
import type { StreamEvent } from '../services/ports/outbox.ts';

/**
 * A socket that takes in less than it is sent is closed: it reconnects and replays from where it
 * was.
 */
const BACKLOG_BYTES_MAX = 4 * 1024 * 1024;
const CLOSE_SLOW = 4008;
export const CLOSE_LOGGED_OUT = 4401;
const SESSION_CHECK_MS = 60_000;
/**
 * Odoo's workers hear of changed rights a moment after the transaction: looked at a second time
 * then.
 */
const SETTLED_MS = 6_000;
const RETRY_MS = 1_000;
/**
 * So many events wait for the answer whether the person may still see them; more, and the socket
 * connects again.
 */
const HELD_MAX = 2_000;
/** A replay waits while more than this is on its way to the client … */
const REPLAY_BYTES = 256 * 1024;
/** … and ends where nothing of it leaves for this long. */
const STUCK_MS = 30_000;
const LOOK_MS = 20;

const serialized = new WeakMap<StreamEvent, string>();

/** One connected socket, how far it has come, and what its person may see. */
export class Subscriber {
  position: number;
  stillGood: (() => Promise<boolean>) | undefined;
  readonly #socket: WebSocket;
  readonly #whoami: Whoami;
  /** Not all at once: a bridge that starts again is joined by everybody in the same second. */
  #checkAt = Date.now() + SESSION_CHECK_MS * (0.5 + Math.random() / 2);
  #held: StreamEvent[] | undefined;
  #round = 0;

  constructor(socket: WebSocket, whoami: Whoami, position: number) {
    this.#socket = socket;
    this.#whoami = whoami;
    this.position = position;
    this.#checkAt = Math.min(this.#checkAt, this.#keyExpires(0));
  }

  get uid(): number {
    return this.#whoami.uid;
  }

  get open(): boolean {
    return this.#socket.readyState === this.#socket.OPEN;
  }

  hello(): void {
    this.#send({ type: 'hello', position: this.position, user: this.#whoami.login });
  }

  /**
   * Sends an event that is new to it and that it may see. The place in the stream moves on either
   * way.
   */
  offer(event: StreamEvent): void {
    if (event.position <= this.position) return;
    if (this.#held) {
      if (this.#held.length >= HELD_MAX) return this.close(CLOSE_SLOW, 'connect again');
      this.#held.push(event);
      return;
    }
    this.position = event.position;
    if (!maySee(event, this.#whoami) || !this.open) return;
    if (this.#socket.bufferedAmount > BACKLOG_BYTES_MAX)
      return this.close(CLOSE_SLOW, 'too slow; connect again');
    this.#socket.send(lineOf(event));
  }

  /**
   * Back-pressure of a replay: resolves when the client has taken in most of what it was sent, or
   * is gone.
   */
  async drained(): Promise<void> {
    let left = this.#socket.bufferedAmount;
    let movedAt = Date.now();
    while (this.open && this.#socket.bufferedAmount > REPLAY_BYTES) {
      await new Promise((resolve) => {
        setTimeout(resolve, LOOK_MS);
      });
      if (this.#socket.bufferedAmount < left) movedAt = Date.now();
      left = this.#socket.bufferedAmount;
      if (Date.now() - movedAt > STUCK_MS) return this.close(CLOSE_SLOW, 'too slow; connect again');
    }
  }

  ping(position: number): void {
    this.#send({ type: 'ping', position: Math.max(position, this.position) });
  }

  /** Looks whether the session is still good, when it is time for that. */
  async checkSession(now: number): Promise<void> {
    if (now < this.#checkAt) return;
    if (this.#held) return this.recheck(); // Odoo could not say it before
    this.#checkAt = Math.min(now + SESSION_CHECK_MS, this.#keyExpires(now));
    // Odoo away for a moment logs nobody out
    const good = await this.stillGood?.().catch(() => true);
    if (good === false) this.close(CLOSE_LOGGED_OUT, 'logged out');
  }

  /**
   * The person's rights may have changed: nothing more is sent until Odoo has said that they are
   * the same.
   */
  async recheck(): Promise<void> {
    this.#held ??= [];
    const round = (this.#round += 1);
    const good = this.stillGood ? await this.stillGood().catch(() => undefined) : true;
    if (good === false) return this.close(CLOSE_LOGGED_OUT, 'logged out');
    if (round !== this.#round) return; // they changed again meanwhile: the later answer counts
    if (good === undefined) {
      this.#checkAt = Date.now() + RETRY_MS;
      return;
    }
    this.#checkAt = Date.now() + SETTLED_MS;
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const event of held) this.offer(event);
  }

  #keyExpires(now: number): number {
    const at = this.#whoami.keyExpires ? Date.parse(this.#whoami.keyExpires) : Number.NaN;
    return at > now ? at : Number.POSITIVE_INFINITY;
  }

  close(code: number, reason: string): void {
    this.#socket.close(code, reason);
  }

  #send(message: SocketMessage): void {
    if (this.open) this.#socket.send(JSON.stringify(message));
  }
}

/** Written once for all sockets. */
function lineOf(event: StreamEvent): string {
  let line = serialized.get(event);
  if (line === undefined) {
    line = JSON.stringify({ type: 'event', event: viewOf(event) });
    serialized.set(event, line);
  }
  return line;
}
