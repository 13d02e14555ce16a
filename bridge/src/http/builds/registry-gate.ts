import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { pipeline } from 'node:stream';
import type { Request, Response } from 'express';
import { judgeRegistryRequest } from '../../domain/builds/registry-access.ts';
import type { BuildGrant } from '../../services/builds/build-token.ts';

export interface GateUpstream {
  origin: string;
  authorization: string | undefined;
}

const DROPPED = new Set([
  'authorization',
  'connection',
  'host',
  'keep-alive',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'expect',
]);
const IDLE_MS = 120_000;

/**
 * Hands one registry request on, both ways streaming, with what the grant allows and the bridge's
 * own credentials.
 */
export function passToRegistry(
  request: Request,
  response: Response,
  grant: BuildGrant,
  upstream: GateUpstream,
): void {
  const verdict = judgeRegistryRequest(request.method, request.originalUrl, grant.repository);
  if (!verdict.allowed) {
    refuse(
      response,
      verdict.status,
      verdict.status === 403 ? 'DENIED' : 'UNSUPPORTED',
      verdict.reason,
    );
    return;
  }
  const url = new URL(upstream.origin + (request.originalUrl.split('?')[0] ?? '') + verdict.search);
  const headers = Object.fromEntries(
    Object.entries(request.headers).filter(([name]) => !DROPPED.has(name)),
  );
  if (upstream.authorization) headers.authorization = upstream.authorization;
  const outgoing = (url.protocol === 'https:' ? httpsRequest : httpRequest)(
    url,
    { method: request.method, headers, timeout: IDLE_MS },
    (answer) => {
      try {
        for (const [name, value] of Object.entries(answer.headers)) {
          if (value !== undefined && !DROPPED.has(name))
            response.setHeader(
              name,
              name === 'location' ? relativeLocation(String(value), upstream.origin) : value,
            );
        }
        response.status(answer.statusCode ?? 502);
        pipeline(answer, response, () => undefined);
      } catch (error) {
        // an answer that cannot be handed on, or a pod that is gone
        outgoing.destroy(error as Error);
      }
    },
  );
  outgoing.on('timeout', () => outgoing.destroy(new Error('the registry was silent too long')));
  outgoing.on('error', () => {
    request.unpipe(outgoing);
    if (response.headersSent || response.destroyed) response.destroy();
    else refuse(response, 502, 'UNAVAILABLE', 'The registry did not answer.');
  });
  // a pod that was cut off must not leave half an upload that looks whole
  request.on('error', (error) => outgoing.destroy(error));
  response.on('close', () => {
    if (!response.writableFinished) outgoing.destroy();
  });
  request.pipe(outgoing);
}

/** An error as the OCI distribution specification has it. */
export function refuse(response: Response, status: number, code: string, message: string): void {
  response.status(status).json({ errors: [{ code, message }] });
}

/**
 * The registry names itself in Location; the pod must come back to the gate, so only the path is
 * left.
 */
function relativeLocation(location: string, origin: string): string {
  const url = new URL(location, origin);
  return url.pathname + url.search;
}
