import zlib from 'node:zlib';
import { broken } from './codec.ts';
import type { Output } from './output.ts';

/** Inflates the raw deflate stream at `from` and answers where it ends. */
export function inflateInto(packed: Uint8Array, from: number, out: Output): number {
  if (out.room <= 0) out.overflow();
  try {
    const { buffer, engine } = inflate(packed.subarray(from), out.room);
    out.adopt(buffer);
    return from + engine.bytesWritten;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ERR_BUFFER_TOO_LARGE') out.overflow();
    if (code !== 'Z_BUF_ERROR') return broken(`The deflated data are damaged: ${message}.`, from);
    // cut off: a loader would have seen what can be unpacked of it
    out.adopt(inflate(packed.subarray(from), out.room, zlib.constants.Z_SYNC_FLUSH).buffer);
    return broken('The file ends in the middle of the compressed stream.', packed.length);
  }
}

/**
 * `engine.bytesWritten` is how much of the input the stream used: bytes behind it would belong to
 * nobody.
 */
function inflate(
  packed: Uint8Array,
  maxOutputLength: number,
  finishFlush?: number,
): { buffer: Buffer; engine: { bytesWritten: number } } {
  return zlib.inflateRawSync(packed, {
    maxOutputLength: Math.max(1, maxOutputLength),
    info: true,
    finishFlush,
  }) as unknown as { buffer: Buffer; engine: { bytesWritten: number } };
}
