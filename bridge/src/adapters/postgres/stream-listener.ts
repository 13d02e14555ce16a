import pg from 'pg';
import type { Logger } from '../../services/ports/runtime.ts';

const RECONNECT_MS = 1_000;
const RIGHTS = 'mlops_rights';

/**
 * A connection that waits for `mlops_stream` and for `mlops_rights`; cut, it comes back and calls
 * everybody, since something may have been missed. Each bridge has its own: what PostgreSQL tells
 * of a person's rights reaches every one, whoever leads the relay.
 */
export class StreamListener {
  readonly #url: string;
  readonly #log: Logger;
  readonly #callbacks = new Set<() => void>();
  readonly #rights = new Set<(uid: number | null) => void>();
  /** whether a change of somebody's rights would be heard now */
  attentive = false;
  #client: pg.Client | undefined;
  #closed = false;
  #retry: NodeJS.Timeout | undefined;

  constructor(url: string, log: Logger) {
    this.#url = url;
    this.#log = log;
  }

  subscribe(callback: () => void): () => void {
    this.#callbacks.add(callback);
    this.#start();
    return () => this.#callbacks.delete(callback);
  }

  onRights(callback: (uid: number | null) => void): () => void {
    this.#rights.add(callback);
    this.#start();
    return () => this.#rights.delete(callback);
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#retry);
    await this.#client?.end().catch(() => undefined);
  }

  #start(): void {
    if (!this.#client && !this.#closed) void this.#connect();
  }

  async #connect(): Promise<void> {
    const client = new pg.Client({
      connectionString: this.#url,
      keepAlive: true,
      connectionTimeoutMillis: 5_000,
      application_name: 'creativeflow-stream',
    });
    this.#client = client;
    let ended = false;
    const again = (error?: Error): void => {
      if (ended) return;
      ended = true;
      this.attentive = false;
      if (this.#closed) return;
      this.#log.warn({ reason: error?.message ?? 'connection ended' }, 'stream.listener-lost');
      this.#retry = setTimeout(() => void this.#connect(), RECONNECT_MS);
    };
    client.on('error', again);
    client.on('end', () => again());
    client.on('notification', ({ channel, payload }) =>
      channel === RIGHTS ? this.#tellRights(payload) : this.#wake(),
    );
    try {
      await client.connect();
      await client.query(`LISTEN mlops_stream; LISTEN ${RIGHTS}`);
      this.attentive = !ended && !this.#closed;
      this.#tellRights(undefined);
      this.#wake();
    } catch (error) {
      again(error instanceof Error ? error : undefined);
    }
  }

  #tellRights(payload: string | undefined): void {
    const uid = payload && /^\d+$/.test(payload) ? Number(payload) : null;
    for (const callback of this.#rights) callback(uid);
  }

  #wake(): void {
    for (const callback of this.#callbacks) callback();
  }
}
