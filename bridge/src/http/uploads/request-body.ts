import type { BodyReader, BodySource } from './body-source.ts';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { BridgeError, Invalid } from '../../errors.ts';
import { lineOf } from './direct-body.ts';

/** The connection ended before the body did. Nobody reads the answer; the log does. */
export class ClientGone extends BridgeError {
  readonly status = 499;
}

/** A client that sends nothing for this long is taken for gone. */
const BODY_SILENCE_MS = 120_000;
const DRAIN_MS = 5_000;

/**
 * Gives the body to `write`, one chunk after the other; a promise from `write` pauses the client
 * until it settles. A chunk's memory is used again afterwards: `write` copies what it keeps.
 * @throws what `write` throws; ClientGone when the line is cut or silent; the signal's reason when
 * it aborts
 */
export function pumpBody(
  request: IncomingMessage,
  write: (chunk: Buffer) => Promise<void> | undefined,
  signal?: AbortSignal,
): Promise<void> {
  const source = lineOf(request) ?? new RequestStream(request);
  return new Promise((resolve, reject) => {
    let open = 0;
    let ended = false;
    let heard = Date.now();
    const finish = (error?: unknown): void => {
      clearInterval(silence);
      source.stop();
      signal?.removeEventListener('abort', onAbort);
      if (error === undefined) resolve();
      else reject(error as Error);
    };
    const silence = setInterval(() => {
      if (open === 0 && Date.now() - heard > BODY_SILENCE_MS)
        finish(gone(`The client sent nothing for ${BODY_SILENCE_MS / 1000} seconds.`));
    }, 5_000);
    const onAbort = (): void => finish(signal!.reason);
    if (signal?.aborted) return finish(signal.reason);
    signal?.addEventListener('abort', onAbort, { once: true });
    source.start({
      data: (chunk) => {
        heard = Date.now();
        try {
          const wait = write(chunk);
          if (!wait) return;
          source.pause();
          open += 1;
          wait
            .then(() => {
              open -= 1;
              heard = Date.now();
              if (ended) finish();
              else if (open === 0) source.resume();
            })
            .catch(finish);
        } catch (error) {
          finish(error);
        }
      },
      end: () => {
        ended = true;
        if (open === 0) finish();
      },
      gone: () => {
        if (!ended) finish(gone('The client closed the connection before the end of the body.'));
      },
    });
  });
}

const gone = (sentence: string): ClientGone => new ClientGone(sentence, { code: 'client-gone' });

/** The stream's own events, not its iterator: the iterator joins waiting chunks by a copy. */
class RequestStream implements BodySource {
  readonly #request: IncomingMessage;
  #forget = (): void => undefined;
  constructor(request: IncomingMessage) {
    this.#request = request;
  }

  start({ data, end, gone }: BodyReader): void {
    const request = this.#request;
    request.on('data', data).on('end', end).on('error', gone).on('close', gone);
    this.#forget = () =>
      request.off('data', data).off('end', end).off('error', gone).off('close', gone);
    if (request.destroyed && !request.readableEnded) gone();
  }
  pause(): void {
    this.#request.pause();
  }
  resume(): void {
    this.#request.resume();
  }
  stop(): void {
    this.#forget();
    this.#request.pause();
  }
}

/**
 * For an answer given before the body has been read: what the client still sends is thrown away for
 * a while, then the connection closes. Closing at once, also by `Connection: close`, resets the
 * connection under a client that sends (and under nginx, which then has its own answer): it would
 * never read why.
 */
export function answerEarly(
  request: IncomingMessage,
  response: ServerResponse,
  drainMs = DRAIN_MS,
): void {
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
    if (size > maxBytes)
      throw new Invalid(`The body is larger than ${maxBytes} bytes.`, { code: 'body-too-large' });
    chunks.push(Buffer.from(chunk));
    return undefined;
  });
  return Buffer.concat(chunks);
}
