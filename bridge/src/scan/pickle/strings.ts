import type { ByteSource } from '../source.ts';
import { OP } from './opcodes.ts';

/** Longer strings are never the name of a module. */
const NAME_MAX_BYTES = 1024;
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * The text that the string instruction at `offset` makes, decoded as CPython's C unpickler does
 * (default encoding ASCII). null: too long, or CPython would raise. The machine has already checked
 * that the instruction lies in the file.
 */
export function stringAt(source: ByteSource, offset: number, max = NAME_MAX_BYTES): string | null {
  const extent = stringExtent(source, offset, max);
  if (extent === null || extent.length > max) return null;
  const bytes = Buffer.from(source.read(extent.start, extent.length));
  switch (source.read(offset, 1)[0]) {
    case OP.UNICODE:
      return rawUnicodeEscape(bytes);
    case OP.STRING:
      return ascii(quoted(bytes));
    case OP.BINSTRING:
    case OP.SHORT_BINSTRING:
      return ascii(bytes);
    default:
      return utf8SurrogatePass(bytes);
  }
}

/** Where the content of a string or bytes instruction lies. */
export function stringExtent(
  source: ByteSource,
  offset: number,
  max = NAME_MAX_BYTES,
): { start: number; length: number } | null {
  const head = Buffer.from(source.read(offset, Math.min(9, source.size - offset)));
  const op = head[0]!;
  if (OF_SHORT_LENGTH.has(op)) return { start: offset + 2, length: head[1]! };
  if (OF_LENGTH.has(op)) return { start: offset + 5, length: head.readUInt32LE(1) };
  if (OF_LONG_LENGTH.has(op)) return { start: offset + 9, length: Number(head.readBigUInt64LE(1)) };
  if (op !== OP.UNICODE && op !== OP.STRING) return null;
  const line = source.read(offset + 1, Math.min(max + 1, source.size - offset - 1));
  const length = line.indexOf(0x0a);
  return length < 0 ? null : { start: offset + 1, length };
}

/** Instructions with a length of one, four or eight bytes in front of their content. */
const OF_SHORT_LENGTH: ReadonlySet<number> = new Set([
  OP.SHORT_BINSTRING,
  OP.SHORT_BINUNICODE,
  OP.SHORT_BINBYTES,
]);
const OF_LENGTH: ReadonlySet<number> = new Set([OP.BINSTRING, OP.BINUNICODE, OP.BINBYTES]);
const OF_LONG_LENGTH: ReadonlySet<number> = new Set([OP.BINUNICODE8, OP.BINBYTES8, OP.BYTEARRAY8]);

function ascii(bytes: Uint8Array | null): string | null {
  if (bytes === null || bytes.some((byte) => byte > 0x7f)) return null;
  return Buffer.from(bytes).toString('latin1');
}

/**
 * PyUnicode_DecodeRawUnicodeEscape: Latin-1 but for \uXXXX and \UXXXXXXXX; a backslash before
 * anything else stays, with what follows it.
 */
function rawUnicodeEscape(bytes: Uint8Array): string | null {
  let text = '';
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]!;
    if (byte !== 0x5c || i + 1 >= bytes.length) {
      text += String.fromCharCode(byte);
      continue;
    }
    const next = bytes[++i]!;
    const digits = next === 0x75 ? 4 : next === 0x55 ? 8 : 0;
    if (digits === 0) {
      text += `\\${String.fromCharCode(next)}`;
      continue;
    }
    const written = String.fromCharCode(...bytes.subarray(i + 1, i + 1 + digits));
    if (written.length !== digits || !/^[0-9a-fA-F]+$/.test(written)) return null;
    const code = parseInt(written, 16);
    if (code > 0x10ffff) return null;
    text += String.fromCodePoint(code);
    i += digits;
  }
  return text;
}

const SIMPLE_ESCAPES: Record<string, number> = {
  '\\': 0x5c,
  "'": 0x27,
  '"': 0x22,
  b: 8,
  f: 12,
  t: 9,
  n: 10,
  r: 13,
  v: 11,
  a: 7,
};

/** The STRING instruction: outer quotes away, then PyBytes_DecodeEscape. */
function quoted(line: Uint8Array): Uint8Array | null {
  const first = line[0];
  if (line.length < 2 || first !== line[line.length - 1] || (first !== 0x27 && first !== 0x22))
    return null;
  const text = Buffer.from(line.subarray(1, line.length - 1)).toString('latin1');
  const out: number[] = [];
  for (let i = 0; i < text.length; i++) {
    if (text[i] !== '\\') {
      out.push(text.charCodeAt(i));
      continue;
    }
    const escape = escapeAt(text, ++i);
    if (escape === null) return null;
    out.push(...escape.bytes);
    i += escape.length - 1;
  }
  return Uint8Array.from(out);
}

/** What stands behind a backslash, and of how many characters; null: Python would raise. */
function escapeAt(text: string, at: number): { bytes: number[]; length: number } | null {
  const next = text[at];
  if (next === undefined) return null;
  const octal = /^[0-7]{1,3}/.exec(text.slice(at))?.[0];
  if (octal !== undefined) return { bytes: [parseInt(octal, 8) & 0xff], length: octal.length };
  if (next === 'x') {
    const digits = /^[0-9a-fA-F]{2}/.exec(text.slice(at + 1))?.[0];
    return digits === undefined ? null : { bytes: [parseInt(digits, 16)], length: 3 };
  }
  const simple = SIMPLE_ESCAPES[next];
  if (simple !== undefined) return { bytes: [simple], length: 1 };
  // an escaped line feed is none
  return { bytes: next === '\n' ? [] : [0x5c, next.charCodeAt(0)], length: 1 };
}

/**
 * UTF-8 in which surrogates may be encoded too, as Python's "surrogatepass" allows and TextDecoder
 * does not.
 */
function utf8SurrogatePass(bytes: Uint8Array): string | null {
  let text = '';
  let from = 0;
  const flush = (to: number): boolean => {
    try {
      text += utf8.decode(bytes.subarray(from, to));
      return true;
    } catch {
      return false;
    }
  };
  for (let i = 0; i + 2 < bytes.length; i++) {
    if (
      bytes[i] === 0xed &&
      bytes[i + 1]! >= 0xa0 &&
      bytes[i + 1]! <= 0xbf &&
      (bytes[i + 2]! & 0xc0) === 0x80
    ) {
      if (!flush(i)) return null;
      text += String.fromCharCode(0xd000 | ((bytes[i + 1]! & 0x3f) << 6) | (bytes[i + 2]! & 0x3f));
      from = i + 3;
      i += 2;
    }
  }
  return flush(bytes.length) ? text : null;
}
