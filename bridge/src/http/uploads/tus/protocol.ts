import type { IncomingHttpHeaders } from 'node:http';
import type { Request, Response } from 'express';
import { ResumableMetadata, UPLOADS_PATH } from '../../../contract/uploads.ts';
import { textFault } from '../../../domain/strict-json.ts';
import type { OdooPort } from '../../../services/ports/odoo.ts';
import type { ResumableInfo } from '../../../services/uploads/resumable-state.ts';
import { BadRequest } from '../../../errors.ts';
import type { DigestAlgorithm } from '../../../services/ports/blob-store.ts';
import type { Uploader } from '../../../services/uploads/register.ts';
import type { ResumableUploads } from '../../../services/uploads/resumable-uploads.ts';
import { refused } from '../../../services/uploads/rules.ts';

export const TUS_VERSION = '1.0.0';
export const TUS_EXTENSIONS = [
  'creation',
  'creation-with-upload',
  'termination',
  'expiration',
  'checksum',
];
export const CHECKSUM_ALGORITHMS: readonly DigestAlgorithm[] = ['sha1', 'sha256'];
export const BODY_TYPE = 'application/offset+octet-stream';

/** One verb of the protocol. Errors are thrown and rendered at the edge. */
export interface TusVerb {
  handle(request: Request, response: Response, by: Uploader): Promise<void>;
}
export interface TusDeps {
  uploads: ResumableUploads;
  odoo: OdooPort;
}

export const locationOf = (id: string): string => `${UPLOADS_PATH}/${id}`;
export const idOf = (request: Request): string => String(request.params['id'] ?? '');

/** "The Upload-Expires response header … RFC 7231 datetime format" */
export function expires(response: Response, info: ResumableInfo): void {
  response.setHeader('Upload-Expires', new Date(info.expiresAt).toUTCString());
}

/** "The value MUST be a non-negative integer." */
export function integer(
  headers: IncomingHttpHeaders,
  name: 'upload-offset' | 'upload-length',
): number {
  const value = headers[name];
  if (typeof value !== 'string' || !/^\d{1,15}$/.test(value)) {
    throw new BadRequest(`The header ${name} must be a non-negative integer.`, {
      code: 'tus-header',
      remedy: `Send ${name}.`,
    });
  }
  return Number(value);
}

/**
 * "Upload-Metadata … one or more comma-separated key-value pairs … The value MUST be Base64
 * encoded."
 */
export function metadata(header: string): ResumableMetadata {
  const pairs = header
    .split(',')
    .map((pair) => pair.trim())
    .filter((pair) => pair !== '')
    .map((pair) => {
      const [key, value = '', ...more] = pair.split(' ');
      if (!key || more.length > 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(value))
        throw refused(
          'Upload-Metadata',
          `"${pair.slice(0, 60)}" is not a key and a base64 value`,
          'Encode each value as base64.',
        );
      const text = Buffer.from(value, 'base64').toString('utf8');
      const reason = textFault(text);
      if (reason !== null)
        throw refused(`Upload-Metadata.${key}`, reason, 'Send well-formed text.');
      return [key, text] as const;
    });
  const parsed = ResumableMetadata.safeParse(Object.fromEntries(pairs));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  throw refused(
    `Upload-Metadata.${issue.path.join('.')}`,
    issue.message,
    'See the contract of resumable uploads (filename, field, digest).',
  );
}

/**
 * "The Upload-Checksum header MUST consist of the name of the used checksum algorithm and the
 * Base64 encoded checksum separated by a space."
 */
export function checksum(
  headers: IncomingHttpHeaders,
): { algorithm: DigestAlgorithm; value: Buffer } | null {
  const header = headers['upload-checksum'];
  if (header === undefined) return null;
  const [name, value = ''] = String(header).split(' ');
  const algorithm = CHECKSUM_ALGORITHMS.find((each) => each === name);
  // "The Server MUST respond with one of the following status codes: 400 Bad Request if the
  // checksum algorithm is not supported by the server"
  if (!algorithm)
    throw new BadRequest(`The checksum algorithm ${name} is not known.`, {
      code: 'tus-checksum-algorithm',
      remedy: `Use one of ${CHECKSUM_ALGORITHMS.join(', ')}.`,
    });
  return { algorithm, value: Buffer.from(value, 'base64') };
}
