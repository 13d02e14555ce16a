import type { ModelFile } from './copy.ts';

/**
 * Bytes that go before and after a file's own in its layer: a tar of one file, the same bytes
 * whoever writes it and when.
 */
export interface LayerFrame {
  head: Buffer;
  tail: Buffer;
  size: number;
}

const BLOCK = 512;
const OCTAL_SIZE_MAX = 0o77777777777;
const NAME_MAX = 100;

/**
 * POSIX tar (pax where a name or a size is too long for ustar), modification time 0, no names of
 * users.
 */
export function layerFrame(
  file: Pick<ModelFile, 'path' | 'uid' | 'gid' | 'mode'>,
  size: number,
): LayerFrame {
  const heads: Buffer[] = [];
  const long = Buffer.byteLength(file.path) > NAME_MAX || /[^\x20-\x7e]/.test(file.path);
  const pax = [
    ...(long ? [paxRecord('path', file.path)] : []),
    ...(size > OCTAL_SIZE_MAX ? [paxRecord('size', String(size))] : []),
  ].join('');
  if (pax !== '') {
    const records = Buffer.from(pax);
    heads.push(
      header({ path: 'pax', uid: 0, gid: 0, mode: 0o644 }, records.length, 'x'),
      records,
      padding(records.length),
    );
  }
  heads.push(
    header(
      { ...file, path: long ? 'long-name' : file.path },
      size > OCTAL_SIZE_MAX ? 0 : size,
      '0',
    ),
  );
  const head = Buffer.concat(heads);
  const tail = Buffer.concat([padding(size), Buffer.alloc(2 * BLOCK)]);
  return { head, tail, size: head.length + size + tail.length };
}

function header(
  file: Pick<ModelFile, 'path' | 'uid' | 'gid' | 'mode'>,
  size: number,
  type: '0' | 'x',
): Buffer {
  const block = Buffer.alloc(BLOCK);
  const octal = (value: number, digits: number): string =>
    `${value.toString(8).padStart(digits - 1, '0')}\0`;
  block.write(file.path, 0, NAME_MAX, 'utf8');
  block.write(octal(file.mode, 8), 100);
  block.write(octal(file.uid, 8), 108);
  block.write(octal(file.gid, 8), 116);
  block.write(octal(size, 12), 124);
  block.write(octal(0, 12), 136);
  block.write('        ', 148); // the sum is taken with spaces in its place
  block.write(type, 156);
  block.write('ustar\x0000', 257, 'latin1');
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}

/** `<length> <key>=<value>\n`, where the length counts itself. */
function paxRecord(key: string, value: string): string {
  const rest = Buffer.byteLength(` ${key}=${value}\n`);
  let length = rest + String(rest).length;
  if (rest + String(length).length !== length) length += 1;
  return `${length} ${key}=${value}\n`;
}

const padding = (size: number): Buffer => Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK);
