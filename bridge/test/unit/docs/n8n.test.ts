import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { SIGNATURE_HEADER, webhookSignature } from '../../../src/domain/webhook-signature.ts';

interface Workflow {
  nodes: { name: string; type: string; parameters: Record<string, unknown> }[];
}
interface Signed {
  json: { signed: string; signature: string; fresh: boolean; event: unknown };
}

const file = fileURLToPath(
  new URL('../../../../examples/n8n/verify-webhook.json', import.meta.url),
);
const workflow = JSON.parse(readFileSync(file, 'utf8')) as Workflow;
const SECRET = 'the secret of a webhook';
// what JSON.stringify of the parsed body would not give back: spaces, the order of keys, a number's
// own spelling, an escape
const BODY =
  '{"eventId": 7, "at": "2026-12-01T00:00:00Z", "10": 1.50, "9": "é", "topic": "endpoint.changed"}';

const node = (name: string): Workflow['nodes'][number] =>
  workflow.nodes.find((one) => one.name === name)!;

/** What nodes Code and Crypto of the workflow make of a delivery. */
async function verify(header: string, body: string): Promise<{ genuine: boolean; event: unknown }> {
  const code = String(node('Signed bytes').parameters['jsCode']);
  const AsyncFunction = (async () => undefined).constructor as new (
    ...parts: string[]
  ) => (this: unknown, ...values: unknown[]) => Promise<Signed>;
  const helpers = {
    getBinaryDataBuffer: async (_index: number, property: string) =>
      property === 'data' ? Buffer.from(body) : Buffer.alloc(0),
  };
  const run = new AsyncFunction('$json', '$itemIndex', code);
  const { json } = await run.call(
    { helpers },
    { headers: { [SIGNATURE_HEADER]: header }, body: JSON.parse(body) as unknown },
    0,
  );
  const expected = createHmac('sha256', SECRET).update(json.signed).digest('hex');
  return { genuine: expected === json.signature && json.fresh, event: json.event };
}

describe('examples/n8n/verify-webhook.json', () => {
  it('takes what the bridge signed, byte for byte', async () => {
    const { genuine, event } = await verify(webhookSignature(SECRET, BODY, new Date()), BODY);
    expect(genuine).to.equal(true);
    expect(event).to.have.property('eventId', 7);
    expect(JSON.stringify(JSON.parse(BODY))).not.to.equal(BODY);
  });

  it('refuses another secret, another body, an old time and a header that is none', async () => {
    const old = new Date(Date.now() - 301_000);
    const good = webhookSignature(SECRET, BODY, new Date());
    for (const [header, body] of [
      [webhookSignature('another', BODY, new Date()), BODY],
      [good, BODY.replace('7', '8')],
      [webhookSignature(SECRET, BODY, old), BODY],
      ['', BODY],
      ['t=,v1=', BODY],
      [good.replace(/t=\d+/, `t=${Math.floor(old.getTime() / 1000)}`), BODY],
      [good.replace('v1=', 'v0='), BODY],
    ] as const) {
      expect((await verify(header, body)).genuine, header).to.equal(false);
    }
  });

  it('has the raw body on, and the node that hashes takes the joined bytes', () => {
    expect(node('Webhook').parameters).to.have.nested.property('options.rawBody', true);
    expect(node('Expected signature').parameters).to.include({
      action: 'hmac',
      type: 'SHA256',
      encoding: 'hex',
      value: '={{ $json.signed }}',
    });
  });
});
