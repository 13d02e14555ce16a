export interface Entry {
  name: string;
  bytes?: Uint8Array | string;
  type?: string;
  target?: string;
  /** what stands at places of the header instead of the truth; the checksum is made afterwards */
  patch?: [at: number, text: string][];
  /** the checksum instead of the true one */
  checksum?: number;
  gnu?: boolean;
  /** bytes behind the content, instead of zeros */
  padding?: string;
}

const BLOCK = 512;

/** Writes a tar of POSIX (or GNU) headers, honest or crafted. */
export function writeTar(
  entries: Entry[],
  options: { end?: number; behind?: Uint8Array } = {},
): Buffer {
  const parts = entries.flatMap((entry) => {
    const bytes = Buffer.from(entry.bytes ?? '');
    const padding = Buffer.alloc((BLOCK - (bytes.length % BLOCK)) % BLOCK);
    padding.write(entry.padding ?? '', 'latin1');
    return [header(entry, bytes.length), bytes, padding];
  });
  return Buffer.concat([
    ...parts,
    Buffer.alloc(BLOCK * (options.end ?? 2)),
    options.behind ?? Buffer.alloc(0),
  ]);
}

export function pax(...records: [string, string][]): Buffer {
  return Buffer.concat(
    records.map(([key, value]) => {
      const rest = ` ${key}=${value}\n`;
      let length = Buffer.byteLength(rest);
      while (String(length).length + Buffer.byteLength(rest) !== length)
        length = String(length).length + Buffer.byteLength(rest);
      return Buffer.from(`${length}${rest}`);
    }),
  );
}

function header(
  { name, type = '0', target = '', patch = [], checksum, gnu = false }: Entry,
  size: number,
): Buffer {
  const block = Buffer.alloc(BLOCK);
  const octal = (at: number, digits: number, value: number): void =>
    void block.write(`${value.toString(8).padStart(digits, '0')}\0`, at, 'latin1');
  block.write(name, 0, 100, 'utf8');
  octal(100, 7, 0o644);
  octal(108, 7, 1000);
  octal(116, 7, 1000);
  octal(124, 11, size);
  octal(136, 11, 1_700_000_000);
  block.write(type, 156, 'latin1');
  block.write(target, 157, 'utf8');
  block.write(gnu ? 'ustar  \0' : 'ustar\x0000', 257, 'latin1');
  block.write('user', 265, 'latin1');
  for (const [at, text] of patch) block.write(text, at, 'latin1');
  block.fill(' ', 148, 156);
  const sum = checksum ?? block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}
