const LITERALS_MAX = 32;
const LONG = 7;

/**
 * LibLZF, which h5py brings as a filter: runs of plain bytes, and copies of what was just written.
 * null: the data are damaged, or more than `max` bytes would come out.
 */
export function unpackLzf(packed: Uint8Array, max: number): Buffer | null {
  const out = Buffer.alloc(max);
  let [from, to] = [0, 0];
  while (from < packed.length) {
    const control = packed[from++]!;
    if (control < LITERALS_MAX) {
      const count = control + 1;
      if (from + count > packed.length || to + count > max) return null;
      out.set(packed.subarray(from, from + count), to);
      from += count;
      to += count;
      continue;
    }
    let count = control >> 5;
    if (count === LONG) count += packed[from++] ?? 0;
    if (from >= packed.length) return null;
    let source = to - ((control & 0x1f) << 8) - packed[from++]! - 1;
    count += 2;
    if (source < 0 || to + count > max) return null;
    // byte by byte: a copy may reach into what it writes
    while (count-- > 0) out[to++] = out[source++]!;
  }
  return out.subarray(0, to);
}
