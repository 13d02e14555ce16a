import type { ByteSource } from '../../source.ts';

const NUMBER_BYTES = 4;
const CHUNK_BYTES = 64 * 1024;

/**
 * The texts of a constant tensor, as the interpreter takes them: how many, where each begins, where
 * the last one ends. It follows these places without looking, so they must lead through the buffer
 * in order. Answers what is wrong, or null.
 */
export function faultOfStrings(source: ByteSource, at: number, bytes: number): string | null {
  if (bytes < NUMBER_BYTES) return 'its buffer does not say how many texts it has';
  const count = number(source, at);
  const head = (count + 2) * NUMBER_BYTES;
  if (head > bytes)
    return `its buffer of ${bytes} bytes has no room for the places of ${count} texts`;
  let last = head;
  for (let from = NUMBER_BYTES; from < head; from += CHUNK_BYTES) {
    const raw = source.read(at + from, Math.min(CHUNK_BYTES, head - from));
    const places = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength);
    for (let i = 0; i < places.length; i += NUMBER_BYTES) {
      const place = places.readUInt32LE(i);
      if (from + i === NUMBER_BYTES ? place !== head : place < last)
        return 'its texts do not follow each other';
      if (place > bytes) return 'a text lies outside of its buffer';
      last = place;
    }
  }
  return last === bytes ? null : 'its buffer goes on behind its texts';
}

function number(source: ByteSource, at: number): number {
  const raw = source.read(at, NUMBER_BYTES);
  return Buffer.from(raw.buffer, raw.byteOffset, NUMBER_BYTES).readUInt32LE();
}
