import { expect } from 'chai';
import { webhookSignature } from '../../../../src/domain/webhook-signature.ts';
import { Forbidden, Unavailable } from '../../../../src/errors.ts';
import { webhookJob } from '../../../../src/services/webhooks/deliver.ts';
import type { OdooPort } from '../../../../src/services/ports/odoo.ts';
import type { JobContext } from '../../../../src/services/ports/jobs.ts';
import type { OutboundPort, OutboundRequest } from '../../../../src/services/ports/outbound.ts';

const AT = new Date('2026-01-02T03:04:05Z');
const BODY = '{"eventId": 7}';

/**
 * One webhook whose address answers so; gives what the bridge reported of it and whether the job is
 * tried again.
 */
async function deliver(
  answer: () => Promise<{ status: number }>,
): Promise<{ reported: unknown; again: boolean; sent: OutboundRequest[] }> {
  let reported: unknown;
  const sent: OutboundRequest[] = [];
  const call = async (
    _caller: unknown,
    _model: string,
    method: string,
    kwargs: Record<string, unknown>,
  ): Promise<unknown> => {
    if (method === 'deliveries')
      return [{ webhookId: 3, url: 'https://hooks.example', secret: 'k', body: BODY }];
    reported = kwargs['status'];
    return { accepted: true };
  };
  const outbound: OutboundPort = {
    request: async (_url, request) => {
      sent.push(request);
      return { headers: {}, body: 'the answer', ...(await answer()) };
    },
  };
  const clock = { now: () => AT, sleep: async () => undefined };
  const job = webhookJob({ odoo: { call: call as OdooPort['call'] }, outbound, clock });
  const context = { signal: new AbortController().signal, requestId: 'r' } as JobContext;
  const payload = { eventId: 7, key: '7', generation: 1, subjectId: 7 };
  const again = await job(payload, context).then(
    () => false,
    () => true,
  );
  return { reported, again, sent };
}

describe('a webhook', () => {
  const outcomes: [string, () => Promise<{ status: number }>, string, boolean][] = [
    ['200', async () => ({ status: 200 }), 'delivered', false],
    ['204', async () => ({ status: 204 }), 'delivered', false],
    ['410, for it is gone for good', async () => ({ status: 410 }), 'delivered', false],
    ['302', async () => ({ status: 302 }), 'failed', true],
    ['401', async () => ({ status: 401 }), 'failed', true],
    ['500', async () => ({ status: 500 }), 'failed', true],
    [
      'nothing in time',
      () => Promise.reject(new Unavailable('', { code: 'outbound-failed' })),
      'failed',
      true,
    ],
    [
      'nothing, since its address is internal',
      () => Promise.reject(new Forbidden('', { code: 'outbound-refused' })),
      'refused',
      false,
    ],
  ];
  for (const [what, answer, status, again] of outcomes) {
    it(`that answers ${what} is reported as ${status} and nothing more, and ${again ? 'tried again' : 'left at that'}`, async () => {
      const result = await deliver(answer);
      expect(result).to.include({ reported: status, again });
    });
  }

  it('signs the bytes that it sends', async () => {
    const { sent } = await deliver(async () => ({ status: 200 }));
    expect(sent[0]).to.include({ body: BODY, method: 'POST' });
    expect(sent[0]?.headers).to.include({
      'x-creativeflow-signature': webhookSignature('k', BODY, AT),
      'x-creativeflow-event': '7',
    });
  });
});
