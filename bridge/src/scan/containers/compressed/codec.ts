import { Rejected } from '../../report.ts';
import type { Output } from './output.ts';

/**
 * One way of compressing. `unpack` reads the stream that begins at byte 0, writes to `out`, and
 * answers the offset behind the stream: who calls sees to it that nothing follows. It throws
 * Rejected where the stream breaks its format or says something about itself that is not true; what
 * `out` holds by then is what a loader that reads as it goes would have seen.
 */
export interface Codec {
  readonly id: string;
  /** for findings: "gzip" */
  readonly title: string;
  readonly extensions: readonly string[];
  readonly weak?: boolean;
  sniff(head: Uint8Array): boolean;
  /**
   * `doubt` tells a wrong checksum; the bytes are judged all the same, since some loaders do not
   * look at it
   */
  unpack(packed: Uint8Array, out: Output, doubt: (why: string, offset: number) => void): number;
}

export const broken = (why: string, offset?: number): never => {
  throw new Rejected('compressed-structure', why, offset);
};
export const lying = (why: string, offset?: number): never => {
  throw new Rejected('compressed-header', why, offset);
};
export const unavailable = (what: string, offset?: number): never => {
  throw new Rejected('compressed-codec', `Codec not available: ${what}.`, offset);
};

export const startsWith = (bytes: Uint8Array, ...mark: number[]): boolean =>
  mark.every((byte, i) => bytes[i] === byte);

/** The bytes as a Buffer, without a copy. Rejects where the stream ends before. */
export function part(packed: Uint8Array, at: number, length: number): Buffer {
  if (at + length > packed.length)
    broken('The file ends in the middle of the compressed stream.', packed.length);
  return Buffer.from(packed.buffer, packed.byteOffset + at, length);
}
