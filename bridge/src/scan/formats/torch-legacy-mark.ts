/** `pickle.dumps` of 0x1950a86a20f9469cfc6c and of 1001, behind PROTO and FRAME */
const MAGIC = [0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e];
const VERSION = [0x4d, 0xe9, 0x03, 0x2e];
const PROTO = 0x80;
const FRAME = 0x95;

/** Does a pickle begin with the number by which torch.load knows its own older files? */
export const isTorchLegacy = (head: Uint8Array): boolean => magicEnd(head) !== null;

/**
 * How long the pickle of the magic number is, if the bytes begin with it; and that of the version.
 */
export const magicEnd = (bytes: Uint8Array): number | null => wholePickle(bytes, MAGIC);
export const versionEnd = (bytes: Uint8Array): number | null => wholePickle(bytes, VERSION);

/** If these bytes begin with the pickle of exactly `body`, how long it is with its header. */
function wholePickle(bytes: Uint8Array, body: number[]): number | null {
  if (bytes[0] !== PROTO || bytes[1]! < 2 || bytes[1]! > 5) return null;
  const framed =
    bytes[2] === FRAME &&
    bytes[3] === body.length &&
    bytes.subarray(4, 11).every((byte) => byte === 0);
  const start = framed ? 11 : 2;
  return body.every((byte, i) => bytes[start + i] === byte) ? start + body.length : null;
}
