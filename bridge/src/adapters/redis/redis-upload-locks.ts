import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { LOCK_PATIENCE_MS, LocalUploadLocks, takenOver } from './local-upload-locks.ts';
import type { Clock, Logger } from '../../services/ports/runtime.ts';
import { Locked } from '../../errors.ts';
import type { UploadLock, UploadLocks } from '../../services/ports/blob-store.ts';

/** A process that was killed keeps others waiting no longer than this. */
const LIFE_MS = 10_000;
const RENEW_MS = 1_000;
/** Between two requests: another instance that has the next one waits no longer. */
const IDLE_RENEW_MS = 50;
const ASK_MS = 50;

const RENEW = `if redis.call('get', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('pexpire', KEYS[1], ARGV[2]) if redis.call('get', KEYS[2]) then return 2 end return 1`;
const RELEASE = `if redis.call('get', KEYS[1]) == ARGV[1] then redis.call('del', KEYS[1], KEYS[2]) end return 1`;

/**
 * One writer at a time across all bridge instances. Without Redis only the process's own lock
 * holds: that is allowed, because ResumableUploads completes an object by the etags of its parts
 * (the fence), so that two writers can lose time but no byte.
 */
export class RedisUploadLocks implements UploadLocks {
  readonly #local = new LocalUploadLocks();
  readonly #redis: Redis;
  readonly #clock: Clock;
  readonly #log: Logger;

  constructor(redis: Redis, clock: Clock, log: Logger) {
    this.#redis = redis;
    this.#clock = clock;
    this.#log = log;
  }

  async acquire(id: string): Promise<UploadLock> {
    const local = await this.#local.acquire(id);
    const token = randomUUID();
    try {
      await this.#take(id, token);
    } catch (error) {
      if (error instanceof Locked) {
        await local.release();
        throw error;
      }
      this.#log.warn({ uploadId: id, reason: String(error) }, 'upload.lock.local-only');
      return local;
    }
    const lost = new AbortController();
    local.lost.addEventListener('abort', () => lost.abort(local.lost.reason), { once: true });
    // The answer of a Redis that is away or was emptied is no reason to stop: the fence holds. Only
    // another's token or wish is.
    const renewEvery = (ms: number): NodeJS.Timeout =>
      setInterval(() => {
        this.#renew(id, token).then(
          (state) => {
            if (state === 'wanted') lost.abort(takenOver());
          },
          () => undefined,
        );
      }, ms);
    let timer = renewEvery(RENEW_MS);
    const change = (ms: number): void => {
      clearInterval(timer);
      timer = renewEvery(ms);
    };
    return {
      lost: lost.signal,
      shared: true,
      idle: () => change(IDLE_RENEW_MS),
      busy: () => change(RENEW_MS),
      release: async () => {
        clearInterval(timer);
        await this.#redis.eval(RELEASE, 2, lockKey(id), wantKey(id), token).catch(() => undefined);
        await local.release();
      },
    };
  }

  async free(id: string, ms: number): Promise<void> {
    const deadline = this.#clock.now().getTime() + ms;
    try {
      while (
        (await this.#redis.exists(lockKey(id))) === 1 &&
        this.#clock.now().getTime() < deadline
      )
        await this.#clock.sleep(ASK_MS);
    } catch (error) {
      this.#log.warn({ uploadId: id, reason: String(error) }, 'upload.lock.unknown');
    }
  }

  async #take(id: string, token: string): Promise<void> {
    const deadline = this.#clock.now().getTime() + LOCK_PATIENCE_MS;
    while ((await this.#redis.set(lockKey(id), token, 'PX', LIFE_MS, 'NX')) !== 'OK') {
      if (this.#clock.now().getTime() > deadline) {
        throw new Locked('Another bridge writes this upload.', {
          code: 'upload-locked',
          remedy: 'Try again in a moment.',
          retryAfterSeconds: 5,
        });
      }
      await this.#redis.set(wantKey(id), token, 'PX', LIFE_MS);
      await this.#clock.sleep(ASK_MS);
    }
    await this.#redis.del(wantKey(id));
  }

  async #renew(id: string, token: string): Promise<'mine' | 'wanted'> {
    const answer = await this.#redis.eval(RENEW, 2, lockKey(id), wantKey(id), token, LIFE_MS);
    if (answer === 2) return 'wanted';
    // 0: gone (Redis was emptied) or taken. Take it again when it is free.
    if (answer === 0 && (await this.#redis.set(lockKey(id), token, 'PX', LIFE_MS, 'NX')) !== 'OK')
      return 'wanted';
    return 'mine';
  }
}

const lockKey = (id: string): string => `mlops:upload:${id}:lock`;
const wantKey = (id: string): string => `mlops:upload:${id}:want`;
