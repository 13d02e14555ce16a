import type { Cursor } from './cursor.ts';

/** A name in a group, and what it leads to. */
export type Link = { name: string; at: number } & (
  | { kind: 'hard'; to: number; cached?: { tree: number | null; heap: number | null } | undefined }
  | { kind: 'soft' | 'external' | 'user'; target: string }
);

const SOFT = 1;
const EXTERNAL = 64;
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** A name must be one step of a path, and the same for every reader. */
export function linkName(bytes: Uint8Array, cursor: Cursor): string {
  let name = '';
  try {
    name = utf8.decode(bytes);
  } catch {
    cursor.fail('a name is not UTF-8');
  }
  if (name === '' || name === '.' || name.includes('/') || name.includes('\0'))
    cursor.fail(`a member of a group is called ${JSON.stringify(name.slice(0, 80))}`);
  return name;
}

/** A link as the newer groups keep it: a message in the header, or an object in a heap. */
export function readLink(body: Cursor): Link {
  const at = body.at;
  body.version(1);
  const flags = body.u8();
  if (flags >= 0x20) body.fail('a link has unknown flags');
  const type = (flags & 0x08) === 0 ? 0 : body.u8();
  if ((flags & 0x04) !== 0) body.number(8);
  if ((flags & 0x10) !== 0 && body.u8() > 1)
    body.fail('the characters of a name are of an unknown set');
  const name = linkName(body.take(body.number(1 << (flags & 3))).bytes, body);
  if (type === 0) {
    const to = body.address();
    return to === null ? body.fail('a link leads nowhere') : { name, at, kind: 'hard', to };
  }
  const target = body.text(body.u16());
  return {
    name,
    at,
    kind: type === SOFT ? 'soft' : type === EXTERNAL ? 'external' : 'user',
    target: target.replace(/\0+/g, ' ').trim(),
  };
}
