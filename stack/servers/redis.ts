import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { writePrivate } from '../private-file.ts';
import { daemonRunning, logFile, startDaemon, stopDaemon } from '../process.ts';
import { tryRun } from '../run.ts';
import type { Server, StackContext } from '../server.ts';
import { installPackages } from './apt.ts';

/**
 * Redis 7. Its queues may be lost: everything in them can be rebuilt from Odoo, so nothing is
 * written to disk.
 */
export const redis: Server = {
  name: 'redis',
  needs: [],
  readyDeadlineMs: 10_000,
  install: installPackages,
  async start(context) {
    const folder = join(context.state, 'redis');
    mkdirSync(folder, { recursive: true });
    const settings = [
      'bind 127.0.0.1',
      `port ${context.ports.redis}`,
      `requirepass ${context.secrets['redisPassword']}`,
      `dir ${folder}`,
      'save ""',
      'appendonly no',
      'maxmemory-policy noeviction',
      'daemonize no',
    ];
    writePrivate(join(folder, 'redis.conf'), `${settings.join('\n')}\n`);
    startDaemon(context, 'redis', ['redis-server', join(folder, 'redis.conf')]);
  },
  ready: async (context) =>
    daemonRunning(context, 'redis') && (await redisCli(context, 'PING'))?.trim() === 'PONG',
  stop: (context) => stopDaemon(context, 'redis'),
  logs: (context) => [logFile(context, 'redis')],
};

function redisCli(context: StackContext, ...command: string[]): Promise<string | null> {
  return tryRun('redis-cli', ['-p', String(context.ports.redis), ...command], {
    env: { ...process.env, REDISCLI_AUTH: context.secrets['redisPassword'] },
  });
}
