import { webhookSignature, SIGNATURE_HEADER } from '../domain/signature.ts';
import { Unavailable } from '../errors.ts';
import type { Clock, JobHandler, OdooPort } from '../services/ports.ts';

interface Delivery { webhookId: number; url: string; secret: string; body: string }

const TIMEOUT_MS = 10_000;
const SERVICE = { kind: 'service' } as const;

/**
 * `webhook`, subject: an event. Sends it to each subscriber, signed. A receiver may get one twice and tells them apart
 * by the event id; one that answers neither 2xx nor 410 is tried again through the queue.
 */
export function webhookJob({ odoo, clock }: { odoo: Pick<OdooPort, 'call'>; clock: Clock }): JobHandler {
  return async (payload, context) => {
    const deliveries = await odoo.call<Delivery[]>(SERVICE, 'mlops.webhook', 'deliveries', { event_id: payload.subjectId }, context.requestId);
    const refused: string[] = [];
    for (const delivery of deliveries) {
      const { status, ok } = await send(delivery, payload.subjectId, clock.now(), context.signal);
      await odoo.call(SERVICE, 'mlops.webhook', 'report_delivery', { webhook_id: delivery.webhookId, event_id: payload.subjectId, status }, context.requestId);
      if (!ok) refused.push(`${delivery.webhookId}: ${status}`);
    }
    if (refused.length > 0) throw new Unavailable(`Subscribers did not take event ${payload.subjectId} (${refused.join(', ')}).`, { code: 'webhook-refused' });
    return { done: true };
  };
}

async function send({ url, secret, body }: Delivery, eventId: number, at: Date, signal: AbortSignal): Promise<{ status: string; ok: boolean }> {
  const headers = { 'content-type': 'application/json', [SIGNATURE_HEADER]: webhookSignature(secret, body, at), 'x-creativeflow-event': String(eventId) };
  try {
    // a redirect could lead the signed body to a place that nobody subscribed
    const answer = await fetch(url, { method: 'POST', headers, body, redirect: 'manual', signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]) });
    await answer.body?.cancel();
    return { status: String(answer.status), ok: answer.ok || answer.status === 410 };
  } catch (error) {
    return { status: error instanceof Error && error.name === 'TimeoutError' ? 'timeout' : 'unreachable', ok: false };
  }
}
