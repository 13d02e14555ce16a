import { createHmac, timingSafeEqual } from 'node:crypto';
import { NotFound } from '../../errors.ts';
import type { ObjectStore } from '../ports/object-store.ts';

/**
 * Small notes of the bridge in object storage, which are believed only with its own signature: they
 * stand for bytes that were checked once.
 */
export class SignedRecords {
  readonly #store: ObjectStore;
  readonly #secret: string | Buffer;

  /** `secret`: the key of the purpose `records` */
  constructor(store: ObjectStore, secret: string | Buffer) {
    this.#store = store;
    this.#secret = secret;
  }

  async read<T>(key: string): Promise<T | null> {
    const text = await readSmall(this.#store, key);
    if (text === null) return null;
    try {
      const { body, mac } = JSON.parse(text) as { body: string; mac: string };
      const [given, expected] = [Buffer.from(mac), Buffer.from(this.#sign(key, body))];
      return given.length === expected.length && timingSafeEqual(given, expected)
        ? (JSON.parse(body) as T)
        : null;
    } catch {
      return null; // not ours, as good as none
    }
  }

  async write(key: string, value: unknown): Promise<void> {
    const body = JSON.stringify(value);
    await this.#store.putSmall(
      key,
      JSON.stringify({ body, mac: this.#sign(key, body) }),
      'application/json',
    );
  }

  #sign(key: string, body: string): string {
    return createHmac('sha256', this.#secret)
      .update(`creativeflow record\n${key}\n`)
      .update(body)
      .digest('base64url');
  }
}

/** null when there is no such object */
export async function readSmall(store: ObjectStore, key: string): Promise<string | null> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of await store.get(key)) chunks.push(chunk as Buffer);
  } catch (error) {
    if (error instanceof NotFound) return null;
    throw error;
  }
  return Buffer.concat(chunks).toString('utf8');
}
