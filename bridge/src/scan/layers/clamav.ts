import net from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ToolStatus } from '../types.ts';

export interface ClamdAddress {
  host?: string;
  port?: number;
  /** a socket file instead of host and port */
  path?: string;
}

/** clamd says nothing while it looks through what it was given: gigabytes take it minutes */
const SILENCE_MS = 10 * 60_000;
const STALE_DAYS = 14;
const DAY_MS = 24 * 3600_000;
/**
 * The test file of the European Institute for Computer Antivirus Research, in two halves so that
 * this file is not one.
 */
const EICAR = ['X5O!P%@AP[4\\PZX54(P^)7CC)7}$', 'EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*'].join(
  '',
);

/**
 * Whether clamd is there, finds what it must find, and knows what is new. `missing` and `error` are
 * no verdict.
 */
export async function clamavStatus(
  address: ClamdAddress | undefined,
  now = new Date(),
): Promise<ToolStatus> {
  const tool = (status: ToolStatus['status'], detail: string | null): ToolStatus => ({
    name: 'clamav',
    status,
    detail,
  });
  if (address === undefined) return tool('missing', 'No ClamAV is configured.');
  try {
    const version = await talk(address, Readable.from([Buffer.from('zVERSION\0')]));
    const signature = await scanForMalware(address, Readable.from([Buffer.from(EICAR)]));
    if (signature === null)
      return tool(
        'error',
        'ClamAV does not find the EICAR test file: its database is empty or broken.',
      );
    const days = daysOld(version, now);
    return days > STALE_DAYS
      ? tool('stale', `${version}: the database is ${days} days old.`)
      : tool('ok', version);
  } catch (error) {
    return tool('missing', `ClamAV does not answer: ${(error as Error).message}`);
  }
}

/**
 * `ClamAV 1.4.6/27800/Mon Nov 23 09:31:12 2026`; a database of one's own has no number and no date.
 */
function daysOld(version: string, now: Date): number {
  const made = Date.parse(version.split('/')[2] ?? '');
  return Number.isNaN(made) ? 0 : Math.floor((now.getTime() - made) / DAY_MS);
}

/**
 * The name of what is in the bytes, or null. Throws when there is no clear answer: also when clamd
 * did not look at all of them.
 */
export async function scanForMalware(
  address: ClamdAddress,
  bytes: Readable,
): Promise<string | null> {
  let sent = 0;
  async function* framed(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    yield Buffer.from('zINSTREAM\0');
    for await (const chunk of source) {
      // a part without bytes would be the end of the stream
      if (chunk.length === 0) continue;
      const head = Buffer.alloc(4);
      head.writeUInt32BE(chunk.length);
      yield head;
      yield chunk;
      sent += chunk.length;
    }
    yield Buffer.alloc(4);
  }
  const answer = await talk(address, bytes, framed).catch((error: NodeJS.ErrnoException) => {
    const cutOff = error.code === 'EPIPE' || error.code === 'ECONNRESET';
    throw cutOff
      ? new Error(`clamd ended the line after ${sent} bytes; its StreamMaxLength may be smaller`)
      : error;
  });
  const found = /^stream: (.+) FOUND$/.exec(answer)?.[1];
  if (found?.startsWith('Heuristics.Limits.Exceeded'))
    throw new Error(
      `clamd did not look at all of it (${found}); raise its MaxFileSize and MaxScanSize`,
    );
  if (found !== undefined) return found;
  if (answer === 'stream: OK') return null;
  throw new Error(answer || 'clamd closed the line without an answer');
}

/**
 * Sends and reads to the end of the line, which clamd closes. What is read from is destroyed when
 * the line breaks.
 */
async function talk(
  address: ClamdAddress,
  bytes: Readable,
  framed?: (source: AsyncIterable<Buffer>) => AsyncGenerator<Buffer>,
): Promise<string> {
  const socket = net.connect(
    address.path === undefined
      ? { host: address.host ?? '127.0.0.1', port: address.port ?? 3310 }
      : { path: address.path },
  );
  socket.setTimeout(SILENCE_MS, () => socket.destroy(new Error('no answer in time')));
  let answer = '';
  socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
  const said = (): string => answer.replace(/\0+$/, '').trim();
  const closed = new Promise<void>((resolve, reject) =>
    socket.once('close', () => resolve()).once('error', reject),
  );
  try {
    const sending = framed
      ? pipeline(bytes, framed, socket, { end: false })
      : pipeline(bytes, socket, { end: false });
    await Promise.all([sending, closed]);
  } catch (error) {
    // why it would not take more is worth more than that it does not
    if (said() === '') throw error;
  } finally {
    socket.destroy();
  }
  return said();
}
