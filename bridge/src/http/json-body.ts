import type { Request, RequestHandler } from 'express';
import { BadRequest, Invalid, TooLarge, UnsupportedType } from '../errors.ts';
import { answerEarly, ClientGone, pumpBody } from './uploads/request-body.ts';
import { parseStrictJson } from '../domain/strict-json.ts';

const BODY_MAX_BYTES = 1024 * 1024;
/** Small bodies come at once; who sends them slowly holds a connection for nothing. */
const BODY_DEADLINE_MS = 30_000;

/** The one place at which JSON comes in from people: what is not right never reaches a route. */
export function jsonBody(maxBytes = BODY_MAX_BYTES): RequestHandler {
  return (request, response, next) => {
    if (!hasBody(request) || !request.is('application/json')) return next();
    readJson(request, maxBytes)
      .then((body) => {
        request.body = body;
        next();
      })
      .catch((error: unknown) => {
        answerEarly(request, response);
        next(error);
      });
  };
}

async function readJson(request: Request, maxBytes: number): Promise<unknown> {
  assertReadable(request);
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) throw tooLarge();
  const chunks: Buffer[] = [];
  let size = 0;
  const late = new ClientGone('The body did not come in time.', { code: 'client-gone' });
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(late), BODY_DEADLINE_MS);
  try {
    await pumpBody(
      request,
      (chunk) => {
        size += chunk.length;
        if (size > maxBytes) throw tooLarge();
        chunks.push(Buffer.from(chunk));
        return undefined;
      },
      deadline.signal,
    );
  } finally {
    clearTimeout(timer);
  }
  return size === 0 ? undefined : readStrictJson(Buffer.concat(chunks));
}

/** @throws BadRequest `invalid-json`; Invalid that names what would not arrive as it was sent */
export function readStrictJson(bytes: Buffer, under = '', code = 'invalid-request'): unknown {
  let parsed;
  try {
    parsed = parseStrictJson(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new BadRequest('The body is not valid JSON.', {
      code: 'invalid-json',
      remedy: 'Send one JSON object in UTF-8.',
      cause,
    });
  }
  if (parsed.faults.length === 0) return parsed.value;
  const errors = parsed.faults.map((fault) => ({
    ...fault,
    field: [under, fault.field].filter(Boolean).join('.'),
  }));
  throw new Invalid(
    `The request is invalid: ${errors.map(({ field, reason }) => `${field} ${reason}`).join('; ')}.`,
    { code, errors },
  );
}

function assertReadable(request: Request): void {
  const { 'content-encoding': encoding = 'identity', 'content-type': type = '' } = request.headers;
  const charset = /;\s*charset="?([^";\s]+)/i.exec(type)?.[1] ?? 'utf-8';
  if (encoding.toLowerCase() === 'identity' && /^utf-?8$/i.test(charset)) return;
  throw new UnsupportedType('The body is in an encoding that is not read here.', {
    code: 'body-encoding',
    remedy: 'Send JSON in UTF-8, uncompressed.',
  });
}

const hasBody = ({ headers }: Request): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;

const tooLarge = (): TooLarge =>
  new TooLarge('The body is too large.', {
    code: 'body-too-large',
    remedy: 'Files belong to POST /mlops/models/upload.',
  });
