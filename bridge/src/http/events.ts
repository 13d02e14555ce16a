import { Router } from 'express';
import { z } from 'zod';
import { maySee } from '../domain/event-visibility.ts';
import type { OdooPort } from '../services/ports/odoo.ts';
import type { JournalReader, StreamEvent } from '../services/ports/outbox.ts';
import { viewOf } from '../domain/event-view.ts';
import type { RequestContext } from './request-context.ts';

const Query = z.object({
  after: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(1000).default(200),
  modelId: z.coerce.number().int().optional(),
  versionId: z.coerce.number().int().optional(),
});
/** Rows looked at for one answer; a reader with few rights asks again from where this stopped. */
const SCAN_MAX = 5_000;
/**
 * An answer ends after about so much, whatever its limit allows: the reader asks again from
 * `position`.
 */
const PAGE_BYTES = 256 * 1024;
/** of an event beside its payload, roughly */
const ROW_BYTES = 200;

/**
 * The journal for those who poll: the same facts as the socket's, from a position on. And the
 * environments.
 */
export function eventRouter({
  odoo,
  journal,
  context,
}: {
  odoo: OdooPort;
  journal: JournalReader;
  context: RequestContext;
}): Router {
  const router = Router();

  router.get('/mlops/events', async (request, response) => {
    const { after, limit, modelId, versionId } = Query.parse(request.query);
    const { whoami } = await context.identityOf(request);
    const items: StreamEvent[] = [];
    let position = after;
    let bytes = 0;
    for (let scanned = 0; scanned < SCAN_MAX && items.length < limit;) {
      const rows = await journal.after(position, 500);
      for (const row of rows) {
        if (items.length >= limit) break;
        position = row.position;
        const wanted =
          (modelId === undefined || row.modelId === modelId) &&
          (versionId === undefined || row.versionId === versionId);
        if (!wanted || !maySee(row, whoami)) continue;
        items.push(row);
        bytes += Buffer.byteLength(JSON.stringify(row.payload)) + ROW_BYTES;
        if (bytes > PAGE_BYTES) return void response.json({ items: items.map(viewOf), position });
      }
      scanned += rows.length;
      if (rows.length < 500) break;
    }
    response.json({ items: items.map(viewOf), position });
  });

  router.get('/mlops/environments', async (request, response) => {
    response.json(
      await odoo.call(
        context.callerOf(request),
        'mlops.environment',
        'list_page',
        {},
        context.requestIdOf(request),
      ),
    );
  });
  return router;
}
