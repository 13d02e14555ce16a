import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import WebSocket from 'ws';
import type { EventView, SocketMessage } from '../bridge/src/contract/events.ts';
import type { Client } from '../e2e/client.ts';

interface Heard {
  event: EventView;
  at: number;
}

/** One person's socket that notes when it hears what (by performance.now). */
export class News {
  readonly #heard: Heard[] = [];
  readonly #socket: WebSocket;
  #look: () => void = () => undefined;

  static async of({ facts, cookie }: Client): Promise<News> {
    const url = `${facts.publicUrl.replace(/^https/, 'wss')}/mlops/ws`;
    const socket = new WebSocket(url, {
      ca: readFileSync(facts.caFile),
      headers: { cookie },
      origin: facts.publicUrl,
    });
    const news = new News(socket);
    await once(socket, 'message');
    return news;
  }

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on('message', (data: Buffer) => {
      const message = JSON.parse(data.toString()) as SocketMessage;
      if (message.type !== 'event') return;
      this.#heard.push({ event: message.event, at: performance.now() });
      this.#look();
    });
  }

  /** forgets what was heard so far, so that an old word is not taken for a new one */
  forget(): void {
    this.#heard.length = 0;
  }

  /** When this was heard of the version. A failure of the version ends the wait. */
  async hears(
    versionId: number,
    wanted: (event: EventView) => boolean,
    what: string,
    deadlineMs: number,
  ): Promise<number> {
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise((resolve, reject) => {
        timer = setTimeout(
          () =>
            reject(
              new Error(
                `version ${versionId}: ${what} was not heard within ${deadlineMs / 1000} s`,
              ),
            ),
          deadlineMs,
        );
        this.#look = () => {
          for (const { event, at } of this.#heard) {
            if (event.versionId !== versionId) continue;
            if (wanted(event)) return resolve(at);
            if (event.topic === 'version.status' && /Failed$/.test(String(event.payload['status'])))
              reject(
                new Error(
                  `version ${versionId} is ${String(event.payload['status'])}: ${String(event.payload['reason'])}`,
                ),
              );
          }
        };
        this.#look();
      });
    } finally {
      clearTimeout(timer);
      this.#look = () => undefined;
    }
  }

  close(): void {
    this.#socket.close();
  }
}
