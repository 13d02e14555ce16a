import zlib from 'node:zlib';
import { writeZip } from '../unit/scan/zip-writer.ts';

/** mulberry32: the same seed, the same cases. */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

type Next = () => number;
const below = (next: Next, limit: number): number => Math.floor(next() * limit);
const EXTREMES = [0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff];

/** One change of the bytes, told in a word for the report. */
function change(bytes: Buffer, other: Buffer, next: Next): [string, Buffer] {
  const at = below(next, bytes.length + 1);
  switch (below(next, 8)) {
    case 0: return [`cut at ${at}`, bytes.subarray(0, at)];
    case 1: {
      const changed = Buffer.from(bytes);
      if (at < changed.length) changed[at]! ^= 1 << below(next, 8);
      return [`flip at ${at}`, changed];
    }
    case 2: {
      const changed = Buffer.from(bytes);
      if (at < changed.length) changed[at] = below(next, 256);
      return [`byte at ${at}`, changed];
    }
    case 3: {
      const added = Buffer.from(Array.from({ length: 1 + below(next, 8) }, () => below(next, 256)));
      return [`insert ${added.length} at ${at}`, Buffer.concat([bytes.subarray(0, at), added, bytes.subarray(at)])];
    }
    case 4: {
      const end = Math.min(bytes.length, at + 1 + below(next, 64));
      return [`delete ${at} to ${end}`, Buffer.concat([bytes.subarray(0, at), bytes.subarray(end)])];
    }
    case 5: {
      const end = Math.min(bytes.length, at + 1 + below(next, 256));
      return [`double ${at} to ${end}`, Buffer.concat([bytes.subarray(0, end), bytes.subarray(at, end), bytes.subarray(end)])];
    }
    case 6: {
      const [from, length] = [below(next, other.length + 1), 1 + below(next, 256)];
      return [`splice ${length} at ${at}`, Buffer.concat([bytes.subarray(0, at), other.subarray(from, from + length), bytes.subarray(at + (next() < 0.5 ? length : 0))])];
    }
    default: {
      const [changed, width] = [Buffer.from(bytes), [1, 2, 4, 8][below(next, 4)]!];
      if (at + width > changed.length) return ['nothing', changed];
      const value = BigInt(EXTREMES[below(next, EXTREMES.length)]!);
      for (let byte = 0; byte < width; byte += 1) changed[at + byte] = Number((value >> BigInt(8 * byte)) & 0xffn);
      return [`extreme of ${width} at ${at}`, changed];
    }
  }
}

/** What is in a plain zip, to be changed from inside with its checksums repaired; null: not plain enough. */
function members(bytes: Buffer): { name: string; bytes: Buffer; deflate: boolean }[] | null {
  const found = [];
  let at = 0;
  while (at + 30 <= bytes.length && bytes.readUInt32LE(at) === 0x04034b50) {
    const [flags, method, packed] = [bytes.readUInt16LE(at + 6), bytes.readUInt16LE(at + 8), bytes.readUInt32LE(at + 18)];
    const start = at + 30 + bytes.readUInt16LE(at + 26) + bytes.readUInt16LE(at + 28);
    if ((flags & 8) !== 0 || (method !== 0 && method !== 8) || start + packed > bytes.length) return null;
    const data = bytes.subarray(start, start + packed);
    try {
      found.push({ name: bytes.toString('utf8', at + 30, at + 30 + bytes.readUInt16LE(at + 26)), bytes: method === 0 ? data : zlib.inflateRawSync(data), deflate: method === 8 });
    } catch {
      return null;
    }
    at = start + packed;
  }
  return found.length > 0 ? found : null;
}

/** A few changes, one after the other. */
export function mutate(bytes: Buffer, other: Buffer, next: Next): { what: string; bytes: Buffer } {
  const inside = next() < 0.4 ? members(bytes) : null;
  if (inside !== null) {
    const member = inside[below(next, inside.length)]!;
    const changed = mutate(member.bytes, other, next);
    member.bytes = changed.bytes;
    return { what: `${member.name}: ${changed.what}`, bytes: writeZip(inside) };
  }
  const told: string[] = [];
  let now = bytes;
  for (let count = 1 + below(next, next() < 0.7 ? 1 : 6); count > 0; count -= 1) {
    const [what, changed] = change(now, other, next);
    told.push(what);
    now = changed;
  }
  return { what: told.join(', '), bytes: now };
}
