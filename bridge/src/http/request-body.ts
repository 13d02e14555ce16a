import type { IncomingMessage, ServerResponse } from 'node:http';
import { BridgeError, Invalid } from '../errors.ts';

/** The connection ended before the body did. Nobody reads the answer; the log does. */
export class ClientGone extends BridgeError {
  readonly status = 499;
}

/** A client that sends nothing for this long is taken for gone. */
export const BODY_SILENCE_MS = 120_000;
const DRAIN_MS = 5_000;

/**
 * Gives the body to `write`, one chunk after the other; a promise from `write` pauses the client until it settles.
 * The stream's own events, not its iterator: the iterator joins waiting chunks by a copy.
 * @throws what `write` throws; ClientGone when the line is cut or silent; the signal's reason when it aborts
 */
export function pumpBody(request: IncomingMessage, write: (chunk: Buffer) => Promise<void> | undefined, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    let open = 0;
    let ended = false;
    const finish = (error?: unknown): void => {
      clearInterval(silence);
      request.off('data', onData).off('end', onEnd).off('error', onGone).off('close', onGone);
      signal?.removeEventListener('abort', onAbort);
      request.pause();
      if (error === undefined) resolve();
      else reject(error as Error);
    };
    let heard = Date.now();
    const silence = setInterval(() => {
      if (open === 0 && Date.now() - heard > BODY_SILENCE_MS) {
        finish(new ClientGone(`The client sent nothing for ${BODY_SILENCE_MS / 1000} seconds.`, { code: 'client-gone' }));
      }
    }, 5_000);
    const onData = (chunk: Buffer): void => {
      heard = Date.now();
      try {
        const wait = write(chunk);
        if (!wait) return;
        request.pause();
        open += 1;
        wait.then(() => {
          open -= 1;
          heard = Date.now();
          if (ended) finish();
          else if (open === 0) request.resume();
        }).catch(finish);
      } catch (error) {
        finish(error);
      }
    };
    const onEnd = (): void => {
      ended = true;
      if (open === 0) finish();
    };
    const onGone = (): void => {
      if (!ended) finish(new ClientGone('The client closed the connection before the end of the body.', { code: 'client-gone' }));
    };
    const onAbort = (): void => finish(signal!.reason);
    if (signal?.aborted) return finish(signal.reason);
    signal?.addEventListener('abort', onAbort, { once: true });
    request.on('data', onData).on('end', onEnd).on('error', onGone).on('close', onGone);
    if (request.destroyed && !request.readableEnded) onGone();
  });
}

/**
 * For an answer given before the body has been read: what the client still sends is thrown away for a while, then the connection
 * closes. Closing at once, also by `Connection: close`, resets the connection under a client that sends (and under nginx, which
 * then has its own answer): it would never read why.
 */
export function answerEarly(request: IncomingMessage, response: ServerResponse, drainMs = DRAIN_MS): void {
  if (request.complete || response.headersSent) return;
  response.once('finish', () => {
    request.resume();
    if (request.closed) return;
    const timer = setTimeout(() => request.destroy(), drainMs);
    request.once('close', () => clearTimeout(timer));
  });
}

/** The whole body, for small ones. */
export async function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  await pumpBody(request, (chunk) => {
    size += chunk.length;
    if (size > maxBytes) throw new Invalid(`The body is larger than ${maxBytes} bytes.`, { code: 'body-too-large' });
    chunks.push(chunk);
    return undefined;
  });
  return Buffer.concat(chunks);
}
