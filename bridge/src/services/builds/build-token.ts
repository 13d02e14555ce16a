import { createHmac, timingSafeEqual } from 'node:crypto';
import { PUSH_USER } from '../ports/cluster.ts';

/** the key of the purpose `buildGrants` */
type Secret = string | Buffer;

/**
 * What one build may do: push to one repository, read one context, until `expiresAt` (seconds since
 * 1970).
 */
export interface BuildGrant {
  versionId: number;
  generation: number;
  repository: string;
  expiresAt: number;
}

/** `<base64url of the grant>.<base64url of HMAC-SHA256>`. The same grant gives the same token. */
export function signGrant(grant: BuildGrant, secret: Secret): string {
  const body = Buffer.from(
    JSON.stringify([grant.versionId, grant.generation, grant.repository, grant.expiresAt]),
  ).toString('base64url');
  return `${body}.${signature(body, secret)}`;
}

/** null when it was not signed with this secret, is no grant, or has expired. */
export function readGrant(token: string, secret: Secret, now: Date): BuildGrant | null {
  const [body = '', given = ''] = token.split('.');
  const expected = Buffer.from(signature(body, secret));
  const offered = Buffer.from(given);
  if (expected.length !== offered.length || !timingSafeEqual(expected, offered)) return null;
  const [versionId, generation, repository, expiresAt] = JSON.parse(
    Buffer.from(body, 'base64url').toString('utf8'),
  ) as [number, number, string, number];
  return expiresAt * 1000 > now.getTime() ? { versionId, generation, repository, expiresAt } : null;
}

/** The grant of an `Authorization: Basic` header; null when there is none that holds. */
export function grantOfHeader(
  authorization: string | undefined,
  secret: Secret,
  now: Date,
): BuildGrant | null {
  const match = /^Basic ([A-Za-z0-9+/=]+)$/i.exec(authorization ?? '');
  if (!match) return null;
  const decoded = Buffer.from(match[1] ?? '', 'base64').toString('utf8');
  return decoded.startsWith(`${PUSH_USER}:`)
    ? readGrant(decoded.slice(PUSH_USER.length + 1), secret, now)
    : null;
}

function signature(body: string, secret: Secret): string {
  return createHmac('sha256', secret)
    .update('creativeflow build grant\n')
    .update(body)
    .digest('base64url');
}
