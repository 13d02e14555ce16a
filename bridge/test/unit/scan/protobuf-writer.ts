/**
 * Writes protocol buffers, honest or crafted: fields are given one by one, so every order and every
 * lie is possible.
 */
export type Part = Buffer;

export function varint(value: number | bigint): Buffer {
  let rest = BigInt.asUintN(64, BigInt(value));
  const bytes: number[] = [];
  while (rest > 0x7fn) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  return Buffer.from([...bytes, Number(rest)]);
}

export const tag = (number: number, wire: number): Buffer => varint(number * 8 + wire);
/** a whole number */
export const int = (number: number, value: number | bigint): Part =>
  Buffer.concat([tag(number, 0), varint(value)]);
/** a text, bytes or a message */
export const len = (number: number, ...content: (string | Uint8Array)[]): Part => {
  const bytes = Buffer.concat(content.map((each) => Buffer.from(each as Uint8Array)));
  return Buffer.concat([tag(number, 2), varint(bytes.length), bytes]);
};
export const f32 = (number: number, value: number): Part => {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return Buffer.concat([tag(number, 5), bytes]);
};
/** an entry of a map from text */
export const entry = (number: number, key: string, value: Part): Part =>
  len(number, len(1, key), value);
