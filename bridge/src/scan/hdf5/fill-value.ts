import type { Cursor } from './cursor.ts';

const DEFINED = 0x20;
const FLAGS_MAX = 0x3f;

/** What stands where nothing was written: one element, or nothing. Answers with its bytes. */
export function readFillValue(body: Cursor): number {
  const version = body.version(1, 2, 3);
  if (version === 3) {
    const flags = body.u8();
    if (flags > FLAGS_MAX) body.fail('a fill value has unknown flags');
    return (flags & DEFINED) === 0 ? 0 : bytesOf(body);
  }
  body.take(2);
  const defined = body.u8();
  if (defined > 1) body.fail('a fill value has unknown flags');
  return version === 1 || defined === 1 ? bytesOf(body) : 0;
}

export const readOldFillValue = (body: Cursor): number => bytesOf(body);

function bytesOf(body: Cursor): number {
  const bytes = body.u32();
  body.take(bytes);
  return bytes;
}
