import net from 'node:net';
import type { Readable } from 'node:stream';
import type { ToolStatus } from '../types.ts';

export interface ClamdAddress {
  host?: string;
  port?: number;
  /** a socket file instead of host and port */
  path?: string;
}

const DEADLINE_MS = 120_000;
/** The test file of the European Institute for Computer Antivirus Research, in two halves so that this file is not one. */
const EICAR = ['X5O!P%@AP[4\\PZX54(P^)7CC)7}$', 'EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*'].join('');

/** Whether clamd is there and finds what it must find. `missing` and `error` are no verdict. */
export async function clamavStatus(address: ClamdAddress | undefined): Promise<ToolStatus> {
  const tool = (status: ToolStatus['status'], detail: string | null): ToolStatus => ({ name: 'clamav', status, detail });
  if (address === undefined) return tool('missing', 'No ClamAV is configured.');
  try {
    const version = await ask(address, 'VERSION');
    const signature = await streamTo(address, [Buffer.from(EICAR)]);
    return signature === null ? tool('error', 'ClamAV does not find the EICAR test file: its database is empty or broken.') : tool('ok', version);
  } catch (error) {
    return tool('missing', `ClamAV does not answer: ${(error as Error).message}`);
  }
}

/** The name of what is in the bytes, or null. Throws when there is no clear answer. */
export async function scanForMalware(address: ClamdAddress, bytes: Readable): Promise<string | null> {
  return streamTo(address, bytes);
}

function ask(address: ClamdAddress, command: string): Promise<string> {
  return talk(address, async (socket) => {
    socket.write(`z${command}\0`);
  });
}

async function streamTo(address: ClamdAddress, chunks: AsyncIterable<Buffer> | Iterable<Buffer>): Promise<string | null> {
  const answer = await talk(address, async (socket) => {
    socket.write('zINSTREAM\0');
    for await (const chunk of chunks) {
      const head = Buffer.alloc(4);
      head.writeUInt32BE(chunk.length);
      socket.write(head);
      if (!socket.write(chunk)) await new Promise((resolve) => socket.once('drain', resolve));
    }
    socket.write(Buffer.alloc(4));
  });
  const found = /^stream: (.+) FOUND$/.exec(answer);
  if (found !== null) return found[1]!;
  if (answer === 'stream: OK') return null;
  throw new Error(answer || 'clamd closed the line without an answer');
}

function talk(address: ClamdAddress, send: (socket: net.Socket) => Promise<void>): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(address.path === undefined ? { host: address.host ?? '127.0.0.1', port: address.port ?? 3310 } : { path: address.path });
    let answer = '';
    socket.setTimeout(DEADLINE_MS, () => socket.destroy(new Error('no answer in time')));
    socket.on('data', (chunk) => (answer += chunk.toString()));
    socket.once('error', reject);
    socket.once('close', () => resolve(answer.replace(/\0+$/, '').trim()));
    socket.once('connect', () => void send(socket).catch(reject));
  });
}
