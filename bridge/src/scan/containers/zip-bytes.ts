import { Rejected } from '../report.ts';
import type { ByteSource } from '../source.ts';

export const FLAG_DESCRIPTOR = 0x0008;

/** Bytes of the zip, valid until the next ones are read. */
export function view(zip: ByteSource, at: number, length: number): Buffer {
  if (at < 0 || at + length > zip.size)
    throw new Rejected(
      'zip-structure',
      'A header reaches beyond the file.',
      Math.max(0, Math.min(at, zip.size)),
    );
  const bytes = zip.read(at, length);
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
