import { Router } from 'express';
import { z } from 'zod';
import { TryRequest } from '../contract/requests.ts';
import { ID_MAX } from '../contract/text.ts';
import type { EndpointTraffic } from '../contract/traffic.ts';
import type { EndpointView } from '../contract/version.ts';
import { revisionName } from '../domain/rollouts/revision.ts';
import { trafficOf } from '../domain/rollouts/traffic.ts';
import { NotFound } from '../errors.ts';
import type { OdooPort } from '../services/ports/odoo.ts';
import { tryEndpoint, tryUrl } from '../services/endpoints/try-endpoint.ts';
import type { TrafficHistory } from '../services/rollouts/traffic-history.ts';
import type { RequestContext } from './request-context.ts';

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
    const served = odoo.call<ServedBy>(
      context.callerOf(request),
      'mlops.endpoint',
      'served_by',
      { endpoint_id: idOf(request.params['endpointId']) },
      context.requestIdOf(request),
    );
    response.json(trafficAnswer(await served, traffic));
  });

  router.post('/mlops/endpoints/:endpointId/try', async (request, response) => {
    const endpoint = await one(request);
    const { path, method, body } = TryRequest.parse(request.body);
    const target = tryUrl(gatewayUrl, endpoint.url, path);
    const requestId = context.requestIdOf(request);
    response.json(await tryEndpoint(endpoint.name, target, { method, body, requestId }));
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

/** What each version that served there answered, by the gateway's counters. */
function trafficAnswer(
  { namespace, versions }: ServedBy,
  traffic: EndpointDeps['traffic'],
): EndpointTraffic {
  const served = versions.map(({ versionId, version, slug }) => ({
    versionId,
    version,
    key: `${namespace}-${revisionName(slug, versionId)}`,
  }));
  const samples = [...(traffic?.samples ?? [])];
  return {
    isCounted: traffic !== null,
    since: samples[0]?.at.toISOString() ?? null,
    ...trafficOf(samples, served),
  };
}

const idOf = (text: unknown): number => z.coerce.number().int().positive().max(ID_MAX).parse(text);
