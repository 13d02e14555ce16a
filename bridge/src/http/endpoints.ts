import { Router } from 'express';
import { z } from 'zod';
import { TryRequest } from '../contract/requests.ts';
import { ID_MAX } from '../contract/text.ts';
import type { EndpointTraffic } from '../contract/traffic.ts';
import type { EndpointView } from '../contract/version.ts';
import { revisionName } from '../domain/rollouts/revision.ts';
import { trafficOf } from '../domain/rollouts/traffic.ts';
import { BridgeError, Failed, Invalid, NotFound, Unavailable } from '../errors.ts';
import type { OdooPort } from '../services/ports/odoo.ts';
import type { TrafficHistory } from '../services/rollouts/traffic-history.ts';
import type { RequestContext } from './request-context.ts';

const TRY_DEADLINE_MS = 30_000;
const ANSWER_BYTES_MAX = 1024 * 1024;
const PAGE_MAX = 500;
const Page = z.object({
  offset: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(PAGE_MAX).default(200),
});

export interface EndpointDeps {
  odoo: OdooPort;
  context: RequestContext;
  /** the gateway as the bridge reaches it */
  gatewayUrl: string;
  /** null: no gateway's metrics were named */
  traffic: Pick<TrafficHistory, 'samples'> | null;
}
/** What `mlops.endpoint.served_by` answers. */
interface ServedBy {
  namespace: string;
  versions: { versionId: number; version: string; slug: string }[];
}

/**
 * Endpoints, and trying one out: the request goes to that endpoint's own path at the gateway and
 * nowhere else.
 */
export function endpointRouter({ odoo, context, gatewayUrl, traffic }: EndpointDeps): Router {
  const router = Router();
  const list = (
    request: Parameters<RequestContext['callerOf']>[0],
    page: { offset: number; limit: number },
  ): Promise<{ total: number; items: EndpointView[] }> =>
    odoo.call(
      context.callerOf(request),
      'mlops.endpoint',
      'list_page',
      page,
      context.requestIdOf(request),
    );

  router.get('/mlops/endpoints', async (request, response) => {
    response.json(await list(request, Page.parse(request.query)));
  });

  router.get('/mlops/endpoints/:endpointId', async (request, response) => {
    response.json(await one(request));
  });

  router.get('/mlops/endpoints/:endpointId/traffic', async (request, response) => {
    const { namespace, versions } = await odoo.call<ServedBy>(
      context.callerOf(request),
      'mlops.endpoint',
      'served_by',
      { endpoint_id: idOf(request.params['endpointId']) },
      context.requestIdOf(request),
    );
    const served = versions.map(({ versionId, version, slug }) => ({
      versionId,
      version,
      key: `${namespace}-${revisionName(slug, versionId)}`,
    }));
    const samples = [...(traffic?.samples ?? [])];
    const answer: EndpointTraffic = {
      isCounted: traffic !== null,
      since: samples[0]?.at.toISOString() ?? null,
      ...trafficOf(samples, served),
    };
    response.json(answer);
  });

  router.post('/mlops/endpoints/:endpointId/try', async (request, response) => {
    const endpoint = await one(request);
    const { path, method, body } = TryRequest.parse(request.body);
    const target = tryUrl(gatewayUrl, endpoint.url, path);
    const from = performance.now();
    const { answer, text } = await ask(target, {
      method,
      redirect: 'manual',
      signal: AbortSignal.timeout(TRY_DEADLINE_MS),
      headers: { 'content-type': 'application/json', 'x-request-id': context.requestIdOf(request) },
      ...(method === 'POST' ? { body: JSON.stringify(body ?? {}) } : {}),
    }).catch((error: unknown) => {
      if (error instanceof BridgeError) throw error;
      throw new Unavailable(
        `The endpoint ${endpoint.name} does not answer within ${TRY_DEADLINE_MS / 1000} s.`,
        { code: 'endpoint-unavailable', remedy: 'Look at its deployment.', cause: error },
      );
    });
    const durationMs = Math.round((performance.now() - from) * 10) / 10;
    response.json({
      status: answer.status,
      durationMs,
      contentType: answer.headers.get('content-type'),
      body: asJson(text),
    });
  });

  async function one(request: Parameters<RequestContext['callerOf']>[0]): Promise<EndpointView> {
    const id = idOf(request.params['endpointId']);
    let found: EndpointView | undefined;
    for (let offset = 0; !found; offset += PAGE_MAX) {
      const { total, items } = await list(request, { offset, limit: PAGE_MAX });
      found = items.find((endpoint) => endpoint.id === id);
      if (items.length === 0 || offset + PAGE_MAX >= total) break;
    }
    if (!found)
      throw new NotFound(`There is no endpoint ${id}, or you may not see it.`, {
        code: 'not-found',
      });
    return found;
  }
  return router;
}

const idOf = (text: unknown): number => z.coerce.number().int().positive().max(ID_MAX).parse(text);

/**
 * The endpoint's own path at the gateway with `path` behind it; whatever would leave it is refused.
 */
export function tryUrl(gatewayUrl: string, endpointUrl: string, path: string): URL {
  const base = URL.canParse(endpointUrl, gatewayUrl)
    ? new URL(endpointUrl, gatewayUrl).pathname.replace(/\/+$/, '')
    : '';
  if (base === '')
    throw new Failed('The address of this endpoint names no path at the gateway.', {
      code: 'endpoint-address',
      remedy: 'Look at the endpoint in Odoo; deploying its version again writes the address anew.',
    });
  if (leaves(path)) {
    throw new Invalid(`The path ${path} leaves the endpoint.`, {
      code: 'path-leaves-endpoint',
      errors: [
        {
          field: 'path',
          reason: 'leaves the endpoint',
          remedy: 'Give a path below the endpoint, such as /v2/health/ready.',
        },
      ],
    });
  }
  return new URL(base + path, gatewayUrl);
}

/**
 * Steps up, empty steps, other ways to write them, and what a URL parser drops or turns into a
 * slash. The query may hold anything.
 */
function leaves(path: string): boolean {
  const steps = path.split(/[?#]/)[0]!;
  return (
    !path.startsWith('/') ||
    /[\u0000-\u0020\u007f]/.test(path) ||
    /\/\/|\\|%(2e|2f|5c|25|0)/i.test(steps) ||
    steps.split('/').some((step) => step === '..' || step === '.')
  );
}

async function ask(target: URL, options: RequestInit): Promise<{ answer: Response; text: string }> {
  const answer = await fetch(target, options);
  return { answer, text: await readCapped(answer) };
}

async function readCapped(answer: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  if (answer.body) {
    for await (const chunk of answer.body as unknown as AsyncIterable<Uint8Array>) {
      size += chunk.length;
      if (size > ANSWER_BYTES_MAX)
        throw new Invalid('The answer is larger than 1 MiB.', {
          code: 'answer-too-large',
          remedy: 'Call the endpoint itself.',
        });
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
