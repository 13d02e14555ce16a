/**
 * Bob Jenkins' lookup3 (hashlittle, start value 0), which HDF5 puts behind its newer structures and
 * hashes names with.
 */
export function lookup3(bytes: Uint8Array): number {
  let a = (0xdeadbeef + bytes.length) | 0;
  let b = a;
  let c = a;
  let at = 0;
  let left = bytes.length;
  const word = (offset: number): number =>
    bytes[at + offset]! |
    (bytes[at + offset + 1]! << 8) |
    (bytes[at + offset + 2]! << 16) |
    (bytes[at + offset + 3]! << 24);
  while (left > 12) {
    a = (a + word(0)) | 0;
    b = (b + word(4)) | 0;
    c = (c + word(8)) | 0;
    a = (a - c) ^ turn(c, 4);
    c = (c + b) | 0;
    b = (b - a) ^ turn(a, 6);
    a = (a + c) | 0;
    c = (c - b) ^ turn(b, 8);
    b = (b + a) | 0;
    a = (a - c) ^ turn(c, 16);
    c = (c + b) | 0;
    b = (b - a) ^ turn(a, 19);
    a = (a + c) | 0;
    c = (c - b) ^ turn(b, 4);
    b = (b + a) | 0;
    at += 12;
    left -= 12;
  }
  if (left === 0) return c >>> 0;
  const tail = (offset: number): number => {
    let value = 0;
    for (let i = 0; i < 4 && offset + i < left; i++) value |= bytes[at + offset + i]! << (8 * i);
    return value;
  };
  a = (a + tail(0)) | 0;
  b = (b + tail(4)) | 0;
  c = (c + tail(8)) | 0;
  c = ((c ^ b) - turn(b, 14)) | 0;
  a = ((a ^ c) - turn(c, 11)) | 0;
  b = ((b ^ a) - turn(a, 25)) | 0;
  c = ((c ^ b) - turn(b, 16)) | 0;
  a = ((a ^ c) - turn(c, 4)) | 0;
  b = ((b ^ a) - turn(a, 14)) | 0;
  c = ((c ^ b) - turn(b, 24)) | 0;
  return c >>> 0;
}

const turn = (value: number, bits: number): number => (value << bits) | (value >>> (32 - bits));
