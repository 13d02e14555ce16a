/**
 * The sockets of bench/socket-latency.ts, in a process of their own: many people's, each with its
 * own session, over TLS through nginx. Says when each of them heard an event as soon as all have.
 * Keeps what it does for each message small: it is not what is measured.
 */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import WebSocket from 'ws';

/** parent → child, once */
export interface Ears {
  url: string;
  origin: string;
  caFile: string;
  cookies: string[];
}
/** child → parent: all sockets are open, or all have heard this event, at these times (epoch ms) */
export type Heard =
  | { type: 'open' }
  | { type: 'heard'; event: number; times: number[] }
  | { type: 'closed'; code: number };

const OPENING_AT_ONCE = 10;
const EVENT_ID = /^\{"type":"event","event":\{"position":\d+,"id":(\d+),/;
const HEAD_BYTES = 100;
const heard = new Map<number, number[]>();

process.once('message', (ears: Ears) => void listen(ears));
process.once('disconnect', () => process.exit(0));

async function listen({ url, origin, caFile, cookies }: Ears): Promise<void> {
  const ca = readFileSync(caFile);
  const waiting = cookies.map((cookie) => async () => {
    const socket = new WebSocket(url, {
      ca,
      origin,
      headers: { cookie },
      perMessageDeflate: false,
      handshakeTimeout: 60_000,
    });
    const greeted = once(socket, 'message');
    await greeted;
    socket.on('message', (data: Buffer) =>
      note(data, performance.timeOrigin + performance.now(), cookies.length),
    );
    socket.on('close', (code) => send({ type: 'closed', code }));
  });
  await Promise.all(
    Array.from({ length: OPENING_AT_ONCE }, async () => {
      for (let open = waiting.pop(); open; open = waiting.pop()) await open();
    }),
  );
  send({ type: 'open' });
}

function note(data: Buffer, at: number, sockets: number): void {
  const id = EVENT_ID.exec(data.toString('latin1', 0, HEAD_BYTES))?.[1];
  if (id === undefined) return; // a ping
  const event = Number(id);
  const times = heard.get(event) ?? [];
  heard.set(event, times);
  times.push(at);
  if (times.length < sockets) return;
  heard.delete(event);
  send({ type: 'heard', event, times });
}

function send(message: Heard): void {
  process.send?.(message);
}
