import { openRedis } from '../bridge/src/adapters/redis/queues.ts';
import { RedisSessionStore } from '../bridge/src/adapters/redis/session-store.ts';
import type { StackFacts } from '../stack/facts.ts';

const QUIET = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => QUIET,
};

/**
 * As many sessions of the bridge as there are sockets, of people who have logged in: each a copy of
 * one of theirs, as if they had logged in with so many browsers. Logging in itself is slowed down
 * by nginx, and is not what is measured.
 */
export async function manySessions(
  facts: StackFacts,
  cookies: string[],
  count: number,
): Promise<{ cookies: string[]; end(): Promise<void> }> {
  const redis = openRedis(facts.redisUrl, QUIET);
  const sessions = new RedisSessionStore(redis, facts.bridgeEnvironment['SESSION_SECRET'] ?? '');
  const records = await Promise.all(
    cookies.map((cookie) => sessions.read(cookie.slice('__Host-cf_session='.length))),
  );
  const ids = await Promise.all(
    Array.from({ length: count }, (_, index) => {
      const record = records[index % records.length];
      if (!record) throw new Error('A session that was opened just now is not there.');
      return sessions.create(record);
    }),
  );
  return {
    cookies: ids.map((id) => `__Host-cf_session=${id}`),
    end: async () => {
      await Promise.all(ids.map((id) => sessions.remove(id)));
      redis.disconnect();
    },
  };
}
