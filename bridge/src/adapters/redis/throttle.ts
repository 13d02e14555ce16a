import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';
import type { Throttle } from '../../services/ports/sessions.ts';
import { sessionsUnavailable, withinSeconds } from './session-store.ts';

export interface ThrottleLimit {
  tries: number;
  windowSeconds: number;
}

/** A counter for each key that ends with its window. */
export class RedisThrottle implements Throttle {
  readonly #redis: Redis;
  readonly #limit: ThrottleLimit;

  constructor(redis: Redis, limit: ThrottleLimit) {
    this.#redis = redis;
    this.#limit = limit;
  }

  async hit(key: string): Promise<{ allowed: boolean; retryAfterSeconds: number }> {
    const name = nameOf(key);
    const answer = await withinSeconds(
      this.#redis.multi().incr(name).expire(name, this.#limit.windowSeconds, 'NX').ttl(name).exec(),
      3,
    );
    const refused = answer?.find(([error]) => error !== null)?.[0];
    // a try that was not counted must not pass as the first one
    if (!answer || refused) throw sessionsUnavailable('Redis counts no tries', refused);
    const [tries, left] = [Number(answer[0]?.[1]), Number(answer[2]?.[1])];
    return { allowed: tries <= this.#limit.tries, retryAfterSeconds: Math.max(1, left) };
  }

  async forgive(key: string): Promise<void> {
    const name = nameOf(key);
    await withinSeconds(
      this.#redis.multi().decr(name).expire(name, this.#limit.windowSeconds, 'NX').exec(),
      3,
    );
  }

  async clear(key: string): Promise<void> {
    await withinSeconds(this.#redis.del(nameOf(key)), 3);
  }
}

/** logins are personal: the key is kept only as a digest */
function nameOf(key: string): string {
  return `creativeflow:throttle:${createHash('sha256').update(key).digest('base64url')}`;
}
