import pg from 'pg';
import { Unavailable } from '../../errors.ts';
import type { Logger } from '../../services/ports/runtime.ts';
import type {
  Command,
  JournalReader,
  Outbox,
  OutboxLease,
  RightsFeed,
  StreamEvent,
} from '../../services/ports/outbox.ts';
import { StreamListener } from './stream-listener.ts';
import {
  COMMAND_COLUMNS,
  EVENT_COLUMNS,
  WORK_COLUMNS,
  toCommand,
  toEvent,
  type CommandRow,
  type EventRow,
} from './rows.ts';

/** One relay at a time holds this session-level lock (any fixed number; it spells "cfmlops"). */
const RELAY_LOCK = 0x63666d6c;
const BATCH = 1000;
const STATEMENT_DEADLINE_MS = 15_000;

/**
 * The table `mlops_event` of Odoo's database, with a role that may read it and write three columns.
 */
export function openOutbox(url: string, log: Logger): PostgresOutbox {
  return new PostgresOutbox(url, log);
}

export class PostgresOutbox implements Outbox, JournalReader, RightsFeed {
  readonly #url: string;
  readonly #log: Logger;
  readonly #pool: pg.Pool;
  readonly #listener: StreamListener;

  constructor(url: string, log: Logger) {
    this.#url = url;
    this.#log = log;
    this.#pool = new pg.Pool({
      connectionString: url,
      max: 4,
      connectionTimeoutMillis: 5_000,
      statement_timeout: STATEMENT_DEADLINE_MS,
      application_name: 'creativeflow-bridge',
    });
    this.#pool.on('error', (error) =>
      log.warn({ reason: error.message }, 'outbox.connection-lost'),
    );
    this.#listener = new StreamListener(url, log);
  }

  async after(position: number, limit: number): Promise<StreamEvent[]> {
    const text = `SELECT ${EVENT_COLUMNS} FROM mlops_event WHERE position > $1 ORDER BY position LIMIT $2`;
    return (await this.#query<EventRow & { at: string }>(text, [position, limit])).map(toEvent);
  }

  async head(): Promise<number> {
    const rows = await this.#query<{ head: string | null }>(
      'SELECT max(position) AS head FROM mlops_event',
      [],
    );
    return Number(rows[0]?.head ?? 0);
  }

  onAppend(callback: () => void): () => void {
    return this.#listener.subscribe(callback);
  }

  onRights(callback: (uid: number | null) => void): () => void {
    return this.#listener.onRights(callback);
  }

  attentive(): boolean {
    return this.#listener.attentive;
  }

  async tryLead(onEvent: () => void): Promise<OutboxLease | null> {
    const client = new pg.Client({
      connectionString: this.#url,
      keepAlive: true,
      connectionTimeoutMillis: 5_000,
      statement_timeout: STATEMENT_DEADLINE_MS,
      application_name: 'creativeflow-relay',
    });
    let lose: () => void = () => undefined;
    const lost = new Promise<void>((resolve) => (lose = resolve));
    client.on('error', () => lose());
    client.on('end', () => lose());
    try {
      await client.connect();
      const answer = await client.query<{ mine: boolean }>(
        'SELECT pg_try_advisory_lock($1) AS mine',
        [RELAY_LOCK],
      );
      if (answer.rows[0]?.mine !== true) {
        await client.end();
        return null;
      }
      client.on('notification', onEvent);
      await client.query('LISTEN mlops_event');
    } catch (error) {
      await client.end().catch(() => undefined);
      throw unavailable(error);
    }
    return new PostgresLease(client, lost);
  }

  async finish(command: Command): Promise<Command | null> {
    const about = [command.command, command.key, command.eventId];
    await this.#query(
      `UPDATE mlops_event SET done_at = now() AT TIME ZONE 'UTC' WHERE command = $1 AND command_key = $2 AND id <= $3 AND done_at IS NULL`,
      about,
    );
    const text = `SELECT ${COMMAND_COLUMNS} FROM mlops_event WHERE command = $1 AND command_key = $2 AND id > $3 AND done_at IS NULL ORDER BY id DESC LIMIT 1`;
    const newer = await this.#query<CommandRow>(text, about);
    return newer[0] ? toCommand(newer[0]) : null;
  }

  async close(): Promise<void> {
    await this.#listener.close();
    await this.#pool.end();
  }

  async #query<Row extends object>(text: string, values: unknown[]): Promise<Row[]> {
    try {
      return (await this.#pool.query(text, values)).rows as Row[];
    } catch (error) {
      this.#log.warn(
        { reason: error instanceof Error ? error.message : String(error) },
        'outbox.query-failed',
      );
      throw unavailable(error);
    }
  }
}

/**
 * Everything goes through the connection that holds the lock: when it is gone, so is the right to
 * write.
 */
class PostgresLease implements OutboxLease {
  readonly lost: Promise<void>;
  readonly #client: pg.Client;

  constructor(client: pg.Client, lost: Promise<void>) {
    this.#client = client;
    this.lost = lost;
  }

  async place(): Promise<number> {
    // ids are not in the order of commits: what is visible now gets the next places, what commits
    // later gets later ones
    const answer = await this.#client.query<{ placed: number }>(
      `WITH base AS (SELECT coalesce(max(position), 0) AS head FROM mlops_event),
            fresh AS (SELECT id, row_number() OVER (ORDER BY id) AS n FROM mlops_event WHERE position IS NULL ORDER BY id LIMIT ${BATCH}),
            placed AS (UPDATE mlops_event e SET position = base.head + fresh.n FROM base, fresh WHERE e.id = fresh.id RETURNING 1),
            counted AS (SELECT count(*)::int AS placed FROM placed)
       SELECT placed, CASE WHEN placed > 0 THEN pg_notify('mlops_stream', '') END FROM counted`,
    );
    return answer.rows[0]?.placed ?? 0;
  }

  async commands(which: 'undispatched' | 'undone'): Promise<Command[]> {
    const answer = await this.#client.query<CommandRow>(
      `SELECT ${COMMAND_COLUMNS}, ${WORK_COLUMNS} FROM mlops_event
       WHERE command IS NOT NULL AND done_at IS NULL ${which === 'undispatched' ? 'AND dispatched_at IS NULL' : ''} ORDER BY id LIMIT ${BATCH}`,
    );
    return answer.rows.map(toCommand);
  }

  async markDispatched(eventIds: number[]): Promise<void> {
    await this.#client.query(
      `UPDATE mlops_event SET dispatched_at = now() AT TIME ZONE 'UTC' WHERE id = ANY($1) AND dispatched_at IS NULL`,
      [eventIds],
    );
  }

  async supersede(commands: Command[]): Promise<void> {
    for (const { command, key, generation, eventId } of commands) {
      await this.#client.query(
        `UPDATE mlops_event SET done_at = now() AT TIME ZONE 'UTC' WHERE command = $1 AND command_key = $2 AND generation < $3 AND id < $4 AND done_at IS NULL`,
        [command, key, generation, eventId],
      );
    }
  }

  async release(): Promise<void> {
    await this.#client.end().catch(() => undefined);
  }
}

function unavailable(error: unknown): Unavailable {
  return new Unavailable('The journal cannot be read now: PostgreSQL does not answer.', {
    code: 'journal-unavailable',
    remedy: 'Try again in a moment.',
    cause: error,
    retryAfterSeconds: 5,
  });
}
