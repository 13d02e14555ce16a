import { expect } from 'chai';
import type { Socket } from 'node:net';
import { openOutbox } from '../../../src/adapters/postgres/outbox.ts';
import { openRedis } from '../../../src/adapters/redis/queues.ts';
import { RedisSessionStore } from '../../../src/adapters/redis/session-store.ts';
import { RedisThrottle } from '../../../src/adapters/redis/throttle.ts';
import { BridgeError } from '../../../src/errors.ts';
import type { Logger } from '../../../src/services/ports/runtime.ts';
import { oddServer } from './odd-server.ts';

const quiet: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => quiet,
};

async function codeOf(question: Promise<unknown>): Promise<string> {
  return question.then(
    (answer) => `taken for an answer: ${JSON.stringify(answer)}`,
    (error: unknown) =>
      error instanceof BridgeError ? `${error.status} ${error.code}` : String(error),
  );
}

describe('Redis that answers every command with an error', () => {
  const refusals = [
    'LOADING Redis is loading the dataset in memory',
    'NOAUTH Authentication required.',
    'OOM command not allowed',
    "READONLY You can't write against a read only replica.",
    'MISCONF Redis is configured to save',
    'ERR max number of clients reached',
  ];
  for (const refusal of refusals) {
    it(`(${refusal.split(' ')[0]}) keeps no session, counts no try, and lets nobody through`, async () => {
      const server = await oddServer((socket: Socket) => {
        const refuse = (commands: number): void =>
          void socket.write(`-${refusal}\r\n`.repeat(commands));
        refuse(4); // the first commands; more than are asked costs nothing but the connection
        socket.on('data', (chunk) => refuse(String(chunk).match(/^\*\d/gm)?.length ?? 1));
      });
      const redis = openRedis(`redis://127.0.0.1:${server.port}/0`, quiet);
      try {
        const sessions = new RedisSessionStore(redis, 's'.repeat(32));
        const throttle = new RedisThrottle(redis, { tries: 10, windowSeconds: 60 });
        expect(await codeOf(sessions.read('id'))).to.equal('503 sessions-unavailable');
        expect(await codeOf(sessions.create({ odooCookie: 'c', uid: 1, login: 'ada' }))).to.equal(
          '503 sessions-unavailable',
        );
        expect(await codeOf(throttle.hit('login:ada'))).to.equal('503 sessions-unavailable');
      } finally {
        redis.disconnect();
        await server.close();
      }
    }).timeout(20_000);
  }
});

describe('PostgreSQL that refuses the connection', () => {
  const refusals: [state: string, what: string][] = [
    ['57P03', 'it is starting up'],
    ['57P01', 'it is shutting down'],
    ['53300', 'it has no connection left'],
    ['28P01', 'the password is not right'],
    ['3D000', 'the database is not there'],
  ];
  for (const [state, what] of refusals) {
    it(`since ${what} makes the journal unavailable, not empty`, async () => {
      const server = await oddServer((socket: Socket) => socket.end(errorResponse(state)));
      const outbox = openOutbox(`postgres://bridge:p@127.0.0.1:${server.port}/db`, quiet);
      try {
        expect(await codeOf(outbox.head())).to.equal('503 journal-unavailable');
        expect(await codeOf(outbox.after(0, 10))).to.equal('503 journal-unavailable');
      } finally {
        await outbox.close();
        await server.close();
      }
    });
  }
});

/** https://www.postgresql.org/docs/15/protocol-message-formats.html, ErrorResponse */
function errorResponse(state: string): Buffer {
  const fields = Buffer.from(`SFATAL\0C${state}\0Mrefused\0\0`);
  const head = Buffer.alloc(5);
  head.write('E');
  head.writeInt32BE(fields.length + 4, 1);
  return Buffer.concat([head, fields]);
}
