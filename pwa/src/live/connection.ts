import type { EventPage, EventView, SocketMessage } from '../api/types.ts';
import { readNow } from '../api/client.ts';
import { ApiProblem } from '../api/problem.ts';

type LineState = 'idle' | 'connecting' | 'live' | 'polling' | 'lost';
type Listener = (event: EventView) => void;

const BACK_OFF_MS = [500, 1_000, 2_000, 4_000, 8_000, 15_000];
const POLL_EVERY_MS = 5_000;
/** The server pings each 25 s; a line that is silent for longer is dead. */
const SILENCE_MS = 40_000;
const FAILURES_BEFORE_POLLING = 2;
/**
 * How often a page that somebody looks at tries while the line is gone: it is back within two
 * seconds.
 */
const LOST_EVERY_MS = 1_000;
/** A socket that says nothing for so long after it was opened is not coming. */
const HELLO_MS = 5_000;
/** The same for the question that stands in for it. */
const PROBE_MS = 5_000;

/**
 * The one line to the bridge. Everybody subscribes here.
 * After a cut it asks for what came after the last position seen, so that no event is missed;
 * where sockets do not pass, it polls the same journal. Dispatches `state` when the line changes
 * and `reset` when subscribers should read again because the gap is unknown.
 */
class Connection extends EventTarget {
  state: LineState = 'idle';
  /** when the line was lost, epoch ms; null while it is there */
  lostAt: number | null = null;
  #listeners = new Set<Listener>();
  #socket: WebSocket | null = null;
  #position: number | null = null;
  #failures = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #silence: ReturnType<typeof setTimeout> | undefined;
  #running = false;

  constructor() {
    super();
    addEventListener('online', () => this.#again(0));
    addEventListener('offline', () => {
      this.#lost();
      this.#again(this.#wait()); // a browser may think so wrongly, and never say that it is over
    });
    document.addEventListener('visibilitychange', () => {
      if (document.visibilityState === 'visible' && this.state !== 'live') this.#again(0);
    });
  }

  /** the last place in the stream that was seen; null before the first word of the server */
  get position(): number | null {
    return this.#position;
  }

  start(): void {
    if (this.#running) return;
    this.#running = true;
    this.#open();
  }

  stop(): void {
    this.#running = false;
    clearTimeout(this.#retry);
    clearTimeout(this.#silence);
    this.#drop();
    this.#position = null;
    this.#failures = 0;
    this.#set('idle');
  }

  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Tries now, for the person who does not want to wait. */
  retryNow(): void {
    this.#again(0);
  }

  #open(): void {
    this.#drop();
    if (this.state === 'idle') this.#set('connecting');
    const url = new URL('/mlops/ws', location.href);
    url.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:';
    if (this.#position !== null) url.searchParams.set('after', String(this.#position));
    const socket = new WebSocket(url);
    this.#socket = socket;
    this.#watchSilence(HELLO_MS);
    socket.onmessage = ({ data }: MessageEvent<string>) => {
      this.#watchSilence();
      this.#receive(JSON.parse(data) as SocketMessage);
    };
    socket.onclose = () => this.#gone(socket);
  }

  #gone(socket: WebSocket): void {
    if (this.#socket !== socket) return;
    this.#socket = null;
    this.#failures += 1;
    void this.#bridgeTheGap();
  }

  #receive(message: SocketMessage): void {
    if (message.type === 'event') return this.#deliver(message.event);
    if (message.type === 'hello') {
      // The stream began anew behind us (a restored database): what we hold may be wrong.
      if (this.#position !== null && message.position < this.#position) {
        this.#position = message.position;
        this.dispatchEvent(new Event('reset'));
      }
      this.#position ??= message.position;
      this.#failures = 0;
      this.#set('live');
    } else if (this.#position !== null && message.position > this.#position) {
      // We slept through something: ask for it.
      this.#open();
    }
  }

  #deliver(event: EventView): void {
    if (this.#position !== null && event.position <= this.#position) return;
    this.#position = event.position;
    for (const listener of this.#listeners) listener(event);
  }

  /**
   * No socket: one poll tells whether the server is there (then polling goes on beside the retries)
   * or the line is gone.
   */
  async #bridgeTheGap(): Promise<void> {
    if (!this.#running) return;
    try {
      const value = await readNow<EventPage>(
        `/mlops/events?after=${this.#position ?? 0}&limit=200`,
        AbortSignal.timeout(PROBE_MS),
      );
      if (this.#position === null) this.#position = value.position;
      else for (const event of value.items) this.#deliver(event);
      if (this.#running && !this.#socket) this.#pollOn();
    } catch (error) {
      if (!this.#running || this.#socket) return;
      if (!(error instanceof ApiProblem)) this.#lost();
      this.#again(this.#wait());
    }
  }

  /** The server is there: after a few failures it is asked without a socket, and said so. */
  #pollOn(): void {
    const polls = this.#failures > FAILURES_BEFORE_POLLING;
    if (polls) this.#set('polling');
    this.#again(polls ? POLL_EVERY_MS : this.#wait());
  }

  #wait(): number {
    if (this.state === 'lost' && document.visibilityState === 'visible')
      return LOST_EVERY_MS * (0.7 + Math.random() * 0.6);
    const base = BACK_OFF_MS[Math.min(this.#failures, BACK_OFF_MS.length - 1)] as number;
    return base * (0.7 + Math.random() * 0.6);
  }

  #again(ms: number): void {
    if (!this.#running) return;
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.#open(), ms);
  }

  #lost(): void {
    if (!this.#running) return;
    this.#drop();
    this.#set('lost');
  }

  #drop(): void {
    const socket = this.#socket;
    this.#socket = null;
    clearTimeout(this.#silence);
    socket?.close();
  }

  #watchSilence(ms = SILENCE_MS): void {
    clearTimeout(this.#silence);
    const socket = this.#socket;
    this.#silence = setTimeout(() => {
      // one that hangs may take its time to close: it is not waited for
      if (socket && socket === this.#socket) this.#gone(socket);
      socket?.close();
    }, ms);
  }

  #set(state: LineState): void {
    if (state === this.state) return;
    const was = this.state;
    this.state = state;
    this.lostAt = state === 'lost' ? Date.now() : null;
    this.dispatchEvent(new Event('state'));
    // What was shown while the line was gone may be old even if no event came after.
    if (was === 'lost' && (state === 'live' || state === 'polling'))
      this.dispatchEvent(new Event('reset'));
  }
}

export const connection = new Connection();
