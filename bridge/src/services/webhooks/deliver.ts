import { webhookSignature, SIGNATURE_HEADER } from '../../domain/webhook-signature.ts';
import { BridgeError, Forbidden, Unavailable } from '../../errors.ts';
import type { OutboundPort } from '../ports/outbound.ts';
import type { OdooPort } from '../ports/odoo.ts';
import type { Clock } from '../ports/runtime.ts';
import type { JobHandler } from '../ports/jobs.ts';
import { SERVICE } from '../ports/odoo.ts';

interface Delivery {
  webhookId: number;
  url: string;
  secret: string;
  body: string;
}

const DEADLINE_MS = 10_000;
/** Nothing of the answer but its status is looked at. */
const ANSWER_MAX_BYTES = 1024;

/** What a subscriber's page says. A status of the receiver would tell what lives at an address. */
type Outcome = 'delivered' | 'refused' | 'failed';

export interface WebhookDeps {
  odoo: Pick<OdooPort, 'call'>;
  outbound: OutboundPort;
  clock: Clock;
}

/**
 * `webhook`, subject: an event. Sends it to each subscriber, signed. A receiver may get one twice
 * and tells them apart by the event id; one that answers neither 2xx nor 410 is tried again through
 * the queue.
 */
export function webhookJob({ odoo, outbound, clock }: WebhookDeps): JobHandler {
  return async (payload, context) => {
    const { subjectId: eventId } = payload;
    const asked = { event_id: eventId };
    const deliveries = await odoo.call<Delivery[]>(
      SERVICE,
      'mlops.webhook',
      'deliveries',
      asked,
      context.requestId,
    );
    const failed: number[] = [];
    for (const delivery of deliveries) {
      const status = await send(outbound, delivery, {
        eventId,
        at: clock.now(),
        signal: context.signal,
      });
      const report = { webhook_id: delivery.webhookId, event_id: eventId, status };
      await odoo.call(SERVICE, 'mlops.webhook', 'report_delivery', report, context.requestId);
      if (status === 'failed') failed.push(delivery.webhookId);
    }
    if (failed.length > 0) {
      const whose = failed.join(', ');
      throw new Unavailable(`Event ${eventId} did not reach the webhooks ${whose}.`, {
        code: 'webhook-refused',
      });
    }
    return { done: true };
  };
}

interface Sending {
  eventId: number;
  at: Date;
  signal: AbortSignal;
}

async function send(
  outbound: OutboundPort,
  delivery: Delivery,
  sending: Sending,
): Promise<Outcome> {
  const { url, secret, body } = delivery;
  const headers = {
    'content-type': 'application/json',
    'x-creativeflow-event': String(sending.eventId),
    [SIGNATURE_HEADER]: webhookSignature(secret, body, sending.at),
  };
  try {
    const limits = { deadlineMs: DEADLINE_MS, maxBytes: ANSWER_MAX_BYTES, signal: sending.signal };
    const { status } = await outbound.request(url, { method: 'POST', headers, body, ...limits });
    return (status >= 200 && status < 300) || status === 410 ? 'delivered' : 'failed';
  } catch (error) {
    // an address that is refused stays so until somebody changes it or the list: no reason to try
    // again
    if (error instanceof Forbidden) return 'refused';
    if (error instanceof BridgeError) return 'failed';
    throw error;
  }
}
