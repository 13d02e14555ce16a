import { setTimeout as delay } from 'node:timers/promises';
import { Pool } from 'undici';

/** `sent`: ms since 1970; `took`: ms. `status` 0: no answer at all, `by` says why. */
export interface Answered {
  sent: number;
  took: number;
  status: number;
  by: string;
}

const CONNECTIONS = 32;
const ANSWER_MS = 10_000;
const BEAT_MS = 5;
const UNTIL_MS = 30_000;

/** The same request at a fixed rate, whether or not the ones before are answered. */
export class SteadyLoad {
  readonly #answers: Answered[] = [];
  readonly #pool: Pool;
  readonly #path: string;
  readonly #body: string;
  readonly #open = new Set<Promise<void>>();
  #going = true;
  readonly #running: Promise<void>;

  constructor(url: string, body: unknown, perSecond: number) {
    const { origin, pathname } = new URL(url);
    this.#pool = new Pool(origin, { connections: CONNECTIONS, pipelining: 1 });
    this.#path = pathname;
    this.#body = JSON.stringify(body);
    this.#running = this.#run(perSecond);
  }

  since(time: number): Answered[] {
    return this.#answers.filter(({ sent }) => sent >= time);
  }

  async until(condition: (answers: Answered[]) => boolean): Promise<void> {
    for (const deadline = Date.now() + UNTIL_MS; !condition(this.#answers);) {
      if (Date.now() > deadline)
        throw new Error(
          `The load did not come to it; its last answers: ${JSON.stringify(this.#answers.slice(-3))}`,
        );
      await delay(BEAT_MS);
    }
  }

  async stop(): Promise<void> {
    this.#going = false;
    await this.#running;
    await Promise.all(this.#open);
    await this.#pool.close();
  }

  async #run(perSecond: number): Promise<void> {
    const began = Date.now();
    for (let sent = 0; this.#going;) {
      for (const due = ((Date.now() - began) * perSecond) / 1000; sent < due; sent += 1) {
        const one = this.#ask().finally(() => this.#open.delete(one));
        this.#open.add(one);
      }
      await delay(BEAT_MS);
    }
  }

  async #ask(): Promise<void> {
    const sent = Date.now();
    try {
      const { statusCode, headers, body } = await this.#pool.request({
        path: this.#path,
        method: 'POST',
        body: this.#body,
        headers: { 'content-type': 'application/json' },
        headersTimeout: ANSWER_MS,
        bodyTimeout: ANSWER_MS,
      });
      await body.dump();
      this.#answers.push({
        sent,
        took: Date.now() - sent,
        status: statusCode,
        by: String(headers['x-creativeflow-revision'] ?? ''),
      });
    } catch (error) {
      this.#answers.push({
        sent,
        took: Date.now() - sent,
        status: 0,
        by: error instanceof Error ? error.message : String(error),
      });
    }
  }
}
