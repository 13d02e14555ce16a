import zlib from 'node:zlib';
import { writeZip } from '../unit/scan/zip-writer.ts';
import { changeInstructions } from './instructions.ts';
import { changeHeader } from './tensor-header.ts';

type Next = () => number;
const below = (next: Next, limit: number): number => Math.floor(next() * limit);
const EXTREMES = [
  0n,
  1n,
  0x7fn,
  0x80n,
  0xffn,
  0x7fffn,
  0x8000n,
  0xffffn,
  0x7fffffffn,
  0x80000000n,
  0xffffffffn,
  0x7fffffffffffffffn,
  0x8000000000000000n,
  0xffffffffffffffffn,
];

/** One change, made again by its numbers alone: told in a few words for the report. */
type Step = [string, (now: Buffer) => Buffer];

const replace =
  (from: number, to: number, by: Uint8Array) =>
  (now: Buffer): Buffer =>
    Buffer.concat([now.subarray(0, from), by, now.subarray(to)]);

function change(bytes: Buffer, other: Buffer, next: Next): Step {
  if (next() < 0.4) {
    const limit = (most: number): number => below(next, most);
    const known = changeInstructions(bytes, limit) ?? changeHeader(bytes, limit);
    if (known !== null) return known;
  }
  const at = below(next, bytes.length + 1);
  switch (below(next, 8)) {
    case 0:
      return [`cut at ${at}`, (now) => now.subarray(0, at)];
    case 1: {
      const bit = 1 << below(next, 8);
      return [
        `flip at ${at}`,
        (now) => (at < now.length ? replace(at, at + 1, Buffer.from([now[at]! ^ bit]))(now) : now),
      ];
    }
    case 2:
      return [`byte at ${at}`, replace(at, at + 1, Buffer.from([below(next, 256)]))];
    case 3: {
      const added = Buffer.from(Array.from({ length: 1 + below(next, 8) }, () => below(next, 256)));
      return [`insert ${added.length} at ${at}`, replace(at, at, added)];
    }
    case 4: {
      const end = Math.min(bytes.length, at + 1 + below(next, 64));
      return [`delete ${at} to ${end}`, replace(at, end, Buffer.alloc(0))];
    }
    case 5: {
      const end = Math.min(bytes.length, at + 1 + below(next, 256));
      return [`double ${at} to ${end}`, (now) => replace(end, end, now.subarray(at, end))(now)];
    }
    case 6: {
      const [from, length] = [below(next, other.length + 1), 1 + below(next, 256)];
      return [
        `splice ${length} at ${at}`,
        replace(at, at + (next() < 0.5 ? length : 0), other.subarray(from, from + length)),
      ];
    }
    default: {
      const width = [1, 2, 4, 8][below(next, 4)]!;
      const value = Buffer.alloc(8);
      value.writeBigUInt64LE(EXTREMES[below(next, EXTREMES.length)]!);
      return [
        `extreme of ${width} at ${at}`,
        replace(
          at,
          at + width,
          next() < 0.2 ? value.subarray(0, width).reverse() : value.subarray(0, width),
        ),
      ];
    }
  }
}

/**
 * What is in a plain zip, to be changed from inside with its checksums repaired; null: not plain
 * enough.
 */
function members(bytes: Buffer): { name: string; bytes: Buffer; deflate: boolean }[] | null {
  const found = [];
  let at = 0;
  while (at + 30 <= bytes.length && bytes.readUInt32LE(at) === 0x04034b50) {
    const [flags, method, packed] = [
      bytes.readUInt16LE(at + 6),
      bytes.readUInt16LE(at + 8),
      bytes.readUInt32LE(at + 18),
    ];
    const start = at + 30 + bytes.readUInt16LE(at + 26) + bytes.readUInt16LE(at + 28);
    if ((flags & 8) !== 0 || (method !== 0 && method !== 8) || start + packed > bytes.length)
      return null;
    const data = bytes.subarray(start, start + packed);
    try {
      found.push({
        name: bytes.toString('utf8', at + 30, at + 30 + bytes.readUInt16LE(at + 26)),
        bytes: method === 0 ? data : zlib.inflateRawSync(data),
        deflate: method === 8,
      });
    } catch {
      return null;
    }
    at = start + packed;
  }
  return found.length > 0 ? found : null;
}

/**
 * A few changes, one after the other. Those numbered in `undone` are left out: that is how a find
 * is made small.
 */
export function mutate(
  bytes: Buffer,
  other: Buffer,
  next: Next,
  undone: ReadonlySet<number> = new Set(),
): { what: string; bytes: Buffer; steps: number } {
  const inside = next() < 0.4 ? members(bytes) : null;
  if (inside !== null) {
    const member = inside[below(next, inside.length)]!;
    const changed = mutate(member.bytes, other, next, undone);
    member.bytes = changed.bytes;
    return {
      what: `${member.name}: ${changed.what}`,
      bytes: writeZip(inside),
      steps: changed.steps,
    };
  }
  const told: string[] = [];
  const steps = 1 + below(next, next() < 0.7 ? 1 : 6);
  let [planned, now] = [bytes, bytes];
  for (let count = 0; count < steps; count += 1) {
    // planned on all the changes before it, so that a change stays the same when another is left
    // out
    const [what, make] = change(planned, other, next);
    planned = make(planned);
    if (undone.has(count)) continue;
    told.push(what);
    now = make(now);
  }
  return { what: told.join(', '), bytes: now, steps };
}
