import { readFileSync } from 'node:fs';
import { once } from 'node:events';
import WebSocket from 'ws';
import type { EventView, SocketMessage } from '../bridge/src/contract/events.ts';
import { waitFor } from '../stack/process.ts';
import type { Client } from './client.ts';

/**
 * One person's socket, as the web app holds it. `events` grows over cuts and reconnects; `position`
 * is the last one heard.
 */
export class Listener {
  readonly events: EventView[] = [];
  /** where the first connection began */
  start = -1;
  position = -1;
  readonly #client: Client;
  #socket: WebSocket | undefined;

  constructor(client: Client) {
    this.#client = client;
  }

  /**
   * Connects; after a cut it says how far it had come. Returns when the server has said from where
   * it goes on.
   */
  async connect(after: number | null = this.position < 0 ? null : this.position): Promise<void> {
    const { facts, cookie } = this.#client;
    const url = new URL(
      `/mlops/ws${after === null ? '' : `?after=${after}`}`,
      facts.publicUrl.replace(/^https/, 'wss'),
    );
    const socket = new WebSocket(url, {
      ca: readFileSync(facts.caFile),
      headers: cookie ? { cookie } : {},
      origin: facts.publicUrl,
      handshakeTimeout: 10_000,
    });
    this.#socket = socket;
    let greeted = false;
    socket.on('message', (data: Buffer) => {
      if (socket !== this.#socket) return;
      const message = JSON.parse(data.toString()) as SocketMessage;
      if (message.type === 'hello') {
        greeted = true;
        if (this.start < 0) this.start = message.position;
        this.position = message.position;
      } else if (message.type === 'event') {
        this.events.push(message.event);
        this.position = message.event.position;
      }
    });
    await once(socket, 'open');
    await waitFor('the hello of the socket', 10_000, () => greeted);
  }

  /** The line is cut: no closing words, and nothing that was on its way is heard. */
  cut(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.terminate();
  }

  async hears(
    what: string,
    wanted: (event: EventView) => boolean,
    deadlineMs = 30_000,
  ): Promise<EventView> {
    await waitFor(what, deadlineMs, () => this.events.some(wanted));
    return this.events.find(wanted)!;
  }
}

/** All that `GET /mlops/events` gives after one position and up to another. */
export async function journalBetween(
  client: Client,
  after: number,
  last: number,
  filter = '',
): Promise<EventView[]> {
  const found: EventView[] = [];
  for (let from = after; ;) {
    const { status, body } = await client.send<{ items: EventView[]; position: number }>(
      'GET',
      `/mlops/events?after=${from}&limit=50${filter}`,
    );
    if (status !== 200) throw new Error(`the journal answered ${status}: ${JSON.stringify(body)}`);
    found.push(...body.items.filter((event) => event.position <= last));
    if (body.position >= last || body.position === from) return found;
    from = body.position;
  }
}
