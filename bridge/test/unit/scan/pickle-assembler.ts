import { OP } from '../../../src/scan/pickle/opcodes.ts';

/** A pickle written instruction by instruction: `pickle('PROTO', u8(4), 'NONE', 'STOP')`. */
export type Part = keyof typeof OP | Uint8Array | number;

export function assemble(...parts: Part[]): Buffer {
  return Buffer.concat(
    parts.map((part) =>
      typeof part === 'string'
        ? Buffer.from([OP[part]])
        : typeof part === 'number'
          ? Buffer.from([part])
          : Buffer.from(part),
    ),
  );
}

export const u32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value >>> 0);
  return bytes;
};
export const u64 = (value: number | bigint): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
};
export const line = (text: string): Buffer => Buffer.from(`${text}\n`, 'latin1');
export const text = (value: string): Buffer =>
  assemble('SHORT_BINUNICODE', Buffer.byteLength(value), Buffer.from(value));
export const global = (module: string, name: string): Buffer =>
  assemble('GLOBAL', line(module), line(name));
export const stackGlobal = (module: string, name: string): Buffer =>
  assemble(text(module), text(name), 'STACK_GLOBAL');
export const proto = (version: number): Buffer => assemble('PROTO', version);
/** protocol 4 without a frame, around `parts` */
export const pickle = (...parts: Part[]): Buffer => assemble(proto(4), ...parts, 'STOP');
export const framed = (length: number, ...parts: Part[]): Buffer =>
  assemble(proto(4), 'FRAME', u64(length), ...parts);
