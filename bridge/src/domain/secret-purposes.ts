import { hkdfSync } from 'node:crypto';

/**
 * What the bridge signs and encrypts, each with a key of its own out of SESSION_SECRET: who learns
 * one key can make nothing that another one stands for. The labels are kept for ever; another label
 * is another key.
 */
export const PURPOSES = {
  /** encrypts sessions in Redis */
  sessions: 'sessions',
  /** signs what one build may push and read */
  buildGrants: 'build grants',
  /** signs the bridge's notes in object storage */
  records: 'signed records',
} as const;
export type Purpose = keyof typeof PURPOSES;

/** HKDF-SHA256 (RFC 5869): 32 bytes, the same in every bridge that has the same root. */
export function secretFor(purpose: Purpose, root: string): Buffer {
  return Buffer.from(hkdfSync('sha256', root, 'creativeflow', PURPOSES[purpose], 32));
}
