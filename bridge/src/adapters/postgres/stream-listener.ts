import pg from 'pg';
import type { Logger } from '../../services/ports.ts';

const RECONNECT_MS = 1_000;

/** A connection that waits for `mlops_stream`; cut, it comes back and calls everybody, since something may have been missed. */
export class StreamListener {
  readonly #url: string;
  readonly #log: Logger;
  readonly #callbacks = new Set<() => void>();
  #client: pg.Client | undefined;
  #closed = false;
  #retry: NodeJS.Timeout | undefined;

  constructor(url: string, log: Logger) {
    this.#url = url;
    this.#log = log;
  }

  subscribe(callback: () => void): () => void {
    this.#callbacks.add(callback);
    if (!this.#client && !this.#closed) void this.#connect();
    return () => this.#callbacks.delete(callback);
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#retry);
    await this.#client?.end().catch(() => undefined);
  }

  async #connect(): Promise<void> {
    const client = new pg.Client({ connectionString: this.#url, keepAlive: true, connectionTimeoutMillis: 5_000, application_name: 'creativeflow-stream' });
    this.#client = client;
    let ended = false;
    const again = (error?: Error): void => {
      if (ended) return;
      ended = true;
      if (this.#closed) return;
      this.#log.warn({ reason: error?.message ?? 'connection ended' }, 'stream.listener-lost');
      this.#retry = setTimeout(() => void this.#connect(), RECONNECT_MS);
    };
    client.on('error', again);
    client.on('end', () => again());
    client.on('notification', () => this.#wake());
    try {
      await client.connect();
      await client.query('LISTEN mlops_stream');
      this.#wake();
    } catch (error) {
      again(error instanceof Error ? error : undefined);
    }
  }

  #wake(): void {
    for (const callback of this.#callbacks) callback();
  }
}
