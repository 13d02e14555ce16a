import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/**
 * Above the stack's own ports and below those that the kernel gives to outgoing connections: one of
 * these is not gone a moment later.
 */
const FROM = 21_000;
const TO = 30_000;
const TRIES = 200;

/** A port on loopback that nobody has at this moment, for a program that must be told which. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const port = randomInt(FROM, TO);
    if (await portIsFree(port)) return port;
  }
  throw new Error(`No port between ${FROM} and ${TO} is free.`);
}

export function portIsFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
}
