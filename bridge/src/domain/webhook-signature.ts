import { createHmac } from 'node:crypto';

export const SIGNATURE_HEADER = 'x-creativeflow-signature';

/**
 * The signature of a webhook: `t=<unix seconds>,v1=<hex HMAC-SHA256 of "t.body">`. The time is part
 * of what is signed, so that a receiver can refuse one that was recorded and sent again.
 */
export function webhookSignature(secret: string, body: string, at: Date): string {
  const seconds = Math.floor(at.getTime() / 1000);
  return `t=${seconds},v1=${createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex')}`;
}
