import { createAdler32, createCRC64, createXXHash32, createXXHash64 } from 'hash-wasm';

const [adler, crc, xx32, xx64] = await Promise.all([
  createAdler32(),
  createCRC64(),
  createXXHash32(),
  createXXHash64(),
]);

/**
 * Checksums of the compressed formats, in hexadecimal with the highest byte first. CRC-32 is
 * node:zlib's.
 */
export const adler32 = (bytes: Uint8Array): string => adler.init().update(bytes).digest('hex');
export const crc64 = (bytes: Uint8Array): string => crc.init().update(bytes).digest('hex');
export const xxh32 = (bytes: Uint8Array): string => xx32.init().update(bytes).digest('hex');
export const xxh64 = (bytes: Uint8Array): string => xx64.init().update(bytes).digest('hex');
