import { Router } from 'express';
import { z } from 'zod';
import { TryRequest } from '../contract/requests.ts';
import type { EndpointView } from '../contract/version.ts';
import { Invalid, NotFound, Unavailable } from '../errors.ts';
import type { OdooPort } from '../services/ports.ts';
import type { RequestContext } from './request-context.ts';

const TRY_DEADLINE_MS = 30_000;
const ANSWER_BYTES_MAX = 1024 * 1024;
const Page = z.object({ offset: z.coerce.number().int().min(0).default(0), limit: z.coerce.number().int().min(1).max(500).default(200) });

export interface EndpointDeps { odoo: OdooPort; context: RequestContext; /** the gateway as the bridge reaches it */ gatewayUrl: string }

/** Endpoints, and trying one out: the request goes to that endpoint's own path at the gateway and nowhere else. */
export function endpointRouter({ odoo, context, gatewayUrl }: EndpointDeps): Router {
  const router = Router();
  const list = (request: Parameters<RequestContext['callerOf']>[0], page: { offset: number; limit: number }): Promise<{ total: number; items: EndpointView[] }> =>
    odoo.call(context.callerOf(request), 'mlops.endpoint', 'list_page', page, context.requestIdOf(request));

  router.get('/mlops/endpoints', async (request, response) => {
    response.json(await list(request, Page.parse(request.query)));
  });

  router.get('/mlops/endpoints/:endpointId', async (request, response) => {
    response.json(await one(request));
  });

  router.post('/mlops/endpoints/:endpointId/try', async (request, response) => {
    const endpoint = await one(request);
    const { path, method, body } = TryRequest.parse(request.body);
    const target = tryUrl(gatewayUrl, endpoint.url, path);
    const from = performance.now();
    const answer = await fetch(target, {
      method, redirect: 'manual', signal: AbortSignal.timeout(TRY_DEADLINE_MS),
      headers: { 'content-type': 'application/json', 'x-request-id': context.requestIdOf(request) }, ...(method === 'POST' ? { body: JSON.stringify(body ?? {}) } : {}),
    }).catch((error: Error) => {
      throw new Unavailable(`The endpoint ${endpoint.name} does not answer.`, { code: 'endpoint-unavailable', remedy: 'Look at its deployment.', cause: error });
    });
    const text = await readCapped(answer);
    const durationMs = Math.round((performance.now() - from) * 10) / 10;
    response.json({ status: answer.status, durationMs, contentType: answer.headers.get('content-type'), body: asJson(text) });
  });

  async function one(request: Parameters<RequestContext['callerOf']>[0]): Promise<EndpointView> {
    const id = z.coerce.number().int().positive().parse(request.params['endpointId']);
    const found = (await list(request, { offset: 0, limit: 500 })).items.find((endpoint) => endpoint.id === id);
    if (!found) throw new NotFound(`There is no endpoint ${id}, or you may not see it.`, { code: 'not-found' });
    return found;
  }
  return router;
}

/** The endpoint's own path at the gateway with `path` behind it; whatever would leave it is refused. */
export function tryUrl(gatewayUrl: string, endpointUrl: string, path: string): URL {
  const base = new URL(endpointUrl).pathname.replace(/\/$/, '');
  const target = new URL(base + path, gatewayUrl);
  const inside = target.pathname === base || target.pathname.startsWith(`${base}/`);
  if (!inside || target.origin !== new URL(gatewayUrl).origin || /%2e|%2f|\\/i.test(path)) {
    throw new Invalid(`The path ${path} leaves the endpoint.`, { code: 'path-leaves-endpoint', errors: [{ field: 'path', reason: 'leaves the endpoint', remedy: 'Give a path below the endpoint, such as /v2/health/ready.' }] });
  }
  return target;
}

async function readCapped(answer: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  if (answer.body) {
    for await (const chunk of answer.body as unknown as AsyncIterable<Uint8Array>) {
      size += chunk.length;
      if (size > ANSWER_BYTES_MAX) throw new Invalid('The answer is larger than 1 MiB.', { code: 'answer-too-large', remedy: 'Call the endpoint itself.' });
      chunks.push(chunk);
    }
  }
  return Buffer.concat(chunks).toString('utf8');
}

function asJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
