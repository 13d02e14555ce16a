import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import type { Redis } from 'ioredis';
import { secretFor } from '../../domain/secret-purposes.ts';
import { Unavailable } from '../../errors.ts';
import type { SessionRecord, SessionStore } from '../../services/ports/sessions.ts';

const LIFE_SECONDS = 7 * 24 * 3600; // as long as an idle Odoo session lives
const KEY = 'creativeflow:session:';

/**
 * Sessions in Redis, encrypted: who can read Redis can neither use a session nor learn an Odoo
 * cookie. Redis knows only the SHA-256 of the id that the browser holds. An emptied Redis costs
 * people a login, nothing else.
 */
export class RedisSessionStore implements SessionStore {
  readonly #redis: Redis;
  readonly #secret: Buffer;

  /** `root` is SESSION_SECRET */
  constructor(redis: Redis, root: string) {
    this.#redis = redis;
    this.#secret = secretFor('sessions', root);
  }

  async create(record: SessionRecord): Promise<string> {
    const id = randomBytes(32).toString('base64url');
    await this.update(id, record);
    return id;
  }

  async read(id: string): Promise<SessionRecord | null> {
    const stored = await this.#try(() => this.#redis.getBuffer(keyOf(id)));
    return stored ? this.#decrypt(stored) : null;
  }

  async update(id: string, record: SessionRecord): Promise<void> {
    await this.#try(() => this.#redis.set(keyOf(id), this.#encrypt(record), 'EX', LIFE_SECONDS));
  }

  async remove(id: string): Promise<void> {
    await this.#try(() => this.#redis.del(keyOf(id)));
  }

  #encrypt(record: SessionRecord): Buffer {
    const nonce = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', this.#secret, nonce);
    const body = Buffer.concat([cipher.update(JSON.stringify(record)), cipher.final()]);
    return Buffer.concat([nonce, cipher.getAuthTag(), body]);
  }

  #decrypt(stored: Buffer): SessionRecord | null {
    try {
      const decipher = createDecipheriv('aes-256-gcm', this.#secret, stored.subarray(0, 12));
      decipher.setAuthTag(stored.subarray(12, 28));
      return JSON.parse(
        Buffer.concat([decipher.update(stored.subarray(28)), decipher.final()]).toString(),
      ) as SessionRecord;
    } catch {
      return null; // another secret wrote it: that session has ended
    }
  }

  async #try<T>(ask: () => Promise<T>): Promise<T> {
    return withinSeconds(ask(), 3);
  }
}

function keyOf(id: string): string {
  return KEY + createHash('sha256').update(id).digest('base64url');
}

/**
 * ioredis waits for Redis for ever; a person does not. A Redis that answers with an error (it is
 * loading, read-only, full or wants a password) is as good as away.
 */
export async function withinSeconds<T>(answer: Promise<T>, seconds: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(sessionsUnavailable('Redis does not answer')), seconds * 1000);
  });
  try {
    return await Promise.race([answer, late]);
  } catch (error) {
    throw error instanceof Unavailable ? error : sessionsUnavailable('Redis refuses', error);
  } finally {
    clearTimeout(timer);
  }
}

export function sessionsUnavailable(why: string, cause?: unknown): Unavailable {
  return new Unavailable(`Sessions cannot be read now: ${why}.`, {
    code: 'sessions-unavailable',
    remedy: 'Try again in a moment.',
    retryAfterSeconds: 5,
    cause,
  });
}
